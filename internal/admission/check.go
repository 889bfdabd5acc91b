package admission

import (
	"fmt"
	"slices"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/identity"
	"github.com/deedlog/deed/policy"
)

// Checked is a statement whose signer is proven, with everything that could be
// established without counters. Only [Check] makes one.
type Checked struct {
	verified  attest.Verified
	submitter Submitter
	at        int64 // ms
	expires   int64 // ms: the last at which the signer's credential holds; 0 is open

	envelope     []byte // JSON form, an object
	objects      map[attest.Digest][]byte
	pins         map[Slot]*Logged
	statements   map[attest.ID]*Logged
	endorsements []Endorsement
	endorsers    []attest.Signer
	faults       []string
	mode         attest.Mode
	quotas       attest.Quotas
	act          *act // of an intent or record
	decision     policy.Decision
	lacks        []attest.ID     // tokens that are not there
	recorded     *Record         // that is believed for them
	tokens       []attest.Digest // that were read
}

// Verified returns the statement.
func (c *Checked) Verified() attest.Verified { return c.verified }

// Denied reports whether the statement will be logged as denied, whatever the
// register's state.
func (c *Checked) Denied() bool { return len(c.faults) > 0 }

// check is one run of Check: what it may look up and what it found.
type check struct {
	in     InForce
	cache  *Cache
	sent   Submission
	parsed attest.Parsed
	board  board // of a statement that a person signed
	// endorsed holds the keyids that endorsed the statement, each with the digest
	// of the key that did.
	endorsed map[attest.Digest]attest.Digest
	*Checked
}

// Check establishes everything about a statement that needs no counters. An
// error refuses the statement: an *attest.Fault, or what InForce failed with. A
// statement that must be logged as denied is a success here. The cache may be
// nil.
func Check(s Submission, in InForce, cache *Cache, at int64) (*Checked, error) {
	if at <= 0 {
		return nil, fmt.Errorf("checking statement: time is %d", at)
	}
	parsed, err := attest.Parse(s.Envelope)
	if err != nil {
		return nil, err
	}
	c := &check{in: in, cache: cache, sent: s, parsed: parsed, endorsed: map[attest.Digest]attest.Digest{}, Checked: &Checked{
		submitter: s.Submitter, at: at, envelope: s.Envelope.JSON(),
		objects: map[attest.Digest][]byte{}, pins: map[Slot]*Logged{}, statements: map[attest.ID]*Logged{},
	}}
	for _, step := range [...]func(*check) error{(*check).origin, (*check).signer, (*check).kind, (*check).unused, (*check).takeOver} {
		if err := step(c); err != nil {
			return nil, err
		}
	}
	slices.Sort(c.faults)
	c.faults = slices.Compact(c.faults)
	return c.Checked, nil
}

// origin: the statement is for this log, and only a genesis comes before the
// genesis.
func (c *check) origin() error {
	s := c.parsed.Statement()
	if got := s.Head().Log; got != c.in.Origin() {
		return attest.Refuse("statement.log", "log", c.in.Origin(), got)
	}
	logged, err := c.current(GenesisSlot)
	if err != nil {
		return err
	}
	genesis := statementOf[*attest.Genesis](logged) // the other checks take it as given
	if (s.Kind() == attest.KindGenesis) != (genesis == nil) {
		return attest.Refuse("genesis.place", "", "one genesis, as entry 0", string(s.Kind()))
	}
	return nil
}

// signer: the key that the envelope names belongs to the party that the
// statement names, and signed it.
func (c *check) signer() error {
	signer, err := c.resolve(c.parsed.Statement().SignedBy(), c.parsed.Envelope().KeyID)
	if err != nil {
		return err
	}
	if c.sent.Admit != nil {
		release, err := c.sent.Admit(signer.Key)
		if err != nil {
			return err
		}
		defer release()
	}
	c.verified, err = c.parsed.Verify(signer)
	if until := c.verified.Until(); until != 0 && (c.expires == 0 || until < c.expires) {
		c.expires = until // of certificates that came with the signature
	}
	return err
}

func (c *check) resolve(p attest.Party, keyID attest.Digest) (attest.Signer, error) {
	switch p.Kind {
	case attest.BySVID:
		return c.workload(keyID)
	case attest.ByServer:
		return c.server()
	default:
		return c.human(p.ID, keyID)
	}
}

// workload proves an X.509-SVID against the bundle in force for its own trust
// domain.
func (c *check) workload(keyID attest.Digest) (attest.Signer, error) {
	der, err := c.object(keyID, "keyid")
	if err != nil {
		return attest.Signer{}, err
	}
	chain, err := c.cache.chain(keyID, der)
	if err != nil {
		return attest.Signer{}, signerFault(err)
	}
	domain := chain.TrustDomain()
	if g := statementOf[*attest.Genesis](c.pins[GenesisSlot]); !slices.Contains(g.TrustDomains, domain) {
		return attest.Signer{}, attest.Refuse("signer.foreign", "keyid", fmt.Sprint(g.TrustDomains), domain)
	}
	bundle, err := c.bundle(domain)
	if err != nil {
		return attest.Signer{}, err
	}
	proven, err := c.cache.verify(keyID, chain, bundle, time.UnixMilli(c.at))
	if err != nil {
		return attest.Signer{}, signerFault(err)
	}
	if c.expires == 0 {
		c.expires = proven.NotAfter.UnixMilli()
	}
	return attest.Signer{
		Party: attest.Party{ID: proven.ID, Kind: attest.BySVID}, Key: proven.Key,
		KeyID: keyID, KeySum: attest.DigestFrom(proven.KeyDigest),
	}, nil
}

func (c *check) bundle(domain string) (*identity.Bundle, error) {
	logged, err := c.current(RootSlot(domain))
	if err != nil {
		return nil, err
	}
	root := statementOf[*attest.Root](logged)
	if root == nil {
		return nil, attest.Refuse("signer.no_bundle", "keyid", "a logged bundle of "+domain, "none")
	}
	doc, err := c.stored(root.Bundle)
	if err != nil {
		return nil, err
	}
	b, err := c.cache.bundle(domain, root.Bundle, doc)
	if err != nil {
		return nil, signerFault(err)
	}
	return b, nil
}

// server returns the register's own key, from its genesis.
func (c *check) server() (attest.Signer, error) {
	g := statementOf[*attest.Genesis](c.pins[GenesisSlot])
	if own, ok := c.parsed.Statement().(*attest.Genesis); ok {
		g = own // pinned by the reader's trust directory, not by us
	}
	c.objects[g.ServerKey.Digest()] = g.ServerKey
	return attest.KeySigner(attest.ByServer, c.in.Origin(), g.ServerKey)
}

// human returns the key of a person, or of an administrator.
func (c *check) human(name string, keyID attest.Digest) (attest.Signer, error) {
	if err := c.seat(); err != nil {
		return attest.Signer{}, err
	}
	if key := c.board.key(name); key != nil && key.Digest() == keyID {
		return c.holder(name, attest.PersonKey(key))
	}
	logged, err := c.current(PersonSlot(name))
	if err != nil {
		return attest.Signer{}, err
	}
	p := statementOf[*attest.Person](logged)
	if p == nil || !attest.In(c.at, p.From, p.Until) || p.Credential().Digest() != keyID {
		return attest.Signer{}, attest.Refuse("signer.unknown", "keyid", "the registered key of "+name, string(keyID))
	}
	if p.Until != 0 {
		c.expires = p.Until - 1
	}
	return c.holder(name, p.Credential())
}

// holder makes a signer of a person's credential and keeps that with the entry.
func (c *check) holder(name string, key attest.PersonKey) (attest.Signer, error) {
	c.objects[key.Digest()] = key
	s, err := key.Signer(name)
	if err != nil {
		return s, err
	}
	return c.anchored(s)
}

// kind runs the rules of the statement's kind.
func (c *check) kind() error {
	switch s := c.verified.Statement().(type) {
	case *attest.Genesis:
		return c.genesis(s)
	case *attest.Administrators:
		return c.administrators(s)
	case *attest.Root:
		return c.root(s)
	case *attest.Person:
		return c.person(s)
	case *attest.Issuer:
		return c.issuer(s)
	case *attest.Policy:
		return c.policy(s)
	case *attest.Agent:
		return c.agent(s)
	case *attest.Instruction:
		return c.instruction(s)
	case *attest.Trigger:
		return c.trigger(s)
	case *attest.Warrant:
		return c.warrant(s)
	case *attest.Approval:
		return c.approval(s)
	case *attest.Refusal:
		return c.refusal(s)
	case *attest.Action:
		return c.action(s)
	case *attest.Revocation:
		return c.revocation(s)
	case *attest.Countersignature:
		return c.countersignature(s)
	case *attest.Compromise:
		return c.compromise(s)
	case *attest.Erasure:
		return c.erasure(s)
	case *attest.Provider:
		return c.provider(s)
	case *attest.Account:
		return c.account(s)
	case *attest.Token:
		return c.token(s)
	}
	return attest.Refuse("statement.type", "", "a kind with rules", string(c.verified.Statement().Kind()))
}

// unused refuses objects that nothing refers to: the store holds evidence, not
// luggage.
func (c *check) unused() error {
	for _, digest := range sortedKeys(c.sent.Objects) {
		if _, ok := c.objects[digest]; !ok {
			return attest.Refuse("object.unused", "objects", "only objects that the statement names", string(digest))
		}
	}
	return nil
}

// deny records a fault with which the statement is logged as denied.
func (c *check) deny(code string) { c.faults = append(c.faults, code) }

func (c *check) denyFault(f *attest.Fault) {
	if f != nil {
		c.deny(f.Code)
	}
}

// current looks up a slot once; what it found is pinned and recorded.
func (c *check) current(slot Slot) (*Logged, error) {
	if l, ok := c.pins[slot]; ok {
		return l, nil
	}
	l, err := c.in.Current(slot)
	if err != nil {
		return nil, fmt.Errorf("looking up %s: %w", slot, err)
	}
	c.pins[slot] = l
	return l, nil
}

// logged looks up a statement that this one names; it must be in the log.
func (c *check) logged(id attest.ID, field string) (*Logged, error) {
	if l, ok := c.statements[id]; ok {
		return l, nil
	}
	l, err := c.in.Logged(id)
	if err != nil {
		return nil, fmt.Errorf("looking up %s: %w", id, err)
	}
	if l == nil {
		return nil, attest.Refuse("reference.unlogged", field, "a statement in this log", string(id))
	}
	c.statements[id] = l
	return l, nil
}

// object finds an object that this statement names, sent along or stored, and
// keeps it with the entry.
func (c *check) object(d attest.Digest, field string) ([]byte, error) {
	b, ok := c.sent.Objects[d]
	if !ok {
		var err error
		if b, err = c.in.Object(d); err != nil {
			return nil, fmt.Errorf("reading object %s: %w", d, err)
		}
	}
	if b == nil {
		return nil, attest.Refuse("object.missing", field, "the object", string(d))
	}
	c.objects[d] = b
	return b, nil
}

// stored finds an object of a statement that is already logged.
func (c *check) stored(d attest.Digest) ([]byte, error) {
	b, err := c.in.Object(d)
	if err != nil {
		return nil, fmt.Errorf("reading object %s: %w", d, err)
	}
	if b == nil {
		return nil, attest.Refuse("object.missing", "", "the object", string(d))
	}
	return b, nil
}

// signerFault turns identity's answer into a fault; its check names are codes.
func signerFault(err error) error {
	if e := identityError(err); e != nil {
		code := e.Check
		if _, ok := attest.Faults[code]; !ok {
			code = "object.form" // the bytes are not a chain or bundle at all
		}
		return attest.Refuse(code, e.Field, e.Expected, e.Found)
	}
	return err
}
