package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/internal/consent"
)

// step is one submission of the story: what is tried, and what must come of it.
type step struct {
	name     string // of the bundle that is kept
	title    string
	run      func(context.Context) (agent.Receipt, error)
	class    string
	decision string
	fault    string // of a denial
	flag     string
	told     int // sentences of the verdict, besides those on gates
}

// scene holds what the steps share.
type scene struct {
	*cast
	desk          consent.Register // where people look, as the approval page does
	instruction   agent.Receipt
	rootID        attest.ID
	leafID        attest.ID
	standingID    attest.ID
	trigger       agent.Receipt
	paying, books *agent.Session
	larger        *agent.Prepared // the payment that the gate stops
	since         int64           // ms: when bob says that his key was in other hands
	approvals     []attest.ID
	paid          agent.Receipt
	notes         []string // what else happened in a step
}

func (s *scene) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// tell plays the steps; each is a submission of its own, and its bundle is kept.
func (p *play) tell(ctx context.Context) error {
	s := p.scene
	for _, prepare := range []func(context.Context) error{s.instruct, s.standing} {
		if err := prepare(ctx); err != nil {
			return err
		}
	}
	p.authority(s)
	for i, one := range s.steps() {
		s.notes = nil
		receipt, err := one.run(ctx)
		if err := one.check(receipt, err); err != nil {
			return err
		}
		verdict, err := p.keep(ctx, one.name, one.class, receipt)
		if err != nil {
			return err
		}
		p.step(i+2, one, s.notes, receipt, &verdict.Subjects[0])
	}
	return nil
}

// steps is the story as a table, after the instruction.
func (s *scene) steps() []step {
	return []step{
		{name: "instructed", title: "The payments agent pays the invoice that maria named, 640.00 EUR",
			run: func(ctx context.Context) (agent.Receipt, error) {
				return s.paying.Record(ctx, s.transfer("640.00", account, invoice), done)
			},
			class: "human_instructed", decision: "allow", told: 3},
		{name: "asked", title: "It wants to pay 1200.00 EUR of another bill; the gate asks people",
			run: s.ask, class: "human_tasked", decision: "deny", fault: "gate.approvals"},
		{name: "approved", title: "bob and carol are shown that payment and approve it; the agent asks again",
			run: s.approved, class: "human_directed", decision: "allow", told: 2},
		{name: "scheduled", title: "For contrast, a nightly job: nobody asked for it",
			run: func(ctx context.Context) (agent.Receipt, error) {
				return s.books.Record(ctx, s.reconcile("schedule"), done)
			},
			class: "autonomous", decision: "allow", told: 3},
	}
}

// instruct is what maria asks for, and the authority that follows from it: a
// warrant for the planner, and a narrower one for the agent that pays.
func (s *scene) instruct(ctx context.Context) (err error) {
	if s.instruction, err = s.instructs(ctx, s.maria, words, invoiceRequest()); err != nil {
		return fmt.Errorf("instructing: %w", err)
	}
	task := attest.Task{ID: nonce(), Instruction: s.instruction.ID, Purpose: "pay Nordlicht"}
	root := s.root(s.maria.party(), s.planner, attest.HumanInstruction, s.maria, task, payments("5000.00", "20000.00", vendor))
	root.Root.Evidence, root.Gates = []attest.ID{s.instruction.ID}, []attest.WarrantGate{s.gate()}
	receipt, err := s.maria.submit(ctx, root)
	if err != nil {
		return fmt.Errorf("issuing the root warrant: %w", err)
	}
	s.rootID = receipt.ID
	receipt, err = s.planner.client.Submit(ctx, s.child(root, s.rootID, s.planner, s.payments, payments("2500.00", "10000.00", vendor)))
	if err != nil {
		return fmt.Errorf("delegating to the payments agent: %w", err)
	}
	s.leafID = receipt.ID
	s.paying, err = s.payments.client.Session()
	return err
}

// standing is work that no human asks for each time: a standing warrant with an
// owner, and a trigger that the scheduler recorded.
func (s *scene) standing(ctx context.Context) (err error) {
	desk := attest.Party{ID: s.mandates.id, Kind: attest.BySVID}
	task := attest.Task{ID: nonce(), Purpose: "nightly reconciliation"}
	receipt, err := s.mandates.client.Submit(ctx, s.root(desk, s.bookkeeper, attest.OrgStanding, s.carol, task, reports()))
	if err != nil {
		return fmt.Errorf("issuing the standing warrant: %w", err)
	}
	s.standingID = receipt.ID
	now := s.now().UnixMilli()
	if s.trigger, err = s.scheduler.client.Submit(ctx, &attest.Trigger{
		Addressee: s.bookkeeper.id, At: now, Cause: attest.Schedule, Expires: now + 3_600_000, Log: s.origin, Nonce: nonce(),
		Recorder: s.scheduler.id, Source: "cron:nightly-reconcile", V: 1,
	}); err != nil {
		return fmt.Errorf("recording the trigger: %w", err)
	}
	s.books, err = s.bookkeeper.client.Session()
	return err
}

// transfer is a payment under the leaf warrant.
func (s *scene) transfer(amount, to, reference string) agent.Act {
	return agent.Act{
		Action: "payments.transfer", Resource: attest.Resource{Kind: "bank_account", ID: to},
		Arguments: map[string]attest.Value{"amount": attest.Money(amount, "EUR"), "reference": attest.Text(reference)},
		Warrant:   s.leafID, RootWarrant: s.rootID, Target: &target, Claim: "agent",
	}
}

func (s *scene) reconcile(claim string) agent.Act {
	return agent.Act{
		Action: "reports.reconcile", Resource: attest.Resource{Kind: "ledger", ID: "books/2026/11"},
		Arguments: map[string]attest.Value{"period": attest.Text("2026-11")}, Reversible: true,
		Warrant: s.standingID, Trigger: s.trigger.ID, Claim: claim,
	}
}

var done = agent.Result{Status: "done"}

// check compares what came of a step with what the story says must.
func (s step) check(r agent.Receipt, err error) error {
	var denied *agent.Denied
	switch {
	case err != nil && !errors.As(err, &denied):
		return fmt.Errorf("%s: %w", s.title, err)
	case r.Decision != s.decision, r.Class != s.class:
		return fmt.Errorf("%s: expected %s and %q, found %s and %q %v", s.title, s.decision, s.class, r.Decision, r.Class, r.Faults)
	case s.flag != "" && !slices.Contains(r.Flags, s.flag):
		return fmt.Errorf("%s: expected flag %s, found %v", s.title, s.flag, r.Flags)
	case s.fault != "" && !slices.Contains(r.Faults, s.fault):
		return fmt.Errorf("%s: expected fault %s, found %s", s.title, s.fault, strings.Join(r.Faults, ", "))
	}
	return nil
}
