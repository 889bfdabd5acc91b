package auditor_test

import (
	"errors"
	"strconv"
	"testing"

	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/internal/testkit/register"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// TestOtherEntry: whoever asks for one entry gets no bundle about another, as a subject
// or as what it relies on. Such a bundle would verify.
func TestOtherEntry(t *testing.T) {
	w := register.NewWorld(t, "other")
	e := &evidence{w: w}
	asked, sent := w.Entries["revoked"], w.Entries["autonomous"]
	c := serve(t, e)
	answer, err := e.GetProof(t.Context(), &deedv1.GetProofRequest{Entry: &deedv1.GetProofRequest_Index{Index: sent}})
	if err != nil {
		t.Fatal(err)
	}
	other := answer.GetReceipt()
	for _, instead := range []uint64{asked, w.Entries["warrant 0"]} {
		e.edit = func(r *deedv1.Receipt) {
			if r.Index == instead {
				r.Index, r.Entry, r.Record, r.Proof, r.Id = other.Index, other.Entry, other.Record, other.Proof, other.Id
			}
		}
		for _, ref := range []string{strconv.FormatUint(asked, 10), string(w.IDs["revoked"])} {
			if _, err := c.ExportWith(t.Context(), auditor.Options{}, ref); !errors.Is(err, auditor.ErrOther) {
				t.Errorf("%d instead of %d, asked for %s: %v", sent, instead, ref, err)
			}
		}
	}
}
