package admission_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/idp"
)

// delegated is a register with an identity provider, in which the desk may issue
// warrants for people who logged in.
type delegated struct {
	*scene
	idp *idp.Provider
}

func newDelegated(t testing.TB) *delegated {
	t.Helper()
	d := &delegated{newScene(t), cast.IdP()}
	for _, s := range d.WithProvider(d.idp, d.Treasurer, d.Controller) {
		d.allow(s)
	}
	bases := []attest.Basis{attest.HumanInstruction, attest.HumanStanding, attest.OrgStanding}
	d.allow(d.Endorsed(d.Sign(d.Admin, d.Issuer(d.Desk, d.Controller, cast.Payments("1000.00"), bases...)), d.Second))
	return d
}

// bring logs a token of the treasurer with these claims.
func (d *delegated) bring(t attest.TokenType, more map[string]any) attest.ID {
	d.Helper()
	return d.allow(d.token(d.Treasurer, t, more))
}

func (d *delegated) token(who *cast.Party, t attest.TokenType, more map[string]any) cast.Sent {
	d.Helper()
	raw := d.idp.Token(t, d.Claims(d.idp, who, t, more))
	return d.Sign(d.Desk, d.Token(d.Desk, t, raw), raw)
}

// standing is a warrant of the desk for the payments agent, on evidence.
func (d *delegated) standing(basis attest.Basis, evidence ...attest.ID) cast.Sent {
	d.Helper()
	slices.Sort(evidence)
	w := d.Warrant(d.Desk, d.Payments, basis, cast.Payments("100.00"))
	w.Root.Evidence = evidence
	return d.Sign(d.Desk, w)
}

// recorded is an instruction of the treasurer that the desk recorded.
func (d *delegated) recorded(requests ...attest.Request) attest.ID {
	d.Helper()
	i := d.Instruction(d.Treasurer, d.Payments, requests...)
	i.RecordedBy = d.Desk.ID
	return d.allow(d.Sign(d.Desk, i))
}

// instructed is a warrant of the desk on an instruction and other evidence.
func (d *delegated) instructed(instruction attest.ID, evidence ...attest.ID) cast.Sent {
	d.Helper()
	w := d.Warrant(d.Desk, d.Payments, attest.HumanInstruction, cast.Payments("100.00"))
	w.Task.Instruction = instruction
	w.Root.Evidence = slices.Compact(slices.Sorted(slices.Values(append(evidence, instruction))))
	return d.Sign(d.Desk, w)
}

// act is a transfer of the payments agent under a warrant.
func (d *delegated) act(warrant attest.ID) *agency.Attribution {
	d.Helper()
	_, a := d.find(d.Sign(d.Payments, d.Transfer(d.Payments, warrant, "10.00")))
	return a
}

func wantRow(t *testing.T, a *agency.Attribution, row int, class agency.Class, b agency.Binding, k agency.Key, authorizing string) {
	t.Helper()
	if a.Row != row || a.Agency != class || a.Binding != b || a.Key != k || a.Authorizing != authorizing {
		t.Errorf("row %d %s B%d K%d by %q, want row %d %s B%d K%d by %q", a.Row, a.Agency, a.Binding, a.Key, a.Authorizing, row, class, b, k, authorizing)
	}
}

// TestTokenScope: every type of token that names the agent is a scope of it, in
// every way to name it.
func TestTokenScope(t *testing.T) {
	d := newDelegated(t)
	key := map[string]any{"cnf": map[string]any{"jkt": token.KeyThumbprint(d.Payments.Key.Public())}}
	cert := map[string]any{"cnf": map[string]any{"x5t#S256": token.CertificateThumbprint(leafOf(t, d.Payments))}}
	client := map[string]any{"client_id": "payments-client"}
	for _, typ := range []attest.TokenType{attest.AccessToken, attest.IDJAG, attest.TxnToken, attest.Introspection} {
		for name, claims := range map[string]map[string]any{"actor": cast.Actor(d.Payments), "client": client} {
			t.Run(string(typ)+" "+name, func(t *testing.T) {
				w := d.allow(d.standing(attest.HumanStanding, d.bring(typ, claims)))
				wantRow(t, d.act(w), 7, agency.HumanDelegated, agency.B2, agency.K2, "treasurer")
			})
		}
	}
	for name, claims := range map[string]map[string]any{"key": key, "certificate": cert} {
		t.Run(name, func(t *testing.T) { // the key of the action is not known when the warrant is logged
			id := d.bring(attest.AccessToken, claims)
			d.deny(d.standing(attest.HumanStanding, id), "d11.root")
			wantRow(t, d.act(d.allow(d.standing(attest.OrgStanding, id))), 9, agency.Unattributed, agency.B2, agency.K2, "")
			// Another agent under the same warrant has another key.
			w := d.Warrant(d.Desk, d.Buyer, attest.OrgStanding, cast.Payments("100.00"))
			w.Root.Evidence = []attest.ID{id}
			_, a := d.find(d.Sign(d.Buyer, d.Transfer(d.Buyer, d.allow(d.Sign(d.Desk, w)), "10.00")))
			wantRow(t, a, 9, agency.Unattributed, agency.B0, agency.K0, "")
		})
	}
}

func leafOf(t testing.TB, p *cast.Party) []byte {
	t.Helper()
	n := 4 + int(p.Chain[2])<<8 + int(p.Chain[3]) // a DER sequence of more than 255 bytes
	return p.Chain[:n]
}

// TestTokenScopeNearMisses: each differs from what is a scope of the agent in one
// thing, and no service may issue for it.
func TestTokenScopeNearMisses(t *testing.T) {
	for name, spoil := range map[string]func(d *delegated) cast.Sent{
		"another agent's":                   func(d *delegated) cast.Sent { return d.token(d.Treasurer, attest.AccessToken, cast.Actor(d.Buyer)) },
		"nobody's":                          func(d *delegated) cast.Sent { return d.token(d.Treasurer, attest.AccessToken, nil) },
		"a login":                           func(d *delegated) cast.Sent { return d.token(d.Treasurer, attest.IDToken, cast.Actor(d.Payments)) },
		"a subject that nobody is":          func(d *delegated) cast.Sent { return d.token(d.Bystander, attest.AccessToken, cast.Actor(d.Payments)) },
		"an agent before the current actor": func(d *delegated) cast.Sent { return d.token(d.Treasurer, attest.AccessToken, nested(d)) },
		"who may act": func(d *delegated) cast.Sent {
			return d.token(d.Treasurer, attest.AccessToken, map[string]any{"may_act": map[string]any{"sub": d.Payments.ID}})
		},
		"the client's own": func(d *delegated) cast.Sent {
			return d.token(d.Treasurer, attest.AccessToken, map[string]any{"client_id": cast.Subject(d.Treasurer), "act": map[string]any{"sub": d.Payments.ID}})
		},
		"another key": func(d *delegated) cast.Sent {
			claims := cast.Actor(d.Payments)
			claims["cnf"] = map[string]any{"jkt": token.KeyThumbprint(d.Buyer.Key.Public())}
			return d.token(d.Treasurer, attest.AccessToken, claims)
		},
		"committed to only": func(d *delegated) cast.Sent {
			st := d.Token(d.Desk, attest.AccessToken, []byte("x"))
			st.Object, st.Expires, st.Commitment = "", 0, &attest.Commitment{Root: attest.DigestOf([]byte("x"))}
			return d.Sign(d.Desk, st)
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDelegated(t)
			id := d.allow(spoil(d))
			d.deny(d.standing(attest.HumanStanding, id), "d11.root")
			d.deny(d.instructed(d.recorded(), id), "d11.root")
			// Under a warrant of the organisation it makes no human's act either.
			w := d.allow(d.standing(attest.OrgStanding, id))
			if a := d.act(w); a.Agency != agency.Unattributed || a.Authorizing != "" || a.Binding > agency.B1 {
				t.Errorf("%+v", a)
			}
		})
	}
}

func nested(d *delegated) map[string]any {
	return map[string]any{"act": map[string]any{"sub": d.Buyer.ID, "act": map[string]any{"sub": d.Payments.ID}}}
}

// TestTokenDenied: a token that the log denied is no evidence.
func TestTokenDenied(t *testing.T) {
	d := newDelegated(t)
	raw := d.idp.Token(attest.AccessToken, d.Claims(d.idp, d.Treasurer, attest.AccessToken, cast.Actor(d.Payments)))
	st := d.Token(d.Desk, attest.AccessToken, raw)
	st.Agent = d.Buyer.ID
	id := d.deny(d.Sign(d.Desk, st, raw), "token.agent")
	d.deny(d.standing(attest.HumanStanding, id), "d11.root")
	if until, err := admission.SealedUntil(d, st.Object); err != nil || until != st.Expires {
		t.Errorf("sealed until %d, %v: a denied token may be used too", until, err)
	}
	st.Agent = d.Payments.ID
	d.allow(d.Sign(d.Desk, st, raw))
}

// TestTokenAgentByKey: only the agent itself can say that it has the key.
func TestTokenAgentByKey(t *testing.T) {
	d := newDelegated(t)
	claims := map[string]any{"cnf": map[string]any{"jkt": token.KeyThumbprint(d.Payments.Key.Public())}}
	raw := d.idp.Token(attest.AccessToken, d.Claims(d.idp, d.Treasurer, attest.AccessToken, claims))
	for _, by := range []*cast.Party{d.Desk, d.Payments} {
		st := d.Token(by, attest.AccessToken, raw)
		st.Agent = d.Payments.ID
		if by == d.Desk {
			d.deny(d.Sign(by, st, raw), "token.agent")
		} else {
			d.allow(d.Sign(by, st, raw))
		}
	}
}

// TestTokenInstruction: a login whose nonce is the instruction makes it the
// person's.
func TestTokenInstruction(t *testing.T) {
	d := newDelegated(t)
	asked := d.recorded(cast.Request())
	d.deny(d.instructed(asked), "d11.root") // the desk's word alone
	login := d.allow(d.Login(d.idp, d.Treasurer, d.Desk, asked))
	w := d.allow(d.instructed(asked, login))
	wantRow(t, d.act(w), 5, agency.HumanInstructed, agency.B3, agency.K2, "treasurer")

	open := d.recorded()
	w = d.allow(d.instructed(open, d.allow(d.Login(d.idp, d.Treasurer, d.Desk, open))))
	wantRow(t, d.act(w), 6, agency.HumanTasked, agency.B3, agency.K2, "treasurer")

	// A person's own warrant on it stays what it is.
	own := d.Instructed(d.Treasurer, d.Payments, asked)
	own.Root.Evidence = slices.Sorted(slices.Values([]attest.ID{asked, login}))
	wantRow(t, d.act(d.allow(d.Sign(d.Treasurer, own))), 5, agency.HumanInstructed, agency.B3, agency.K2, "treasurer")
}

// TestTokenInstructionNearMisses: each login differs in one thing.
func TestTokenInstructionNearMisses(t *testing.T) {
	d := newDelegated(t)
	asked, other := d.recorded(cast.Request()), d.recorded()
	raw := d.idp.Token(attest.IDToken, d.Claims(d.idp, d.Treasurer, attest.IDToken, map[string]any{"nonce": attest.TokenNonce(other)}))
	st := d.Token(d.Desk, attest.IDToken, raw)
	st.Instruction = asked
	d.deny(d.instructed(asked, d.deny(d.Sign(d.Desk, st, raw), "token.nonce")), "d11.root")
	d.deny(d.instructed(asked, d.bring(attest.IDToken, map[string]any{"nonce": attest.TokenNonce(asked)})), "d11.root") // it does not say so
	d.deny(d.instructed(asked, d.allow(d.Login(d.idp, d.Treasurer, d.Desk, other))), "d11.root")
	d.deny(d.instructed(asked, d.allow(d.Login(d.idp, d.Controller, d.Desk, asked))), "d11.root") // somebody else
	d.deny(d.standing(attest.HumanStanding, asked, d.allow(d.Login(d.idp, d.Treasurer, d.Desk, asked))), "d11.root")

	elsewhere := d.Instruction(d.Treasurer, d.Buyer)
	elsewhere.RecordedBy = d.Desk.ID
	id := d.allow(d.Sign(d.Desk, elsewhere))
	d.deny(d.instructed(id, d.allow(d.Login(d.idp, d.Treasurer, d.Desk, id))), "d11.root") // another agent was asked

	st.Instruction = d.rootID
	d.deny(d.Sign(d.Desk, st, raw), "reference.kind", "token.nonce")
	st.Instruction = attest.IDFrom([32]byte{1})
	d.refused("an instruction that is not logged", "reference.unlogged", d.Sign(d.Desk, st, raw))
}

// TestTokenOtherPerson: that somebody else logged in for an instruction than the
// one who is said to have asked is a contradiction.
func TestTokenOtherPerson(t *testing.T) {
	d := newDelegated(t)
	asked := d.recorded(cast.Request())
	right, wrong := d.allow(d.Login(d.idp, d.Treasurer, d.Desk, asked)), d.allow(d.Login(d.idp, d.Controller, d.Desk, asked))
	a := d.act(d.allow(d.instructed(asked, right, wrong)))
	wantRow(t, a, 3, agency.Conflicted, agency.B0, agency.K0, "")
	if want := slices.Sorted(slices.Values([]string{string(asked), string(wrong)})); !slices.Equal(a.Disagree, want) {
		t.Errorf("%v disagree, want %v", a.Disagree, want)
	}
}

// TestTokenDoesNotFlow: what a parent was given a token for is no scope of its
// child, and an instruction flows as far as the links carry it.
func TestTokenDoesNotFlow(t *testing.T) {
	d := newDelegated(t)
	w := d.Warrant(d.Desk, d.Payments, attest.HumanStanding, cast.Payments("100.00"))
	w.Root.Evidence = []attest.ID{d.bring(attest.AccessToken, cast.Actor(d.Payments))}
	parent := d.allow(d.Sign(d.Desk, w))
	child := d.allow(d.Sign(d.Payments, d.Child(w, parent, d.Payments, d.Buyer)))
	_, a := d.find(d.Sign(d.Buyer, d.Transfer(d.Buyer, child, "10.00")))
	wantRow(t, a, 9, agency.Unattributed, agency.B0, agency.K0, "")
	wantRow(t, d.act(parent), 7, agency.HumanDelegated, agency.B2, agency.K2, "treasurer")

	asked := d.recorded(cast.Request())
	w = d.Warrant(d.Desk, d.Payments, attest.HumanInstruction, cast.Payments("100.00"))
	w.Task.Instruction = asked
	w.Root.Evidence = slices.Sorted(slices.Values([]attest.ID{asked, d.allow(d.Login(d.idp, d.Treasurer, d.Desk, asked))}))
	parent = d.allow(d.Sign(d.Desk, w))
	carried, dropped := d.Child(w, parent, d.Payments, d.Buyer), d.Child(w, parent, d.Payments, d.Buyer)
	dropped.Task.Instruction = ""
	_, a = d.find(d.Sign(d.Buyer, d.Transfer(d.Buyer, d.allow(d.Sign(d.Payments, carried)), "10.00")))
	wantRow(t, a, 5, agency.HumanInstructed, agency.B3, agency.K2, "treasurer")
	_, a = d.find(d.Sign(d.Buyer, d.Transfer(d.Buyer, d.allow(d.Sign(d.Payments, dropped)), "10.00")))
	wantRow(t, a, 9, agency.Unattributed, agency.B0, agency.K0, "")
}

// TestTokenCron: a person's token beside a scheduled run makes it no human's.
func TestTokenCron(t *testing.T) {
	d := newDelegated(t)
	trigger := d.allow(d.Sign(d.Scheduler, d.Trigger(d.Scheduler, d.Payments)))
	scope := d.bring(attest.AccessToken, cast.Actor(d.Payments))
	wantRow(t, d.act(d.allow(d.standing(attest.OrgStanding, trigger, scope))), 8, agency.Autonomous, agency.B2, agency.K2, "")
	wantRow(t, d.act(d.allow(d.standing(attest.OrgStanding, trigger, d.bring(attest.IDToken, nil)))), 8, agency.Autonomous, agency.B1, agency.K2, "")
	asked := d.recorded(cast.Request())
	login := d.allow(d.Login(d.idp, d.Treasurer, d.Desk, asked))
	w := d.Warrant(d.Desk, d.Payments, attest.OrgStanding, cast.Payments("100.00"))
	w.Task.Instruction, w.Root.Evidence = asked, slices.Sorted(slices.Values([]attest.ID{asked, login, trigger}))
	wantRow(t, d.act(d.allow(d.Sign(d.Desk, w))), 3, agency.Conflicted, agency.B0, agency.K0, "")
}

// TestTokenEnds: the action's entry has to lie within the token, the account and
// the provider, to the millisecond.
func TestTokenEnds(t *testing.T) {
	d := newDelegated(t)
	id := d.bring(attest.AccessToken, cast.Actor(d.Payments))
	until := d.byID[id].Verified.Statement().(*attest.Token).Expires
	w := d.allow(d.standing(attest.HumanStanding, id))
	d.move(time.Duration(until-d.Now()-4) * time.Millisecond) // an entry comes 3 ms after the check
	wantRow(t, d.act(w), 7, agency.HumanDelegated, agency.B2, agency.K2, "treasurer")
	d.move(time.Millisecond)
	wantRow(t, d.act(w), 9, agency.Unattributed, agency.B0, agency.K0, "")
	d.move(3 * time.Millisecond)
	d.deny(d.standing(attest.HumanStanding, id), "d11.root")
}

// TestTokenEarly: a token that is valid a little later is no evidence before.
func TestTokenEarly(t *testing.T) {
	d := newDelegated(t)
	claims := cast.Actor(d.Payments)
	claims["nbf"] = d.Now()/1000 + 30
	id := d.bring(attest.AccessToken, claims)
	d.deny(d.standing(attest.HumanStanding, id), "d11.root")
	d.move(31 * time.Second)
	wantRow(t, d.act(d.allow(d.standing(attest.HumanStanding, id))), 7, agency.HumanDelegated, agency.B2, agency.K2, "treasurer")
}

// TestTokenAccounts: whose account it is has to have been known before the token,
// and still.
func TestTokenAccounts(t *testing.T) {
	d := newDelegated(t)
	newcomer := d.Person("newcomer")
	early := d.allow(d.token(newcomer, attest.AccessToken, cast.Actor(d.Payments)))
	account := d.Account(d.idp, newcomer)
	d.allow(d.Sign(d.Admin, account))
	d.deny(d.standing(attest.HumanStanding, early), "d11.root") // nobody's when it was logged
	late := d.allow(d.token(newcomer, attest.AccessToken, cast.Actor(d.Payments)))
	w := d.allow(d.standing(attest.HumanStanding, late))
	wantRow(t, d.act(w), 7, agency.HumanDelegated, agency.B2, agency.K2, "newcomer")

	account.Nonce = d.Random() // the same again: the same person
	d.allow(d.Sign(d.Admin, account))
	wantRow(t, d.act(w), 7, agency.HumanDelegated, agency.B2, agency.K2, "newcomer")
	account.Nonce, account.Name = d.Random(), "treasurer" // another person's from now on
	d.allow(d.Endorsed(d.Sign(d.Admin, account), d.Second))
	wantRow(t, d.act(w), 9, agency.Unattributed, agency.B0, agency.K0, "")
	account.Nonce, account.Name, account.Until = d.Random(), "treasurer", d.Now()
	account.From = account.Until - 1
	d.allow(d.Sign(d.Admin, account)) // ended, by an administrator alone
	d.deny(d.standing(attest.HumanStanding, late), "d11.root")
}

// TestTokenAccountConsent: nobody becomes a person with a key by an
// administrator's word, nor takes somebody's account.
func TestTokenAccountConsent(t *testing.T) {
	d := newDelegated(t)
	mine := func(name string) *attest.Account {
		a := d.Account(d.idp, d.Admin)
		a.Name = name
		return a
	}
	d.refused("for a person with a key", "control.quorum", d.Sign(d.Admin, mine("treasurer")))
	d.refused("for another administrator", "control.quorum", d.Sign(d.Admin, mine(d.Second.ID)))
	d.allow(d.Sign(d.Admin, mine(d.Admin.ID)))
	d.refused("taken from another", "control.quorum", d.Sign(d.Admin, mine("nobody-yet")))
	d.allow(d.Endorsed(d.Sign(d.Admin, mine("nobody-yet")), d.Second))
	theirs := mine("nobody-yet")
	theirs.By = "treasurer"
	d.deny(d.Sign(d.Treasurer, theirs), "control.administrator")
	early := mine("nobody-yet")
	early.From = d.Now() + 1
	d.refused("to begin later", "control.early", d.Sign(d.Admin, early))
	ended := d.Account(d.idp, d.Treasurer)
	ended.Until, ended.From = d.Now(), d.Now()-1
	d.allow(d.Sign(d.Admin, ended)) // which takes nothing from anyone
}

// TestTokenProviders: what is not registered, logged before and in its window is
// refused, and nothing is kept of the token.
func TestTokenProviders(t *testing.T) {
	d := &delegated{newScene(t), cast.IdP()}
	begin := d.WithProvider(d.idp, d.Treasurer)
	bring := func() cast.Sent { return d.token(d.Treasurer, attest.AccessToken, cast.Actor(d.Payments)) }
	d.refused("no provider", "token.provider", bring())
	d.allow(begin[0])
	d.refused("no keys", "token.no_keys", bring())
	d.allow(begin[1])
	d.allow(bring())
	other := idp.New(cast.Issuer, "another seed")
	forged := &delegated{d.scene, other}
	d.refused("a stranger's key", "token.signature", forged.token(d.Treasurer, attest.AccessToken, cast.Actor(d.Payments)))
	other.KeyID = "key-2"
	next := forged.token(d.Treasurer, attest.AccessToken, cast.Actor(d.Payments))
	d.refused("a key that is not logged yet", "token.key", next)
	doc := idp.JWKS(d.idp, other)
	d.allow(d.Sign(d.Server, d.JWKS(cast.Issuer, doc), doc))
	d.allow(next)
	for what, bad := range map[string][]byte{"no JSON": []byte("x"), "no keys": []byte(`{"keys":[]}`)} {
		d.refused(what, "object.form", d.Sign(d.Server, d.JWKS(cast.Issuer, bad), bad))
	}
	d.refused("keys by an administrator", "envelope.keyid", d.Sign(d.Admin, d.JWKS(cast.Issuer, doc), doc))

	less := d.Provider(d.idp)
	less.Accepts = less.Accepts[1:]
	d.refused("a provider without a quorum", "control.quorum", d.Sign(d.Admin, less))
	d.allow(d.Endorsed(d.Sign(d.Admin, less), d.Second))
	d.refused("a type that is not taken", "token.type", bring())
	ended := d.Provider(d.idp)
	ended.Until = d.Now() + 1
	d.allow(d.Endorsed(d.Sign(d.Admin, ended), d.Second))
	d.move(time.Second)
	d.refused("a provider that has ended", "token.provider", bring())
}

// TestTokenWithdrawn: what the provider statement in force has taken no longer is
// evidence no longer.
func TestTokenWithdrawn(t *testing.T) {
	d := newDelegated(t)
	actor := d.allow(d.standing(attest.HumanStanding, d.bring(attest.AccessToken, cast.Actor(d.Payments))))
	client := d.allow(d.standing(attest.HumanStanding, d.bring(attest.AccessToken, map[string]any{"client_id": "payments-client"})))
	put := func(spoil func(*attest.Provider)) {
		p := d.Provider(d.idp)
		spoil(p)
		d.allow(d.Endorsed(d.Sign(d.Admin, p), d.Second))
	}
	put(func(p *attest.Provider) { p.Agents = nil })
	wantRow(t, d.act(actor), 7, agency.HumanDelegated, agency.B2, agency.K2, "treasurer")
	wantRow(t, d.act(client), 9, agency.Unattributed, agency.B0, agency.K0, "")
	put(func(p *attest.Provider) { p.Algorithms = []string{"ES256"} })
	wantRow(t, d.act(actor), 9, agency.Unattributed, agency.B0, agency.K0, "")
	put(func(p *attest.Provider) { p.Accepts[0].Plain = true })
	wantRow(t, d.act(actor), 9, agency.Unattributed, agency.B0, agency.K0, "")
	put(func(p *attest.Provider) { p.Accepts[0].Audiences = []string{"https://elsewhere"} })
	wantRow(t, d.act(actor), 9, agency.Unattributed, agency.B0, agency.K0, "")
	put(func(p *attest.Provider) { p.Accepts = p.Accepts[1:] })
	wantRow(t, d.act(actor), 9, agency.Unattributed, agency.B0, agency.K0, "")
}

// TestTokenClients: a token was made out to who the client was when it was logged;
// a client that is another agent from later on makes it nobody's.
func TestTokenClients(t *testing.T) {
	d := newDelegated(t)
	key := map[string]any{"jkt": token.KeyThumbprint(d.Payments.Key.Public())}
	client := d.bring(attest.AccessToken, map[string]any{"client_id": "payments-client"})
	stranger := d.bring(attest.AccessToken, map[string]any{"client_id": "later-client"})
	byKey := d.allow(d.standing(attest.OrgStanding, d.bring(attest.AccessToken, map[string]any{"client_id": "later-client", "cnf": key})))
	w := d.allow(d.standing(attest.HumanStanding, client))
	wantRow(t, d.act(w), 7, agency.HumanDelegated, agency.B2, agency.K2, "treasurer")
	wantRow(t, d.act(byKey), 9, agency.Unattributed, agency.B2, agency.K2, "")
	p := d.Provider(d.idp)
	p.Agents = []attest.ClientAgent{{Agent: d.Buyer.ID, Client: "later-client"}, {Agent: d.Buyer.ID, Client: "payments-client"}}
	d.allow(d.Endorsed(d.Sign(d.Admin, p), d.Second))
	wantRow(t, d.act(w), 9, agency.Unattributed, agency.B0, agency.K0, "")
	wantRow(t, d.act(byKey), 9, agency.Unattributed, agency.B0, agency.K0, "")
	for _, id := range []attest.ID{client, stranger} {
		for basis, code := range map[attest.Basis]string{attest.HumanStanding: "d11.root", attest.OrgStanding: ""} {
			other := d.Warrant(d.Desk, d.Buyer, basis, cast.Payments("100.00"))
			other.Root.Evidence = []attest.ID{id}
			if code != "" {
				d.deny(d.Sign(d.Desk, other), code)
				continue
			}
			_, a := d.find(d.Sign(d.Buyer, d.Transfer(d.Buyer, d.allow(d.Sign(d.Desk, other)), "10.00")))
			wantRow(t, a, 9, agency.Unattributed, agency.B0, agency.K0, "")
		}
	}
	again := d.Provider(d.idp) // the same client is the same agent again
	d.allow(d.Endorsed(d.Sign(d.Admin, again), d.Second))
	wantRow(t, d.act(w), 7, agency.HumanDelegated, agency.B2, agency.K2, "treasurer")
}

// TestTokenRefused: what the provider did not sign for this log is refused.
func TestTokenRefused(t *testing.T) {
	d := newDelegated(t)
	right := d.Claims(d.idp, d.Treasurer, attest.AccessToken, cast.Actor(d.Payments))
	send := func(what, want string, claims map[string]any, spoil func(*attest.Token)) {
		all := maps.Clone(right)
		maps.Copy(all, claims)
		raw := d.idp.Token(attest.AccessToken, all)
		st := d.Token(d.Desk, attest.AccessToken, raw)
		spoil(st)
		d.refused(what, want, d.Sign(d.Desk, st, raw))
	}
	as := func(*attest.Token) {}
	send("another audience", "token.audience", map[string]any{"aud": "https://bank.example"}, as)
	send("expired", "token.time", map[string]any{"exp": d.Now() / 1000}, as)
	send("another end", "token.time", nil, func(t *attest.Token) { t.Expires++ })
	send("another type", "token.type", nil, func(t *attest.Token) { t.Type = attest.IDJAG })
	send("another issuer", "token.issuer", map[string]any{"iss": "https://login.other.example"}, as)
	send("claims out of form", "token.claims", map[string]any{"sub": 7}, as)
	raw := []byte("opaque")
	d.refused("no JWS", "token.form", d.Sign(d.Desk, d.Token(d.Desk, attest.AccessToken, raw), raw))
	st := d.Token(d.Desk, attest.AccessToken, raw)
	d.refused("no object", "object.missing", d.Sign(d.Desk, st))
	weak := d.Provider(d.idp)
	weak.Algorithms = []string{"ES256"}
	d.allow(d.Endorsed(d.Sign(d.Admin, weak), d.Second))
	send("an algorithm that is not registered", "token.algorithm", nil, as)
}

// TestTokenErased: a token whose bytes are gone could change the row.
func TestTokenErased(t *testing.T) {
	d := newDelegated(t)
	id := d.bring(attest.AccessToken, cast.Actor(d.Payments))
	w := d.allow(d.standing(attest.HumanStanding, id))
	delete(d.objects, d.byID[id].Verified.Statement().(*attest.Token).Object)
	a := d.act(w)
	if a.Agency != agency.Indeterminate || !slices.Equal(a.Missing, []string{string(id)}) {
		t.Errorf("%+v", a)
	}
	d.deny(d.standing(attest.HumanStanding, id), "d11.root")
}

// again checks and decides a logged statement as somebody does who has all but some
// objects, on this record.
func (d *delegated) again(id attest.ID, record *admission.Record) (*admission.Checked, *admission.Record) {
	d.Helper()
	at := slices.IndexFunc(d.entries, func(e admitted) bool { return e.result.Parsed.ID == id })
	a := d.entries[at]
	sub := admission.Submission{Envelope: a.sub.Envelope, Submitter: record.Submitter, Objects: map[attest.Digest][]byte{}, Recorded: record}
	for _, o := range record.Objects {
		if b := d.objects[o]; b != nil {
			sub.Objects[o] = b
		}
	}
	checked, err := admission.Check(sub, recorded{d.register, record}, nil, record.CheckedAt)
	d.Check(err)
	result, err := checked.Decide(record.Read, a.received, a.seed)
	d.Check(err)
	return checked, result.Parsed
}

// TestTokenUnseen: without a token all that it could tell is taken over from the
// record, and nothing else is: a record that is false elsewhere is another one.
func TestTokenUnseen(t *testing.T) {
	d := newDelegated(t)
	scope := d.bring(attest.AccessToken, cast.Actor(d.Payments))
	warrant := d.allow(d.standing(attest.HumanStanding, scope))
	act := d.allow(d.Sign(d.Payments, d.Transfer(d.Payments, warrant, "10.00")))
	other := d.allow(d.Sign(d.Payments, d.Transfer(d.Payments, d.leafID, "10.00")))
	token := d.byID[scope].Verified.Statement().(*attest.Token).Object
	delete(d.objects, token)
	for id, fault := range map[attest.ID]string{scope: "token.agent", warrant: "d11.root", act: "policy.denied"} {
		right := d.byID[id].Record
		checked, got := d.again(id, right)
		if !slices.Equal(checked.Unseen(), []attest.ID{scope}) {
			t.Errorf("%s: unseen %v", right.Kind, checked.Unseen())
		}
		got.Objects = right.Objects
		if string(d.encode(got)) != string(d.encode(right)) {
			t.Errorf("%s:\n%s\nis now\n%s", right.Kind, d.encode(right), d.encode(got))
		}
		for code, taken := range map[string]bool{fault: true, "warrant.outside": false, "agent.suspended": false} {
			said := *right
			said.Decision.Faults = []string{code}
			if _, got := d.again(id, &said); slices.Equal(got.Decision.Faults, said.Decision.Faults) != taken {
				t.Errorf("%s with %s: %v", right.Kind, code, got.Decision.Faults)
			}
		}
	}
	if checked, _ := d.again(other, d.byID[other].Record); len(checked.Unseen()) > 0 {
		t.Error("what does not rest on it takes something over")
	}
	a := d.byID[act].Record
	checked, _ := d.again(act, a)
	less := checked.Reconsider(a, a.CheckedAt, nil)
	if less.Agency != agency.Indeterminate || less.Authority != agency.AuthorityIndeterminate || less.Accountable != "" || less.Authorizing != "" {
		t.Errorf("%+v", less)
	}
}

// TestTokenCompromisedKeys: what was verified with keys that are declared
// compromised is no evidence from then on, and new keys are a new beginning.
func TestTokenCompromisedKeys(t *testing.T) {
	d := newDelegated(t)
	scope := d.bring(attest.AccessToken, cast.Actor(d.Payments))
	w := d.allow(d.standing(attest.HumanStanding, scope))
	thing := attest.CompromisedThing{Kind: attest.RootEntry}
	for id, l := range d.byID {
		if r, ok := l.Verified.Statement().(*attest.Root); ok && r.Type == attest.RootJWKS {
			thing.ID = string(id)
		}
	}
	d.move(time.Second)
	d.allow(d.Endorsed(d.Sign(d.Admin, d.Compromise(d.Admin, thing, d.Now()-5000)), d.Second))
	a := d.act(w)
	if a.Agency != agency.Indeterminate || !slices.Contains(a.Missing, string(scope)) {
		t.Errorf("%+v", a)
	}
	d.refused("under the compromised keys", "signer.compromised", d.token(d.Treasurer, attest.AccessToken, cast.Actor(d.Payments)))
	next := &delegated{d.scene, idp.New(cast.Issuer, "next")}
	doc := idp.JWKS(next.idp)
	d.allow(d.Sign(d.Server, d.JWKS(cast.Issuer, doc), doc))
	w = next.allow(next.standing(attest.HumanStanding, next.bring(attest.AccessToken, cast.Actor(d.Payments))))
	wantRow(t, next.act(w), 7, agency.HumanDelegated, agency.B2, agency.K2, "treasurer")
}
