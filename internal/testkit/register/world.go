package register

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/policy"
)

// Names of the world.
const (
	Origin = "log.example/2026"
	Domain = "acme.example"

	hour = int64(time.Hour / time.Millisecond)
)

// Human is a person with a key of their own.
type Human struct {
	Name   string
	Key    ed25519.PrivateKey
	Public attest.Key
}

// Agent is a workload with its SVID, and where its session stands.
type Agent struct {
	ID      string
	Chain   []byte // DER, leaf first
	Key     ed25519.PrivateKey
	session attest.Session
}

// World is a register with a small organisation in it. Alice instructs, Bob is
// another principal, Carol and Dave administer. The chain of warrants is Alice,
// orchestrator, buyer, payments.
type World struct {
	*Register
	Keys                                       Keys
	CA                                         *spiffeca.CA
	Alice, Bob, Carol, Dave, Server            *Human
	Orchestrator, Buyer, Payments, Cron, Rogue *Agent
	// Entries are the indexes of the story by name.
	Entries map[string]uint64
	// IDs are the statements of the story by name.
	IDs map[string]attest.ID

	t    testing.TB
	rand *rand.ChaCha8
}

// NewWorld makes the world: genesis, root, policy, people, issuers, agents,
// warrants, and actions of every class. The seed makes all keys and nonces.
func NewWorld(t testing.TB, seed string) *World {
	t.Helper()
	w := NewEmpty(t, seed)
	w.found(policy.Default())
	w.authorize()
	w.act()
	return w
}

// NewEmpty makes the people, the keys and the register, with nothing logged.
func NewEmpty(t testing.TB, seed string) *World {
	t.Helper()
	w := &World{
		t: t, rand: rand.NewChaCha8(sha256.Sum256([]byte(seed))),
		Entries: map[string]uint64{}, IDs: map[string]attest.ID{},
	}
	clock := new(Clock)
	w.Keys.Ed25519, _ = ledger.NewEd25519Key(w.rand, Origin)
	w.Keys.MLDSA44, _ = ledger.NewMLDSAKey(w.rand, Origin)
	w.Register = New(t, Origin, seed, w.Keys, clock)
	for _, h := range []struct {
		to   **Human
		name string
	}{{&w.Alice, "alice"}, {&w.Bob, "bob"}, {&w.Carol, "carol"}, {&w.Dave, "dave"}, {&w.Server, Origin}} {
		*h.to = w.human(h.name)
	}
	var err error
	w.CA, err = spiffeca.New(spiffeca.Config{
		TrustDomain: Domain, Now: clock.Now, Rand: w.rand, KeyType: spiffeca.Ed25519,
		RootTTL: 240 * time.Hour, SVIDTTL: 24 * time.Hour, Intermediate: true,
	})
	w.must(err)
	for _, a := range []struct {
		to   **Agent
		path string
	}{{&w.Orchestrator, "orchestrator"}, {&w.Buyer, "buyer"}, {&w.Payments, "payments"}, {&w.Cron, "cron"}, {&w.Rogue, "rogue"}} {
		*a.to = w.NewAgent("spiffe://" + Domain + "/agent/" + a.path)
	}
	return w
}

func (w *World) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *World) bytes(n int) []byte {
	b := make([]byte, n)
	_, _ = w.rand.Read(b) // never fails
	return b
}

// Nonce draws 16 bytes in hex.
func (w *World) Nonce() string { return hex.EncodeToString(w.bytes(16)) }

func (w *World) human(name string) *Human {
	key := ed25519.NewKeyFromSeed(w.bytes(ed25519.SeedSize))
	public, err := attest.KeyOf(key.Public())
	w.must(err)
	return &Human{Name: name, Key: key, Public: public}
}

// NewAgent issues an SVID and starts a session.
func (w *World) NewAgent(id string) *Agent {
	svid, err := w.CA.Issue(id)
	w.must(err)
	var der []byte
	for _, c := range svid.Certificates {
		der = append(der, c.Raw...)
	}
	return &Agent{ID: id, Chain: der, Key: svid.PrivateKey.(ed25519.PrivateKey), session: attest.Session{ID: w.Nonce()}}
}

// Now is the time of the clock in ms.
func (w *World) Now() int64 { return w.Clock.Now().UnixMilli() }

// By signs as a person.
func (w *World) By(h *Human, s attest.Statement) attest.Envelope {
	return w.seal(s, h.Key, h.Public.Digest())
}

func (w *World) seal(s attest.Statement, key ed25519.PrivateKey, keyID attest.Digest) attest.Envelope {
	w.t.Helper()
	payload, err := attest.Payload(s)
	w.must(err)
	e, err := attest.Seal(payload, key, keyID)
	w.must(err)
	return e
}

// Add submits a statement under a name; whatever is refused ends the test.
func (w *World) Add(name string, e attest.Envelope, objects ...[]byte) Answer {
	w.t.Helper()
	w.Clock.Move(time.Second)
	a, err := w.Submit(e, objects...)
	if err != nil {
		w.t.Fatalf("%s: %v", name, err)
	}
	w.Entries[name], w.IDs[name] = a.Index, a.ID
	return a
}

// AddBy signs and submits as a person.
func (w *World) AddBy(name string, h *Human, s attest.Statement, objects ...[]byte) Answer {
	w.t.Helper()
	return w.Add(name, w.By(h, s), objects...)
}

// AddAs signs and submits as an agent. The chain is sent along.
func (w *World) AddAs(name string, a *Agent, s attest.Statement, objects ...[]byte) Answer {
	w.t.Helper()
	return w.Add(name, w.seal(s, a.Key, attest.DigestOf(a.Chain)), append([][]byte{a.Chain}, objects...)...)
}

// found logs what the register starts from.
func (w *World) found(src policy.Source) {
	g := w.Genesis()
	w.AddBy("genesis", w.Server, g, w.By(w.Carol, g).JSON(), w.By(w.Dave, g).JSON())
	w.AddRoot("root", w.CA.BundleDocument())
	p := &attest.Policy{
		By: "carol", Log: Origin, Mode: attest.Gate, Nonce: w.Nonce(), V: 1,
		Policies: attest.DigestOf(src.Policies), Schema: attest.DigestOf(src.Schema), Entities: attest.DigestOf(src.Entities),
		Quotas: attest.Quotas{Denials: 100, LeafTTL: 24 * hour},
	}
	w.AddBy("policy", w.Carol, p, w.By(w.Dave, p).JSON(), src.Policies, src.Schema, src.Entities)
	for _, h := range []*Human{w.Alice, w.Bob} {
		p := &attest.Person{By: "carol", From: w.Now(), Key: h.Public, Log: Origin, Name: h.Name, Nonce: w.Nonce(), V: 1}
		w.AddBy("person "+h.Name, w.Carol, p, w.By(h, p).JSON())
	}
	for _, party := range []attest.Party{{ID: "alice", Kind: attest.ByPerson}, {ID: w.Cron.ID, Kind: attest.BySVID}} {
		i := &attest.Issuer{
			Accountable: "alice", Bases: []attest.Basis{attest.EventTrigger, attest.HumanInstruction, attest.HumanStanding, attest.OrgStanding},
			By: "carol", From: w.Now(), Grants: []attest.Grant{grant("1000000.00"), readGrant()}, Issuer: party, Log: Origin, Nonce: w.Nonce(), V: 1,
		}
		w.AddBy("issuer "+party.ID, w.Carol, i, w.By(w.Dave, i).JSON())
	}
	w.AddBy("agents", w.Carol, &attest.Agent{
		Agent: "spiffe://" + Domain + "/agent", By: "carol", Log: Origin, Nonce: w.Nonce(), Owner: "alice", Prefix: true,
		Purpose: "buying office supplies", Recorder: true, Status: "registered", V: 1,
	})
}

// AddRoot puts a bundle of the world's trust domain in force.
func (w *World) AddRoot(name string, bundle []byte) Answer {
	return w.AddBy(name, w.Server, &attest.Root{
		At: w.Now(), Bundle: attest.DigestOf(bundle), Log: Origin, Nonce: w.Nonce(), Source: "file", TrustDomain: Domain, Type: "spiffe_bundle", V: 1,
	}, bundle)
}

func grant(limit string) attest.Grant {
	return attest.Grant{
		Actions: []string{"payments.quote", "payments.transfer"},
		Arguments: []attest.Argument{
			{Name: "amount", Constraint: attest.Constraint{DecimalMax: &attest.Amount{Decimal: limit, Unit: "EUR"}}},
			{Name: "reference", Constraint: attest.Constraint{Prefix: "INV/2026"}},
		},
		Budget:   &attest.Budget{Argument: "amount", Limit: attest.Amount{Decimal: limit, Unit: "EUR"}},
		MaxUses:  100,
		Resource: attest.Match{Kind: "bank_account", Match: attest.Constraint{Prefix: "iban/DE/nordlicht"}},
	}
}

func readGrant() attest.Grant {
	return attest.Grant{Actions: []string{"data.read"}, Resource: attest.Match{Kind: "table", Match: attest.Constraint{Prefix: "erp"}}}
}

// Grants are what issuers may grant, in the world's story.
func (w *World) Grants() []attest.Grant { return []attest.Grant{grant("1000000.00"), readGrant()} }
