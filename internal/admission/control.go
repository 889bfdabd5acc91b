package admission

import (
	"bytes"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/policy"
)

// genesis: every administrator endorses it. Whether it is the right one is for
// the reader's trust directory to say.
func (c *check) genesis(g *attest.Genesis) error {
	if err := c.endorse(endorsers(g.Administrators)); err != nil {
		return err
	}
	if len(c.endorsements) < len(g.Administrators) {
		return attest.Refuse("genesis.endorsed", "endorsements", "every administrator's endorsement", "fewer")
	}
	return nil
}

// person: an administrator says so, and the person has the key. To replace a key
// takes the old one or a quorum, or one administrator could become anyone; and a
// key is one person's, or one person could be two.
func (c *check) person(p *attest.Person) error {
	if err := c.begun(p.From); err != nil {
		return err
	}
	if !c.administrator() {
		c.deny("control.administrator")
	}
	logged, err := c.current(PersonSlot(p.Name))
	if err != nil {
		return err
	}
	own := p.Credential()
	signers := append(endorsers(c.others()), endorser{own, p.Name})
	held, ended, err := c.heldKey(p.Name, statementOf[*attest.Person](logged))
	if err != nil {
		return err
	}
	replaced := held != nil && held.Digest() != own.Digest()
	if !ended {
		signers = append(signers, endorser{held, p.Name})
	}
	if err := c.endorse(signers); err != nil {
		return err
	}
	if c.endorsed[own.Digest()] == "" {
		return attest.Refuse("control.possession", "endorsements", "one with the key of "+p.Name, "none")
	}
	agreed := !ended && (c.endorsed[held.Digest()] != "" || held.Digest() == c.verified.Signer().KeyID)
	if replaced && !agreed {
		if err := c.enough(); err != nil {
			return err
		}
	}
	if err := c.ownKey(p.Name, p.Identity()); err != nil {
		return err
	}
	return c.ownKey(p.Name, c.endorsed[own.Digest()]) // which may be that of a certificate
}

// heldKey is the key that a name has so far, or nil: an administrator has one
// from the beginning. An ended key says nothing any more, not even who comes
// after it; nor does that of an administrator who is none any more.
func (c *check) heldKey(name string, before *attest.Person) (key attest.PersonKey, ended bool, err error) {
	if before != nil {
		return before.Credential(), !attest.In(c.at, before.From, before.Until), nil
	}
	if key := c.board.key(name); key != nil {
		return attest.PersonKey(key), false, nil
	}
	former, err := c.current(AdministratorSlot(name))
	if err != nil {
		return nil, false, err
	}
	return attest.PersonKey(boardOf(former).key(name)), true, nil
}

// begun: a registration takes effect when it is logged, so it must not say that
// it begins later.
func (c *check) begun(from int64) error {
	if from > c.at {
		return attest.Refuse("control.early", "from", "a time that has come", number(from))
	}
	return nil
}

func (c *check) issuer(i *attest.Issuer) error {
	if err := c.begun(i.From); err != nil {
		return err
	}
	return c.quorum()
}

// policy: a quorum puts it, and it loads.
func (c *check) policy(p *attest.Policy) error {
	if err := c.quorum(); err != nil {
		return err
	}
	set, err := c.policySet(p, c.object)
	if err != nil {
		return err
	}
	if set == nil {
		c.deny("policy.invalid")
	}
	return nil
}

// agent: an administrator; or the owner of the registration in force, who may
// not give it away, make it a recorder or lift a suspension.
func (c *check) agent(a *attest.Agent) error {
	logged, err := c.current(AgentSlot(a.Agent, a.Prefix))
	if err != nil {
		return err
	}
	before := statementOf[*attest.Agent](logged)
	owner := before != nil && before.Owner == a.By && a.Owner == a.By &&
		before.Status == "registered" && (before.Recorder || !a.Recorder)
	if !owner && !c.administrator() {
		c.deny("control.administrator")
	}
	return nil
}

// revocation: the warrant's issuer, or an administrator.
func (c *check) revocation(r *attest.Revocation) error {
	logged, err := c.logged(r.Warrant, "warrant")
	if err != nil {
		return err
	}
	w := statementOf[*attest.Warrant](logged)
	switch {
	case w == nil:
		c.deny("reference.kind")
	case w.Issuer != c.verified.Signer().Party && !c.administrator():
		c.deny("revocation.issuer")
	}
	return nil
}

// quorum: the signer is an administrator, and with the endorsing ones there are
// enough.
func (c *check) quorum() error {
	if err := c.endorse(endorsers(c.others())); err != nil {
		return err
	}
	if !c.administrator() {
		c.deny("control.administrator")
		return nil
	}
	return c.enough()
}

// endorser is somebody who may endorse, by a key or passkey.
type endorser struct {
	key  attest.PersonKey
	name string
}

func endorsers(administrators []attest.Administrator) []endorser {
	out := make([]endorser, len(administrators))
	for i, a := range administrators {
		out[i] = endorser{attest.PersonKey(a.Key), a.Name}
	}
	return out
}

// endorse verifies every object that is an envelope of the same payload, by one
// of the signers. An object that looks like an endorsement and is not refuses
// the statement.
func (c *check) endorse(signers []endorser) error {
	for _, digest := range sortedKeys(c.sent.Objects) {
		e, err := attest.ParseEnvelope(c.sent.Objects[digest])
		if err != nil || !bytes.Equal(e.Payload, c.sent.Envelope.Payload) {
			continue
		}
		for _, s := range signers {
			if s.key.Digest() != e.KeyID {
				continue
			}
			if err := c.endorsement(digest, e, s); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

func (c *check) endorsement(digest attest.Digest, e attest.Envelope, by endorser) error {
	if c.endorsed[e.KeyID] != "" {
		return attest.Refuse("object.unused", "objects", "one endorsement with a key", string(e.KeyID))
	}
	signer, err := c.holder(by.name, by.key)
	if err != nil {
		return err
	}
	parsed, err := attest.Parse(e)
	if err != nil {
		return err
	}
	key, err := parsed.EndorsedBy(signer)
	if err != nil {
		return err
	}
	c.objects[digest] = c.sent.Objects[digest]
	c.endorsed[e.KeyID] = key
	c.endorsements = append(c.endorsements, Endorsement{Envelope: digest, Signer: signer.Party})
	signer.KeySum = key
	c.endorsers = append(c.endorsers, signer)
	return nil
}

// policySet loads the policy that a statement names; nil means it is not valid.
func (c *check) policySet(p *attest.Policy, read func(attest.Digest, string) ([]byte, error)) (*policy.Set, error) {
	var src policy.Source
	for _, part := range []struct {
		to     *[]byte
		digest attest.Digest
		field  string
	}{{&src.Policies, p.Policies, "policies"}, {&src.Schema, p.Schema, "schema"}, {&src.Entities, p.Entities, "entities"}} {
		b, err := read(part.digest, part.field)
		if err != nil {
			return nil, err
		}
		*part.to = b
	}
	return c.cache.policy(p, src)
}

// inForce returns the policy in force, or nil.
func (c *check) inForce() (*policy.Set, error) {
	logged, err := c.current(PolicySlot)
	if err != nil {
		return nil, err
	}
	p := statementOf[*attest.Policy](logged)
	if p == nil {
		return nil, nil
	}
	c.mode, c.quotas = p.Mode, p.Quotas
	return c.policySet(p, func(d attest.Digest, _ string) ([]byte, error) { return c.stored(d) })
}

func sortedKeys[K ~string, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
