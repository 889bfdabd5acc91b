package vectors_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/idp"
)

// logins goes on from the scene to the stage of logins: an identity provider is
// registered, the treasurer and the controller have accounts of it, and the desk may
// issue warrants for people who logged in.
func (s *scene) logins(t *testing.T) *scene {
	t.Helper()
	before := s.steps
	f := s.fork(t, "stage of logins")
	f.steps, f.idp = slices.Clone(before), cast.IdP()
	for _, sent := range f.WithProvider(f.idp, f.Treasurer, f.Controller) {
		f.allow(sent)
	}
	bases := []attest.Basis{attest.HumanInstruction, attest.HumanStanding, attest.OrgStanding}
	f.allow(f.Endorsed(f.Sign(f.Admin, f.Issuer(f.Desk, f.Controller, cast.Payments("1000.00"), bases...)), f.Second))
	return f
}

// brings is a token with these claims, brought by the desk.
func (s *scene) brings(who *cast.Party, t attest.TokenType, more map[string]any) cast.Sent {
	s.Helper()
	raw := s.idp.Token(t, s.Claims(s.idp, who, t, more))
	return s.Sign(s.Desk, s.Token(s.Desk, t, raw), raw)
}

// scope is an access token of the treasurer with these claims.
func (s *scene) scope(more map[string]any) attest.ID {
	s.Helper()
	return s.allow(s.brings(s.Treasurer, attest.AccessToken, more))
}

// onToken is a warrant of the desk for the payments agent, on evidence.
func (s *scene) onToken(basis attest.Basis, instruction attest.ID, evidence ...attest.ID) cast.Sent {
	s.Helper()
	w := s.Warrant(s.Desk, s.Payments, basis, cast.Payments("100.00"))
	w.Task.Instruction = instruction
	if instruction != "" {
		evidence = append(evidence, instruction)
	}
	w.Root.Evidence = slices.Compact(slices.Sorted(slices.Values(evidence)))
	return s.Sign(s.Desk, w)
}

// asked is an instruction of the treasurer that the desk recorded.
func (s *scene) asked(requests ...attest.Request) attest.ID {
	s.Helper()
	i := s.Instruction(s.Treasurer, s.Payments, requests...)
	i.RecordedBy = s.Desk.ID
	if requests == nil {
		i.Requests = []attest.Request{}
	}
	return s.allow(s.Sign(s.Desk, i))
}

// askedOf is what the treasurer asked of somebody, for a while, and the desk recorded.
func (s *scene) askedOf(who *cast.Party, until time.Duration) attest.ID {
	s.Helper()
	i := s.Instruction(s.Treasurer, who, cast.Request())
	i.RecordedBy = s.Desk.ID
	if until > 0 {
		i.Expires = i.At + until.Milliseconds()
	}
	return s.allow(s.Sign(s.Desk, i))
}

// under10 is a transfer of the payments agent.
func (s *scene) under10(warrant attest.ID) cast.Sent {
	s.Helper()
	return s.asPayments(s.Transfer(s.Payments, warrant, "10.00"))
}

// tokenCases: what an identity provider signed.
func tokenCases() []vectorCase {
	return slices.Concat(scopeCases(), loginCases(), tokenRefusals(), accountCases(), tokenFormCases(), erasedTokenCases())
}

// erasedTokenCases: a token is somebody's personal data and can be erased, and shows
// nothing from then on.
func erasedTokenCases() []vectorCase {
	erase := func(s *scene, id attest.ID) cast.Sent {
		logged, _ := s.reg.Logged(id)
		token := logged.Verified.Statement().(*attest.Token).Object
		return s.Endorsed(s.Sign(s.Admin, s.Erasure(token, id)), s.Second)
	}
	return []vectorCase{
		{"token/erased", "erasure.object", "Its statement stays, with what was found of it.", "allowed", func(s *scene) cast.Sent {
			return erase(s, s.scope(cast.Actor(s.Payments)))
		}},
		{"token/erased, then a warrant on it", "d11.root", "It vouches for no warrant any more.", "denied d11.root", func(s *scene) cast.Sent {
			id := s.scope(cast.Actor(s.Payments))
			s.allow(erase(s, id))
			return s.onToken(attest.HumanStanding, "", id)
		}},
		{"token/erased, then an action under a warrant on it", "row.2", "It could have changed the row.", "indeterminate", func(s *scene) cast.Sent {
			id := s.scope(cast.Actor(s.Payments))
			w := s.allow(s.onToken(attest.HumanStanding, "", id))
			s.allow(erase(s, id))
			return s.under10(w)
		}},
	}
}

func scopeCases() []vectorCase {
	var out []vectorCase
	for _, t := range []attest.TokenType{attest.AccessToken, attest.IDJAG, attest.TxnToken, attest.Introspection} {
		for _, way := range []string{"actor", "client"} {
			out = append(out, vectorCase{"token/" + string(t) + " that names the agent as " + way, "row.7", "A scope of a person that names the agent: B2 at K2.", "human_delegated", func(s *scene) cast.Sent {
				claims := cast.Actor(s.Payments)
				if way == "client" {
					claims = map[string]any{"client_id": "payments-client"}
				}
				id := s.allow(s.brings(s.Treasurer, t, claims))
				return s.under10(s.allow(s.onToken(attest.HumanStanding, "", id)))
			}})
		}
	}
	miss := func(name, rule, why string, bring func(s *scene) cast.Sent) []vectorCase {
		return []vectorCase{
			{"token/" + name, rule, why + " No service may issue a human's warrant for it.", "denied d11.root", func(s *scene) cast.Sent {
				return s.onToken(attest.HumanStanding, "", s.allow(bring(s)))
			}},
			{"token/" + name + ", under an order of the organisation", rule, why + " It makes no human's act.", "unattributed", func(s *scene) cast.Sent {
				return s.under10(s.allow(s.onToken(attest.OrgStanding, "", s.allow(bring(s)))))
			}},
		}
	}
	access := func(more func(s *scene) map[string]any) func(s *scene) cast.Sent {
		return func(s *scene) cast.Sent { return s.brings(s.Treasurer, attest.AccessToken, more(s)) }
	}
	return slices.Concat(out,
		miss("of another agent", "evidence.bound", "The token names the buyer.", access(func(s *scene) map[string]any { return cast.Actor(s.Buyer) })),
		miss("of no agent", "evidence.bound", "The token names nobody who acts.", access(func(*scene) map[string]any { return nil })),
		miss("a login", "evidence.binding", "A login is no scope.", func(s *scene) cast.Sent { return s.brings(s.Treasurer, attest.IDToken, cast.Actor(s.Payments)) }),
		miss("of a subject that nobody is", "evidence.person", "No account says whose it is.", func(s *scene) cast.Sent {
			return s.brings(s.parts.newcomer, attest.AccessToken, cast.Actor(s.Payments))
		}),
		miss("with the agent nested in act", "evidence.bound", "Whoever acted before informs and does not authorize.", access(func(s *scene) map[string]any {
			return map[string]any{"act": map[string]any{"sub": s.Buyer.ID, "act": map[string]any{"sub": s.Payments.ID}}}
		})),
		miss("with the agent as who may act", "evidence.bound", "Who may act has not been given it.", access(func(s *scene) map[string]any {
			return map[string]any{"may_act": map[string]any{"sub": s.Payments.ID}}
		})),
		miss("of the client's own", "evidence.person", "The client is its own subject: no person is in it.", access(func(s *scene) map[string]any {
			return map[string]any{"client_id": cast.Subject(s.Treasurer), "act": map[string]any{"sub": s.Payments.ID}}
		})),
		miss("bound to another key", "evidence.bound", "The token is bound to the buyer's key.", access(func(s *scene) map[string]any {
			claims := cast.Actor(s.Payments)
			claims["cnf"] = map[string]any{"jkt": token.KeyThumbprint(s.Buyer.Key.Public())}
			return claims
		})),
		miss("committed to only", "evidence.key", "The token stays away: a commitment is a string.", func(s *scene) cast.Sent {
			st := s.Token(s.Desk, attest.AccessToken, []byte("x"))
			st.Object, st.Expires, st.Commitment = "", 0, &attest.Commitment{Root: attest.DigestOf([]byte("x"))}
			return s.Sign(s.Desk, st)
		}),
		[]vectorCase{
			{"token/beside a person's own warrant", "d11.root", "A person's key needs no token: none is looked at.", "allowed", func(s *scene) cast.Sent {
				w := s.Warrant(s.Treasurer, s.Payments, attest.HumanStanding, cast.Payments("100.00"))
				w.Root.Evidence = []attest.ID{s.scope(cast.Actor(s.Payments))}
				return s.Sign(s.Treasurer, w)
			}},
			{"token/beside an order of the organisation", "d11.root", "It claims no human's act: no token is looked at.", "allowed", func(s *scene) cast.Sent {
				return s.onToken(attest.OrgStanding, "", s.scope(cast.Actor(s.Payments)))
			}},
			{"token/bound to the agent's key", "row.9", "Bound by its key the token is a scope of the agent; under an order of the organisation no class follows.", "unattributed", func(s *scene) cast.Sent {
				id := s.scope(map[string]any{"cnf": map[string]any{"jkt": token.KeyThumbprint(s.Payments.Key.Public())}})
				return s.under10(s.allow(s.onToken(attest.OrgStanding, "", id)))
			}},
			{"token/in its last moment", "evidence.unexpired", "A millisecond before it ends.", "human_delegated", func(s *scene) cast.Sent {
				id := s.allow(s.onToken(attest.HumanStanding, "", s.scope(cast.Actor(s.Payments))))
				s.move(time.Hour - time.Millisecond)
				return s.under10(id)
			}},
			{"token/expired", "evidence.unexpired", "It has ended at this very moment.", "unattributed", func(s *scene) cast.Sent {
				id := s.allow(s.onToken(attest.HumanStanding, "", s.scope(cast.Actor(s.Payments))))
				s.move(time.Hour)
				return s.under10(id)
			}},
			{"token/expired, a warrant on it", "d11.root", "No warrant rests on what has ended.", "denied d11.root", func(s *scene) cast.Sent {
				id := s.scope(cast.Actor(s.Payments))
				s.move(time.Hour)
				return s.onToken(attest.HumanStanding, "", id)
			}},
			{"token/before it begins", "d11.root", "It holds in half a minute.", "denied d11.root", func(s *scene) cast.Sent {
				claims := cast.Actor(s.Payments)
				claims["nbf"] = s.Now()/1000 + 30
				return s.onToken(attest.HumanStanding, "", s.scope(claims))
			}},
			{"token/denied", "d11.root", "A token that the log denied is no evidence.", "denied d11.root", func(s *scene) cast.Sent {
				raw := s.idp.Token(attest.AccessToken, s.Claims(s.idp, s.Treasurer, attest.AccessToken, cast.Actor(s.Payments)))
				st := s.Token(s.Desk, attest.AccessToken, raw)
				st.Agent = s.Buyer.ID
				return s.onToken(attest.HumanStanding, "", s.deny(s.Sign(s.Desk, st, raw), "token.agent"))
			}},
			{"token/of a parent, used by a child", "evidence.bound", "A bearer token flows down no link.", "unattributed", func(s *scene) cast.Sent {
				w := s.Warrant(s.Desk, s.Payments, attest.HumanStanding, cast.Payments("100.00"))
				w.Root.Evidence = []attest.ID{s.scope(cast.Actor(s.Payments))}
				parent := s.allow(s.Sign(s.Desk, w))
				child := s.allow(s.Sign(s.Payments, s.Child(w, parent, s.Payments, s.Buyer)))
				return s.Sign(s.Buyer, s.Transfer(s.Buyer, child, "10.00"))
			}},
			{"token/beside a scheduled run", "row.8", "A person's scope makes no human's act of a run that a schedule set off.", "autonomous", func(s *scene) cast.Sent {
				trigger := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Payments)))
				return s.under10(s.allow(s.onToken(attest.OrgStanding, "", trigger, s.scope(cast.Actor(s.Payments)))))
			}},
			{"token/a login beside a scheduled run", "row.8", "Nor does a login.", "autonomous", func(s *scene) cast.Sent {
				trigger := s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Payments)))
				return s.under10(s.allow(s.onToken(attest.OrgStanding, "", trigger, s.allow(s.brings(s.Treasurer, attest.IDToken, nil)))))
			}},
			{"token/the provider names the agent's client no more", "evidence.bound", "The provider statement in force decides.", "unattributed", func(s *scene) cast.Sent {
				id := s.allow(s.onToken(attest.HumanStanding, "", s.scope(map[string]any{"client_id": "payments-client"})))
				p := s.Provider(s.idp)
				p.Agents = nil
				s.allow(s.Endorsed(s.Sign(s.Admin, p), s.Second))
				return s.under10(id)
			}},
			{"token/the provider names the client as the agent's only since", "evidence.bound", "The token was made out to who the client was then.", "denied d11.root", func(s *scene) cast.Sent {
				id := s.scope(nil)
				p := s.Provider(s.idp)
				p.Agents = append(p.Agents, attest.ClientAgent{Agent: s.Payments.ID, Client: "portal"})
				s.allow(s.Endorsed(s.Sign(s.Admin, p), s.Second))
				return s.onToken(attest.HumanStanding, "", id)
			}},
			{"token/the provider is registered anew", "evidence.bound", "The client was the agent's then, and is now.", "human_delegated", func(s *scene) cast.Sent {
				id := s.allow(s.onToken(attest.HumanStanding, "", s.scope(map[string]any{"client_id": "payments-client"})))
				s.allow(s.Endorsed(s.Sign(s.Admin, s.Provider(s.idp)), s.Second))
				return s.under10(id)
			}},
			{"token/the type is taken no more", "evidence.key", "What was verified may be taken no longer.", "unattributed", func(s *scene) cast.Sent {
				id := s.allow(s.onToken(attest.HumanStanding, "", s.scope(cast.Actor(s.Payments))))
				p := s.Provider(s.idp)
				p.Accepts = p.Accepts[1:]
				s.allow(s.Endorsed(s.Sign(s.Admin, p), s.Second))
				return s.under10(id)
			}},
			{"token/the provider has ended", "evidence.unexpired", "Nothing of it counts any more.", "unattributed", func(s *scene) cast.Sent {
				id := s.allow(s.onToken(attest.HumanStanding, "", s.scope(cast.Actor(s.Payments))))
				s.providerUntil(s.Now() + 1000)
				s.move(time.Second)
				return s.under10(id)
			}},
			{"token/the provider ends between check and entry", "evidence.unexpired", "The time of the entry counts.", "unattributed", func(s *scene) cast.Sent {
				id := s.allow(s.onToken(attest.HumanStanding, "", s.scope(cast.Actor(s.Payments))))
				s.providerUntil(s.Now() + 1000)
				s.move(time.Second - time.Millisecond)
				s.received = s.Now() + 1
				return s.under10(id)
			}},
			{"token/the audience is taken no more", "evidence.key", "Nor an audience.", "unattributed", func(s *scene) cast.Sent {
				id := s.allow(s.onToken(attest.HumanStanding, "", s.scope(cast.Actor(s.Payments))))
				p := s.Provider(s.idp)
				p.Accepts[0].Audiences = []string{"https://elsewhere.example"}
				s.allow(s.Endorsed(s.Sign(s.Admin, p), s.Second))
				return s.under10(id)
			}},
		})
}

// providerUntil registers the provider anew, until a time.
func (s *scene) providerUntil(until int64) {
	s.Helper()
	p := s.Provider(s.idp)
	p.Until = until
	s.allow(s.Endorsed(s.Sign(s.Admin, p), s.Second))
}

func loginCases() []vectorCase {
	login := func(s *scene, who *cast.Party, instruction attest.ID) attest.ID {
		return s.allow(s.Login(s.idp, who, s.Desk, instruction))
	}
	return []vectorCase{
		{"login/for the instruction", "row.5", "The nonce of the login is the instruction: B3 at K2.", "human_instructed", func(s *scene) cast.Sent {
			i := s.asked(cast.Request())
			return s.under10(s.allow(s.onToken(attest.HumanInstruction, i, login(s, s.Treasurer, i))))
		}},
		{"login/for an instruction without requests", "row.6", "A task.", "human_tasked", func(s *scene) cast.Sent {
			i := s.asked()
			return s.under10(s.allow(s.onToken(attest.HumanInstruction, i, login(s, s.Treasurer, i))))
		}},
		{"login/none for the instruction", "d11.root", "The desk's word alone.", "denied d11.root", func(s *scene) cast.Sent {
			return s.onToken(attest.HumanInstruction, s.asked(cast.Request()))
		}},
		{"login/for another instruction", "d11.root", "The login was for something else.", "denied d11.root", func(s *scene) cast.Sent {
			return s.onToken(attest.HumanInstruction, s.asked(cast.Request()), login(s, s.Treasurer, s.asked()))
		}},
		{"login/of somebody else", "d11.root", "The controller logged in for what the treasurer is said to have asked.", "denied d11.root", func(s *scene) cast.Sent {
			i := s.asked(cast.Request())
			return s.onToken(attest.HumanInstruction, i, login(s, s.Controller, i))
		}},
		{"login/of two people for one instruction", "row.3", "Somebody else than who is said to have asked logged in for it as well.", "conflicted", func(s *scene) cast.Sent {
			i := s.asked(cast.Request())
			return s.under10(s.allow(s.onToken(attest.HumanInstruction, i, login(s, s.Treasurer, i), login(s, s.Controller, i))))
		}},
		{"login/that does not say for what", "d11.root", "The nonce is the instruction, and the statement does not name it.", "denied d11.root", func(s *scene) cast.Sent {
			i := s.asked(cast.Request())
			return s.onToken(attest.HumanInstruction, i, s.allow(s.brings(s.Treasurer, attest.IDToken, map[string]any{"nonce": attest.TokenNonce(i)})))
		}},
		{"login/with another nonce", "token.nonce", "The statement names an instruction that the login is not for.", "denied token.nonce", func(s *scene) cast.Sent {
			raw := s.idp.Token(attest.IDToken, s.Claims(s.idp, s.Treasurer, attest.IDToken, map[string]any{"nonce": attest.TokenNonce(s.asked())}))
			st := s.Token(s.Desk, attest.IDToken, raw)
			st.Instruction = s.asked(cast.Request())
			return s.Sign(s.Desk, st, raw)
		}},
		{"login/for what is no instruction", "reference.kind", "The statement names a warrant.", "denied reference.kind", func(s *scene) cast.Sent {
			raw := s.idp.Token(attest.IDToken, s.Claims(s.idp, s.Treasurer, attest.IDToken, map[string]any{"nonce": attest.TokenNonce(s.rootID)}))
			st := s.Token(s.Desk, attest.IDToken, raw)
			st.Instruction = s.rootID
			return s.Sign(s.Desk, st, raw)
		}},
		{"login/for what is not logged", "reference.unlogged", "The instruction comes first.", "refused reference.unlogged", func(s *scene) cast.Sent {
			return s.Login(s.idp, s.Treasurer, s.Desk, attest.IDFrom([32]byte{14}))
		}},
		{"login/committed to only", "token.nonce", "The login stays away: nothing of it can be compared, and it shows nothing.", "allowed", func(s *scene) cast.Sent {
			st := s.Token(s.Desk, attest.IDToken, []byte("x"))
			st.Object, st.Expires, st.Commitment, st.Instruction = "", 0, &attest.Commitment{Root: attest.DigestOf([]byte("x"))}, s.asked()
			return s.Sign(s.Desk, st)
		}},
		{"login/for no instruction", "d11.root", "Neither the login nor the warrant is for one.", "denied d11.root", func(s *scene) cast.Sent {
			return s.onToken(attest.HumanInstruction, "", s.allow(s.brings(s.Treasurer, attest.IDToken, nil)))
		}},
		{"login/of the client's own", "d11.root", "The client is its own subject: no person logged in, whoever the subject is registered as.", "denied d11.root", func(s *scene) cast.Sent {
			own := s.Account(s.idp, s.Treasurer)
			own.Subject = cast.Client
			s.allow(s.Endorsed(s.Sign(s.Admin, own), s.Treasurer))
			i := s.asked(cast.Request())
			raw := s.idp.Token(attest.IDToken, s.Claims(s.idp, s.Treasurer, attest.IDToken, map[string]any{"azp": cast.Client, "nonce": attest.TokenNonce(i), "sub": cast.Client}))
			l := s.Token(s.Desk, attest.IDToken, raw)
			l.Instruction = i
			return s.onToken(attest.HumanInstruction, i, s.allow(s.Sign(s.Desk, l, raw)))
		}},
		{"login/on a standing basis", "d11.root", "A login for an instruction is no standing order.", "denied d11.root", func(s *scene) cast.Sent {
			i := s.asked(cast.Request())
			return s.onToken(attest.HumanStanding, i, login(s, s.Treasurer, i))
		}},
		{"login/for an instruction to somebody else", "d11.root", "The holder is not who was asked.", "denied d11.root", func(s *scene) cast.Sent {
			i := s.askedOf(s.Buyer, 0)
			return s.onToken(attest.HumanInstruction, i, login(s, s.Treasurer, i))
		}},
		{"login/for an instruction that has expired", "d11.root", "Nothing rests on what has ended.", "denied d11.root", func(s *scene) cast.Sent {
			i := s.askedOf(s.Payments, time.Minute)
			l := login(s, s.Treasurer, i)
			s.move(time.Minute)
			return s.onToken(attest.HumanInstruction, i, l)
		}},
		{"login/the instruction expires", "evidence.unexpired", "The login holds longer than what it is for.", "unattributed", func(s *scene) cast.Sent {
			i := s.askedOf(s.Payments, 30*time.Minute)
			id := s.allow(s.onToken(attest.HumanInstruction, i, login(s, s.Treasurer, i)))
			s.move(30 * time.Minute)
			return s.under10(id)
		}},
		{"login/the login expires", "evidence.unexpired", "What it is for holds longer than the login.", "unattributed", func(s *scene) cast.Sent {
			i := s.askedOf(s.Payments, 0)
			id := s.allow(s.onToken(attest.HumanInstruction, i, login(s, s.Treasurer, i)))
			s.move(time.Hour)
			return s.under10(id)
		}},
		{"login/of somebody else, for what somebody else was asked", "evidence.addressee", "What is addressed to another agent contradicts nothing.", "human_delegated", func(s *scene) cast.Sent {
			i := s.askedOf(s.Buyer, 0)
			w := s.Instructed(s.Treasurer, s.Payments, i)
			l := login(s, s.Controller, i)
			w.Root.Evidence = []attest.ID{min(i, l), max(i, l)}
			return s.under10(s.allow(s.Sign(s.Treasurer, w)))
		}},
		{"login/flows down the links", "row.5", "An instruction flows as far as the links carry it.", "human_instructed", func(s *scene) cast.Sent { return s.loggedIn(login, true) }},
		{"login/dropped by a child", "row.9", "And no further.", "unattributed", func(s *scene) cast.Sent { return s.loggedIn(login, false) }},
		{"login/beside a schedule", "row.3", "A human's instruction under an order that says no human asked.", "conflicted", func(s *scene) cast.Sent {
			i, trigger := s.asked(cast.Request()), s.allow(s.Sign(s.Scheduler, s.Trigger(s.Scheduler, s.Payments)))
			return s.under10(s.allow(s.onToken(attest.OrgStanding, i, login(s, s.Treasurer, i), trigger)))
		}},
	}
}

// loggedIn is a payment of the buyer below a root on a login, whose child carries
// the instruction or not.
func (s *scene) loggedIn(login func(*scene, *cast.Party, attest.ID) attest.ID, carried bool) cast.Sent {
	s.Helper()
	i := s.asked(cast.Request())
	w := s.Warrant(s.Desk, s.Payments, attest.HumanInstruction, cast.Payments("100.00"))
	w.Task.Instruction = i
	w.Root.Evidence = slices.Sorted(slices.Values([]attest.ID{i, login(s, s.Treasurer, i)}))
	child := s.Child(w, s.allow(s.Sign(s.Desk, w)), s.Payments, s.Buyer)
	if !carried {
		child.Task.Instruction = ""
	}
	return s.Sign(s.Buyer, s.Transfer(s.Buyer, s.allow(s.Sign(s.Payments, child)), "10.00"))
}

func tokenRefusals() []vectorCase {
	send := func(name, code, why string, claims func(s *scene) map[string]any, amend func(*attest.Token)) vectorCase {
		return vectorCase{"token/" + name, code, why, "refused " + code, func(s *scene) cast.Sent {
			all := s.Claims(s.idp, s.Treasurer, attest.AccessToken, cast.Actor(s.Payments))
			if claims != nil {
				maps.Copy(all, claims(s))
			}
			raw := s.idp.Token(attest.AccessToken, all)
			st := s.Token(s.Desk, attest.AccessToken, raw)
			if amend != nil {
				amend(st)
			}
			return s.Sign(s.Desk, st, raw)
		}}
	}
	claim := func(name string, value any) func(*scene) map[string]any {
		return func(*scene) map[string]any { return map[string]any{name: value} }
	}
	by := func(name, code, why string, provider func(s *scene)) vectorCase {
		return vectorCase{"token/" + name, code, why, "refused " + code, func(s *scene) cast.Sent {
			provider(s)
			return s.brings(s.Treasurer, attest.AccessToken, cast.Actor(s.Payments))
		}}
	}
	return []vectorCase{
		send("for another audience", "token.audience", "The token is for the bank.", claim("aud", "https://bank.example"), nil),
		send("that has ended when it is brought", "token.time", "It ends now.", func(s *scene) map[string]any { return map[string]any{"exp": s.Now() / 1000} }, nil),
		send("said to end otherwise", "token.time", "The statement says another end.", nil, func(t *attest.Token) { t.Expires++ }),
		send("said to be of another type", "token.type", "The statement says another type.", nil, func(t *attest.Token) { t.Type = attest.IDJAG }),
		send("of another issuer", "token.issuer", "The token names another issuer.", claim("iss", "https://login.other.example"), nil),
		send("with a claim out of form", "token.claims", "The subject is a number.", claim("sub", 7), nil),
		by("forged by the operator", "token.signature", "Another key of the same name signed: one that is not logged.", func(s *scene) { s.idp = idp.New(cast.Issuer, "a forger") }),
		by("by a key that is not logged", "token.key", "The token names a key that is not among those logged.", func(s *scene) {
			s.idp = idp.New(cast.Issuer, "a forger")
			s.idp.KeyID = "key-2"
		}),
		by("by an algorithm that is not registered", "token.algorithm", "The provider is registered for ES256 alone.", func(s *scene) {
			p := s.Provider(s.idp)
			p.Algorithms = []string{"ES256"}
			s.allow(s.Endorsed(s.Sign(s.Admin, p), s.Second))
		}),
		by("of a type that is not taken", "token.type", "The provider is not registered for access tokens.", func(s *scene) {
			p := s.Provider(s.idp)
			p.Accepts = p.Accepts[1:]
			s.allow(s.Endorsed(s.Sign(s.Admin, p), s.Second))
		}),
		by("of a provider that has ended", "token.provider", "The registration ended at this very moment.", func(s *scene) {
			p := s.Provider(s.idp)
			p.Until = s.Now() + 1000
			s.allow(s.Endorsed(s.Sign(s.Admin, p), s.Second))
			s.move(time.Second)
		}),
		{"token/of a provider that nobody registered", "token.provider", "A stranger's token.", "refused token.provider", func(s *scene) cast.Sent {
			s.idp = idp.New("https://login.other.example", "another")
			raw := s.idp.Token(attest.AccessToken, s.Claims(s.idp, s.Treasurer, attest.AccessToken, cast.Actor(s.Payments)))
			st := s.Token(s.Desk, attest.AccessToken, raw)
			st.Issuer = s.idp.Issuer
			return s.Sign(s.Desk, st, raw)
		}},
		{"token/that is no JWS", "token.form", "An opaque string.", "refused token.form", func(s *scene) cast.Sent {
			raw := []byte("opaque")
			return s.Sign(s.Desk, s.Token(s.Desk, attest.AccessToken, raw), raw)
		}},
		{"token/that was not sent", "object.missing", "The token is not there.", "refused object.missing", func(s *scene) cast.Sent {
			return s.Sign(s.Desk, s.Token(s.Desk, attest.AccessToken, []byte("elsewhere")))
		}},
		{"token/said to be another agent's", "token.agent", "The statement names the buyer, the token the payments agent.", "denied token.agent", func(s *scene) cast.Sent {
			raw := s.idp.Token(attest.AccessToken, s.Claims(s.idp, s.Treasurer, attest.AccessToken, cast.Actor(s.Payments)))
			st := s.Token(s.Desk, attest.AccessToken, raw)
			st.Agent = s.Buyer.ID
			return s.Sign(s.Desk, st, raw)
		}},
		{"token/said to be the agent's by another, by the key", "token.agent", "Only who signs shows the key.", "denied token.agent", func(s *scene) cast.Sent { return s.byKey(s.Desk) }},
		{"token/said to be one's own, by the key", "token.agent", "The agent signs with the key that the token is bound to.", "allowed", func(s *scene) cast.Sent { return s.byKey(s.Payments) }},
		{"token/keys that are none", "object.form", "The bytes are no key set.", "refused object.form", func(s *scene) cast.Sent {
			doc := []byte(`{"keys":[]}`)
			return s.Sign(s.Server, s.JWKS(cast.Issuer, doc), doc)
		}},
		{"token/keys that were not sent", "object.missing", "The object is not there.", "refused object.missing", func(s *scene) cast.Sent {
			return s.Sign(s.Server, s.JWKS(cast.Issuer, []byte("elsewhere")))
		}},
		{"provider/by one administrator", "control.quorum", "One of two.", "refused control.quorum", func(s *scene) cast.Sent { return s.Sign(s.Admin, s.Provider(s.idp)) }},
		{"provider/beginning later", "control.early", "It takes effect when it is logged.", "refused control.early", func(s *scene) cast.Sent {
			p := s.Provider(s.idp)
			p.From++
			return s.Endorsed(s.Sign(s.Admin, p), s.Second)
		}},
		{"provider/without keys", "token.no_keys", "Its keys are not logged yet.", "refused token.no_keys", func(s *scene) cast.Sent {
			s.idp = idp.New("https://login.other.example", "another")
			p := s.Provider(s.idp)
			s.allow(s.Endorsed(s.Sign(s.Admin, p), s.Second))
			sent := s.idp.Token(attest.AccessToken, s.Claims(s.idp, s.Treasurer, attest.AccessToken, cast.Actor(s.Payments)))
			st := s.Token(s.Desk, attest.AccessToken, sent)
			st.Issuer = s.idp.Issuer
			return s.Sign(s.Desk, st, sent)
		}},
	}
}

// byKey is a token that is bound to the payments agent's key, brought by somebody.
func (s *scene) byKey(by *cast.Party) cast.Sent {
	s.Helper()
	claims := map[string]any{"cnf": map[string]any{"jkt": token.KeyThumbprint(s.Payments.Key.Public())}}
	raw := s.idp.Token(attest.AccessToken, s.Claims(s.idp, s.Treasurer, attest.AccessToken, claims))
	st := s.Token(by, attest.AccessToken, raw)
	st.Agent = s.Payments.ID
	return s.Sign(by, st, raw)
}

func accountCases() []vectorCase {
	of := func(s *scene, name string) *attest.Account {
		a := s.Account(s.idp, s.Admin)
		a.Name = name
		return a
	}
	account := func(name, rule, why, want string, sign func(s *scene) cast.Sent) vectorCase {
		return vectorCase{"account/" + name, rule, why, want, sign}
	}
	return []vectorCase{
		account("of a person with a key", "control.quorum", "The person has not agreed, nor has a quorum.", "refused control.quorum", func(s *scene) cast.Sent { return s.Sign(s.Admin, of(s, "treasurer")) }),
		account("of a person with a key, who agrees", "control.quorum", "The person endorses it.", "allowed", func(s *scene) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, of(s, "treasurer")), s.Treasurer)
		}),
		account("of a person with a key, by a quorum", "control.quorum", "Two of two administrators.", "allowed", func(s *scene) cast.Sent {
			return s.Endorsed(s.Sign(s.Admin, of(s, "treasurer")), s.Second)
		}),
		account("of another administrator", "control.quorum", "Nor does an administrator become another.", "refused control.quorum", func(s *scene) cast.Sent { return s.Sign(s.Admin, of(s, s.Second.ID)) }),
		account("of oneself", "control.quorum", "The administrator's own.", "allowed", func(s *scene) cast.Sent { return s.Sign(s.Admin, of(s, s.Admin.ID)) }),
		account("of a person without a key", "control.quorum", "Nobody is there who could disagree.", "allowed", func(s *scene) cast.Sent { return s.Sign(s.Admin, of(s, "nobody-yet")) }),
		account("of a person whose key has ended, with it", "object.unused", "An ended key agrees to nothing: its endorsement is luggage.", "refused object.unused", func(s *scene) cast.Sent {
			s.temporary(s.Now() + cast.Hour)
			s.move(time.Hour)
			return s.Endorsed(s.Sign(s.Admin, of(s, s.parts.temporary.ID)), s.parts.temporary, s.Second)
		}),
		account("of an administrator whose own key has ended", "control.quorum", "Nor does an administrator's, though it signs.", "refused control.quorum", func(s *scene) cast.Sent {
			own := s.Registration(s.Admin)
			own.Until = s.Now() + cast.Hour
			s.allow(s.Endorsed(s.Sign(s.Admin, own), s.Admin))
			s.move(time.Hour)
			return s.Sign(s.Admin, of(s, s.Admin.ID))
		}),
		account("with an endorsement that does not verify", "envelope.signature", "The person signed something else.", "refused envelope.signature", func(s *scene) cast.Sent {
			return s.forgedEndorsement(s.Sign(s.Admin, of(s, "treasurer")), s.Treasurer, s.Payload(of(s, "treasurer")))
		}),
		account("ended already, of a person with a key", "control.quorum", "There is none to end.", "refused control.quorum", func(s *scene) cast.Sent {
			a := of(s, "treasurer")
			a.Until, a.From = s.Now(), s.Now()-1
			return s.Sign(s.Admin, a)
		}),
		account("again, by one administrator", "control.quorum", "The person has not agreed to this one.", "refused control.quorum", func(s *scene) cast.Sent {
			return s.Sign(s.Admin, s.Account(s.idp, s.Treasurer))
		}),
		account("to end later, by one administrator", "control.quorum", "To end one is to end it now.", "refused control.quorum", func(s *scene) cast.Sent {
			a := s.Account(s.idp, s.Treasurer)
			a.Until = s.Now() + 1
			return s.Sign(s.Admin, a)
		}),
		account("taken from another", "control.quorum", "The subject was somebody's.", "refused control.quorum", func(s *scene) cast.Sent {
			s.allow(s.Sign(s.Admin, of(s, "nobody-yet")))
			return s.Sign(s.Admin, of(s, "somebody-else"))
		}),
		account("by no administrator", "control.administrator", "The treasurer is none.", "denied control.administrator", func(s *scene) cast.Sent {
			a := of(s, "nobody-yet")
			a.By = s.Treasurer.ID
			return s.Sign(s.Treasurer, a)
		}),
		account("beginning later", "control.early", "It takes effect when it is logged.", "refused control.early", func(s *scene) cast.Sent {
			a := of(s, "nobody-yet")
			a.From++
			return s.Sign(s.Admin, a)
		}),
		account("ended by an administrator alone", "control.quorum", "To end one takes nothing from anyone.", "allowed", func(s *scene) cast.Sent {
			a := s.Account(s.idp, s.Treasurer)
			a.Until, a.From = s.Now(), s.Now()-1
			return s.Sign(s.Admin, a)
		}),
		account("somebody's only after the token", "d11.root", "Whose it is has to have been known before.", "denied d11.root", func(s *scene) cast.Sent {
			id := s.allow(s.brings(s.parts.newcomer, attest.AccessToken, cast.Actor(s.Payments)))
			s.allow(s.Sign(s.Admin, s.Account(s.idp, s.parts.newcomer)))
			return s.onToken(attest.HumanStanding, "", id)
		}),
		account("the same person's again", "row.7", "A new statement of the same changes nothing.", "human_delegated", func(s *scene) cast.Sent {
			id := s.allow(s.onToken(attest.HumanStanding, "", s.scope(cast.Actor(s.Payments))))
			s.allow(s.Endorsed(s.Sign(s.Admin, s.Account(s.idp, s.Treasurer)), s.Treasurer))
			return s.under10(id)
		}),
		account("another person's since", "evidence.person", "The subject is somebody else now.", "unattributed", func(s *scene) cast.Sent {
			id := s.allow(s.onToken(attest.HumanStanding, "", s.scope(cast.Actor(s.Payments))))
			a := s.Account(s.idp, s.Treasurer)
			a.Name = s.Controller.ID
			s.allow(s.Endorsed(s.Sign(s.Admin, a), s.Second))
			return s.under10(id)
		}),
		account("ended since", "evidence.person", "The account has ended.", "unattributed", func(s *scene) cast.Sent {
			id := s.allow(s.onToken(attest.HumanStanding, "", s.scope(cast.Actor(s.Payments))))
			a := s.Account(s.idp, s.Treasurer)
			a.Until, a.From = s.Now(), s.Now()-1
			s.allow(s.Sign(s.Admin, a))
			return s.under10(id)
		}),
	}
}
