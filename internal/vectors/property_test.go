package vectors_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/vectors"
)

// TestMonotonic: adding a single statement that no human signed, anywhere before an
// action, never raises the action's class. Registers, actions and statements are
// drawn from seeds, which a failure names.
func TestMonotonic(t *testing.T) {
	rounds := uint64(40)
	if os.Getenv("DEED_LONG") != "" {
		rounds = 2000
	}
	base := newMaker(t).stage
	classes := map[agency.Class]int{}
	for seed := range rounds {
		m := &monotonic{scene: base.fork(t, fmt.Sprint("monotonic ", seed)), rng: rand.New(rand.NewPCG(seed, 4)), seed: seed}
		m.scene.corpus = &vectors.Corpus{Envelopes: base.corpus.Envelopes, Objects: base.corpus.Objects}
		classes[m.round(base)]++
	}
	t.Logf("%d registers: %v", rounds, classes)
	for _, c := range []agency.Class{agency.HumanDirected, agency.HumanInstructed, agency.HumanTasked, agency.HumanDelegated, agency.Unattributed} {
		if classes[c] == 0 {
			t.Errorf("no action of class %s was drawn", c)
		}
	}
}

// monotonic is one random register.
type monotonic struct {
	*scene
	rng  *rand.Rand
	seed uint64

	warrants     []held
	instructions []attest.ID
	triggers     []attest.ID
}

// held is a warrant with its holder.
type held struct {
	id     attest.ID
	w      *attest.Warrant
	holder *cast.Party
}

func pick[T any](m *monotonic, from ...T) T { return from[m.rng.IntN(len(from))] }

func (m *monotonic) agent() *cast.Party {
	return pick(m, m.Orchestrator, m.Buyer, m.Payments, m.Bystander, m.Reconciler)
}

func (m *monotonic) service() *cast.Party { return pick(m, m.Scheduler, m.Desk, m.agent()) }
func (m *monotonic) human() *cast.Party   { return pick(m, m.Treasurer, m.Controller, m.maria) }

// round draws a register and an action, then adds statements one at a time.
func (m *monotonic) round(base *scene) agency.Class {
	m.warrants = []held{{m.rootID, m.root, m.Orchestrator}, {m.buyerID, m.buyerWarrant, m.Buyer}, {m.leafID, m.leaf, m.Payments}, {m.standingID, m.standing, m.Reconciler}}
	m.instructions, m.triggers = []attest.ID{m.instruction}, []attest.ID{m.triggerID}
	for range m.rng.IntN(5) {
		m.put(m.honest())
	}
	who, action := m.action()
	final := m.Sign(who, action)
	before, ok := m.class(base, m.steps, final)
	if !ok {
		return agency.None
	}
	for range 12 {
		extra := m.foreign()
		at := m.rng.IntN(len(m.steps) + 1)
		steps := slices.Insert(slices.Clone(m.steps), at, m.step(extra))
		if after, ok := m.class(base, steps, final); ok && rank(after) > rank(before) {
			m.Errorf("seed %d: %s became %s by a statement of %s at %d", m.seed, before, after, extra.Envelope.Payload, at)
		}
		// The agent may name the new statement as well: that is its own word.
		named := *action
		named.Nonce = m.Random()
		if named.Authority != nil && m.rng.IntN(2) == 0 {
			a := *named.Authority
			a.Approvals = slices.Compact(slices.Sorted(slices.Values(append(slices.Clone(a.Approvals), extra.ID))))
			named.Authority = &a
		} else {
			named.Initiator.Trigger = extra.ID
		}
		if after, ok := m.class(base, steps, m.Sign(who, &named)); ok && rank(after) > rank(before) {
			m.Errorf("seed %d: %s became %s by a statement that the action names: %s", m.seed, before, after, extra.Envelope.Payload)
		}
	}
	return before
}

// put logs a statement, whatever becomes of it.
func (m *monotonic) put(sent cast.Sent) {
	step := m.step(sent)
	if _, err := m.corpus.Submit(m.reg, step); err == nil {
		m.steps = append(m.steps, step)
	}
}

// class is that of the last statement after the steps; ok is false where it is
// refused.
func (m *monotonic) class(base *scene, steps []vectors.Step, final cast.Sent) (agency.Class, bool) {
	r := base.reg.Fork()
	for _, s := range append(slices.Clone(steps), m.step(final)) {
		record, err := m.corpus.Submit(r, s)
		if s.ID != final.ID {
			continue
		}
		if err != nil || record.Attribution == nil {
			return agency.None, false
		}
		return record.Attribution.Agency, true
	}
	return agency.None, false
}

// honest is a statement that makes a register: by people, or handed on by agents.
func (m *monotonic) honest() cast.Sent {
	switch m.rng.IntN(4) {
	case 0:
		i := m.Instruction(m.human(), m.agent(), m.requests()...)
		sent := m.Sign(m.party(i.Person), i)
		m.instructions = append(m.instructions, sent.ID)
		return sent
	case 1:
		issuer, holder := pick(m, m.Treasurer, m.maria), m.agent()
		w := m.Warrant(issuer, holder, pick(m, attest.HumanInstruction, attest.HumanStanding), cast.Payments("50000.00"))
		if m.rng.IntN(3) > 0 {
			w.Task.Instruction = pick(m, m.instructions...)
		}
		return m.hold(m.Sign(issuer, w), w, holder)
	case 2:
		above, holder := m.above(), m.agent()
		w := m.Child(above.w, above.id, above.holder, holder)
		if m.rng.IntN(4) == 0 {
			w.Task.Instruction = ""
		}
		return m.hold(m.Sign(above.holder, w), w, holder)
	}
	t := m.Trigger(m.Scheduler, m.agent())
	sent := m.Sign(m.Scheduler, t)
	m.triggers = append(m.triggers, sent.ID)
	return sent
}

// above is a warrant that may be handed on.
func (m *monotonic) above() held {
	return pick(m, slices.DeleteFunc(slices.Clone(m.warrants), func(h held) bool { return h.w.Depth >= h.w.MaxDepth })...)
}

func (m *monotonic) hold(sent cast.Sent, w *attest.Warrant, holder *cast.Party) cast.Sent {
	m.warrants = append(m.warrants, held{sent.ID, w, holder})
	return sent
}

func (m *monotonic) party(name string) *cast.Party {
	for _, p := range []*cast.Party{m.Treasurer, m.Controller, m.maria} {
		if p.ID == name {
			return p
		}
	}
	m.Fatalf("nobody is %s", name)
	return nil
}

func (m *monotonic) requests() []attest.Request {
	if m.rng.IntN(2) == 0 {
		return []attest.Request{}
	}
	return []attest.Request{cast.Request()}
}

// action is one under any of the warrants, mostly by its holder, perhaps approved.
func (m *monotonic) action() (*cast.Party, *attest.Action) {
	under := pick(m, m.warrants...)
	who := under.holder
	if m.rng.IntN(6) == 0 {
		who = m.agent()
	}
	a := m.Transfer(who, under.id, pick(m, "10.00", "2500.00"))
	if m.rng.IntN(3) == 0 {
		a = m.Reconcile(who, under.id, pick(m, m.triggers...))
	}
	if m.rng.IntN(4) == 0 {
		sent := m.Sign(m.Treasurer, m.Approval(m.Treasurer, a))
		m.put(sent)
		a.Authority.Approvals = []attest.ID{sent.ID}
	}
	if m.rng.IntN(3) == 0 {
		m.move(time.Duration(m.rng.IntN(20)) * time.Hour)
	}
	return who, a
}

// foreign is a statement that no human signed.
func (m *monotonic) foreign() cast.Sent {
	by := m.service()
	switch m.rng.IntN(7) {
	case 0:
		i := m.Instruction(m.human(), m.agent(), m.requests()...)
		i.RecordedBy = by.ID
		return m.Sign(by, i)
	case 1:
		return m.Sign(by, m.Trigger(by, m.agent()))
	case 2:
		w := m.Warrant(by, m.agent(), pick(m, attest.HumanInstruction, attest.HumanStanding, attest.OrgStanding), cast.Payments("50000.00"))
		w.Task.Instruction = pick(m, append(m.instructions, "")...)
		return m.Sign(by, w)
	case 3:
		above := m.above()
		return m.Sign(by, m.Child(above.w, above.id, by, m.agent()))
	case 4:
		return m.Sign(by, m.Transfer(by, pick(m, m.warrants...).id, "10.00"))
	case 5:
		return m.Sign(by, m.Revocation(by, pick(m, m.warrants...).id))
	}
	bundle := m.CA.BundleDocument()
	return m.Sign(m.Server, m.Root(cast.Domain, bundle), bundle)
}
