package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/internal/consent"
)

// words are what maria asks for: the log gets a commitment to them.
const words = "Pay what we owe Nordlicht: invoice 0117 first, at most 700 EUR."

// instructs signs what a person asks an agent for: a text, which stays with the
// person, and one typed request.
func (c *cast) instructs(ctx context.Context, who *human, text string, requests ...attest.Request) (agent.Receipt, error) {
	var seed [32]byte
	_, _ = rand.Read(seed[:]) // never fails
	now := c.now()
	return who.submit(ctx, &attest.Instruction{
		Addressee: c.planner.id, At: now.UnixMilli(),
		Commitment: attest.Commitment{Root: attest.Commit(seed, attest.TextFields([][2]string{{"text", text}}))},
		Expires:    now.Add(24 * time.Hour).UnixMilli(), Log: c.origin, Nonce: nonce(), Person: who.name, Requests: requests, V: 1,
	})
}

// ask is an intent that the gate stops. It then waits, where people look.
func (s *scene) ask(ctx context.Context) (receipt agent.Receipt, err error) {
	if s.larger, err = s.payments.client.Prepare(s.transfer("1200.00", other, "INV/2026/0121")); err != nil {
		return receipt, err
	}
	receipt, err = s.paying.Send(ctx, s.larger, attest.Intent, nil)
	if receipt.ID == "" {
		return receipt, err
	}
	view, waits := s.waiting(ctx)
	if waits != nil {
		return receipt, waits
	}
	for _, g := range view.Standing() {
		s.note("%s", g.Words())
	}
	return receipt, err
}

// waiting is the one action that asks for approvals.
func (s *scene) waiting(ctx context.Context) (*consent.View, error) {
	now := s.now().UnixMilli()
	list, _, err := consent.Pending(ctx, s.desk, consent.Search{Now: now})
	if err != nil {
		return nil, err
	}
	if len(list) != 1 {
		return nil, fmt.Errorf("looking for what asks for an approval: expected one action, found %d", len(list))
	}
	return consent.Look(ctx, s.desk, &list[0], now)
}

// approved has bob and carol approve, and the agent ask again, act and report.
func (s *scene) approved(ctx context.Context) (receipt agent.Receipt, err error) {
	s.since = s.now().UnixMilli()
	for _, who := range []*human{s.bob, s.carol} {
		if err := s.approve(ctx, who); err != nil {
			return receipt, fmt.Errorf("%s approving: %w", who.name, err)
		}
	}
	for _, id := range s.approvals {
		s.larger.Approve(id)
	}
	if s.paid, err = s.paying.Send(ctx, s.larger, attest.Intent, nil); err != nil {
		return s.paid, err
	}
	_, err = s.paying.Outcome(ctx, s.paid, done)
	return s.paid, err
}

// approve shows a person what waits and has them sign exactly that.
func (s *scene) approve(ctx context.Context, who *human) error {
	view, err := s.waiting(ctx)
	if err != nil {
		return err
	}
	for {
		approval, shown, err := s.approval(who, view)
		if err != nil {
			return err
		}
		e, err := who.sign(approval)
		if err != nil {
			return err
		}
		// Of equal approvals the one with the smallest ID is said to have decided. It is
		// bob's, so that the story comes out the same each time.
		if (e.ID(who.party().Name()) < "id:8") != (who == s.bob) {
			continue
		}
		receipt, err := who.client.SubmitEnvelope(ctx, e, who.party().Name(), []byte(shown))
		if err != nil {
			return err
		}
		s.approvals = append(s.approvals, receipt.ID)
		s.note("%s is shown it in %d lines, and signs exactly that: entry %d", who.name, strings.Count(shown, "\n"), receipt.Index)
		return nil
	}
}

// approval is a person's of what waits, and the words that they are shown.
func (s *scene) approval(who *human, view *consent.View) (*attest.Approval, string, error) {
	now := s.now()
	a := &attest.Approval{At: now.UnixMilli(), Expires: now.Add(15 * time.Minute).UnixMilli(), Log: s.origin, Nonce: nonce(), Person: who.name, V: 1}
	if err := consent.Check(a, view.Action); err != nil {
		return nil, "", err
	}
	shown := view.Words(a)
	a.Display = attest.DigestOf([]byte(shown))
	return a, shown, nil
}

// later has bob report that his key may have been in other hands. What is asked of
// the register now says so of what he approved.
func (p *play) later(ctx context.Context) error {
	s := p.scene
	receipt, err := s.bob.submit(ctx, &attest.Compromise{
		By: s.bob.name, Log: s.origin, Nonce: nonce(), Reason: "laptop stolen", Since: s.since, V: 1,
		Thing: attest.CompromisedThing{ID: s.bob.name, Key: s.bob.public.Digest(), Kind: attest.HumanKey},
	})
	if err != nil {
		return fmt.Errorf("reporting the key: %w", err)
	}
	_, err = s.instructs(ctx, s.bob, "Pay somebody else.")
	fault := attest.AsFault(err)
	if fault == nil || fault.Code != "signer.compromised" {
		return fmt.Errorf("signing with the reported key: expected signer.compromised, found %v", err)
	}
	p.say("\n 7. Bob says now that his laptop was stolen before that approval was signed")
	p.field("report", fmt.Sprintf("signed by bob, logged as entry %d", receipt.Index))
	p.field("from now", "what is signed with that key is refused: "+fault.Code)
	p.field("from then", "his approval stays in the log; the verdict gives both readings, see below")
	_, err = p.keep(ctx, "contested", "human_directed", s.paid)
	return err
}
