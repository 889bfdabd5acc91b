package demo

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
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
}

// scene holds what the steps share once authority is set up.
type scene struct {
	*cast
	instruction, rival        agent.Receipt
	rootWarrant, buyerWarrant *attest.Warrant
	rootID, buyerID, leafID   attest.ID
	standingID, conflictedID  attest.ID
	trigger                   agent.Receipt
	paying, reconciling       *agent.Session
	intent                    agent.Receipt
}

// delegate sets up the authority of the story: an instruction, a root warrant
// and two delegations, each narrower than the one before.
func (s *scene) delegate(ctx context.Context) (err error) {
	s.instruction, err = s.instruct(ctx, s.treasurer, "Pay invoice 0117 from Nordlicht, and settle what else is due to them this month.", invoiceRequest())
	if err != nil {
		return fmt.Errorf("instructing: %w", err)
	}
	task := attest.Task{ID: nonce(), Instruction: s.instruction.ID, Purpose: "vendor_payment"}
	treasurer := attest.Party{ID: s.treasurer.name, Kind: attest.ByPerson}
	s.rootWarrant = s.root(treasurer, s.orchestrator.id, attest.HumanInstruction, s.treasurer.name, task,
		payments("5000.00", "20000.00", vendor), s.instruction.ID)
	receipt, err := s.treasurer.submit(ctx, s.rootWarrant)
	if err != nil {
		return fmt.Errorf("issuing the root warrant: %w", err)
	}
	s.rootID = receipt.ID
	s.buyerWarrant = s.child(s.rootWarrant, s.rootID, s.orchestrator, s.buyer.id, payments("4500.00", "15000.00", vendor))
	if receipt, err = s.orchestrator.client.Submit(ctx, s.buyerWarrant); err != nil {
		return fmt.Errorf("delegating to the buyer: %w", err)
	}
	s.buyerID = receipt.ID
	leaf := s.child(s.buyerWarrant, s.buyerID, s.buyer, s.payments.id, payments("2500.00", "10000.00", vendor))
	if receipt, err = s.buyer.client.Submit(ctx, leaf); err != nil {
		return fmt.Errorf("delegating to the payments agent: %w", err)
	}
	s.leafID = receipt.ID
	if s.paying, err = s.payments.client.Session(); err != nil {
		return err
	}
	return s.standing(ctx)
}

// standing sets up work that no human asks for each time: a standing warrant
// with an owner, and a trigger that the scheduler recorded.
func (s *scene) standing(ctx context.Context) (err error) {
	desk := attest.Party{ID: s.desk.id, Kind: attest.BySVID}
	task := attest.Task{ID: nonce(), Purpose: "nightly_reconciliation"}
	receipt, err := s.desk.client.Submit(ctx, s.root(desk, s.reconciler.id, attest.OrgStanding, s.controller.name, task, reports()))
	if err != nil {
		return fmt.Errorf("issuing the standing warrant: %w", err)
	}
	s.standingID = receipt.ID
	if s.trigger, err = s.scheduler.client.Submit(ctx, &attest.Trigger{
		Addressee: s.reconciler.id, At: s.now().UnixMilli(), Cause: attest.Schedule, Expires: s.now().UnixMilli() + 3_600_000, Log: s.origin, Nonce: nonce(),
		Recorder: s.scheduler.id, Source: "cron:nightly-reconcile", V: 1,
	}); err != nil {
		return fmt.Errorf("recording the trigger: %w", err)
	}
	if s.reconciling, err = s.reconciler.client.Session(); err != nil {
		return err
	}
	return s.rivalry(ctx)
}

// rivalry sets up a warrant that rests on instructions of two people.
func (s *scene) rivalry(ctx context.Context) (err error) {
	if s.rival, err = s.instruct(ctx, s.controller, "Pay nothing to Nordlicht but what I name.", invoiceRequest()); err != nil {
		return fmt.Errorf("instructing again: %w", err)
	}
	evidence := []attest.ID{s.instruction.ID, s.rival.ID}
	if evidence[1] < evidence[0] {
		evidence[0], evidence[1] = evidence[1], evidence[0]
	}
	treasurer := attest.Party{ID: s.treasurer.name, Kind: attest.ByPerson}
	task := attest.Task{ID: nonce(), Instruction: s.instruction.ID, Purpose: "vendor_payment"}
	receipt, err := s.treasurer.submit(ctx, s.root(treasurer, s.orchestrator.id, attest.HumanInstruction, s.treasurer.name,
		task, payments("5000.00", "20000.00", vendor), evidence...))
	s.conflictedID = receipt.ID
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

// steps is the story as a table.
func (s *scene) steps() []step {
	return []step{
		{name: "instructed", title: "The payments agent pays the invoice that the treasurer named",
			run: func(ctx context.Context) (agent.Receipt, error) {
				return s.paying.Record(ctx, s.transfer("1999.00", account, invoice), done)
			},
			class: "human_instructed", decision: "allow"},
		{name: "tasked", title: "It pays another bill of the same vendor, within its task, by its own choice",
			run: func(ctx context.Context) (agent.Receipt, error) {
				return s.paying.Record(ctx, s.transfer("420.00", other, "INV/2026/0118"), done)
			},
			class: "human_tasked", decision: "allow", flag: "exceeded_instruction"},
		{name: "directed", title: "It makes a payment that the treasurer approved exactly",
			run: s.approved, class: "human_directed", decision: "allow"},
		{name: "exceeded", title: "It tries to pay more than its warrant allows",
			run: func(ctx context.Context) (agent.Receipt, error) {
				return s.paying.Intent(ctx, s.transfer("3000.00", account, invoice))
			},
			class: "human_tasked", decision: "deny", fault: "warrant.outside"},
		{name: "scheduled", title: "A nightly job runs under the organisation's standing warrant",
			run: func(ctx context.Context) (agent.Receipt, error) {
				return s.reconciling.Record(ctx, s.reconcile("schedule"), done)
			},
			class: "autonomous", decision: "allow"},
		{name: "unwarranted", title: "An agent acts with no warrant at all",
			run: s.unwarranted, class: "unattributed", decision: "deny", fault: "policy.denied"},
		{name: "claimed", title: "The nightly job claims that a human set it off",
			run: func(ctx context.Context) (agent.Receipt, error) {
				return s.reconciling.Record(ctx, s.reconcile("human"), done)
			},
			class: "autonomous", decision: "allow", flag: "claim_contradicts"},
		{name: "conflicted", title: "A payment rests on instructions of two people",
			run: s.conflicted, class: "conflicted", decision: "allow"},
		{name: "stolen", title: "Another agent presents the payments agent's warrant",
			run: s.stolen, class: "unattributed", decision: "deny", fault: "d10.holder"},
		{name: "intent", title: "The payments agent asks before it acts",
			run: s.ask, class: "human_tasked", decision: "allow"},
		{name: "outcome", title: "and reports what came of it",
			run:      func(ctx context.Context) (agent.Receipt, error) { return s.paying.Outcome(ctx, s.intent, done) },
			decision: "allow"},
	}
}

// approved shows the treasurer the exact payment, who signs it, and makes it.
func (s *scene) approved(ctx context.Context) (agent.Receipt, error) {
	prepared, err := s.payments.client.Prepare(s.transfer("1200.00", other, "INV/2026/0121"))
	if err != nil {
		return agent.Receipt{}, err
	}
	request, now := prepared.Request(), s.now()
	shown := fmt.Sprintf("Pay 1200.00 EUR to %s for INV/2026/0121?", other)
	approval, err := s.treasurer.submit(ctx, &attest.Approval{
		Action: request.Action, Agent: s.payments.id, Arguments: prepared.Arguments(), At: now.UnixMilli(),
		Display: attest.DigestOf([]byte(shown)), Expires: now.UnixMilli() + 900_000, Log: s.origin, Nonce: nonce(),
		Person: s.treasurer.name, Request: request.Digest(), Resource: request.Resource, Target: &target, V: 1, Warrant: s.leafID,
	}, []byte(shown))
	if err != nil {
		return agent.Receipt{}, fmt.Errorf("approving: %w", err)
	}
	prepared.Approve(approval.ID)
	return s.paying.Send(ctx, prepared, attest.Record, &done)
}

func (s *scene) unwarranted(ctx context.Context) (agent.Receipt, error) {
	session, err := s.bystander.client.Session()
	if err != nil {
		return agent.Receipt{}, err
	}
	act := s.transfer("10.00", account, invoice)
	act.Warrant, act.RootWarrant = "", ""
	return session.Intent(ctx, act)
}

func (s *scene) conflicted(ctx context.Context) (agent.Receipt, error) {
	session, err := s.orchestrator.client.Session()
	if err != nil {
		return agent.Receipt{}, err
	}
	act := s.transfer("50.00", account, invoice)
	act.Warrant, act.RootWarrant = s.conflictedID, s.conflictedID
	return session.Record(ctx, act, done)
}

func (s *scene) stolen(ctx context.Context) (agent.Receipt, error) {
	session, err := s.bystander.client.Session()
	if err != nil {
		return agent.Receipt{}, err
	}
	return session.Intent(ctx, s.transfer("75.00", other, "INV/2026/0130"))
}

func (s *scene) ask(ctx context.Context) (receipt agent.Receipt, err error) {
	s.intent, err = s.paying.Intent(ctx, s.transfer("310.00", other, "INV/2026/0125"))
	return s.intent, err
}

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
	case s.fault != "" && denied.Fault.Code != s.fault:
		return fmt.Errorf("%s: expected fault %s, found %v", s.title, s.fault, r.Faults)
	}
	return nil
}
