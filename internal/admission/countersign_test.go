package admission_test

import (
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
)

// TestCountersignature: a registered workload may say what it saw of another's
// action, also of one that was denied or that it was not told the name of; what
// is named is an action.
func TestCountersignature(t *testing.T) {
	s := newScene(t)
	a := s.Transfer(s.Payments, s.leafID, "10.00")
	id := s.allow(s.Sign(s.Payments, a))
	denied := s.Transfer(s.Bystander, s.leafID, "10.00")
	deniedID := s.deny(s.Sign(s.Bystander, denied), "d10.holder")
	outcome := s.Outcome(a, id)
	outcomeID := s.allow(s.Sign(s.Payments, outcome))
	stranger := s.Workload("/elsewhere/bank")
	for _, c := range []struct {
		name   string
		spoil  func(*attest.Countersignature)
		faults []string
	}{
		{"as it was", func(*attest.Countersignature) {}, nil},
		{"of a denied action", func(c *attest.Countersignature) { c.Of, c.Agent = deniedID, denied.Agent }, nil},
		{"by its digest only", func(c *attest.Countersignature) { c.Of = "" }, nil},
		{"by its ID only", func(c *attest.Countersignature) { c.Request = "" }, nil},
		{"seen otherwise", func(c *attest.Countersignature) { c.Agent, c.Status = s.Buyer.ID, "refused" }, nil},
		{"of an outcome", func(c *attest.Countersignature) { c.Of = outcomeID }, []string{"reference.kind"}},
		{"of a warrant", func(c *attest.Countersignature) { c.Of = s.leafID }, []string{"reference.kind"}},
		{"of itself", func(c *attest.Countersignature) { c.Agent, c.Of = s.Desk.ID, "" }, []string{"countersignature.self"}},
		{"by the agent", func(c *attest.Countersignature) { c.By, c.Agent = s.Payments.ID, s.Buyer.ID }, []string{"countersignature.self"}},
		{"by a stranger", func(c *attest.Countersignature) { c.By = stranger.ID }, []string{"countersignature.signer"}},
	} {
		made := s.Countersignature(s.Desk, attest.ServiceRole, a, id)
		c.spoil(made)
		by := s.Desk
		switch made.By {
		case s.Payments.ID:
			by = s.Payments
		case stranger.ID:
			by = stranger
		}
		record := s.log(s.Sign(by, made))
		if !slices.Equal(record.Decision.Faults, c.faults) || record.Attribution != nil {
			t.Errorf("%s: faults %v, attribution %v", c.name, record.Decision.Faults, record.Attribution)
		}
	}
	unlogged := s.Countersignature(s.Desk, attest.ServiceRole, a, attest.ID("id:"+attest.DigestOf([]byte("x")).Hex()))
	if _, err := s.try(s.Sign(s.Desk, unlogged)); attest.AsFault(err) == nil || attest.AsFault(err).Code != "reference.unlogged" {
		t.Errorf("of what is not in the log: %v", err)
	}
	suspended := s.Agents("/service")
	suspended.Status = "suspended"
	s.allow(s.Sign(s.Admin, suspended))
	s.deny(s.Sign(s.Desk, s.Countersignature(s.Desk, attest.ServiceRole, a, id)), "countersignature.signer")
}
