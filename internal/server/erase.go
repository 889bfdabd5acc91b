package server

import (
	"context"
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// eraseChunk is how many entries are read at once.
const eraseChunk = 256

// erasable goes through all entries before an erasure: each that names one of its
// objects has to be listed. It returns how many it has seen. It takes as long as it
// takes to read every record, for a statement that a quorum has signed.
func (s *Server) erasable(ctx context.Context, e *attest.Erasure) (seen uint64, err error) {
	index, id, err := s.naming(ctx, e, 0, &seen)
	if err == nil && id != "" {
		err = attest.Refuse("erasure.unlisted", "objects.statements", "every statement that names the object", fmt.Sprintf("not %s, entry %d", id, index))
	}
	return seen, err
}

// naming finds the first entry from one on that names an object of an erasure and
// is not listed with it.
func (s *Server) naming(ctx context.Context, e *attest.Erasure, from uint64, seen *uint64) (uint64, attest.ID, error) {
	for at := from; ; {
		entries, err := s.register.store.Entries(ctx, at, eraseChunk)
		if err != nil || len(entries) == 0 {
			*seen = at
			return 0, "", err
		}
		for i, entry := range entries {
			id, err := s.register.unlisted(ctx, e, entry)
			if err != nil || id != "" {
				return at + uint64(i), id, err
			}
		}
		at += uint64(len(entries))
	}
}

// unlisted is the statement of an entry if it names an object of an erasure and is
// not listed with it.
func (r *Register) unlisted(ctx context.Context, e *attest.Erasure, stored ledger.Entry) (attest.ID, error) {
	entry, err := admission.ParseEntry(stored.Bytes)
	if err != nil {
		return "", err
	}
	doc, err := r.store.Get(ctx, ledger.ObjectTable, entry.Admission.Hex())
	if err == nil && doc == nil {
		err = fmt.Errorf("record %s is not in the store", entry.Admission)
	}
	if err != nil {
		return "", err
	}
	record, err := admission.ParseRecord(doc)
	if err != nil {
		return "", err
	}
	named := append([]attest.Digest{entry.Admission, entry.ServerFields.Seed, record.Envelope, record.Signer.KeyID}, record.Objects...)
	for _, o := range e.Objects {
		if slices.Contains(named, o.Digest) && !slices.Contains(o.Statements, record.ID) {
			return record.ID, nil
		}
	}
	return "", nil
}

// erased is what follows an erasure that is logged: nothing is remembered of the
// objects, and an entry that came in between and names one of them is reported.
func (s *Server) erased(p *placement, index uint64) {
	e, ok := p.checked.Verified().Statement().(*attest.Erasure)
	if !ok || len(p.result.Erase) == 0 {
		return
	}
	s.register.objects.forget()
	var seen uint64
	at, id, err := s.naming(context.Background(), e, p.seen, &seen)
	if err == nil && id != "" && at < index {
		s.logger.Error("an entry that an erasure does not list named its object", "erasure", index, "entry", at)
	}
}

// gone says which erasure destroyed an object.
func (r *Register) gone(d attest.Digest) (admission.Ref, bool, error) {
	return admission.ErasedBy(storeView{r.store}, d)
}
