package admission_test

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// TestStolenSVID: before the declaration the thief is the agent; from its entry on
// the key signs nothing, while another SVID of the same workload does.
func TestStolenSVID(t *testing.T) {
	s := newScene(t)
	stolen := s.Payments
	s.allow(s.Sign(stolen, s.Transfer(stolen, s.leafID, "1.00")))
	s.allow(s.Sign(s.Admin, s.Compromise(s.Admin, stolen.SVIDKey(), s.Now()-1000)))
	s.refuse(s.Sign(stolen, s.Transfer(stolen, s.leafID, "2.00")), "signer.compromised")
	fresh := s.Workload("/agent/payments")
	s.allow(s.Sign(fresh, s.Transfer(fresh, s.leafID, "3.00")))
	s.allow(s.Sign(s.Buyer, s.Transfer(s.Buyer, s.buyerID, "4.00"))) // another workload's

	s.allow(s.Sign(s.Treasurer, s.Compromise(s.Treasurer, attest.CompromisedThing{ID: fresh.ID, Kind: attest.WorkloadID}, s.Now())))
	s.refuse(s.Sign(fresh, s.Transfer(fresh, s.leafID, "5.00")), "signer.compromised")
	again := s.Workload("/agent/payments")
	s.refuse(s.Sign(again, s.Transfer(again, s.leafID, "6.00")), "signer.compromised")
}

// TestCompromisedApproval: an approval that the thief may have signed is worth
// nothing to an action that is logged later, and the finding names it; one from
// before the time that is claimed keeps its worth.
func TestCompromisedApproval(t *testing.T) {
	s := newScene(t)
	before := s.Transfer(s.Payments, s.leafID, "20000.00")
	s.approve(before, nil)
	s.move(time.Minute)
	since := s.Now()
	after := s.Transfer(s.Payments, s.leafID, "20000.00")
	s.approve(after, nil)
	s.allow(s.Sign(s.Treasurer, s.Compromise(s.Treasurer, s.Treasurer.HumanKey(), since)))

	got, _ := s.find(s.Sign(s.Payments, before))
	if got.class != agency.HumanDirected || got.faults != "" {
		t.Errorf("from before: %+v", got)
	}
	got, a := s.find(s.Sign(s.Payments, after))
	if got.class != agency.Indeterminate || got.faults != "reference.compromised" || a.Authority != agency.AuthorityIndeterminate ||
		!slices.Contains(a.Missing, string(after.Authority.Approvals[0])) {
		t.Errorf("from after: %+v, missing %v, authority %s", got, a.Missing, a.Authority)
	}
	s.refuse(s.Sign(s.Treasurer, s.Instruction(s.Treasurer, s.Payments)), "signer.compromised")
}

// TestCompromisedLink: a warrant that the thief may have issued is no authority for
// what comes later, and may still be revoked.
func TestCompromisedLink(t *testing.T) {
	s := newScene(t)
	s.allow(s.Sign(s.Admin, s.Compromise(s.Admin, s.Buyer.SVIDKey(), s.Now()-1)))
	got, a := s.find(s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "1.00")))
	if got.class != agency.Indeterminate || !slices.Contains(a.Missing, string(s.leafID)) || got.faults != "reference.compromised" {
		t.Errorf("found %+v, missing %v", got, a.Missing)
	}
	child := s.Child(s.leaf, s.leafID, s.Payments, s.Bystander)
	s.deny(s.Sign(s.Payments, child), "reference.compromised")
	s.allow(s.Sign(s.Admin, s.Revocation(s.Admin, s.leafID)))
	s.allow(s.Sign(s.Orchestrator, s.Transfer(s.Orchestrator, s.rootID, "1.00"))) // a link above it
}

// TestCompromisedTrigger: what set an agent off is named
// as missing.
func TestCompromisedTrigger(t *testing.T) {
	s := newScene(t)
	s.allow(s.Sign(s.Admin, s.Compromise(s.Admin, s.Scheduler.SVIDKey(), s.Now()-1)))
	got, a := s.find(s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, s.standingID, s.triggerID)))
	if got.class != agency.Indeterminate || !slices.Contains(a.Missing, string(s.triggerID)) {
		t.Errorf("found %+v, missing %v", got, a.Missing)
	}
}

// TestCompromisedAdministrator: an administrator's key that is compromised neither
// signs nor endorses, and the others put a new one in its place.
func TestCompromisedAdministrator(t *testing.T) {
	s := newScene(t)
	third := s.Person("third")
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Administrators(2, s.Admin, s.Second, third)), s.Second, third))
	s.refuse(s.Sign(s.Admin, s.Compromise(s.Admin, s.Second.HumanKey(), s.Now())), "control.quorum")
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Compromise(s.Admin, s.Second.HumanKey(), s.Now())), third))
	set := s.Administrators(2, s.Admin, third)
	s.refuse(s.Endorsed(s.Sign(s.Admin, set), s.Second), "signer.compromised")
	s.allow(s.Endorsed(s.Sign(s.Admin, set), third))
}

// TestCompromisedKeyReplaced: the compromised key does not say who comes after it.
func TestCompromisedKeyReplaced(t *testing.T) {
	s := newScene(t)
	s.allow(s.Sign(s.Treasurer, s.Compromise(s.Treasurer, s.Treasurer.HumanKey(), s.Now())))
	next := s.Person(s.Treasurer.ID)
	s.refuse(s.Endorsed(s.Sign(s.Admin, s.Registration(next)), next, s.Treasurer), "signer.compromised")
	s.refuse(s.Endorsed(s.Sign(s.Admin, s.Registration(next)), next), "control.quorum")
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Registration(next)), next, s.Second))
	s.allow(s.Sign(next, s.Instruction(next, s.Payments)))
}

// TestCompromisedRoot: no SVID under the bundle counts until there is another one,
// and the same bundle does not come back.
func TestCompromisedRoot(t *testing.T) {
	s := newScene(t)
	root := s.entries[1].result.Parsed.ID
	thing := attest.CompromisedThing{ID: string(root), Kind: attest.RootEntry}
	s.refuse(s.Sign(s.Admin, s.Compromise(s.Admin, thing, s.Now())), "control.quorum")
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Compromise(s.Admin, thing, s.Now()-1)), s.Second))
	s.refuse(s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "1.00")), "signer.compromised")
	bundle := s.CA.BundleDocument()
	s.deny(s.Sign(s.Server, s.Root(cast.Domain, bundle), bundle), "reference.compromised")

	s.CA = s.NewCA(cast.Domain)
	bundle = s.CA.BundleDocument()
	s.allow(s.Sign(s.Server, s.Root(cast.Domain, bundle), bundle))
	fresh := s.Workload("/agent/payments")
	s.deny(s.Sign(fresh, s.Transfer(fresh, s.leafID, "1.00")), "reference.compromised") // under warrants of the old one
}

// TestCompromisedBytes: what a root carries is compromised, and not its entry. Nothing
// counts under the same bytes that were logged before it or after it.
func TestCompromisedBytes(t *testing.T) {
	for _, named := range []string{"first", "last"} {
		t.Run(named, func(t *testing.T) {
			s := newScene(t) // with warrants under the first
			first := s.entries[1].result.Parsed.ID
			bundle := s.CA.BundleDocument()
			last := s.allow(s.Sign(s.Server, s.Root(cast.Domain, bundle), bundle))
			standing := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("50000.00"))
			other := s.allow(s.Sign(s.Treasurer, standing)) // by a person: under no root
			thing := attest.CompromisedThing{ID: string(map[string]attest.ID{"first": first, "last": last}[named]), Kind: attest.RootEntry}
			s.allow(s.Endorsed(s.Sign(s.Admin, s.Compromise(s.Admin, thing, s.Now()-1)), s.Second))
			s.refuse(s.Sign(s.Payments, s.Transfer(s.Payments, other, "1.00")), "signer.compromised")
			thing.ID = string(first)
			s.deny(s.Endorsed(s.Sign(s.Admin, s.Compromise(s.Admin, thing, s.Now()-1)), s.Second), "compromise.known")

			s.CA = s.NewCA(cast.Domain)
			bundle = s.CA.BundleDocument()
			s.allow(s.Sign(s.Server, s.Root(cast.Domain, bundle), bundle))
			fresh := s.Workload("/agent/payments")
			s.deny(s.Sign(fresh, s.Transfer(fresh, s.leafID, "1.00")), "reference.compromised")
			s.allow(s.Sign(fresh, s.Transfer(fresh, other, "1.00")))
		})
	}
}

// TestCompromisedBytesUnknown: where the register does not know what a root carries,
// nothing is decided.
func TestCompromisedBytesUnknown(t *testing.T) {
	s := newScene(t)
	s.allow(s.Sign(s.Admin, s.Compromise(s.Admin, s.Buyer.SVIDKey(), s.Now())))
	if _, err := admission.MarkKey(s, "root/"+string(s.rootID)); err == nil {
		t.Error("a root that carries nothing")
	}
}

// TestCompromiseDeclared: who may say it, and of what.
func TestCompromiseDeclared(t *testing.T) {
	s := newScene(t)
	now := s.Now()
	s.refuse(s.Sign(s.Admin, s.Compromise(s.Admin, s.Payments.SVIDKey(), now+1000)), "control.early")
	s.deny(s.Sign(s.Controller, s.Compromise(s.Controller, s.Payments.SVIDKey(), now)), "control.administrator") // not the owner
	s.deny(s.Sign(s.Controller, s.Compromise(s.Controller, s.Treasurer.HumanKey(), now)), "control.administrator")
	other := s.Treasurer.HumanKey()
	other.Key = s.Controller.Public().Digest()
	s.deny(s.Sign(s.Treasurer, s.Compromise(s.Treasurer, other, now)), "compromise.key")
	noRoot := attest.CompromisedThing{ID: string(s.rootID), Kind: attest.RootEntry}
	s.deny(s.Endorsed(s.Sign(s.Admin, s.Compromise(s.Admin, noRoot, now)), s.Second), "reference.kind")
	s.allow(s.Sign(s.Treasurer, s.Compromise(s.Treasurer, s.Payments.SVIDKey(), now)))
	s.deny(s.Sign(s.Admin, s.Compromise(s.Admin, s.Payments.SVIDKey(), now)), "compromise.known")
	s.allow(s.Sign(s.Admin, s.Compromise(s.Admin, s.Payments.SVIDKey(), now-5000)))
	mixed := s.Payments.SVIDKey() // the key of another workload: whose it is counts
	mixed.Key = s.Buyer.Public().Digest()
	s.allow(s.Sign(s.Treasurer, s.Compromise(s.Treasurer, mixed, now)))
	s.allow(s.Sign(s.Buyer, s.Transfer(s.Buyer, s.buyerID, "4.00")))
}

// TestCompromiseRace declares a key compromised while it is used: every use is
// logged before the declaration, or refused.
func TestCompromiseRace(t *testing.T) {
	s := newScene(t)
	var sent []cast.Sent
	for range 64 {
		sent = append(sent, s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "1.00")))
	}
	declared := s.Sign(s.Admin, s.Compromise(s.Admin, s.Payments.SVIDKey(), s.Now()))
	var wait sync.WaitGroup
	errs := make([]error, len(sent))
	for i := range sent {
		wait.Go(func() { _, errs[i] = s.try(sent[i]) })
		if i == 31 {
			wait.Go(func() {
				if _, err := s.try(declared); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wait.Wait()
	l, err := s.Logged(declared.ID)
	s.Check(err)
	for i, sub := range sent {
		used, err := s.Logged(sub.ID)
		s.Check(err)
		switch {
		case used == nil && code(errs[i]) == "signer.compromised":
		case used != nil && errs[i] == nil && used.Index < l.Index && used.Allowed():
		default:
			t.Errorf("a third outcome: %v, %v", used, errs[i])
		}
	}
}

// TestRevocationRace revokes the root of a chain while its leaf is used: every use
// is logged before it and allowed, or after it and denied.
func TestRevocationRace(t *testing.T) {
	s := newScene(t)
	var sent []cast.Sent
	for range 64 {
		sent = append(sent, s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "1.00")))
	}
	revoked := s.Sign(s.Treasurer, s.Revocation(s.Treasurer, s.rootID))
	var wait sync.WaitGroup
	for i := range sent {
		wait.Go(func() {
			if _, err := s.try(sent[i]); err != nil {
				t.Error(err)
			}
		})
		if i == 31 {
			wait.Go(func() {
				if _, err := s.try(revoked); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wait.Wait()
	l, err := s.Logged(revoked.ID)
	s.Check(err)
	for _, sub := range sent {
		used, err := s.Logged(sub.ID)
		s.Check(err)
		if before := used.Index < l.Index; before != used.Allowed() || !before && !slices.Equal(used.Record.Decision.Faults, []string{"warrant.revoked"}) {
			t.Errorf("a third outcome: entry %d, revoked at %d, %+v", used.Index, l.Index, used.Record.Decision)
		}
	}
}

// TestNothingCompromised: while nothing is, records say nothing of it, and one
// cell is looked at.
func TestNothingCompromised(t *testing.T) {
	s := newScene(t)
	signed := s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "1.00"))
	sub, err := admission.NewSubmission(signed.Envelope, signed.Objects, admission.Anonymous)
	s.Check(err)
	checked, err := admission.Check(sub, s, nil, s.Now())
	s.Check(err)
	counted := &counting{View: s}
	read, err := checked.Read(counted)
	s.Check(err)
	if read.Compromised != nil || counted.n != 1 {
		t.Errorf("%v, %d cells looked at", read.Compromised, counted.n)
	}
}

// counting counts the cells of the table of what is compromised.
type counting struct {
	admission.View
	n int
}

func (c *counting) Get(table, key string) ([]byte, error) {
	if table == "compromised" {
		c.n++
	}
	return c.View.Get(table, key)
}
