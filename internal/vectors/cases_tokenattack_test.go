package vectors_test

import (
	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/idp"
)

// tokenAttacks are those with what an identity provider signed, or is said to have.
func tokenAttacks() []attack {
	return []attack{
		{"another agent's token", "d11.root", "The desk takes a token that names the buyer for a warrant of the payments agent.", "unattributed, denied reference.denied", agency.Unattributed, func(s *scene) cast.Sent {
			id := s.deny(s.onToken(attest.HumanStanding, "", s.scope(cast.Actor(s.Buyer))), "d11.root")
			return s.under10(id)
		}},
		{"a parent's token used by a child", "evidence.bound", "The token names the payments agent, which hands its warrant on.", "unattributed", agency.Unattributed, func(s *scene) cast.Sent {
			w := s.Warrant(s.Desk, s.Payments, attest.HumanStanding, cast.Payments("100.00"))
			w.Root.Evidence = []attest.ID{s.scope(cast.Actor(s.Payments))}
			child := s.Child(w, s.allow(s.Sign(s.Desk, w)), s.Payments, s.Buyer)
			return s.Sign(s.Buyer, s.Transfer(s.Buyer, s.allow(s.Sign(s.Payments, child)), "10.00"))
		}},
		{"a human's token hung on a cron run", "row.8", "A scheduled run is given a person's scope besides.", "autonomous", agency.Autonomous, func(s *scene) cast.Sent {
			trigger := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Payments)))
			return s.under10(s.allow(s.onToken(attest.OrgStanding, "", trigger, s.scope(cast.Actor(s.Payments)))))
		}},
		{"a login for something else", "token.nonce", "A login of the person is said to be for an instruction that it was not for.", "denied token.nonce", agency.None, func(s *scene) cast.Sent {
			raw := s.idp.Token(attest.IDToken, s.Claims(s.idp, s.Treasurer, attest.IDToken, map[string]any{"nonce": attest.TokenNonce(s.asked())}))
			st := s.Token(s.Desk, attest.IDToken, raw)
			st.Instruction = s.asked(cast.Request())
			return s.Sign(s.Desk, st, raw)
		}},
		{"a token by a key that is not the provider's", "token.signature", "Somebody else signs in the provider's name.", "refused token.signature", agency.None, func(s *scene) cast.Sent {
			s.idp = idp.New(cast.Issuer, "a forger")
			return s.brings(s.Treasurer, attest.AccessToken, cast.Actor(s.Payments))
		}},
		{"a token for somebody else", "token.audience", "A token for the bank is brought here.", "refused token.audience", agency.None, func(s *scene) cast.Sent {
			claims := cast.Actor(s.Payments)
			claims["aud"] = "https://bank.example"
			return s.brings(s.Treasurer, attest.AccessToken, claims)
		}},
		{"somebody's account taken by an administrator", "control.quorum", "An administrator alone says that his account is the treasurer's.", "refused control.quorum", agency.None, func(s *scene) cast.Sent {
			a := s.Account(s.idp, s.Admin)
			a.Name = s.Treasurer.ID
			return s.Sign(s.Admin, a)
		}},
	}
}
