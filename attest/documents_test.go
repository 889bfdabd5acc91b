package attest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
)

// This file builds one valid document of every kind, each with every member
// that can stand together, from fixed seeds.

const (
	origin = "deed.acme.example/2026"
	agent  = "spiffe://acme.example/agent/payments"
	moment = int64(1_790_150_400_000)
)

func nonce(name string) string { return attest.DigestOf([]byte("nonce " + name)).Hex()[:32] }

func digestOf(name string) attest.Digest { return attest.DigestOf([]byte(name)) }

func idOf(name string) attest.ID {
	sum, _ := digestOf(name).Sum()
	return attest.IDFrom(sum)
}

func seedOf(name string) [32]byte { return sha256.Sum256([]byte("seed " + name)) }

func edKey(name string) ed25519.PrivateKey {
	seed := seedOf(name)
	return ed25519.NewKeyFromSeed(seed[:])
}

// ecKey makes a P-256 or P-384 key whose scalar is a hash, which is below the
// order of both but for an event that does not happen.
func ecKey(t testing.TB, curve elliptic.Curve, name string) *ecdsa.PrivateKey {
	t.Helper()
	seed := seedOf(name)
	raw := make([]byte, (curve.Params().BitSize+7)/8)
	copy(raw[len(raw)-len(seed):], seed[:])
	key, err := ecdsa.ParseRawPrivateKey(curve, raw)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func publicKey(t testing.TB, key crypto.Signer) attest.Key {
	t.Helper()
	k, err := attest.KeyOf(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// signerOf is a signer as package identity or the register would vouch for it.
func signerOf(t testing.TB, p attest.Party, key crypto.Signer) attest.Signer {
	t.Helper()
	sum := publicKey(t, key).Digest()
	return attest.Signer{Party: p, Key: key.Public(), KeyID: sum, KeySum: sum}
}

func textExactly(s string) attest.Constraint {
	v := attest.Text(s)
	return attest.Constraint{Exact: &v}
}

// constraints has one of every kind, the last one nested.
func constraints() []attest.Constraint {
	return []attest.Constraint{
		textExactly("INV/1"),
		{OneOf: []attest.Value{attest.Text("a"), attest.Int(-3), {Kind: attest.BoolValue, Bool: true}, attest.Money("1.50", "EUR"), attest.List("x", "y")}},
		{IntRange: &attest.IntRange{Min: -5, Max: 5}},
		{DecimalMax: &attest.Amount{Decimal: "5000.00", Unit: "EUR"}},
		{Prefix: "INV/2026"},
		{DomainSuffix: "bank.example"},
		{Subset: []string{"a", "b"}},
		{All: &[]attest.Constraint{}},
		{All: &[]attest.Constraint{{Prefix: "INV"}, {All: &[]attest.Constraint{{Prefix: "INV/2026"}}}}},
	}
}

func grants() []attest.Grant {
	g := attest.Grant{
		Actions:  []string{"payments.quote", "payments.transfer"},
		Budget:   &attest.Budget{Argument: "amount", Limit: attest.Amount{Decimal: "5000.00", Unit: "EUR"}},
		MaxUses:  10,
		Resource: attest.Match{Kind: "bank_account", Match: attest.Constraint{Prefix: "iban/DE"}},
	}
	for i, c := range constraints() {
		g.Arguments = append(g.Arguments, attest.Argument{Name: "arg" + string(rune('a'+i)), Constraint: c})
	}
	return []attest.Grant{g}
}

func genesisDoc(t testing.TB) *attest.Genesis {
	return &attest.Genesis{
		Administrators: []attest.Administrator{
			{Key: publicKey(t, edKey("alice")), Name: "alice"},
			{Key: publicKey(t, ecKey(t, elliptic.P256(), "bob")), Name: "bob@acme.example"},
		},
		At: moment, Log: origin, Nonce: nonce("genesis"), Quorum: 2, V: 1,
		LogKeys:   attest.LogKeys{Ed25519: origin + "+00000000+AAAA", MLDSA44: origin + "+00000001+BBBB"},
		ServerKey: publicKey(t, edKey("server")), TrustDomains: []string{"acme.example", "other.example"},
	}
}

func administratorsDoc(t testing.TB) *attest.Administrators {
	return &attest.Administrators{
		Administrators: genesisDoc(t).Administrators, By: "alice", Log: origin, Nonce: nonce("administrators"), Quorum: 2, V: 1,
	}
}

// gates has one of every condition.
func gates() []attest.WarrantGate {
	return []attest.WarrantGate{
		{Actions: []string{"payments.transfer"}, Approvers: []string{"alice", "bob"}, Display: true, M: 2, MaxAge: 900_000,
			When: attest.When{Above: &attest.Threshold{Argument: "amount", Limit: attest.Amount{Decimal: "1000.00", Unit: "EUR"}}}},
		{Approvers: []string{"treasurer"}, M: 1, When: attest.When{Always: true}},
		{Approvers: []string{"treasurer"}, M: 1, When: attest.When{Irreversible: true}},
		{Approvers: []string{"treasurer"}, M: 1, When: attest.When{OutsideHours: &attest.Hours{From: 480, To: 1080, Weekdays: []int{1, 2, 3, 4, 5}}}},
	}
}

func erasureDoc() *attest.Erasure {
	return &attest.Erasure{
		Basis: attest.ConsentWithdrawn, By: "alice", Log: origin, Nonce: nonce("erasure"), Reason: "asked for by the person", V: 1,
		Objects: []attest.ErasedObject{{Digest: digestOf("display"), Statements: []attest.ID{idOf("approval")}}},
	}
}

func compromiseDoc(thing attest.CompromisedThing) *attest.Compromise {
	return &attest.Compromise{By: "alice", Log: origin, Nonce: nonce("compromise"), Reason: "laptop stolen", Since: moment - 3_600_000, Thing: thing, V: 1}
}

func warrantDoc() *attest.Warrant {
	return &attest.Warrant{
		Expires: moment + 3_600_000, Grants: grants(), Issuer: attest.Party{ID: "treasurer", Kind: attest.ByPerson},
		Holder: attest.Holder{Key: digestOf("holder key"), Registration: idOf("registration"), SPIFFEID: agent},
		Gates:  gates(),
		Log:    origin, MaxDepth: 2, Nonce: nonce("warrant"), NotBefore: moment, V: 1,
		Never: []attest.Denial{{Actions: []string{"payments.refund"}}, {Actions: []string{"payments.transfer"},
			Resource: &attest.Match{Kind: "bank_account", Match: textExactly("iban/DE/1")}}},
		Root: &attest.WarrantRoot{Accountable: "treasurer", Basis: attest.HumanInstruction, Evidence: []attest.ID{idOf("instruction")}},
		Task: attest.Task{ID: nonce("task"), Instruction: idOf("instruction"), Purpose: "vendor_payment"},
	}
}

func childDoc() *attest.Warrant {
	w := warrantDoc()
	w.Depth, w.Root, w.Parent = 1, nil, idOf("parent")
	w.Issuer = attest.Party{ID: "spiffe://acme.example/agent/orchestrator", Kind: attest.BySVID}
	return w
}

func approvalDoc() *attest.Approval {
	return &attest.Approval{
		Action: "payments.transfer", Agent: agent, At: moment, Expires: moment + 900_000, Log: origin,
		Arguments: []attest.NamedValue{{Name: "amount", Value: attest.Money("1999.00", "EUR")}, {Name: "memo", Value: attest.Text("Möbel \"A\\B\" \u2028")}},
		Display:   digestOf("display"), Nonce: nonce("approval"), Person: "treasurer", Request: digestOf("request"),
		Resource: attest.Resource{ID: "iban/DE/1", Kind: "bank_account"}, V: 1, Warrant: idOf("warrant"),
		Target: &attest.Target{Endpoint: "bank.example", Kind: "external", Protocol: "https"},
	}
}

func refusalDoc() *attest.Refusal {
	a := approvalDoc()
	return &attest.Refusal{
		Action: a.Action, Agent: a.Agent, Arguments: a.Arguments, At: moment, Display: a.Display, Log: origin, Nonce: nonce("refusal"),
		Person: "treasurer", Reason: "not before the goods are here", Request: a.Request, Resource: a.Resource, Target: a.Target, V: 1, Warrant: a.Warrant,
	}
}

// actionDoc is a record of about 1.5 KiB with opened and sealed arguments.
func actionDoc(t testing.TB) *attest.Action {
	t.Helper()
	seed := seedOf("action")
	open := attest.OpenValues(seed, []string{"reference", "amount"}, []attest.Value{attest.Text("INV/2026/09/0117"), attest.Money("1999.00", "EUR")})
	salt := attest.Salt(seed, "memo")
	sum, _ := attest.DigestFrom(attest.CommitField(salt, "memo", []byte(`"private"`))).Sum()
	sealed := []attest.Sealed{{Commitment: attest.DigestFrom(sum).Hex(), Name: "memo"}}
	root, err := attest.ArgumentsRoot(open, sealed)
	if err != nil {
		t.Fatal(err)
	}
	return &attest.Action{
		Agent: agent, Authority: &attest.Authority{Approvals: []attest.ID{idOf("approval")}, Grant: 0, Warrant: idOf("warrant")},
		ClaimedAt: moment, Credential: &attest.Credential{Commitment: digestOf("credential"), Kind: "oauth"},
		Fields:    &attest.Commitment{Root: digestOf("fields"), Seed: digestOf("seed")},
		Initiator: attest.Initiator{Claim: "human", Trigger: idOf("trigger")}, Instance: "payments-7d9c",
		Log: origin, Nonce: nonce("action"), Open: open, Sealed: sealed, Phase: attest.Record,
		Outcome: &attest.Result{Counterparty: digestOf("receipt"), Result: &attest.Commitment{Root: digestOf("result")}, Status: "done"},
		Request: &attest.ActionRequest{Action: "payments.transfer", Arguments: root, Count: 3,
			Resource: attest.Resource{ID: "iban/DE/nordlicht/DE02120300000000202051", Kind: "bank_account"}, Reversible: true},
		Session:  attest.Session{ID: nonce("session"), Prev: idOf("previous"), Seq: 4},
		Software: &attest.Software{Build: digestOf("build"), Model: "model-1"},
		Target:   &attest.Target{Endpoint: "bank.example", Kind: "external", Protocol: "https"},
		Trace:    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", V: 1,
	}
}

func intentDoc(t testing.TB) *attest.Action {
	a := actionDoc(t)
	a.Phase, a.Outcome, a.Session = attest.Intent, nil, attest.Session{ID: nonce("session")}
	return a
}

func outcomeDoc(t testing.TB) *attest.Action {
	a := actionDoc(t)
	a.Phase, a.Intent, a.Request, a.Authority, a.Open, a.Sealed = attest.Outcome, idOf("intent"), nil, nil, nil, nil
	return a
}

// terminalDoc closes a session that was interrupted.
func terminalDoc(t testing.TB) *attest.Action {
	a := actionDoc(t)
	a.Phase, a.Outcome, a.Request, a.Authority, a.Open, a.Sealed, a.Target, a.Credential = attest.Terminal, nil, nil, nil, nil, nil, nil, nil
	a.Progress = &attest.Progress{Actions: 4, Open: 2, Pending: []attest.ID{idOf("intent")}, Status: "interrupted"}
	return a
}

func heartbeatDoc(t testing.TB) *attest.Action {
	a := terminalDoc(t)
	a.Phase, a.Progress = attest.Heartbeat, &attest.Progress{Actions: 3, Open: 1}
	return a
}

func parallelDoc(t testing.TB) *attest.Action {
	a := actionDoc(t)
	a.Session.ParallelOf = idOf("fan-out")
	return a
}

func instructionDoc() *attest.Instruction {
	g := grants()[0]
	return &attest.Instruction{
		Addressee: agent, At: moment, Commitment: attest.Commitment{Root: digestOf("text"), Seed: digestOf("seed")},
		Expires: moment + 86_400_000, Log: origin, MaxActions: 10, Nonce: nonce("instruction"), Person: "treasurer", V: 1,
		RecordedBy: "spiffe://acme.example/portal",
		Requests:   []attest.Request{{Action: "payments.transfer", Arguments: g.Arguments, Resource: g.Resource}},
	}
}

const idp = "https://login.acme.example"

func providerDoc() *attest.Provider {
	return &attest.Provider{
		Accepts: []attest.Acceptance{
			{Audiences: []string{"https://log.acme.example"}, Plain: true, Type: attest.AccessToken},
			{Audiences: []string{"deed-cli", "deed-web"}, Type: attest.IDToken},
		},
		Agents:     []attest.ClientAgent{{Agent: agent, Client: "payments-client"}},
		Algorithms: []string{"ES256", "RS256"}, By: "alice", From: moment, Issuer: idp, Log: origin, Nonce: nonce("provider"), Until: moment + 1, V: 1,
	}
}

func accountDoc() *attest.Account {
	return &attest.Account{By: "alice", From: moment, Issuer: idp, Log: origin, Name: "treasurer", Nonce: nonce("account"),
		Subject: "248289761001", Until: moment + 1, V: 1}
}

// tokenDoc is an ID token; its object is nothing that was ever signed.
func tokenDoc() *attest.Token {
	return &attest.Token{Agent: agent, At: moment, Expires: moment + 300_000, Instruction: idOf("instruction"), Issuer: idp, Log: origin,
		Nonce: nonce("token"), Object: digestOf("token"), Recorder: "spiffe://acme.example/portal", Type: attest.IDToken, V: 1}
}

func withheldDoc() *attest.Token {
	return &attest.Token{At: moment, Commitment: &attest.Commitment{Root: digestOf("opaque")}, Issuer: idp, Log: origin,
		Nonce: nonce("withheld"), Recorder: "spiffe://acme.example/portal", Type: attest.AccessToken, V: 1}
}

// documents has every kind, some in several forms.
func documents(t testing.TB) map[string]attest.Statement {
	t.Helper()
	return map[string]attest.Statement{
		"genesis": genesisDoc(t),
		"root": &attest.Root{At: moment, Bundle: digestOf("bundle"), Log: origin, Nonce: nonce("root"),
			Source: "/run/spire/bundle.json", TrustDomain: "acme.example", Type: "spiffe_bundle", V: 1},
		"person": &attest.Person{By: "alice", From: moment, Key: publicKey(t, edKey("treasurer")), Log: origin,
			Name: "treasurer", Nonce: nonce("person"), Reach: "treasurer@acme.example", Until: moment + 1, V: 1},
		"issuer": &attest.Issuer{Accountable: "treasurer", Bases: []attest.Basis{attest.EventTrigger, attest.HumanInstruction}, By: "alice",
			From: moment, Grants: grants(), Issuer: attest.Party{ID: "treasurer", Kind: attest.ByPerson}, Log: origin,
			Nonce: nonce("issuer"), Until: moment + 1, V: 1},
		"policy": &attest.Policy{By: "alice", Entities: digestOf("entities"), Log: origin, Mode: attest.Gate, Nonce: nonce("policy"),
			Policies: digestOf("policies"), Quotas: attest.Quotas{Denials: 100, LeafTTL: 86_400_000}, Schema: digestOf("schema"), V: 1},
		"agent": &attest.Agent{Agent: agent, Build: digestOf("build"), By: "alice", Log: origin, Nonce: nonce("agent"),
			Owner: "treasurer", Prefix: true, Purpose: "pays invoices", Status: "registered", V: 1},
		"instruction": instructionDoc(),
		"trigger": &attest.Trigger{Addressee: agent, At: moment, Cause: attest.Schedule, Expires: moment + 3600_000, Log: origin, Nonce: nonce("trigger"),
			Recorder: "spiffe://acme.example/scheduler", Ref: digestOf("ref"), Source: "cron:nightly", V: 1},
		"warrant":    warrantDoc(),
		"warrant/1":  childDoc(),
		"approval":   approvalDoc(),
		"refusal":    refusalDoc(),
		"action":     actionDoc(t),
		"action/in":  intentDoc(t),
		"action/out": outcomeDoc(t),
		"action/par": parallelDoc(t), "action/beat": heartbeatDoc(t), "action/end": terminalDoc(t),
		"administrators": administratorsDoc(t),
		"countersignature": &attest.Countersignature{Agent: agent, At: moment, By: "spiffe://acme.example/bank",
			Credential: &attest.Credential{Commitment: digestOf("credential"), Kind: "oauth"}, Log: origin, Nonce: nonce("countersignature"),
			Of: idOf("intent"), Ref: digestOf("line"), Request: digestOf("request"), Role: attest.ServiceRole, Status: "done",
			Target: &attest.Target{Endpoint: "bank.example", Kind: "external", Protocol: "https"}, V: 1},
		"countersignature/ref": &attest.Countersignature{Agent: agent, At: moment, By: "spiffe://acme.example/gateway", Log: origin,
			Nonce: nonce("countersignature"), Request: digestOf("request"), Role: attest.GatewayRole, Status: "refused", V: 1},
		"erasure":           erasureDoc(),
		"compromise":        compromiseDoc(attest.CompromisedThing{ID: agent, Key: digestOf("spki"), Kind: attest.SVIDKey}),
		"compromise/root":   compromiseDoc(attest.CompromisedThing{ID: string(idOf("root")), Kind: attest.RootEntry}),
		"compromise/person": compromiseDoc(attest.CompromisedThing{ID: "treasurer", Key: digestOf("spki"), Kind: attest.HumanKey}),
		"root/jwks": &attest.Root{At: moment, Bundle: digestOf("jwks"), Issuer: idp, Log: origin, Nonce: nonce("jwks"),
			Source: "https://login.acme.example/keys", Type: "jwks", V: 1},
		"provider":       providerDoc(),
		"account":        accountDoc(),
		"token":          tokenDoc(),
		"token/withheld": withheldDoc(),
		"revocation": &attest.Revocation{By: attest.Party{ID: "treasurer", Kind: attest.ByPerson}, Log: origin,
			Nonce: nonce("revocation"), Reason: "task done", V: 1, Warrant: idOf("warrant")},
	}
}

// payloadOf writes a document.
func payloadOf(t testing.TB, s attest.Statement) []byte {
	t.Helper()
	payload, err := attest.Payload(s)
	if err != nil {
		t.Fatalf("%s: %v", s.Kind(), err)
	}
	return payload
}

func codeOf(err error) string {
	if f := attest.AsFault(err); f != nil {
		return f.Code
	}
	if err != nil {
		return "error without a fault: " + err.Error()
	}
	return ""
}

// wantCode checks the code of a refusal and that the registry knows it.
func wantCode(t testing.TB, err error, code string) {
	t.Helper()
	if got := codeOf(err); got != code {
		t.Fatalf("got %q, want %q (%v)", got, code, err)
	}
	if f := attest.AsFault(err); f != nil {
		if _, known := attest.Faults[f.Code]; !known {
			t.Fatalf("%s is not in the registry", f.Code)
		}
		if len(f.Found) > 170 || len(f.Expected) > 170 || strings.ToValidUTF8(f.Error(), "") != f.Error() {
			t.Fatalf("the fault is not short and printable: %q", f.Error())
		}
	}
}

func TestDocumentsCoverEveryKind(t *testing.T) {
	seen := map[attest.Kind]bool{}
	for name, s := range documents(t) {
		seen[s.Kind()] = true
		if !strings.HasPrefix(name, string(s.Kind())) {
			t.Errorf("%s is a %s", name, s.Kind())
		}
	}
	for _, k := range attest.Kinds() {
		if !seen[k] {
			t.Errorf("no document of kind %s", k)
		}
	}
}
