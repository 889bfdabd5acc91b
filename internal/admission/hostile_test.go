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
	"github.com/deedlog/deed/policy"
)

// TestEndlessChain acts under a chain of denied warrants that is longer than a
// chain may be, so that no root is in sight.
func TestEndlessChain(t *testing.T) {
	s := newScene(t)
	w, id := s.root, s.rootID
	for depth := 1; depth <= 10; depth++ {
		from := s.bystander
		if depth == 1 {
			from = s.orchestrator
		}
		child := s.child(w, id, from, s.bystander)
		child.Depth, child.MaxDepth = min(depth, 7), 7
		signed := s.sign(from, child)
		s.log(signed)
		w, id = child, signed.id
	}
	got, _ := s.find(s.sign(s.bystander, s.transfer(s.bystander, id, "1.00")))
	if got.class != agency.Unattributed || !strings.Contains(got.faults, "d3.depth") {
		t.Errorf("found %+v", got)
	}
}

// TestAccountable: the name of who answers comes from the issuer register, never
// from a warrant that the register was not there to check.
func TestAccountable(t *testing.T) {
	s := newScene(t)
	w := s.warrant(s.bystander, s.buyer, attest.OrgStanding, reports()) // no issuer
	w.Root.Accountable = "chief"
	id := s.deny(s.sign(s.bystander, w), "d11.root")
	trigger := s.allow(s.sign(s.scheduler, s.trigger(s.scheduler, s.buyer)))
	got, a := s.find(s.sign(s.buyer, s.reconcile(s.buyer, id, trigger)))
	if got.class != agency.Unattributed || a.Accountable != "" {
		t.Errorf("found %+v, accountable %q", got, a.Accountable)
	}
}

// TestInstructionCounted: an instruction carries as many actions as it says,
// also where the root warrant has it as evidence only.
func TestInstructionCounted(t *testing.T) {
	s := newScene(t)
	once := s.cast.instruction(s.treasurer, s.orchestrator, request())
	once.MaxActions = 1
	instruction := s.allow(s.sign(s.treasurer, once))
	w := s.instructed(s.treasurer, s.orchestrator, instruction)
	w.Task.Instruction = ""
	id := s.allow(s.sign(s.treasurer, w))
	for range 2 {
		got, _ := s.find(s.sign(s.orchestrator, s.transfer(s.orchestrator, id, "1.00")))
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
	p, parts := s.policy(src, 1000)
	s.allow(s.endorsed(s.sign(s.admin, p, parts...), s.second))
	approved := func(by ...*party) sent {
		a := s.transfer(s.payments, s.leafID, "10.00")
		var ids []attest.ID
		for _, who := range by {
			ids = append(ids, s.allow(s.sign(who, s.approval(who, a))))
		}
		slices.Sort(ids)
		a.Authority.Approvals = ids
		return s.sign(s.payments, a)
	}
	s.deny(approved(s.treasurer, s.treasurer), "policy.denied")
	s.allow(approved(s.treasurer, s.controller))
}

// TestPersonUntil: the key of a person holds when the entry is made, not only
// when the statement is checked.
func TestPersonUntil(t *testing.T) {
	s := newScene(t)
	p := s.person("temporary")
	reg := s.registration(p)
	reg.Until = s.now() + 1000
	s.allow(s.endorsed(s.sign(s.admin, reg), p))
	signed := s.sign(p, s.cast.instruction(p, s.payments))
	sub, err := admission.NewSubmission(signed.envelope, signed.objects, admission.Anonymous)
	s.check(err)
	s.move(999 * time.Millisecond)
	checked, err := admission.Check(sub, s, nil, s.now())
	s.check(err)
	read, err := checked.Read(s)
	s.check(err)
	if _, err := checked.Decide(read, s.now(), [32]byte{}); err != nil {
		t.Error(err)
	}
	if _, err := checked.Decide(read, s.now()+1, [32]byte{}); code(err) != "signer.expired" {
		t.Errorf("a second later: %v", err)
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
	stranger := s.person("stranger")
	stranger.keyID = attest.DigestOf(nil)
	if _, err := s.try(s.sign(stranger, s.cast.instruction(stranger, s.payments))); code(err) != "signer.unknown" {
		t.Error(err)
	}
}

// TestMoved: a policy that is put between check and place sends the statement
// back.
func TestMoved(t *testing.T) {
	s := newScene(t)
	signed := s.sign(s.payments, s.transfer(s.payments, s.leafID, "1.00"))
	sub, err := admission.NewSubmission(signed.envelope, signed.objects, admission.Anonymous)
	s.check(err)
	checked, err := admission.Check(sub, s, nil, s.now())
	s.check(err)
	p, parts := s.policy(policy.Default(), 1)
	s.allow(s.endorsed(s.sign(s.admin, p, parts...), s.second))
	if _, err := checked.Read(s); code(err) != "trust.changed" {
		t.Error(err)
	}
}

// TestBeforeGenesis: whatever comes first, it is refused, and nothing panics.
func TestBeforeGenesis(t *testing.T) {
	r := newEmptyRegister(t)
	for _, s := range r.begin()[1:] {
		if _, err := r.try(s); code(err) != "genesis.place" {
			t.Errorf("%v", err)
		}
	}
	genesis := r.genesis()
	for name, s := range map[string]sent{
		"no endorsement":   r.sign(r.server, genesis),
		"one of two":       r.endorsed(r.sign(r.server, genesis), r.admin),
		"one, twice":       r.endorsed(r.sign(r.server, genesis), r.admin, r.admin),
		"another's server": r.endorsed(r.sign(r.bystander, genesis), r.admin, r.second),
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
			if checked, err := admission.Check(a.sub, m, nil, s.now()); err == nil {
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
		s.check(err)
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
	session := s.random()
	for seq := range int64(3) {
		var mu sync.Mutex
		var won []attest.ID
		signed := make([]sent, 64)
		for i := range signed {
			a := s.transfer(s.payments, s.leafID, "1.00")
			a.Session = attest.Session{ID: session, Seq: seq, Prev: prev}
			signed[i] = s.sign(s.payments, a)
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
	a := s.transfer(s.payments, s.leafID, "10.00")
	s.approve(a, nil)
	signed := make([]sent, 64)
	for i := range signed {
		again := *a
		again.Nonce, again.Session.ID = s.random(), s.random()
		signed[i] = s.sign(s.payments, &again)
	}
	counted(t, s, signed, 1, "approval.used")
}

// TestSiblings: two children of one warrant draw on one pool.
func TestSiblings(t *testing.T) {
	s := newScene(t)
	root := s.warrant(s.treasurer, s.orchestrator, attest.HumanStanding, payments("50000.00"))
	root.Grants[0].Budget = &attest.Budget{Argument: "amount", Limit: attest.Amount{Decimal: "100.00", Unit: "EUR"}}
	id := s.allow(s.sign(s.treasurer, root))
	var signed []sent
	for _, holder := range []*party{s.payments, s.buyer} {
		child := s.allow(s.sign(s.orchestrator, s.child(root, id, s.orchestrator, holder)))
		for range 32 {
			signed = append(signed, s.sign(holder, s.transfer(holder, child, "7.50")))
		}
	}
	counted(t, s, signed, 13, "d7.spent")
}

// counted races statements of which n are allowed and the others denied.
func counted(t *testing.T, s *scene, signed []sent, n int, fault string) {
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
