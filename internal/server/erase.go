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
// objects has to be listed. It returns how many it has seen; Place looks at those
// that came since. It takes as long as it takes to read every record, for a
// statement that a quorum has signed.
func (s *Server) erasable(ctx context.Context, e *attest.Erasure) (seen uint64, err error) {
	for {
		entries, err := s.register.store.Entries(ctx, seen, eraseChunk)
		if err != nil || len(entries) == 0 {
			return seen, err
		}
		for _, entry := range entries {
			if err := listed(storeView{s.register.store}, e, seen, entry.Bytes); err != nil {
				return seen, err
			}
			seen++
		}
	}
}

// listed refuses an erasure that does not list the statement of an entry, which
// names one of its objects.
func listed(v admission.View, e *attest.Erasure, index uint64, doc []byte) error {
	entry, err := admission.ParseEntry(doc)
	if err != nil {
		return fmt.Errorf("reading entry %d: %w", index, err)
	}
	recordDoc, err := v.Get(ledger.ObjectTable, entry.Admission.Hex())
	if err == nil && recordDoc == nil {
		err = fmt.Errorf("record %s is not in the store", entry.Admission)
	}
	if err != nil {
		return fmt.Errorf("reading entry %d: %w", index, err)
	}
	record, err := admission.ParseRecord(recordDoc)
	if err != nil {
		return fmt.Errorf("reading entry %d: %w", index, err)
	}
	named := append([]attest.Digest{entry.Admission, entry.ServerFields.Seed, record.Envelope, record.Signer.KeyID}, record.Objects...)
	for _, o := range e.Objects {
		if slices.Contains(named, o.Digest) && !slices.Contains(o.Statements, record.ID) {
			return attest.Refuse("erasure.unlisted", "objects.statements", "every statement that names the object", fmt.Sprintf("not %s, entry %d", record.ID, index))
		}
	}
	return nil
}

// erases looks, in log order, at what makes an erasure one that is not taken: an
// object that is erased already, or an entry that names one, came since all were
// gone through, and is not listed.
func (p *placement) erases(v ledger.View) error {
	e, ok := p.checked.Verified().Statement().(*attest.Erasure)
	if !ok || len(p.result.Erase) == 0 {
		return nil
	}
	for _, o := range e.Objects {
		by, gone, err := admission.ErasedBy(v, o.Digest)
		if err != nil {
			return err
		}
		if gone {
			return attest.Refuse("erasure.known", "objects.digest", "objects that are not erased yet", fmt.Sprintf("%s, erased by entry %d", o.Digest, by.Entry))
		}
	}
	for at := p.seen; at < v.Size(); at++ {
		doc, err := v.Entry(at)
		if err == nil {
			err = listed(v, e, at, doc)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// erased is what follows an erasure that is logged: nothing is remembered of the
// objects.
func (s *Server) erased(p *placement) {
	if len(p.result.Erase) > 0 {
		s.register.objects.forget()
	}
}

// gone says which erasure destroyed an object.
func (r *Register) gone(d attest.Digest) (admission.Ref, bool, error) {
	return admission.ErasedBy(storeView{r.store}, d)
}
