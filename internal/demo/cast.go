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
	return h.client.SubmitEnvelope(ctx, e, "person:"+h.name, objects...)
}

// workload is an agent or service of the story, with its SVID.
type workload struct {
	id     string
	svid   *x509svid.SVID
	client *agent.Client
}

// SVID implements agent.Source.
func (w *workload) SVID() (*x509svid.SVID, error) { return w.svid, nil }

func newWorkload(ctx context.Context, url, id string, ca *spiffeca.CA, o agent.Options) (*workload, error) {
	svid, err := ca.Issue(id)
	if err != nil {
		return nil, fmt.Errorf("issuing SVID for %s: %w", id, err)
	}
	w := &workload{id: id, svid: svid}
	w.client, err = agent.New(ctx, url, w, o)
	return w, err
}

// cast is everyone in the story.
type cast struct {
	admin, treasurer, controller           *human
	orchestrator, buyer, payments          *workload
	bystander, reconciler, scheduler, desk *workload
	origin, domain                         string
	now                                    func() time.Time
}

// newCast makes keys and SVIDs and connects everyone to the register.
func newCast(ctx context.Context, o stage) (*cast, error) {
	c := &cast{domain: o.CA.TrustDomain(), now: time.Now}
	for _, w := range []struct {
		to   **workload
		path string
	}{
		{&c.orchestrator, "/agent/orchestrator"}, {&c.buyer, "/agent/buyer"}, {&c.payments, "/agent/payments"},
		{&c.bystander, "/agent/bystander"}, {&c.reconciler, "/agent/reconciler"},
		{&c.scheduler, "/service/scheduler"}, {&c.desk, "/service/mandate-desk"},
	} {
		var err error
		if *w.to, err = newWorkload(ctx, o.URL, "spiffe://"+c.domain+w.path, o.CA, agent.Options{LogKey: o.LogKey}); err != nil {
			return nil, err
		}
	}
	c.origin = c.orchestrator.client.Origin()
	return c, c.people(o)
}

func (c *cast) people(o stage) (err error) {
	_, treasurer, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	controller, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("making a key: %w", err)
	}
	client := c.orchestrator.client // people have no SVID: any connection will do
	if c.admin, err = newHuman(o.Admin, o.AdminKey, client); err != nil {
		return err
	}
	if c.treasurer, err = newHuman("treasurer", treasurer, client); err != nil {
		return err
	}
	c.controller, err = newHuman("controller", controller, client)
	return err
}

func nonce() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
