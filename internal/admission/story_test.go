package admission_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// newStory is a log with statements of every kind, allowed and denied.
func newStory(t testing.TB) *scene {
	t.Helper()
	s := newScene(t)
	paid := s.Transfer(s.Payments, s.leafID, "2000.00")
	object := s.Commitment(paid, s.rootID)
	first := s.allow(s.Sign(s.Payments, paid, object))
	approved := s.After(paid, first, s.Transfer(s.Payments, s.leafID, "20000.00"))
	s.approve(approved, nil)
	second := s.allow(s.Sign(s.Payments, approved))
	taken := s.Transfer(s.Payments, s.leafID, "20000.00")
	s.approve(taken, nil)
	s.allow(s.Sign(s.Treasurer, s.Refusal(s.Treasurer, taken)))
	s.deny(s.Sign(s.Payments, taken), "approval.refused")
	gated := s.Transfer(s.Payments, s.gated(attest.WarrantGate{Approvers: both, M: 2, When: above("10.00")}), "20.00")
	s.refuses(s.Controller, gated)
	s.consents(gated, s.Treasurer)
	alone := *gated
	alone.Nonce, alone.Session.ID = s.Random(), s.Random()
	s.deny(s.Sign(s.Payments, &alone), "gate.approvals", "gate.refused")
	s.consents(gated, s.Controller)
	s.allow(s.Sign(s.Payments, gated))
	intent := s.After(approved, second, s.Transfer(s.Payments, s.leafID, "1.00"))
	intentID := s.allow(s.Sign(s.Payments, intent))
	outcome := s.Outcome(intent, intentID)
	outcomeID := s.allow(s.Sign(s.Payments, outcome))
	aside := s.After(outcome, outcomeID, s.Transfer(s.Payments, s.leafID, "1.00"))
	aside.Session.ParallelOf = intentID
	asideID := s.allow(s.Sign(s.Payments, aside))
	beat := s.Heartbeat(aside, asideID, 4, 1)
	beatID := s.allow(s.Sign(s.Payments, beat))
	end := s.Terminal(beat, beatID, 4, asideID)
	endID := s.allow(s.Sign(s.Payments, end))
	s.deny(s.Sign(s.Payments, s.After(end, endID, s.Outcome(aside, asideID))), "session.closed")
	fork := s.After(paid, first, s.Transfer(s.Payments, s.leafID, "7.00"))
	s.deny(s.Sign(s.Payments, fork), "session.fork")
	s.deny(s.Sign(s.Bystander, s.Transfer(s.Bystander, s.leafID, "10.00")), "d10.holder")
	s.allow(s.Sign(s.Reconciler, s.Reconcile(s.Reconciler, s.standingID, s.triggerID)))
	s.allow(s.Sign(s.Desk, s.Countersignature(s.Desk, attest.ServiceRole, paid, first)))
	s.tokens()
	s.allow(s.Sign(s.Buyer, s.Revocation(s.Buyer, s.leafID)))
	s.deny(s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "10.00")), "warrant.revoked")
	s.allow(s.Sign(s.Treasurer, s.Refusal(s.Treasurer, taken))) // never too late
	newcomer := s.Person("newcomer")
	unasked := s.Registration(newcomer)
	unasked.By = s.Treasurer.ID
	s.deny(s.Endorsed(s.Sign(s.Treasurer, unasked), newcomer), "control.administrator")
	return s
}

// tokens adds an identity provider, what it signed, and an action on it.
func (s *scene) tokens() {
	p := cast.IdP()
	for _, sent := range s.WithProvider(p, s.Treasurer) {
		s.allow(sent)
	}
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Issuer(s.Scheduler, s.Controller, cast.Payments("100.00"), attest.HumanStanding)), s.Second))
	login := s.Login(p, s.Treasurer, s.Scheduler, s.instruction)
	s.allow(login)
	w := s.Warrant(s.Scheduler, s.Payments, attest.HumanStanding, cast.Payments("100.00"))
	w.Root.Evidence = slices.Sorted(slices.Values([]attest.ID{login.ID, s.allow(s.Delegation(p, s.Treasurer, s.Scheduler, s.Payments))}))
	id := s.allow(s.Sign(s.Scheduler, w))
	again := s.Account(p, s.Treasurer)
	s.allow(s.Endorsed(s.Sign(s.Admin, again), s.Treasurer))
	s.allow(s.Sign(s.Payments, s.Transfer(s.Payments, id, "1.00")))
}

// recorded answers as a verifier does: from what the record says was read.
type recorded struct {
	*register
	record *admission.Record
}

func (r recorded) Current(slot admission.Slot) (*admission.Logged, error) {
	for _, p := range r.record.Read.Force {
		if p.Slot == slot && p.ID == "" {
			return nil, nil
		}
		if p.Slot == slot {
			return r.register.Logged(p.ID)
		}
	}
	return nil, fmt.Errorf("the record does not say what was at %s", slot)
}

func (r recorded) Logged(id attest.ID) (*admission.Logged, error) {
	for _, s := range r.record.Read.Statements {
		if s.ID == id {
			return r.register.Logged(id)
		}
	}
	return nil, fmt.Errorf("the record does not say that %s was read", id)
}

// TestReplay admits every entry of a log again, as a verifier does: with what
// the record says was read and the objects that it names. With a cache and
// without, the bytes are the same.
func TestReplay(t *testing.T) {
	s := newStory(t)
	cache := admission.NewCache(4) // so small that it starts again now and then
	for i, a := range s.entries {
		record, err := admission.ParseRecord(a.result.Record)
		s.Check(err)
		sub := admission.Submission{Envelope: a.sub.Envelope, Submitter: record.Submitter, Objects: map[attest.Digest][]byte{}}
		for _, d := range record.Objects {
			sub.Objects[d] = s.objects[d]
		}
		for _, with := range []*admission.Cache{nil, cache, cache} {
			checked, err := admission.Check(sub, recorded{s.register, record}, with, record.CheckedAt)
			s.Check(err)
			again, err := checked.Decide(record.Read, a.received, a.seed)
			s.Check(err)
			if !bytes.Equal(again.Record, a.result.Record) || !bytes.Equal(again.Entry, a.result.Entry) || !reflect.DeepEqual(again.Cells, a.result.Cells) {
				t.Errorf("entry %d, %s:\n%s\nis now\n%s", i, record.Kind, a.result.Record, again.Record)
			}
		}
	}
}

// TestDeterminism admits the last statements of a log many times over: no order
// of a map shows.
func TestDeterminism(t *testing.T) {
	s := newScene(t)
	a := s.Transfer(s.Payments, s.leafID, "20000.00")
	s.approve(a, nil)
	object := s.Commitment(a, s.rootID)
	signed := s.Sign(s.Payments, a, object)
	var first admission.Result
	for n := range 50 {
		sub, err := admission.NewSubmission(signed.Envelope, signed.Objects, admission.Anonymous)
		s.Check(err)
		checked, err := admission.Check(sub, s, nil, s.Now())
		s.Check(err)
		read, err := checked.Read(s)
		s.Check(err)
		got, err := checked.Decide(read, s.Now(), [32]byte{1})
		s.Check(err)
		if n == 0 {
			first = got
		}
		if !reflect.DeepEqual(got, first) {
			t.Fatalf("time %d:\n%s\nnot\n%s", n, got.Record, first.Record)
		}
	}
}

// TestReopen opens every entry again, and refuses what is not what it was.
func TestReopen(t *testing.T) {
	s := newStory(t)
	object := func(d attest.Digest) ([]byte, error) { return s.objects[d], nil }
	for i, a := range s.entries {
		l, err := admission.Reopen(uint64(i), a.result.Entry, object)
		s.Check(err)
		if l.Index != uint64(i) || !bytes.Equal(s.encode(l.Record), a.result.Record) || !bytes.Equal(l.Verified.Envelope().JSON(), a.sub.Envelope.JSON()) {
			t.Errorf("entry %d is opened as %s, not %s", i, s.encode(l.Record), a.result.Record)
		}
		entry, err := admission.ParseEntry(a.result.Entry)
		s.Check(err)
		entry.Envelope = s.entries[(i+1)%len(s.entries)].result.Parsed.ID
		if _, err := admission.Reopen(uint64(i), s.encode(entry), object); err == nil || attest.AsFault(err) != nil {
			t.Errorf("entry %d of another statement: %v", i, err)
		}
		for _, missing := range []attest.Digest{entry.Admission, l.Record.Envelope, l.Record.Signer.KeyID} {
			_, err := admission.Reopen(uint64(i), a.result.Entry, func(d attest.Digest) ([]byte, error) {
				if d == missing {
					return nil, nil
				}
				return object(d)
			})
			if err == nil || attest.AsFault(err) != nil { // it is no client's fault
				t.Errorf("entry %d without %s: %v", i, missing, err)
			}
		}
	}
}

// TestControl follows the running hash over a log.
func TestControl(t *testing.T) {
	s := newStory(t)
	want := admission.StartControl()
	for i, a := range s.entries {
		entry, err := admission.ParseEntry(a.result.Entry)
		s.Check(err)
		if entry.Control != want || a.result.Parsed.Read.Control != want {
			t.Fatalf("entry %d: control %+v, want %+v", i, entry.Control, want)
		}
		if entry.Kind.Control() {
			want = want.Next(uint64(i), a.result.Entry)
		}
	}
	if want.Count < 10 {
		t.Errorf("%d control entries", want.Count)
	}
}

// TestEntryPrivate looks for what must not be in the tree.
func TestEntryPrivate(t *testing.T) {
	s := newStory(t)
	for i, a := range s.entries {
		if n := len(a.result.Entry); n >= 1024 {
			t.Errorf("entry %d has %d bytes", i, n)
		}
		for _, private := range []string{"spiffe", cast.Domain, "treasurer", "controller", "admin", "payments", "transfer", "iban", "INV", "nightly",
			"allow", "deny", "human", "autonomous", "2000", a.result.Parsed.Signer.Name} {
			if strings.Contains(string(a.result.Entry), private) {
				t.Errorf("entry %d shows %q: %s", i, private, a.result.Entry)
			}
		}
	}
}

func (s *scene) encode(v any) []byte {
	s.Helper()
	doc, err := attest.Encode(v)
	s.Check(err)
	return doc
}

// FuzzDocuments: what parses is written in the same bytes.
func FuzzDocuments(f *testing.F) {
	for _, a := range newStory(f).entries {
		f.Add(a.result.Entry)
		f.Add(a.result.Record)
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		if e, err := admission.ParseEntry(doc); err == nil {
			same(t, e, doc)
		}
		if r, err := admission.ParseRecord(doc); err == nil {
			r.Names()
			same(t, r, doc)
		}
	})
}

func same(t *testing.T, v any, doc []byte) {
	t.Helper()
	if again, err := attest.Encode(v); err != nil || !bytes.Equal(again, doc) {
		t.Errorf("%s is written %s, %v", doc, again, err)
	}
}

// TestServerFields opens the register's own commitment of every entry with what
// its record says, whether or not that was to be expected when it was checked.
func TestServerFields(t *testing.T) {
	s := newStory(t)
	for i, a := range s.entries {
		entry, err := admission.ParseEntry(a.result.Entry)
		s.Check(err)
		record, err := admission.ParseRecord(a.result.Record)
		s.Check(err)
		person, class := "", ""
		if found := record.Attribution; found != nil {
			person, class = found.Authorizing, string(found.Agency)
		}
		root := attest.Commit(a.seed, attest.TextFields([][2]string{
			{"authorizing", person}, {"class", class}, {"decision", string(record.Decision.Effect)}}))
		if want := (attest.Commitment{Root: root, Seed: attest.DigestOf(attest.SeedObject(a.seed))}); entry.ServerFields != want {
			t.Errorf("entry %d commits to %v, want %v", i, entry.ServerFields, want)
		}
	}
}
