package admission_test

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/policy"
)

// TestEndlessChain acts under a chain of denied warrants that is longer than a
// chain may be, so that no root is in sight.
func TestEndlessChain(t *testing.T) {
	s := newScene(t)
	w, id := s.root, s.rootID
	for depth := 1; depth <= 10; depth++ {
		from := s.Bystander
		if depth == 1 {
			from = s.Orchestrator
		}
		child := s.Child(w, id, from, s.Bystander)
		child.Depth, child.MaxDepth = min(depth, 7), 7
		signed := s.Sign(from, child)
		s.log(signed)
		w, id = child, signed.ID
	}
	got, _ := s.find(s.Sign(s.Bystander, s.Transfer(s.Bystander, id, "1.00")))
	if got.class != agency.Unattributed || !strings.Contains(got.faults, "d3.depth") {
		t.Errorf("found %+v", got)
	}
}

// TestAccountable: the name of who answers comes from the issuer register, never
// from a warrant that the register was not there to check.
func TestAccountable(t *testing.T) {
	s := newScene(t)
	w := s.Warrant(s.Bystander, s.Buyer, attest.OrgStanding, cast.Reports()) // no issuer
	w.Root.Accountable = "chief"
	id := s.deny(s.Sign(s.Bystander, w), "d11.root")
	trigger := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Buyer)))
	got, a := s.find(s.Sign(s.Buyer, s.Reconcile(s.Buyer, id, trigger)))
	if got.class != agency.Unattributed || a.Accountable != "" {
		t.Errorf("found %+v, accountable %q", got, a.Accountable)
	}
}

// TestInstructionCounted: an instruction carries as many actions as it says,
// also where the root warrant has it as evidence only.
func TestInstructionCounted(t *testing.T) {
	s := newScene(t)
	once := s.Instruction(s.Treasurer, s.Orchestrator, cast.Request())
	once.MaxActions = 1
	instruction := s.allow(s.Sign(s.Treasurer, once))
	w := s.Instructed(s.Treasurer, s.Orchestrator, instruction)
	w.Task.Instruction = ""
	id := s.allow(s.Sign(s.Treasurer, w))
	for range 2 {
		got, _ := s.find(s.Sign(s.Orchestrator, s.Transfer(s.Orchestrator, id, "1.00")))
		if got.class != agency.HumanDelegated {
			t.Errorf("found %+v: it is not counted, so it is not carried", got)
		}
	}
}

// TestFourEyes: two approvals of one person are one approver.
func TestFourEyes(t *testing.T) {
	s := newScene(t)
	src := policy.Default()
	src.Policies = append(src.Policies, `@id("org/four-eyes") forbid (principal, action, resource) unless { context.approvals >= 2 };`...)
	p, parts := s.Policy(src, 1000)
	s.allow(s.Endorsed(s.Sign(s.Admin, p, parts...), s.Second))
	approved := func(by ...*cast.Party) cast.Sent {
		a := s.Transfer(s.Payments, s.leafID, "10.00")
		var ids []attest.ID
		for _, who := range by {
			ids = append(ids, s.allow(s.Sign(who, s.Approval(who, a))))
		}
		slices.Sort(ids)
		a.Authority.Approvals = ids
		return s.Sign(s.Payments, a)
	}
	s.deny(approved(s.Treasurer, s.Treasurer), "policy.denied")
	s.allow(approved(s.Treasurer, s.Controller))
}

// TestPersonUntil: the key of a person holds when the entry is made, not only
// when the statement is checked.
func TestPersonUntil(t *testing.T) {
	s := newScene(t)
	p := s.Person("temporary")
	reg := s.Registration(p)
	reg.Until = s.Now() + 1000
	s.allow(s.Endorsed(s.Sign(s.Admin, reg), p))
	signed := s.Sign(p, s.Instruction(p, s.Payments))
	sub, err := admission.NewSubmission(signed.Envelope, signed.Objects, admission.Anonymous)
	s.Check(err)
	s.move(999 * time.Millisecond)
	checked, err := admission.Check(sub, s, nil, s.Now())
	s.Check(err)
	read, err := checked.Read(s)
	s.Check(err)
	if _, err := checked.Decide(read, s.Now(), [32]byte{}); err != nil {
		t.Error(err)
	}
	if _, err := checked.Decide(read, s.Now()+1, [32]byte{}); code(err) != "signer.expired" {
		t.Errorf("a second later: %v", err)
	}
}

// TestEndedKey: a key whose window has ended does not say who comes after it.
func TestEndedKey(t *testing.T) {
	s := newScene(t)
	p, next := s.Person("temporary"), s.Person("temporary")
	reg := s.Registration(p)
	reg.Until = s.Now() + 1000
	s.allow(s.Endorsed(s.Sign(s.Admin, reg), p))
	replace := func() error {
		signed := s.Endorsed(s.Sign(s.Admin, s.Registration(next)), next, p)
		sub, err := admission.NewSubmission(signed.Envelope, signed.Objects, admission.Anonymous)
		s.Check(err)
		_, err = admission.Check(sub, s, nil, s.Now())
		return err
	}
	if err := replace(); err != nil {
		t.Errorf("with a key that holds: %v", err)
	}
	s.move(time.Second)
	if err := replace(); err == nil {
		t.Error("an ended key endorsed its successor")
	}
}

func code(err error) string {
	if f := attest.AsFault(err); f != nil {
		return f.Code
	}
	return ""
}

// TestKeyOfNobody signs as nobody, with the digest of no key.
func TestKeyOfNobody(t *testing.T) {
	s := newScene(t)
	stranger := s.Person("stranger")
	stranger.KeyID = attest.DigestOf(nil)
	if _, err := s.try(s.Sign(stranger, s.Instruction(stranger, s.Payments))); code(err) != "signer.unknown" {
		t.Error(err)
	}
}

// TestMoved: a policy that is put between check and place sends the statement
// back.
func TestMoved(t *testing.T) {
	s := newScene(t)
	signed := s.Sign(s.Payments, s.Transfer(s.Payments, s.leafID, "1.00"))
	sub, err := admission.NewSubmission(signed.Envelope, signed.Objects, admission.Anonymous)
	s.Check(err)
	checked, err := admission.Check(sub, s, nil, s.Now())
	s.Check(err)
	p, parts := s.Policy(policy.Default(), 1)
	s.allow(s.Endorsed(s.Sign(s.Admin, p, parts...), s.Second))
	if _, err := checked.Read(s); code(err) != "trust.changed" {
		t.Error(err)
	}
}

// TestBeforeGenesis: whatever comes first, it is refused, and nothing panics.
func TestBeforeGenesis(t *testing.T) {
	r := newEmptyRegister(t)
	for _, s := range r.Begin()[1:] {
		if _, err := r.try(s); code(err) != "genesis.place" {
			t.Errorf("%v", err)
		}
	}
	genesis := r.Genesis()
	for name, s := range map[string]cast.Sent{
		"no endorsement":   r.Sign(r.Server, genesis),
		"one of two":       r.Endorsed(r.Sign(r.Server, genesis), r.Admin),
		"one, twice":       r.Endorsed(r.Sign(r.Server, genesis), r.Admin, r.Admin),
		"another's server": r.Endorsed(r.Sign(r.Bystander, genesis), r.Admin, r.Second),
	} {
		if _, err := r.try(s); code(err) == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if r.Size() != 0 {
		t.Error("something was logged")
	}
}

// misled looks up anything as the same statement.
type misled struct {
	*register
	always *admission.Logged
}

func (m misled) Current(admission.Slot) (*admission.Logged, error) { return m.always, nil }
func (m misled) Logged(attest.ID) (*admission.Logged, error)       { return m.always, nil }
func (m misled) Object(attest.Digest) ([]byte, error)              { return []byte("{}"), nil }

// TestMisled checks a log against every one of its statements in every place:
// whatever a bundle says was in force, nothing panics.
func TestMisled(t *testing.T) {
	s := newStory(t)
	for _, a := range s.entries {
		for _, b := range append(s.entries, admitted{result: admission.Result{Parsed: &admission.Record{}}}) {
			m := misled{s.register, s.byID[b.result.Parsed.ID]}
			if checked, err := admission.Check(a.sub, m, nil, s.Now()); err == nil {
				_, _ = checked.Decide(a.result.Parsed.Read, a.received, a.seed)
			}
		}
	}
}

// FuzzDecide gives Decide what no register has read: an operator may write
// anything into a record. What comes of it is a record, or an error.
func FuzzDecide(f *testing.F) {
	s := newStory(f)
	var checked []*admission.Checked
	for i, a := range s.entries {
		f.Add(a.result.Record, uint(i), a.received)
		in := recorded{s.register, a.result.Parsed}
		c, err := admission.Check(a.sub, in, s.cache, a.result.Parsed.CheckedAt)
		s.Check(err)
		checked = append(checked, c)
	}
	f.Fuzz(func(t *testing.T, doc []byte, which uint, received int64) {
		record, err := admission.ParseRecord(doc)
		if err != nil {
			return
		}
		result, err := checked[which%uint(len(checked))].Decide(record.Read, received, [32]byte{})
		if err != nil {
			return
		}
		if again, err := admission.ParseRecord(result.Record); err != nil || (again.Decision.Effect == admission.Allow) != (len(again.Decision.Faults) == 0) {
			t.Errorf("%s, %v", result.Record, err)
		}
	})
}

// race runs what may happen once from many sides.
func race(n int, fn func(i int)) {
	var wait sync.WaitGroup
	for i := range n {
		wait.Go(func() { fn(i) })
	}
	wait.Wait()
}

// TestForks: of many statements at one place of a session one is the next, and
// all others are forks.
func TestForks(t *testing.T) {
	s := newScene(t)
	var prev attest.ID
	session := s.Random()
	for seq := range int64(3) {
		var mu sync.Mutex
		var won []attest.ID
		signed := make([]cast.Sent, 64)
		for i := range signed {
			a := s.Transfer(s.Payments, s.leafID, "1.00")
			a.Session = attest.Session{ID: session, Seq: seq, Prev: prev}
			signed[i] = s.Sign(s.Payments, a)
		}
		race(64, func(i int) {
			record, err := s.try(signed[i])
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				t.Error(err)
			case len(record.Decision.Faults) == 0:
				won = append(won, record.ID)
			case !slices.Equal(record.Decision.Faults, []string{"session.fork"}):
				t.Error(record.Decision.Faults)
			}
		})
		if len(won) != 1 {
			t.Fatalf("seq %d: %d statements are the next", seq, len(won))
		}
		prev = won[0]
	}
}

// TestApprovalOnce: of many actions that use one approval one is allowed.
func TestApprovalOnce(t *testing.T) {
	s := newScene(t)
	a := s.Transfer(s.Payments, s.leafID, "10.00")
	s.approve(a, nil)
	signed := make([]cast.Sent, 64)
	for i := range signed {
		again := *a
		again.Nonce, again.Session.ID = s.Random(), s.Random()
		signed[i] = s.Sign(s.Payments, &again)
	}
	counted(t, s, signed, 1, "approval.used")
}

// TestSiblings: two children of one warrant draw on one pool.
func TestSiblings(t *testing.T) {
	s := newScene(t)
	root := s.Warrant(s.Treasurer, s.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
	root.Grants[0].Budget = &attest.Budget{Argument: "amount", Limit: attest.Amount{Decimal: "100.00", Unit: "EUR"}}
	id := s.allow(s.Sign(s.Treasurer, root))
	var signed []cast.Sent
	for _, holder := range []*cast.Party{s.Payments, s.Buyer} {
		child := s.allow(s.Sign(s.Orchestrator, s.Child(root, id, s.Orchestrator, holder)))
		for range 32 {
			signed = append(signed, s.Sign(holder, s.Transfer(holder, child, "7.50")))
		}
	}
	counted(t, s, signed, 13, "d7.spent")
}

// counted races statements of which n are allowed and the others denied.
func counted(t *testing.T, s *scene, signed []cast.Sent, n int, fault string) {
	t.Helper()
	var mu sync.Mutex
	allowed := 0
	race(len(signed), func(i int) {
		record, err := s.try(signed[i])
		mu.Lock()
		defer mu.Unlock()
		switch {
		case err != nil:
			t.Error(err)
		case len(record.Decision.Faults) == 0:
			allowed++
		case !slices.Equal(record.Decision.Faults, []string{fault}):
			t.Error(record.Decision.Faults)
		}
	})
	if allowed != n {
		t.Errorf("%d were allowed, want %d", allowed, n)
	}
}
