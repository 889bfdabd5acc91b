package demo

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/internal/spiffeca"
)

// administrator is the one of the demo's register.
const administrator = "administrator"

// stage says where the story is played.
type stage struct {
	URL      string // of a running register
	LogKey   string // vkey of its log
	CA       *spiffeca.CA
	AdminKey crypto.Signer
}

// human is a person of the story, with the key that only they hold.
type human struct {
	name   string
	key    crypto.Signer
	public attest.Key
	client *agent.Client
}

func newHuman(name string, key crypto.Signer, client *agent.Client) (*human, error) {
	public, err := attest.KeyOf(key.Public())
	if err != nil {
		return nil, err
	}
	return &human{name: name, key: key, public: public, client: client}, nil
}

// sign seals a statement with the person's key.
func (h *human) sign(s attest.Statement) (attest.Envelope, error) {
	payload, err := attest.Payload(s)
	if err != nil {
		return attest.Envelope{}, err
	}
	return attest.Seal(payload, h.key, h.public.Digest())
}

// submit signs and submits a statement of the person's own.
func (h *human) submit(ctx context.Context, s attest.Statement, objects ...[]byte) (agent.Receipt, error) {
	e, err := h.sign(s)
	if err != nil {
		return agent.Receipt{}, err
	}
	return h.client.SubmitEnvelope(ctx, e, h.party().Name(), objects...)
}

func (h *human) party() attest.Party { return attest.Party{ID: h.name, Kind: attest.ByPerson} }

// workload is an agent or service of the story, with its SVID.
type workload struct {
	id     string
	svid   *x509svid.SVID
	client *agent.Client
}

// SVID implements agent.Source.
func (w *workload) SVID() (*x509svid.SVID, error) { return w.svid, nil }

func newWorkload(ctx context.Context, o stage, path string) (*workload, error) {
	id := "spiffe://" + o.CA.TrustDomain() + path
	svid, err := o.CA.Issue(id)
	if err != nil {
		return nil, fmt.Errorf("issuing SVID for %s: %w", id, err)
	}
	w := &workload{id: id, svid: svid}
	w.client, err = agent.New(ctx, o.URL, w, agent.Options{LogKey: o.LogKey})
	return w, err
}

// cast is everyone in the story.
type cast struct {
	admin, maria, bob, carol                *human
	planner, payments, bookkeeper, stranger *workload // agents
	mandates, scheduler                     *workload // services
	origin, domain                          string
	now                                     func() time.Time
}

// newCast makes keys and SVIDs and connects everyone to the register.
func newCast(ctx context.Context, o stage) (*cast, error) {
	c := &cast{domain: o.CA.TrustDomain(), now: time.Now}
	for _, w := range []struct {
		to   **workload
		path string
	}{
		{&c.planner, "/agent/planner"}, {&c.payments, "/agent/payments"}, {&c.bookkeeper, "/agent/books"}, {&c.stranger, "/agent/stranger"},
		{&c.scheduler, "/service/scheduler"}, {&c.mandates, "/service/mandate-desk"},
	} {
		var err error
		if *w.to, err = newWorkload(ctx, o, w.path); err != nil {
			return nil, err
		}
	}
	c.origin = c.planner.client.Origin()
	return c, c.people(o)
}

// people makes a key for each; it may be of either kind.
func (c *cast) people(o stage) (err error) {
	client := c.planner.client // people have no SVID: any connection will do
	if c.admin, err = newHuman(administrator, o.AdminKey, client); err != nil {
		return err
	}
	for _, h := range []struct {
		to   **human
		name string
		make func() (crypto.Signer, error)
	}{
		{&c.maria, "maria", newEd25519}, {&c.bob, "bob", newP256}, {&c.carol, "carol", newEd25519},
	} {
		key, err := h.make()
		if err != nil {
			return fmt.Errorf("making a key: %w", err)
		}
		if *h.to, err = newHuman(h.name, key, client); err != nil {
			return err
		}
	}
	return nil
}

func newEd25519() (crypto.Signer, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	return key, err
}

func newP256() (crypto.Signer, error) { return ecdsa.GenerateKey(elliptic.P256(), rand.Reader) }

func nonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
