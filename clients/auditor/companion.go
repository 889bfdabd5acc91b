package auditor

import (
	"context"
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// maxCompanions bounds what is taken along of what was said about one subject
// afterwards: anyone who is registered may countersign, and as often as he likes.
const maxCompanions = 32

// companions adds what was said about the subjects after they were logged: what
// services and gateways saw of an action, and the outcome of an intent. The
// register finds it by a search, which shows nothing to be absent.
func (c *Client) companions(ctx context.Context, k *collection, subjects []*fetched) error {
	for _, about := range subjects {
		if about.record.Kind != attest.KindAction || about.record.Attribution == nil {
			continue
		}
		page, err := c.evidence.Search(ctx, &deedv1.SearchRequest{Of: string(about.record.ID), Limit: maxCompanions})
		if err != nil {
			return fmt.Errorf("searching what was said of entry %d: %w", about.proof.Index, err)
		}
		for _, r := range page.GetResults() {
			if k.byID[attest.ID(r.GetId())] {
				continue
			}
			req, err := request(r.GetId())
			if err != nil {
				return err
			}
			f, err := c.fetch(ctx, req)
			if err != nil {
				return err
			}
			if names(f.record, about.record.ID) {
				k.add(f)
			}
		}
	}
	return nil
}

// names reports whether a record names a statement: the bundle is refused
// otherwise (docs/spec/bundle.md, "Closure").
func names(r *admission.Record, id attest.ID) bool {
	return slices.ContainsFunc(r.Read.Statements, func(s admission.Ref) bool { return s.ID == id })
}
