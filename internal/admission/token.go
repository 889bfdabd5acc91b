package admission

import (
	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/token"
)

// provider: a quorum says which tokens of it count.
func (c *check) provider(p *attest.Provider) error {
	if err := c.begun(p.From); err != nil {
		return err
	}
	return c.quorum()
}

// account: an administrator says whose it is. A person with a key agrees, or a
// quorum does, or one administrator could speak as anyone; the same to take an
// account from another. To end an account takes an administrator alone.
func (c *check) account(a *attest.Account) error {
	if err := c.begun(a.From); err != nil {
		return err
	}
	if !c.administrator() {
		c.deny("control.administrator")
	}
	logged, err := c.current(AccountSlot(a.Issuer, a.Subject))
	if err != nil {
		return err
	}
	person, err := c.current(PersonSlot(a.Name))
	if err != nil {
		return err
	}
	held, ended, err := c.heldKey(a.Name, statementOf[*attest.Person](person))
	if err != nil {
		return err
	}
	signers := endorsers(c.others())
	if !ended {
		signers = append(signers, endorser{held, a.Name})
	}
	if err := c.endorse(signers); err != nil {
		return err
	}
	before := statementOf[*attest.Account](logged)
	same := before == nil || before.Name == a.Name
	agreed := held == nil || !ended && (c.endorsed[held.Digest()] != "" || held.Digest() == c.verified.Signer().KeyID)
	ends := before != nil && a.Until != 0 && a.Until <= c.at
	if same && (agreed || ends) {
		return nil
	}
	return c.enough()
}

// jwks: the bytes are keys of a provider.
func (c *check) jwks(r *attest.Root) error {
	doc, err := c.object(r.Bundle, "bundle")
	if err != nil {
		return err
	}
	if _, err := token.ParseKeys(doc); err != nil {
		return attest.Refuse("object.form", "bundle", "a JWKS with signature keys", err.Error())
	}
	return nil
}

// token: a provider that is registered signed it, for this log alone, and it has
// not expired. One that stays away is committed to; nothing of it is checked.
func (c *check) token(t *attest.Token) error {
	claims, err := c.brought(t)
	if err != nil || t.Instruction == "" {
		return err
	}
	logged, err := c.logged(t.Instruction, "instruction")
	if err != nil {
		return err
	}
	switch {
	case statementOf[*attest.Instruction](logged) == nil:
		c.deny("reference.kind")
	case !logged.Allowed():
		c.deny("reference.denied")
	}
	if claims != nil && claims.Nonce != attest.TokenNonce(t.Instruction) {
		c.deny("token.nonce")
	}
	return nil
}

// brought verifies the token that was sent along; nil where none was.
func (c *check) brought(t *attest.Token) (*token.Claims, error) {
	if t.Object == "" {
		return nil, c.seed(t.Commitment.Seed, "commitment.seed")
	}
	provider, err := c.providerOf(t.Issuer)
	if err != nil {
		return nil, err
	}
	if provider == nil {
		return nil, attest.Refuse("token.provider", "issuer", "a provider that is registered and in its window", t.Issuer)
	}
	keys, err := c.providerKeys(t.Issuer)
	if err != nil {
		return nil, err
	}
	raw, err := c.object(t.Object, "object")
	gone := missing(err) && c.unseen(c.verified.ID())
	if err != nil && !gone {
		return nil, err
	}
	rules, ok := rulesOf(provider, t.Type)
	if gone && ok {
		return nil, nil
	}
	if !ok {
		return nil, attest.Refuse("token.type", "type", "a type that the log takes of this provider", string(t.Type))
	}
	claims, err := token.Verify(raw, keys, rules, c.at)
	if err != nil {
		return nil, err
	}
	if claims.Expires != t.Expires {
		return nil, attest.Refuse("token.time", "expires", number(claims.Expires), number(t.Expires))
	}
	if t.Agent != "" && !c.saidToBe(t.Agent, provider, claims) {
		c.deny("token.agent")
	}
	_, err = c.current(AccountSlot(t.Issuer, claims.Subject)) // whose it is now, for good
	return claims, err
}

// saidToBe reports whether a token is about the agent that the statement names.
// By the key it can tell only for the agent that signs.
func (c *check) saidToBe(agent string, p *attest.Provider, claims *token.Claims) bool {
	holder := token.Holder{ID: agent}
	if s := c.verified.Signer(); s.ID == agent {
		holder = holderOf(agent, s, c.objects[s.KeyID])
	}
	return claims.Names(holder, p.AgentOf())
}

func rulesOf(p *attest.Provider, t attest.TokenType) (token.Rules, bool) {
	a := p.Accepted(t)
	if a == nil {
		return token.Rules{}, false
	}
	return token.Rules{Issuer: p.Issuer, Type: t, Algorithms: p.Algorithms, Audiences: a.Audiences, Plain: a.Plain}, true
}

// providerOf returns the provider in force, in its window, or nil.
func (c *check) providerOf(issuer string) (*attest.Provider, error) {
	logged, err := c.current(ProviderSlot(issuer))
	if err != nil {
		return nil, err
	}
	p := statementOf[*attest.Provider](logged)
	if p == nil || !attest.In(c.at, p.From, p.Until) {
		return nil, nil
	}
	return p, nil
}

// providerKeys returns the provider's keys in force.
func (c *check) providerKeys(issuer string) (*token.Keys, error) {
	logged, err := c.current(JWKSSlot(issuer))
	if err != nil {
		return nil, err
	}
	root := statementOf[*attest.Root](logged)
	if root == nil {
		return nil, attest.Refuse("token.no_keys", "issuer", "logged keys of "+issuer, "none")
	}
	doc, err := c.stored(root.Bundle)
	if err != nil {
		return nil, err
	}
	return c.cache.jwks(root.Bundle, doc)
}

// sealing says until when an object is not given out: it is a token that somebody
// could still use.
type sealing struct {
	Until int64 `json:"until"` // ms, exclusive
}

func (s sealing) write(p *plain) {
	p.begin('{')
	p.integer("until", s.Until)
	p.end('}')
}

// SealedUntil returns until when, in ms, a register does not give an object out;
// 0 where it is not sealed.
func SealedUntil(v View, d attest.Digest) (int64, error) {
	doc, err := v.Get(sealedTable, d.Hex())
	if err != nil || doc == nil {
		return 0, err
	}
	s, _, err := decode[sealing](sealedTable, d.Hex(), doc)
	return s.Until, err
}

// seal keeps a token's object from being read before the token ends, also where
// the statement is denied.
func (o *outcomeOf) seal(s *state) {
	if t, ok := o.verified.Statement().(*attest.Token); ok && t.Object != "" {
		put(s, sealedTable, t.Object.Hex(), sealing{t.Expires})
	}
}

// JWKSSlot is where a provider's keys are in force.
func JWKSSlot(issuer string) Slot { return Slot("root/jwks:" + issuer) }

// ProviderSlot is where a provider's registration is in force.
func ProviderSlot(issuer string) Slot { return Slot("provider/" + issuer) }

// AccountSlot is where it is in force which person a subject of a provider is.
func AccountSlot(issuer, subject string) Slot {
	return Slot("account/" + attest.AccountName(issuer, subject).Hex())
}
