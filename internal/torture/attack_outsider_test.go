package torture

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/register"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
	"github.com/deedlog/deed/verifier"
)

// fresh is an action of an agent in a session of its own.
func fresh(w *register.World, a *register.Agent, warrant attest.ID, amount string) *attest.Action {
	action := w.Action(a, attest.Record, warrant, amount)
	action.Session = attest.Session{ID: w.Nonce()}
	return action
}

// noHuman wants no finding that a human had a part in an action.
func noHuman(t *testing.T, a register.Answer) {
	t.Helper()
	if f := a.Record.Attribution; f == nil || strings.HasPrefix(string(f.Agency), "human_") || f.Authorizing != "" {
		t.Errorf("%+v", f)
	}
}

// request replaces what an action asks for.
func request(t *testing.T, a *attest.Action, resource string, open []attest.Opening, sealed []attest.Sealed) {
	t.Helper()
	root, err := attest.ArgumentsRoot(open, sealed)
	if err != nil {
		t.Fatal(err)
	}
	a.Open, a.Sealed = open, sealed
	a.Request.Arguments, a.Request.Count = root, len(open)+len(sealed)
	if resource != "" {
		a.Request.Resource.ID = resource
	}
}

func values(amount attest.Value, reference string) []attest.Opening {
	return attest.OpenValues(sha256.Sum256([]byte("seed")), []string{"amount", "reference"}, []attest.Value{amount, attest.Text(reference)})
}

// TestOutsiderImpersonates signs in the name of others.
func TestOutsiderImpersonates(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	rogue, log := w.Rogue, register.Origin
	rogueKey, err := attest.KeyOf(rogue.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	asPerson := func(s attest.Statement) attest.Envelope {
		return w.By(&register.Human{Name: "alice", Key: rogue.Key, Public: rogueKey}, s)
	}
	action := fresh(w, w.Payments, w.IDs["standing warrant"], "1.00")
	for name, c := range map[string]struct {
		envelope attest.Envelope
		object   []byte
		codes    []string
	}{
		"another agent":                      {sign(t, rogue, action), rogue.Chain, []string{"d0.signer"}},
		"another agent, with his chain":      {forge(t, w.Payments.Chain, rogue.Key, action), nil, []string{"envelope.signature"}},
		"another agent, by a bare key":       {w.By(&register.Human{Key: rogue.Key, Public: rogueKey}, action), rogueKey, []string{"object.form"}},
		"another agent, a chain and a byte":  {forge(t, append(bytes.Clone(w.Payments.Chain), 0), rogue.Key, action), append(bytes.Clone(w.Payments.Chain), 0), []string{"object.form"}},
		"a person, by an SVID":               {sign(t, rogue, w.Approval(w.Alice, action)), rogue.Chain, []string{"signer.unknown"}},
		"a person, by the SVID's key":        {asPerson(w.Approval(w.Alice, action)), nil, []string{"signer.unknown"}},
		"an administrator":                   {asPerson(w.Instruction(w.Carol)), nil, []string{"signer.unknown"}},
		"the register":                       {sign(t, rogue, &attest.Root{At: 1, Bundle: attest.DigestOf(nil), Log: log, Nonce: w.Nonce(), Source: "x", TrustDomain: register.Domain, Type: "spiffe_bundle", V: 1}), rogue.Chain, []string{"envelope.keyid"}},
		"the register, with another genesis": {w.By(w.Server, w.Genesis()), nil, []string{"genesis.place"}},
	} {
		objects := [][]byte{c.object}
		if c.object == nil {
			objects = nil
		}
		_, err := w.Submit(c.envelope, objects...)
		if t.Log(name); attest.AsFault(err) == nil {
			t.Errorf("%s: %v", name, err)
		}
		refusedAs(t, err, c.codes...)
	}
}

// forge signs with one key under the certificates of another.
func forge(t *testing.T, chain []byte, key ed25519.PrivateKey, s attest.Statement) attest.Envelope {
	t.Helper()
	return sign(t, &register.Agent{Chain: chain, Key: key}, s)
}

// TestOutsiderSpellsOtherwise sends one statement in other spellings, which
// another reader could take for something else.
func TestOutsiderSpellsOtherwise(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	good, err := attest.Payload(fresh(w, w.Rogue, "", "1.00"))
	if err != nil {
		t.Fatal(err)
	}
	replace := func(old, new string) []byte {
		if !bytes.Contains(good, []byte(old)) {
			t.Fatalf("no %s in %s", old, good)
		}
		return bytes.Replace(good, []byte(old), []byte(new), 1)
	}
	for name, payload := range map[string][]byte{
		"white space":         replace(`{"_type"`, `{ "_type"`),
		"a newline after it":  append(bytes.Clone(good), '\n'),
		"a byte order mark":   append([]byte("\xef\xbb\xbf"), good...),
		"a member twice":      replace(`"phase":"record"`, `"phase":"record","phase":"intent"`),
		"a member in capital": replace(`"phase":"record"`, `"Phase":"record"`),
		"an unknown member":   replace(`"phase":"record"`, `"phase":"record","phasf":1`),
		"an escaped letter":   replace(`"record"`, `"rec\u006frd"`),
		"an escaped slash":    replace(`spiffe://`, `spiffe:\/\/`),
		"a float":             replace(`"seq":0`, `"seq":0.0`),
		"minus zero":          replace(`"seq":0`, `"seq":-0`),
		"an exponent":         replace(`"seq":0`, `"seq":0e0`),
		"a large number":      replace(`"seq":0`, `"seq":9007199254740992`),
		"null":                replace(`"seq":0`, `"seq":null`),
		"a string":            replace(`"seq":0`, `"seq":"0"`),
		"no member":           replace(`,"seq":0`, ``),
		"an empty member":     replace(`"phase":"record"`, `"instance":"","phase":"record"`),
		"invalid UTF-8":       replace(`model-7`, "model-\xff"),
		"half a surrogate":    replace(`model-7`, "model-\xed\xa0\x80"),
		"a control character": replace(`model-7`, "model-\u0085"),
		"another type":        replace(`in-toto.io/Statement/v1`, `in-toto.io/Statement/v01`),
		"another version":     replace(`/spec/action/v1`, `/spec/action/v1/v1`),
		"another kind":        replace(`/spec/action/v1`, `/spec/erasure/v1`),
		"two subjects":        replace(`"subject":[`, `"subject":[{"digest":{"sha256":"00"},"name":"x"},`),
	} {
		e, err := attest.Seal(payload, w.Rogue.Key, attest.DigestOf(w.Rogue.Chain))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Submit(e, w.Rogue.Chain); attest.AsFault(err) == nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	elsewhere := fresh(w, w.Rogue, "", "1.00")
	elsewhere.Log = "log.example/2027"
	_, err = submit(t, w, w.Rogue, elsewhere)
	refusedAs(t, err, "statement.log")
}

// TestOutsiderUsesWhatIsNotHis: the warrant, the approval, the intent and the
// session of another; nothing of theirs is used up.
func TestOutsiderUsesWhatIsNotHis(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	warrant := w.IDs["standing warrant without trigger"]
	mine := fresh(w, w.Payments, warrant, "1.00")
	approval := w.AddBy("my approval", w.Alice, w.Approval(w.Alice, mine)).ID

	a, err := submit(t, w, w.Rogue, fresh(w, w.Rogue, warrant, "2.00"))
	denied(t, a, err, "d10.holder")
	noHuman(t, a)
	stolen := fresh(w, w.Rogue, warrant, "1.00")
	stolen.Authority.Approvals = []attest.ID{approval}
	a, err = submit(t, w, w.Rogue, stolen)
	denied(t, a, err, "approval.mismatch")
	noHuman(t, a)
	other := fresh(w, w.Payments, warrant, "1.00") // the same agent, but not the same commitment
	other.Authority.Approvals = []attest.ID{approval}
	a, err = submit(t, w, w.Payments, other)
	denied(t, a, err, "approval.mismatch")
	noHuman(t, a)

	session := mine.Session
	hijack := fresh(w, w.Rogue, "", "3.00")
	hijack.Session = session
	if _, err = submit(t, w, w.Rogue, hijack); err != nil {
		t.Error(err)
	}
	a, err = submit(t, w, w.Rogue, &attest.Action{
		Agent: w.Rogue.ID, ClaimedAt: w.Now(), Initiator: attest.Initiator{Claim: "human"}, Intent: w.IDs["human_directed"], Log: register.Origin,
		Nonce: w.Nonce(), Outcome: &attest.Result{Status: "reverted"}, Phase: attest.Outcome, Session: attest.Session{ID: w.Nonce()}, V: 1,
	})
	denied(t, a, err, "outcome.intent")

	mine.Authority.Approvals = []attest.ID{approval}
	a, err = submit(t, w, w.Payments, mine)
	if err != nil || a.Record.Decision.Effect != admission.Allow || a.Record.Read.Spent[0].Uses != 1 || a.Record.Attribution.Agency != agency.HumanDirected {
		t.Errorf("%v %+v", err, a.Record)
	}
	a, err = submit(t, w, w.Payments, mine) // the same again is the same, and one that differs is a fork
	if err == nil && a.Record != nil {
		t.Errorf("logged twice: %+v", a.Record.Decision)
	}
}

// TestOutsiderEndsWarrants revokes what others issued, and what is no warrant.
func TestOutsiderEndsWarrants(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	warrant := w.IDs["standing warrant without trigger"]
	for _, by := range []*register.Agent{w.Rogue, w.Payments} { // the holder did not issue it either
		a, err := submit(t, w, by, &attest.Revocation{
			By: attest.Party{ID: by.ID, Kind: attest.BySVID}, Log: register.Origin, Nonce: w.Nonce(), Reason: "x", V: 1, Warrant: warrant,
		})
		denied(t, a, err, "revocation.issuer")
	}
	bob := w.AddBy("revocation by bob", w.Bob, &attest.Revocation{
		By: attest.Party{ID: "bob", Kind: attest.ByPerson}, Log: register.Origin, Nonce: w.Nonce(), Reason: "x", V: 1, Warrant: warrant,
	})
	denied(t, bob, nil, "revocation.issuer")
	if a, err := submit(t, w, w.Payments, fresh(w, w.Payments, warrant, "1.00")); err != nil || a.Record.Decision.Effect != admission.Allow {
		t.Errorf("%v %+v", err, a.Record)
	}
}

// TestOutsiderMakesOwnAuthority issues a root warrant to itself, to a friend, and
// in the shadow of a human's instruction that was given to another.
func TestOutsiderMakesOwnAuthority(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	rogue := attest.Party{ID: w.Rogue.ID, Kind: attest.BySVID}
	mine := w.Instruction(w.Alice, register.Transfer())
	mine.Addressee, mine.RecordedBy = w.Rogue.ID, w.Rogue.ID
	forgery, err := submit(t, w, w.Rogue, mine)
	if err != nil {
		t.Fatal(err)
	}
	for name, instruction := range map[string]attest.ID{"none": "", "for another": w.IDs["instruction"], "of his own hand": forgery.ID} {
		var evidence []attest.ID
		if instruction != "" {
			evidence = []attest.ID{instruction}
		}
		root, err := submit(t, w, w.Rogue, w.RootWarrant(rogue, w.Rogue.ID, attest.OrgStanding, instruction, evidence...))
		denied(t, root, err, "d11.root")
		a, err := submit(t, w, w.Rogue, fresh(w, w.Rogue, root.ID, "1.00"))
		denied(t, a, err, "reference.denied")
		noHuman(t, a)
		if f := a.Record.Attribution; f.Agency == agency.Autonomous || f.Accountable != "" || f.Authority == agency.AuthorityWithin {
			t.Errorf("%s: %+v", name, f)
		}
	}
	human := w.RootWarrant(rogue, w.Rogue.ID, attest.HumanInstruction, w.IDs["instruction"], w.IDs["instruction"])
	root, err := submit(t, w, w.Rogue, human)
	denied(t, root, err, "d11.root")
}

// TestOutsiderSetsItselfOff records a trigger for its own work.
func TestOutsiderSetsItselfOff(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	trigger, err := submit(t, w, w.Payments, &attest.Trigger{
		Addressee: w.Payments.ID, At: w.Now(), Cause: attest.Schedule, Expires: w.Now() + 3_600_000, Log: register.Origin, Nonce: w.Nonce(), Recorder: w.Payments.ID, Source: "cron:me", V: 1,
	})
	denied(t, trigger, err, "trigger.recorder")
	a := fresh(w, w.Payments, w.IDs["standing warrant without trigger"], "1.00")
	a.Initiator = attest.Initiator{Claim: "schedule", Trigger: trigger.ID}
	answer, err := submit(t, w, w.Payments, a)
	if err != nil || answer.Record.Attribution.Agency != agency.Unattributed {
		t.Errorf("%v %+v", err, answer.Record)
	}
}

// TestOutsiderWidens passes on more than it has, and asks for more than it may.
func TestOutsiderWidens(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	warrant := w.IDs["standing warrant without trigger"]
	parent, err := w.Logged(warrant)
	if err != nil {
		t.Fatal(err)
	}
	root := parent.Verified.Statement().(*attest.Warrant)
	for name, change := range map[string]func(*attest.Warrant){
		"a higher amount": func(c *attest.Warrant) { c.Grants[0].Arguments[0].Constraint.DecimalMax.Decimal = "50000.0001" },
		"another unit":    func(c *attest.Warrant) { c.Grants[0].Arguments[0].Constraint.DecimalMax.Unit = "JPY" },
		"any amount": func(c *attest.Warrant) {
			c.Grants[0].Arguments[0].Constraint = attest.Constraint{All: &[]attest.Constraint{}}
		},
		"no budget":            func(c *attest.Warrant) { c.Grants[0].Budget = nil },
		"no limit of uses":     func(c *attest.Warrant) { c.Grants[0].MaxUses = 0 },
		"an argument less":     func(c *attest.Warrant) { c.Grants[0].Arguments = c.Grants[0].Arguments[:1] },
		"a prefix of a prefix": func(c *attest.Warrant) { c.Grants[0].Resource.Match.Prefix = "iban/DE" },
		"a longer name":        func(c *attest.Warrant) { c.Grants[0].Resource.Match.Prefix = "iban/DE/nordlicht2" },
		"another action":       func(c *attest.Warrant) { c.Grants[0].Actions = []string{"payments.refund"} },
	} {
		child := w.Child(root, warrant, w.Rogue.ID, "10.00")
		change(child)
		a, err := submit(t, w, w.Payments, child)
		if t.Log(name); err == nil {
			denied(t, a, err, "d5.grants")
		} else {
			refusedAs(t, err, "statement.field")
		}
	}
	longer := w.Child(root, warrant, w.Rogue.ID, "10.00")
	longer.Expires = root.Expires + 1
	a, err := submit(t, w, w.Payments, longer)
	denied(t, a, err, "d4.window")
}

// TestOutsiderDropsInstruction hands its warrant to itself without the instruction,
// which says how many actions it may carry.
func TestOutsiderDropsInstruction(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	once := w.Instruction(w.Alice)
	once.MaxActions = 1
	instruction := w.AddBy("once", w.Alice, once).ID
	root := w.RootWarrant(attest.Party{ID: "alice", Kind: attest.ByPerson}, w.Orchestrator.ID, attest.HumanInstruction, instruction, instruction)
	id := w.AddBy("root of once", w.Alice, root).ID
	child := w.Child(root, id, w.Orchestrator.ID, "100.00")
	child.Task.Instruction = ""
	leaf := w.AddAs("without it", w.Orchestrator, child)
	if leaf.Record.Decision.Effect != admission.Allow {
		t.Fatalf("%+v", leaf.Record.Decision)
	}
	for n, warrant := range []attest.ID{leaf.ID, leaf.ID, id} {
		a, err := submit(t, w, w.Orchestrator, fresh(w, w.Orchestrator, warrant, "1.00"))
		if n == 0 && (err != nil || a.Record.Decision.Effect != admission.Allow) {
			t.Errorf("%v %+v", err, a.Record)
		} else if n > 0 {
			denied(t, a, err, "instruction.spent")
		}
	}
}

// TestOutsiderShedsRegistration hands its warrant to itself without the
// registration that it is bound to, once another registration is in force.
func TestOutsiderShedsRegistration(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	registration := func(build string) attest.ID {
		return w.AddBy("registration "+build, w.Carol, &attest.Agent{
			Agent: w.Payments.ID, Build: attest.DigestOf([]byte(build)), By: "carol", Log: register.Origin, Nonce: w.Nonce(),
			Owner: "alice", Purpose: "pays", Status: "registered", V: 1,
		}).ID
	}
	root := w.RootWarrant(attest.Party{ID: w.Cron.ID, Kind: attest.BySVID}, w.Payments.ID, attest.OrgStanding, "")
	root.Holder.Registration = registration("one")
	id := w.AddAs("bound to a build", w.Cron, root).ID
	child := w.Child(root, id, w.Payments.ID, "10.00")
	if a := w.AddAs("by the build", w.Payments, child); a.Record.Decision.Effect != admission.Allow {
		t.Fatalf("%+v", a.Record.Decision)
	}
	registration("another")
	a, err := submit(t, w, w.Payments, fresh(w, w.Payments, id, "1.00"))
	denied(t, a, err, "d10.holder")
	a, err = submit(t, w, w.Payments, w.Child(root, id, w.Payments.ID, "10.00"))
	denied(t, a, err, "d1.issuer")
}

// TestOutsiderAsksForMore hides an argument, names another unit, climbs out of
// the path, writes numbers that could overflow.
func TestOutsiderAsksForMore(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	warrant := w.IDs["standing warrant without trigger"]
	eur := attest.Money("1.00", "EUR")
	seed := sha256.Sum256([]byte("hidden"))
	value, _ := attest.Money("1000000.00", "EUR").Canonical()
	hidden := attest.Sealed{Name: "amount", Commitment: fmt.Sprintf("%x", attest.CommitField(attest.Salt(seed, "amount"), "amount", value))}
	extra := attest.Sealed{Name: "extra", Commitment: hidden.Commitment}
	for name, change := range map[string]func(*attest.Action){
		"a sealed amount":   func(a *attest.Action) { request(t, a, "", values(eur, "INV/2026/1")[1:], []attest.Sealed{hidden}) },
		"one argument more": func(a *attest.Action) { request(t, a, "", values(eur, "INV/2026/1"), []attest.Sealed{extra}) },
		"one argument less": func(a *attest.Action) { request(t, a, "", values(eur, "INV/2026/1")[:1], nil) },
		"another unit":      func(a *attest.Action) { request(t, a, "", values(attest.Money("1.00", "XAU"), "INV/2026/1"), nil) },
		"a unit in small":   func(a *attest.Action) { request(t, a, "", values(attest.Money("1.00", "eur"), "INV/2026/1"), nil) },
		"an amount as text": func(a *attest.Action) { request(t, a, "", values(attest.Text("1.00 EUR"), "INV/2026/1"), nil) },
		"a negative number": func(a *attest.Action) { request(t, a, "", values(attest.Int(-1), "INV/2026/1"), nil) },
		"the largest amount": func(a *attest.Action) {
			request(t, a, "", values(attest.Money("99999999999999.9999", "EUR"), "INV/2026/1"), nil)
		},
		"a longer name":         func(a *attest.Action) { request(t, a, "iban/DE/nordlicht2/1", values(eur, "INV/2026/1"), nil) },
		"a shorter one":         func(a *attest.Action) { request(t, a, "iban/DE", values(eur, "INV/2026/1"), nil) },
		"a reference below":     func(a *attest.Action) { request(t, a, "", values(eur, "INV/2026/../2025/1"), nil) },
		"a reference with more": func(a *attest.Action) { request(t, a, "", values(eur, "INV/2026//1"), nil) },
		"a wildcard":            func(a *attest.Action) { request(t, a, "iban/DE/*", values(eur, "INV/2026/1"), nil) },
		"another grant":         func(a *attest.Action) { a.Authority.Grant = 1 },
		"a grant that is not":   func(a *attest.Action) { a.Authority.Grant = 63 },
	} {
		action := fresh(w, w.Payments, warrant, "1.00")
		change(action)
		a, err := submit(t, w, w.Payments, action)
		if t.Log(name); err != nil {
			t.Error(name, err)
			continue
		}
		denied(t, a, err, "warrant.outside")
	}
	for _, path := range []string{"iban/DE/nordlicht/../andere", "iban/DE/nordlicht//1", "/iban/DE/nordlicht", `iban/DE/nordlicht\..`, "iban/DE/nordlicht/"} {
		action := fresh(w, w.Payments, warrant, "1.00")
		action.Request.Resource.ID = path
		if _, err := attest.Payload(action); attest.AsFault(err) == nil {
			t.Errorf("%s can be a resource", path)
		}
	}
	for _, amount := range []string{"-1.00", "+1.00", "1e9", "01.00", "1.", ".5", "1,00", "٣", "0x10", "100000000000000", "1.00000"} {
		if attest.Money(amount, "EUR").Amount.Valid() {
			t.Errorf("%s can be an amount", amount)
		}
	}
}

// TestOutsiderAtTheLastMoment acts at the very end of a warrant, and with a
// certificate that ends between the check and the entry.
func TestOutsiderAtTheLastMoment(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	cron := attest.Party{ID: w.Cron.ID, Kind: attest.BySVID}
	short := w.RootWarrant(cron, w.Payments.ID, attest.OrgStanding, "")
	short.Expires = w.Now() + 5000
	id := w.AddAs("short warrant", w.Cron, short).ID
	move := func(to int64) { w.Clock.Move(time.Duration(to-1000-w.Now()) * time.Millisecond) } // submit adds a second
	move(short.Expires - 1)
	if a, err := submit(t, w, w.Payments, fresh(w, w.Payments, id, "1.00")); err != nil || a.Record.Decision.Effect != admission.Allow {
		t.Errorf("%v %+v", err, a.Record)
	}
	late := fresh(w, w.Payments, id, "1.00")
	checked := check(t, w, w.Payments, late, short.Expires-1)
	read, err := checked.Read(view{w})
	if err != nil {
		t.Fatal(err)
	}
	result, err := checked.Decide(read, short.Expires, [32]byte{})
	if err != nil || result.Effect != admission.Deny {
		t.Errorf("an entry at the end of its warrant: %v %s", err, result.Effect)
	}
	svid, err := identityEnd(w.Payments.Chain)
	if err != nil {
		t.Fatal(err)
	}
	w.Clock.Move(time.Duration(svid-w.Now()) * time.Millisecond)
	checked = check(t, w, w.Payments, fresh(w, w.Payments, "", "1.00"), svid)
	if read, err = checked.Read(view{w}); err != nil {
		t.Fatal(err)
	}
	_, err = checked.Decide(read, svid+1, [32]byte{})
	refusedAs(t, err, "signer.expired")
	_, err = admission.Check(admission.Submission{
		Envelope: sign(t, w.Payments, fresh(w, w.Payments, "", "1.00")), Objects: map[attest.Digest][]byte{attest.DigestOf(w.Payments.Chain): w.Payments.Chain},
	}, w, nil, svid+1)
	refusedAs(t, err, "signer.expired")
}

func check(t *testing.T, w *register.World, a *register.Agent, s attest.Statement, at int64) *admission.Checked {
	t.Helper()
	sent, err := admission.NewSubmission(sign(t, a, s), [][]byte{a.Chain}, admission.Anonymous)
	if err != nil {
		t.Fatal(err)
	}
	checked, err := admission.Check(sent, w, nil, at)
	if err != nil {
		t.Fatal(err)
	}
	return checked
}

// view is the register as it is, but for counters: nothing was spent.
type view struct{ w *register.World }

func (v view) Size() uint64 { return v.w.Log.Size() }

func (v view) Get(table, key string) ([]byte, error) {
	if table != "force" {
		return nil, nil
	}
	l, err := v.w.Current(admission.Slot(key))
	if err != nil || l == nil {
		return nil, err
	}
	return attest.Encode(admission.Ref{Entry: l.Index, ID: l.ID()})
}

func identityEnd(chain []byte) (int64, error) {
	certs, err := x509.ParseCertificates(chain)
	if err != nil {
		return 0, err
	}
	return certs[0].NotAfter.UnixMilli(), nil
}

// TestOutsiderFromNextDoor comes from trust domains that look like the log's.
func TestOutsiderFromNextDoor(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	for _, domain := range []string{"acme.example.evil", "evil.acme.example", "acme-example", "acme.examp1e", "example"} {
		ca, err := spiffeca.New(spiffeca.Config{TrustDomain: domain, Now: w.Clock.Now, KeyType: spiffeca.Ed25519, RootTTL: time.Hour, SVIDTTL: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		own := w.CA
		w.CA = ca
		double := w.NewAgent("spiffe://" + domain + "/agent/payments")
		w.CA = own
		_, err = submit(t, w, double, fresh(w, double, "", "1.00"))
		refusedAs(t, err, "signer.foreign")
	}
	// A CA of another trust domain that names an agent of this one.
	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: register.Domain, Now: w.Clock.Now, KeyType: spiffeca.Ed25519, RootTTL: time.Hour, SVIDTTL: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	w.CA = ca
	double := w.NewAgent(w.Payments.ID)
	_, err = submit(t, w, double, fresh(w, double, "", "1.00"))
	refusedAs(t, err, "signer.chain")
}

// TestOutsiderReusesEndorsement carries an endorsement of one statement over to
// another, endorses twice, and submits a draft before it is endorsed.
func TestOutsiderReusesEndorsement(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	issuer := func(party attest.Party) *attest.Issuer {
		return &attest.Issuer{
			Accountable: "alice", Bases: []attest.Basis{attest.OrgStanding}, By: "carol", From: w.Now(),
			Grants: []attest.Grant{{Actions: []string{"data.read"}, Resource: attest.Match{Kind: "table", Match: attest.Constraint{Prefix: "erp"}}}},
			Issuer: party, Log: register.Origin, Nonce: w.Nonce(), V: 1,
		}
	}
	good := issuer(attest.Party{ID: w.Buyer.ID, Kind: attest.BySVID})
	bad := issuer(attest.Party{ID: w.Rogue.ID, Kind: attest.BySVID})
	for name, objects := range map[string][][]byte{
		"of another statement": {w.By(w.Dave, good).JSON()},
		"by the signer":        {w.By(w.Carol, bad).JSON()},
		"by a person":          {w.By(w.Alice, bad).JSON()},
		"by a stranger":        {w.By(&register.Human{Key: w.Rogue.Key, Public: w.Dave.Public}, bad).JSON()},
		"none":                 nil,
	} {
		a, err := w.Submit(w.By(w.Carol, bad), objects...)
		if err == nil && a.Record.Decision.Effect != admission.Deny {
			t.Errorf("endorsed by one %s: %+v", name, a.Record.Decision)
		}
	}
	// Whoever sees a draft cannot spoil it by submitting it first.
	if _, err := w.Submit(w.By(w.Carol, good)); err == nil {
		t.Error("a draft that nobody endorsed was logged")
	}
	if a, err := w.Submit(w.By(w.Carol, good), w.By(w.Dave, good).JSON()); err != nil || a.Record.Decision.Effect != admission.Allow {
		t.Errorf("%v %+v", err, a.Record)
	}
}

// TestOutsiderIsAdministrator: one administrator alone becomes Alice, or the other
// administrator, or lends Alice's key to himself.
func TestOutsiderIsAdministrator(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	own := &register.Human{Key: w.Rogue.Key}
	own.Public, _ = attest.KeyOf(w.Rogue.Key.Public())
	for name, key := range map[string]*register.Human{"alice": own, "dave": own, "mallory": w.Alice} {
		p := &attest.Person{By: "carol", From: w.Now(), Key: key.Public, Log: register.Origin, Name: name, Nonce: w.Nonce(), V: 1}
		a, err := w.Submit(w.By(w.Carol, p), w.By(key, p).JSON())
		if err == nil && a.Record.Decision.Effect == admission.Allow {
			t.Errorf("carol alone gave %s a key", name)
		}
	}
}

// TestOutsiderSendsLuggage sends objects that nothing names, and seeds that are
// none.
func TestOutsiderSendsLuggage(t *testing.T) {
	w := register.NewWorld(t, "outsider")
	_, err := submit(t, w, w.Rogue, fresh(w, w.Rogue, "", "1.00"), []byte("luggage"))
	refusedAs(t, err, "object.unused")
	a := fresh(w, w.Rogue, "", "1.00")
	notSeed := []byte("forbid (principal, action, resource);")
	a.Fields = &attest.Commitment{Root: attest.DigestOf([]byte("x")), Seed: attest.DigestOf(notSeed)}
	_, err = submit(t, w, w.Rogue, a, notSeed)
	refusedAs(t, err, "object.form")
	_, err = submit(t, w, w.Rogue, fresh(w, w.Rogue, "", "1.00"), make([]byte, admission.MaxObject+1))
	refusedAs(t, err, "object.size")
}

// TestOutsiderWritesWhatNobodySees hides differences in characters without a
// shape and in spaces. Whoever reads the verdict sees that they are there.
func TestOutsiderWritesWhatNobodySees(t *testing.T) {
	o := newOperator(t)
	a := o.Action(o.Rogue, attest.Intent, "", "1.00")
	a.Session = attest.Session{ID: o.Nonce()}
	request(t, a, "iban/DE/nord\u034flicht/02", values(attest.Money("1.00", "EUR"), "INV  2026 \u202e\u3164"), nil)
	a.Software.Model = `</td><script>alert(1)</script>` + "\u2067"
	v := o.verify(o.reader(), o.act(o.Rogue, a))
	if v.ExitCode() != 0 {
		t.Fatal(v.Failure())
	}
	for form, text := range map[string]string{"text": verifier.Text(v), "page": string(verifier.HTML(v))} {
		for _, want := range []string{`nord\U0000034flicht`, `INV \x202026 \u202e\U00003164`} {
			if !strings.Contains(text, want) {
				t.Errorf("the %s does not show %s", form, want)
			}
		}
		if strings.ContainsAny(text, "\u034f\u202e\u2067\u3164") || form == "page" && strings.Contains(text, "<script") {
			t.Errorf("the %s has the characters themselves", form)
		}
	}
}

// running is a register with a database and a throwaway CA.
func running(t *testing.T) (*setup.Instance, *spiffeca.CA) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "register")
	i, err := setup.Create(t.Context(), dir, setup.Options{Origin: register.Origin, TrustDomain: register.Domain, Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = i.Close() })
	ca, err := i.CA()
	if err != nil {
		t.Fatal(err)
	}
	return i, ca
}

// TestOutsiderSendsNothing sends messages without their parts.
func TestOutsiderSendsNothing(t *testing.T) {
	i, _ := running(t)
	srv := httptest.NewServer(i.Server.Handler())
	defer srv.Close()
	c := deedv1connect.NewAttestationServiceClient(srv.Client(), srv.URL)
	if _, err := c.Submit(t.Context(), &deedv1.SubmitRequest{}); connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Error(err)
	}
	answer, err := c.SubmitBatch(t.Context(), &deedv1.SubmitBatchRequest{Requests: []*deedv1.SubmitRequest{
		{}, {Envelope: &deedv1.Envelope{}}, {Objects: [][]byte{nil, {}}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for n, r := range answer.GetResults() {
		if r.GetFault().GetCode() == "" || r.GetFault().GetCode() == "internal" {
			t.Errorf("%d: %v", n, r)
		}
	}
	e := deedv1connect.NewEvidenceServiceClient(srv.Client(), srv.URL)
	for _, req := range []*deedv1.GetProofRequest{
		{Entry: &deedv1.GetProofRequest_Index{Index: 1 << 63}}, {Entry: &deedv1.GetProofRequest_Index{Index: 0}, Size: 1 << 63},
		{Entry: &deedv1.GetProofRequest_Id{Id: "id:" + strings.Repeat("0", 64)}}, {Entry: &deedv1.GetProofRequest_Id{Id: "sha256:"}},
	} {
		if _, err := e.GetProof(t.Context(), req); err == nil || connect.CodeOf(err) == connect.CodeInternal {
			t.Errorf("%v: %v", req, err)
		}
	}
}

// TestOutsiderWithLongName has a SPIFFE ID of the longest kind, with as many paths
// above it as there can be. What it sends is answered, and the log goes on.
func TestOutsiderWithLongName(t *testing.T) {
	i, ca := running(t)
	for _, path := range []string{
		strings.Repeat("/a", (2048-len("spiffe://"+register.Domain))/2), strings.Repeat("/"+strings.Repeat("a", 83), 24), "/short",
	} {
		svid, err := ca.Issue("spiffe://" + register.Domain + path)
		if err != nil {
			t.Fatal(err)
		}
		var chain []byte
		for _, c := range svid.Certificates {
			chain = append(chain, c.Raw...)
		}
		payload, err := attest.Payload(&attest.Trigger{
			Addressee: "spiffe://" + register.Domain + "/b", At: 1, Cause: attest.Event, Expires: 1 + 3_600_000, Log: register.Origin,
			Nonce: strings.Repeat("1", 32), Recorder: svid.ID.String(), Source: "x", V: 1,
		})
		if err != nil {
			t.Fatal(err)
		}
		e, err := attest.Seal(payload, svid.PrivateKey, attest.DigestOf(chain))
		if err != nil {
			t.Fatal(err)
		}
		sent, err := admission.NewSubmission(e, [][]byte{chain}, admission.Anonymous)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := i.Server.Submit(t.Context(), sent); err != nil && attest.AsFault(err) == nil {
			t.Errorf("%.20s: an answer without a code: %v", path, err)
		}
	}
	if err := i.Log.Err(); err != nil {
		t.Error(err)
	}
}

// TestOutsiderFillsMemory sends certificates that nobody issued and that are far
// larger in memory than on the wire. None of it is kept.
func TestOutsiderFillsMemory(t *testing.T) {
	i, _ := running(t)
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	before := heap()
	for n := range 150 {
		fat := &register.Agent{ID: "spiffe://" + register.Domain + "/fat", Chain: fatChain(t, public, key, int64(n)), Key: key}
		sent, err := admission.NewSubmission(sign(t, fat, &attest.Trigger{
			Addressee: fat.ID, At: 1, Cause: attest.Event, Expires: 1 + 3_600_000, Log: register.Origin, Nonce: strings.Repeat("1", 32), Recorder: fat.ID, Source: "x", V: 1,
		}), [][]byte{fat.Chain}, admission.Anonymous)
		if err != nil {
			t.Fatal(err)
		}
		_, err = i.Server.Submit(t.Context(), sent)
		refusedAs(t, err, "signer.chain")
	}
	if after := heap(); after > before+32<<20 {
		t.Errorf("%d MiB are kept of what was refused", (after-before)>>20)
	}
	runtime.KeepAlive(i)
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// fatChain is a leaf under an authority of its own with thousands of names.
func fatChain(t *testing.T, public ed25519.PublicKey, key ed25519.PrivateKey, serial int64) []byte {
	t.Helper()
	leafName, _ := url.Parse("spiffe://" + register.Domain + "/fat")
	authority := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "fat"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	short, _ := url.Parse("a:b")
	for range 2900 {
		authority.URIs = append(authority.URIs, short)
	}
	root := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "root"}}
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(serial), Subject: pkix.Name{CommonName: "leaf"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, URIs: []*url.URL{leafName},
	}
	top, err := x509.CreateCertificate(rand.Reader, authority, root, public, key)
	if err != nil {
		t.Fatal(err)
	}
	end, err := x509.CreateCertificate(rand.Reader, leaf, authority, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return append(end, top...)
}
