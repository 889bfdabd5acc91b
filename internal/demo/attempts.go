package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
)

// attempts plays what nobody gets through. What an agent signs itself is in the log
// all the same: an attempt is evidence.
func (p *play) attempts(ctx context.Context) error {
	p.say("\n 6. What is tried, and comes to nothing")
	for _, one := range p.scene.tries() {
		receipt, err := one.run(ctx)
		if err := one.check(receipt, err); err != nil {
			return err
		}
		if _, err := p.keep(ctx, one.name, one.class, receipt); err != nil {
			return err
		}
		came := "DENIED, " + strings.Join(receipt.Faults, ", ")
		if receipt.Decision == "allow" {
			came = "still " + receipt.Class + ", " + strings.Join(receipt.Flags, ", ")
		}
		p.tried(one.title, fmt.Sprintf("%s; entry %d", came, receipt.Index))
	}
	return p.forgery(ctx)
}

// tries is what agents try, as a table.
func (s *scene) tries() []step {
	return []step{
		{name: "exceeded", title: "3000.00 EUR, beyond the warrant", class: "human_tasked", decision: "deny", fault: "warrant.outside",
			run: func(ctx context.Context) (agent.Receipt, error) {
				return s.paying.Intent(ctx, s.transfer("3000.00", account, invoice))
			}},
		{name: "replayed", title: "the approvals, a second time", class: "human_tasked", decision: "deny", fault: "approval.used",
			run: func(ctx context.Context) (agent.Receipt, error) {
				return s.paying.Send(ctx, s.larger, attest.Intent, nil)
			}},
		{name: "stolen", title: "another agent, with the warrant", class: "unattributed", decision: "deny", fault: "d10.holder", run: s.stolen},
		{name: "claimed", title: "the job says that a human asked", class: "autonomous", decision: "allow", flag: "claim_contradicts",
			run: func(ctx context.Context) (agent.Receipt, error) {
				return s.books.Record(ctx, s.reconcile("human"), done)
			}},
	}
}

func (s *scene) stolen(ctx context.Context) (agent.Receipt, error) {
	session, err := s.stranger.client.Session()
	if err != nil {
		return agent.Receipt{}, err
	}
	return session.Intent(ctx, s.transfer("75.00", other, "INV/2026/0130"))
}

// forgery is an approval in carol's name, signed with the agent's own key. Who
// signed is not proven, so that nothing of it is logged.
func (p *play) forgery(ctx context.Context) error {
	s := p.scene
	forger, err := newHuman(s.carol.name, s.payments.svid.PrivateKey, s.payments.client)
	if err != nil {
		return err
	}
	prepared, err := s.payments.client.Prepare(s.transfer("2400.00", other, "INV/2026/0131"))
	if err != nil {
		return err
	}
	request, now := prepared.Request(), s.now().UnixMilli()
	_, err = forger.submit(ctx, &attest.Approval{
		Action: request.Action, Agent: s.payments.id, Arguments: prepared.Arguments(), At: now, Display: attest.DigestOf(nil),
		Expires: now + 900_000, Log: s.origin, Nonce: nonce(), Person: forger.name, Request: request.Digest(),
		Resource: request.Resource, Target: &target, V: 1, Warrant: s.leafID,
	})
	fault := attest.AsFault(err)
	if fault == nil || fault.Code != "signer.unknown" {
		return fmt.Errorf("forging an approval: expected signer.unknown, found %v", err)
	}
	p.tried("an approval in carol's name", "REFUSED, "+fault.Code+": it is not her key, and nothing is logged")
	return nil
}
