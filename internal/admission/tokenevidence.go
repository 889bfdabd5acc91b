package admission

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/identity"
)

// shown is what a token of the log shows: whom it names, as of when, and which
// agent.
type shown struct {
	logged   *Logged
	token    *attest.Token
	claims   *token.Claims
	account  *attest.Account // of the person
	provider *attest.Provider
	before   *attest.Provider // as it was registered when the token was logged
	named    bool             // it names the agent that was asked about
}

// holds reports whether the token, the account and the provider are in their
// windows.
func (s shown) holds(at int64) bool {
	return at >= s.claims.NotBefore && at < s.claims.Expires &&
		attest.In(at, s.account.From, s.account.Until) && attest.In(at, s.provider.From, s.provider.Until)
}

// show reads a token that the root of a chain names. ok is false where it shows
// nothing: it was denied, or is only committed to; the provider in force does not
// have it taken any more; or its subject is nobody, was nobody when it was logged,
// or somebody else.
func (c *check) show(l *Logged, t *attest.Token) (s shown, ok bool, err error) {
	if !l.Allowed() || t.Object == "" {
		return s, false, nil
	}
	s = shown{logged: l, token: t}
	if s.provider, err = c.providerOf(t.Issuer); err != nil || s.provider == nil {
		return s, false, err
	}
	raw, err := c.stored(t.Object)
	if missing(err) {
		c.unseen(l.ID())
	}
	if err != nil {
		return s, false, err
	}
	c.tokens = append(c.tokens, t.Object)
	rules, _ := rulesOf(s.provider, t.Type) // by no rules no token is taken
	if s.claims, err = token.Taken(raw, rules); err != nil {
		return s, false, nil // what was verified may be taken no longer
	}
	if s.before, err = heldThen[*attest.Provider](c, l, ProviderSlot(t.Issuer)); err != nil || s.before == nil {
		return s, false, err
	}
	s.account, err = c.accountOf(l, s.claims)
	return s, s.account != nil && !s.claims.Own(), err
}

// names reports whether the token names an agent, by what the provider's clients
// are now and by what they were when it was logged: it was made out to who the
// client was then.
func (s shown) names(h token.Holder) bool {
	return s.claims.Names(h, s.provider.AgentOf()) && s.claims.Names(h, s.before.AgentOf())
}

// accountOf returns the account in force of a token's subject, if it was the same
// person's when the token was logged; else nil.
func (c *check) accountOf(l *Logged, claims *token.Claims) (*attest.Account, error) {
	slot := AccountSlot(claims.Issuer, claims.Subject)
	now, err := c.current(slot)
	account := statementOf[*attest.Account](now)
	if err != nil || account == nil {
		return nil, err
	}
	before, err := heldThen[*attest.Account](c, l, slot)
	if err != nil || before == nil || before.Name != account.Name {
		return nil, err
	}
	return account, nil
}

// heldThen returns what a slot held when a token was logged, as its record says;
// the zero value if nothing. It holds something now, which is not looked up again.
func heldThen[S attest.Statement](c *check, l *Logged, slot Slot) (none S, err error) {
	at := slices.IndexFunc(l.Record.Read.Force, func(p Pin) bool { return p.Slot == slot })
	if at < 0 || l.Record.Read.Force[at].ID == "" {
		return none, nil
	}
	then := l.Record.Read.Force[at].ID
	if now := c.pins[slot]; now.ID() == then {
		return statementOf[S](now), nil
	}
	logged, err := c.logged(then, "root.evidence")
	return statementOf[S](logged), err
}

// weighToken keeps a token of the root for the table.
func (c *check) weighToken(x *act, l *Logged, t *attest.Token) error {
	s, ok, err := c.show(l, t)
	if missing(err) {
		x.unknown = append(x.unknown, l.ID())
		return nil
	}
	if err != nil || !ok {
		return err
	}
	signer := c.verified.Signer()
	s.named = s.names(holderOf(x.action.Agent, signer, c.objects[signer.KeyID]))
	x.tokens = append(x.tokens, s)
	return nil
}

// missing reports whether an error is that a token was erased.
func missing(err error) bool {
	f := attest.AsFault(err)
	return f != nil && f.Code == "object.missing"
}

// holderOf is an agent with the certificate and key that it signed with.
func holderOf(agent string, s attest.Signer, der []byte) token.Holder {
	h := token.Holder{ID: agent, Key: s.Key}
	if chain, err := identity.ParseChain(der); err == nil { // it was proven
		h.Certificate = chain.Leaf()
	}
	return h
}

// humans are the tokens as evidence. A login whose nonce is an instruction of the
// chain covers that; else it is a login. Any other token is a scope, if it names
// this agent: it flows to no other.
func (x *act) humans(at int64) []agency.Human {
	var out []agency.Human
	for _, s := range x.tokens {
		h := agency.Human{
			Ref: s.logged.ID(), Kind: string(s.token.Type), Person: s.account.Name, Key: agency.K2,
			Before: true, Unexpired: s.holds(at), FirstUse: true,
		}
		i, instructs := x.nonce(s)
		switch {
		case instructs:
			h.Binding, h.Bound, h.Requests = agency.B3, i.bound, i.requests
			h.Unexpired = h.Unexpired && at < i.statement.Expires
		case s.token.Type == attest.IDToken:
			h.Binding = agency.B1
		default:
			h.Binding, h.Bound = agency.B2, s.named
		}
		out = append(out, h)
	}
	return out
}

// nonce returns the instruction of the chain that a login was for: the log
// compared the nonce.
func (x *act) nonce(s shown) (instructed, bool) {
	for _, i := range x.instructions {
		if s.token.Instruction == i.logged.ID() {
			return i, true
		}
	}
	return instructed{}, false
}

// otherPerson names tokens and the instructions that somebody else logged in for
// than the one who, it says, asked.
func (x *act) otherPerson() (ids []string) {
	for _, s := range x.tokens {
		if i, _ := x.nonce(s); i.addressed && i.statement.Person != s.account.Name {
			ids = append(ids, string(s.logged.ID()), string(i.logged.ID()))
		}
	}
	return ids
}

// vouched reports whether a root warrant of a service has, among its evidence, a
// person's token that names the holder: then the service may issue it for that
// person (D11). For an instruction, a login for it does as well.
func (c *check) vouched(w *attest.Warrant) (bool, error) {
	if w.Issuer.Kind != attest.BySVID || !w.Root.Basis.Human() {
		return false, nil
	}
	for _, id := range w.Root.Evidence {
		logged, err := c.logged(id, "root.evidence")
		if err != nil {
			return false, err
		}
		t := statementOf[*attest.Token](logged)
		if t == nil {
			continue
		}
		s, ok, err := c.show(logged, t)
		if err != nil && !missing(err) {
			return false, err
		}
		if !ok || !s.holds(c.at) {
			continue
		}
		if c.namesHolder(s, w) {
			return true, nil
		}
	}
	return false, nil
}

func (c *check) namesHolder(s shown, w *attest.Warrant) bool {
	if s.token.Type != attest.IDToken {
		return s.names(token.Holder{ID: w.Holder.SPIFFEID})
	}
	if w.Root.Basis != attest.HumanInstruction || s.token.Instruction != w.Task.Instruction {
		return false
	}
	i := statementOf[*attest.Instruction](c.statements[w.Task.Instruction])
	return i != nil && c.statements[w.Task.Instruction].Allowed() && i.Person == s.account.Name &&
		i.Addressee == w.Holder.SPIFFEID && c.at < i.Expires
}
