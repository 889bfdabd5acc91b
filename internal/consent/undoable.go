package consent

import (
	"context"
	"fmt"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/policy"
)

// undoable reports whether the policy in force, the newest that was allowed, says of an
// action that it can be undone, as admission asks it. Where none is in force, or it does
// not load, nothing can be.
func undoable(ctx context.Context, r Register, action string) (bool, error) {
	page, err := r.Search(ctx, Query{Kind: attest.KindPolicy, Decision: admission.Allow, Limit: 1})
	if err != nil || len(page.Found) == 0 {
		return false, err
	}
	put, err := r.Statement(ctx, page.Found[0].ID)
	if err != nil {
		return false, err
	}
	s, ok := put.Verified.Statement().(*attest.Policy)
	if !ok {
		return false, nil
	}
	var src policy.Source
	for _, part := range []struct {
		to *[]byte
		d  attest.Digest
	}{{&src.Policies, s.Policies}, {&src.Schema, s.Schema}, {&src.Entities, s.Entities}} {
		if *part.to, err = r.Object(ctx, part.d); err != nil {
			return false, fmt.Errorf("reading the policy: %w", err)
		}
	}
	set, err := policy.Load(src)
	if err != nil {
		return false, nil // a register does not put such a set in force
	}
	return set.Reversible(action), nil
}
