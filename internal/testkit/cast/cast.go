// Package cast is everyone who signs something in the tests of a register, and
// the statements that they sign. It makes statements and knows no register: what
// becomes of them is the test's.
package cast

import (
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/authenticator"
	"github.com/deedlog/deed/internal/testkit/pki"
	"github.com/deedlog/deed/ledger/storetest"
)

// Domain is the trust domain of all workloads.
const Domain = "acme.example"

// Hour is an hour in ms.
const Hour = int64(3_600_000)

// A Cast is the people and workloads of one test. Every statement is right as it
// comes; a test spoils it before it is signed.
type Cast struct {
	testing.TB
	Rand  io.Reader // seeded with the name of the test
	Clock *storetest.Clock
	CA    *spiffeca.CA

	Server, Admin, Second, Treasurer, Controller         *Party
	Orchestrator, Buyer, Payments, Bystander, Reconciler *Party
	Scheduler, Desk                                      *Party
}

// A Party signs with a key that is registered, or with an SVID.
type Party struct {
	attest.Party
	Key   crypto.Signer
	KeyID attest.Digest
	Chain []byte // of a workload

	// What signs instead of the key itself; at most one of them.
	Passkey   *authenticator.Authenticator // with the key
	SSH       *pki.SSH                     // with the key
	Certified *Certified
}

// A Sent is an envelope with its objects, as it arrives.
type Sent struct {
	Envelope attest.Envelope
	Objects  [][]byte
	ID       attest.ID
}

// seeded gives the same bytes in every run, to any number of goroutines.
type seeded struct {
	mu  sync.Mutex
	src *rand.ChaCha8
}

// Read implements io.Reader.
func (s *seeded) Read(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.src.Read(b)
}

// New makes the cast of a test.
func New(t testing.TB) *Cast {
	t.Helper()
	return NewSeeded(t, t.Name())
}

// NewSeeded makes the cast of a seed: every byte that it signs is the same each
// time, in every test.
func NewSeeded(t testing.TB, seed string) *Cast {
	t.Helper()
	c := &Cast{TB: t, Rand: source(seed), Clock: new(storetest.Clock)}
	c.CA = c.NewCA(Domain)
	for _, p := range []struct {
		to   **Party
		name string
	}{{&c.Admin, "admin"}, {&c.Second, "second"}, {&c.Treasurer, "treasurer"}, {&c.Controller, "controller"}} {
		*p.to = c.Person(p.name)
	}
	c.Server = c.Person(storetest.Origin)
	c.Server.Kind = attest.ByServer
	for _, p := range []struct {
		to   **Party
		path string
	}{
		{&c.Orchestrator, "/agent/orchestrator"}, {&c.Buyer, "/agent/buyer"}, {&c.Payments, "/agent/payments"},
		{&c.Bystander, "/agent/bystander"}, {&c.Reconciler, "/agent/reconciler"},
		{&c.Scheduler, "/service/scheduler"}, {&c.Desk, "/service/desk"},
	} {
		*p.to = c.Workload(p.path)
	}
	return c
}

// Fork is the same cast at the same time, with a clock of its own and nonces of
// another seed.
func (c *Cast) Fork(t testing.TB, seed string) *Cast {
	f := *c
	f.TB, f.Rand, f.Clock = t, source(seed), new(storetest.Clock)
	f.Clock.Move(c.Clock.Now().Sub(f.Clock.Now()))
	return &f
}

func source(seed string) *seeded {
	return &seeded{src: rand.NewChaCha8(sha256.Sum256([]byte(seed)))}
}

// NewCA makes a CA of a trust domain.
func (c *Cast) NewCA(domain string) *spiffeca.CA {
	c.Helper()
	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: domain, Now: c.Clock.Now, Rand: c.Rand, RootTTL: 1000 * time.Hour, SVIDTTL: 100 * time.Hour})
	c.Check(err)
	return ca
}

// Check ends the test on an error.
func (c *Cast) Check(err error) {
	c.Helper()
	if err != nil {
		c.Fatal(err)
	}
}

// Person makes a person with a key, whom nothing registers yet.
func (c *Cast) Person(name string) *Party {
	c.Helper()
	seed := make([]byte, ed25519.SeedSize)
	_, err := io.ReadFull(c.Rand, seed)
	c.Check(err)
	p := &Party{Party: attest.Party{ID: name, Kind: attest.ByPerson}, Key: ed25519.NewKeyFromSeed(seed)}
	p.KeyID = p.Public().Digest()
	return p
}

// Workload makes a workload of [Domain], with an SVID.
func (c *Cast) Workload(path string) *Party {
	c.Helper()
	svid, err := c.CA.Issue("spiffe://" + Domain + path)
	c.Check(err)
	return c.Holder(svid)
}

// Holder is the workload that has an SVID.
func (c *Cast) Holder(svid *x509svid.SVID) *Party {
	p := &Party{Party: attest.Party{ID: svid.ID.String(), Kind: attest.BySVID}, Key: svid.PrivateKey}
	for _, cert := range svid.Certificates {
		p.Chain = append(p.Chain, cert.Raw...)
	}
	p.KeyID = attest.DigestOf(p.Chain)
	return p
}

// Public is the public key of a party.
func (p *Party) Public() attest.Key {
	key, err := attest.KeyOf(p.Key.Public())
	if err != nil {
		panic(err) // of a supported kind, all of them
	}
	return key
}

// Sign signs a statement; a workload sends its chain along.
func (c *Cast) Sign(p *Party, s attest.Statement, objects ...[]byte) Sent {
	c.Helper()
	return c.Seal(p, c.Payload(s), objects...)
}

// Payload is a statement as it is signed.
func (c *Cast) Payload(s attest.Statement) []byte {
	c.Helper()
	doc, err := attest.Payload(s)
	c.Check(err)
	return doc
}

// Seal signs any bytes.
func (c *Cast) Seal(p *Party, payload []byte, objects ...[]byte) Sent {
	c.Helper()
	e, err := p.seal(payload)
	c.Check(err)
	if p.Chain != nil {
		objects = append(slices.Clone(objects), p.Chain)
	}
	return Sent{e, objects, e.ID(p.Name())}
}

// Endorsed adds signatures of others over the same payload.
func (c *Cast) Endorsed(s Sent, by ...*Party) Sent {
	c.Helper()
	for _, p := range by {
		s.Objects = append(s.Objects, c.Seal(p, s.Envelope.Payload).Envelope.JSON())
	}
	return s
}

// Now is the time of the cast's clock, in ms.
func (c *Cast) Now() int64 { return c.Clock.Now().UnixMilli() }

// Random is a new nonce or session.
func (c *Cast) Random() string {
	var b [16]byte
	_, _ = c.Rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}

// Seed is a new seed of a commitment.
func (c *Cast) Seed() (seed [32]byte) {
	_, _ = c.Rand.Read(seed[:]) // never fails
	return seed
}
