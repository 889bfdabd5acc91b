package torture

import (
	"crypto/ed25519"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/policy"
	"github.com/deedlog/deed/verifier"
)

// standing is a further action of the payments agent under a warrant that is not
// revoked.
func (o *operator) standing(amount string) *attest.Action {
	a := o.Action(o.Payments, attest.Record, o.IDs["standing warrant without trigger"], amount)
	a.Session = attest.Session{ID: o.Nonce()}
	return a
}

// TestOperatorInventsRevocation denies an action by a revocation that is in no
// entry, in a bundle that holds every control entry.
func TestOperatorInventsRevocation(t *testing.T) {
	o := newOperator(t)
	warrant := o.IDs["standing warrant without trigger"]
	o.read = func(r *admission.Read) {
		r.Revoked = []admission.Ref{{Entry: o.Entries["human_tasked"], ID: warrant}}
	}
	at := o.act(o.Payments, o.standing("20.00"))
	caught(t, o.verify(o.reader(), append(o.controls(at), at)...), "read.bounds")
	// By itself it could be one of the control entries that are not shown.
	v := o.verify(o.reader(), at)
	open(t, v, "read.revoked")
	if text := verifier.Text(v); strings.Contains(text, "That no warrant of the chain was revoked") {
		t.Error("the verdict says that none was revoked of an entry that says one was")
	}
}

// TestOperatorRevokesBeforeTheWarrant dates what ends a warrant, and what uses an
// approval, before these were there.
func TestOperatorRevokesBeforeTheWarrant(t *testing.T) {
	o := newOperator(t)
	o.read = func(r *admission.Read) {
		r.Revoked = []admission.Ref{{Entry: 4, ID: o.IDs["standing warrant without trigger"]}}
		r.Control.Count++ // as if there were one
		r.Control.Hash = attest.DigestOf([]byte("one"))
	}
	at := o.act(o.Payments, o.standing("20.00"))
	caught(t, o.verify(o.reader(), at), "read.bounds")
}

// TestOperatorForgetsRevocation: one entry says that the warrant is revoked, a
// later one says nothing of it.
func TestOperatorForgetsRevocation(t *testing.T) {
	o := newOperator(t)
	o.view = func(table, _ string) ([]byte, bool) { return nil, table == "revoked" }
	a := o.Action(o.Payments, attest.Record, o.IDs["warrant without instruction"], "21.00")
	a.Session = attest.Session{ID: o.Nonce()}
	at := o.act(o.Payments, a)
	if _, r := o.parts(at); r.Decision.Effect != admission.Allow {
		t.Fatalf("%+v", r.Decision)
	}
	caught(t, o.verify(o.reader(), at, o.Entries["revocation"]), "read.bounds")
	caught(t, o.verify(o.reader(), at, o.Entries["revoked"]), "read.bounds")
	open(t, o.verify(o.reader(), at), "read.revoked")
}

// TestOperatorCountsControlEntriesBack: the count of an entry is lower than that
// of an entry before it.
func TestOperatorCountsControlEntriesBack(t *testing.T) {
	o := newOperator(t)
	early, _ := o.parts(o.Entries["human_tasked"])
	o.read = func(r *admission.Read) { r.Control = early.Control }
	at := o.act(o.Payments, o.standing("22.00"))
	caught(t, o.verify(o.reader(), at, o.Entries["revoked"]), "read.bounds")
	o.read = func(r *admission.Read) { r.Control.Hash = attest.DigestOf([]byte("another history")) }
	other := o.act(o.Payments, o.standing("22.00"))
	caught(t, o.verify(o.reader(), other, o.Entries["revoked"]), "read.bounds")
}

// TestOperatorHidesControlEntry: the running hash itself leaves the revocation
// out. No bundle without it can show that, and the verdict must not claim to.
func TestOperatorHidesControlEntry(t *testing.T) {
	o := newOperator(t)
	early, _ := o.parts(o.Entries["human_tasked"])
	o.view = func(table, _ string) ([]byte, bool) { return nil, table == "revoked" }
	o.read = func(r *admission.Read) { r.Control = early.Control }
	a := o.Action(o.Payments, attest.Record, o.IDs["warrant without instruction"], "23.00")
	a.Session = attest.Session{ID: o.Nonce()}
	at := o.act(o.Payments, a)
	v := o.verify(o.reader(), append(o.controls(o.Entries["human_tasked"]), at)...)
	last := v.Subjects[len(v.Subjects)-1]
	says := func(s string) bool {
		return strings.Contains(s, "if the register counted its control entries truthfully")
	}
	if v.ExitCode() == 0 && !slices.ContainsFunc(last.Incomplete, says) {
		t.Errorf("the verdict vouches for the register's own count: %q", last.Incomplete)
	}
	caught(t, o.verify(o.reader(), append(o.controls(at), at)...), "read.bounds")
}

// TestOperatorHidesRefusal hides that a person took an approval back.
func TestOperatorHidesRefusal(t *testing.T) {
	o := newOperator(t)
	a := o.Action(o.Payments, attest.Intent, o.IDs["standing warrant"], "24.00")
	o.Approve("yes", a, o.Alice)
	o.Refuse("no", a, o.Alice)
	o.view = func(table, _ string) ([]byte, bool) { return nil, table == "refused" }
	a.Session = attest.Session{ID: o.Nonce()}
	at := o.act(o.Payments, a)
	if _, r := o.parts(at); r.Attribution.Agency != agency.HumanDirected {
		t.Fatalf("%+v", r)
	}
	caught(t, o.verify(o.reader(), at, o.Entries["no"]), "read.bounds")
	open(t, o.verify(o.reader(), at), "read.refused")
}

// TestOperatorLetsApprovalServeTwice hides that an approval was used.
func TestOperatorLetsApprovalServeTwice(t *testing.T) {
	o := newOperator(t)
	o.view = func(table, _ string) ([]byte, bool) { return nil, table == "used" || table == "revoked" }
	_, r := o.parts(o.Entries["human_directed"])
	first, err := o.Logged(r.ID)
	o.must(err)
	again := *first.Verified.Statement().(*attest.Action)
	again.Nonce, again.Session = o.Nonce(), attest.Session{ID: o.Nonce()}
	at := o.act(o.Payments, &again)
	if _, r := o.parts(at); r.Attribution.Agency != agency.HumanDirected {
		t.Fatalf("%+v", r)
	}
	caught(t, o.verify(o.reader(), at, o.Entries["human_directed"]), "read.bounds")
	open(t, o.verify(o.reader(), at), "read.used")
}

// TestOperatorUsesApprovalBeforehand denies an action because its approval was
// used, by an entry from before the approval.
func TestOperatorUsesApprovalBeforehand(t *testing.T) {
	o := newOperator(t)
	a := o.standing("24.00")
	approval := o.AddBy("another approval", o.Alice, o.Approval(o.Alice, a))
	a.Authority.Approvals = []attest.ID{approval.ID}
	o.read = func(r *admission.Read) { r.Used = []admission.Ref{{Entry: o.Entries["trigger"], ID: approval.ID}} }
	caught(t, o.verify(o.reader(), o.act(o.Payments, a)), "read.bounds")
}

// TestOperatorRefillsPool says of a pool that less was spent than an earlier
// entry of the bundle spent.
func TestOperatorRefillsPool(t *testing.T) {
	o := newOperator(t)
	first := o.act(o.Payments, o.standing("25.00"))
	o.view = func(table, _ string) ([]byte, bool) { return nil, table == "spent" }
	second := o.act(o.Payments, o.standing("26.00"))
	caught(t, o.verify(o.reader(), first, second), "read.bounds")
	open(t, o.verify(o.reader(), second), "read.spent")
}

// TestOperatorForgetsWhatHeSaidOfPool: a denied action says that the pool is
// empty, a later one that it is full.
func TestOperatorForgetsWhatHeSaidOfPool(t *testing.T) {
	o := newOperator(t)
	o.read = func(r *admission.Read) {
		r.Spent[0].Uses, r.Spent[0].Sum, r.Spent[0].Entry = 1, 500_000_000, o.Entries["revocation"]
	}
	first := o.act(o.Payments, o.standing("27.00"))
	o.honest()
	second := o.act(o.Payments, o.standing("28.00"))
	caught(t, o.verify(o.reader(), first, second), "read.bounds")
}

// TestOperatorHidesFork says of a session that it begins, twice.
func TestOperatorHidesFork(t *testing.T) {
	o := newOperator(t)
	o.view = func(table, _ string) ([]byte, bool) { return nil, table == "session" }
	first := o.standing("29.00")
	second := o.standing("30.00")
	second.Session = first.Session
	one, two := o.act(o.Payments, first), o.act(o.Payments, second)
	caught(t, o.verify(o.reader(), one, two), "read.bounds")
	open(t, o.verify(o.reader(), two), "read.session")
}

// TestOperatorWritesAnotherRecord changes what was decided and attributed.
func TestOperatorWritesAnotherRecord(t *testing.T) {
	o := newOperator(t)
	reader := o.reader()
	for name, c := range map[string]struct {
		check string
		lie   func(*admission.Record, *admission.Entry)
	}{
		"a class is raised": {"record.recomputed", func(r *admission.Record, _ *admission.Entry) {
			r.Attribution.Agency, r.Attribution.Row = agency.HumanDirected, 4
		}},
		"a person is named": {"record.recomputed", func(r *admission.Record, _ *admission.Entry) { r.Attribution.Authorizing = "bob" }},
		"another answers":   {"record.recomputed", func(r *admission.Record, _ *admission.Entry) { r.Attribution.Accountable = "bob" }},
		"what is allowed is denied": {"record.recomputed", func(r *admission.Record, _ *admission.Entry) {
			r.Decision.Effect, r.Decision.Faults = admission.Deny, []string{"warrant.revoked"}
		}},
		"another agent signed": {"record.recomputed", func(r *admission.Record, _ *admission.Entry) { r.Signer.Name = o.Rogue.ID }},
		"another statement": {"", func(r *admission.Record, e *admission.Entry) {
			_, other := o.parts(o.Entries["human_directed"])
			r.Envelope = other.Envelope
		}},
		"another kind":    {"entry.kind", func(_ *admission.Record, e *admission.Entry) { e.Kind = attest.KindTrigger }},
		"another mode":    {"record.recomputed", func(r *admission.Record, _ *admission.Entry) { r.Mode = attest.Observe }},
		"a stale check":   {"record.time", func(r *admission.Record, _ *admission.Entry) { r.CheckedAt -= 11_000 }},
		"a check to come": {"record.time", func(r *admission.Record, _ *admission.Entry) { r.CheckedAt += 1 }},
		"an entry from before": {"entry.order", func(r *admission.Record, e *admission.Entry) {
			r.CheckedAt -= 20 * 60_000
			e.ReceivedAt -= 20 * 60_000
		}},
		"an entry of tomorrow": {"checkpoint.time", func(r *admission.Record, e *admission.Entry) {
			r.CheckedAt += 60_000
			e.ReceivedAt += 60_000
		}},
		"another class in the tree": {"record.recomputed", func(_ *admission.Record, e *admission.Entry) {
			e.ServerFields.Root = attest.DigestOf([]byte("autonomous"))
		}},
		"a submitter in markup":  {"record.profile", func(r *admission.Record, _ *admission.Entry) { r.Submitter.Kind = "<b>the auditor</b>" }},
		"a submitter of no kind": {"record.profile", func(r *admission.Record, _ *admission.Entry) { r.Submitter.Name = o.Cron.ID }},
		"an object without a name": {"record.profile", func(r *admission.Record, _ *admission.Entry) {
			r.Objects = append([]attest.Digest{""}, r.Objects...)
		}},
		"other rules": {"record.rules", func(r *admission.Record, _ *admission.Entry) { r.Rules = 2 }},
	} {
		t.Run(name, func(t *testing.T) {
			o.write = c.lie
			at := o.act(o.Payments, o.standing("31.00"))
			v := verifier.Verify(o.bundle([]uint64{at}), reader, verifier.Options{})
			caught(t, v, c.check)
		})
	}
}

// TestOperatorKeepsSeedBack: what is committed to in the tree may be a lie as long
// as nobody has the seed, and the verdict says that it was not opened.
func TestOperatorKeepsSeedBack(t *testing.T) {
	o := newOperator(t)
	o.write = func(_ *admission.Record, e *admission.Entry) {
		e.ServerFields = attest.Commitment{Root: attest.DigestOf([]byte("a lie")), Seed: attest.DigestOf([]byte("nowhere"))}
	}
	open(t, o.verify(o.reader(), o.act(o.Payments, o.standing("32.00"))), "entry.server_fields")
}

// TestOperatorMakesPerson: with the administrators' help he gives Alice a key of
// his own, and approves in her name.
func TestOperatorMakesPerson(t *testing.T) {
	o := newOperator(t)
	seed := sha256.Sum256([]byte("thief"))
	thief := &register.Human{Name: "alice", Key: ed25519.NewKeyFromSeed(seed[:])}
	public, err := attest.KeyOf(thief.Key.Public())
	o.must(err)
	thief.Public = public
	p := &attest.Person{By: "carol", From: o.Now(), Key: thief.Public, Log: register.Origin, Name: "alice", Nonce: o.Nonce(), V: 1}
	o.log(o.By(o.Carol, p), o.By(thief, p).JSON(), o.By(o.Dave, p).JSON())
	a := o.standing("33.00")
	approval := o.AddBy("forged approval", thief, o.Approval(thief, a))
	a.Authority.Approvals = []attest.ID{approval.ID}
	at := o.act(o.Payments, a)
	if _, r := o.parts(at); r.Attribution.Agency != agency.HumanDirected {
		t.Fatalf("%+v", r)
	}
	caught(t, o.verify(o.reader(), at), "people.corroborated")
	open(t, o.verify(o.reader("people.json"), at), "people.corroborated")
}

// TestOperatorNamesKeyTwice: with the administrators' help he registers Alice's key for
// somebody else too, so that one key answers a gate that asks for two people. Who shows
// both of them shows it.
func TestOperatorNamesKeyTwice(t *testing.T) {
	o := newOperator(t)
	zoe := &register.Human{Name: "zoe", Key: o.Alice.Key, Public: o.Alice.Public}
	o.view = func(table, key string) ([]byte, bool) {
		return nil, table == "force" && key == string(admission.KeySlot(zoe.Public.Digest()))
	}
	p := &attest.Person{By: "carol", From: o.Now(), Key: zoe.Public, Log: register.Origin, Name: "zoe", Nonce: o.Nonce(), V: 1}
	o.log(o.By(o.Carol, p), o.By(zoe, p).JSON(), o.By(o.Dave, p).JSON())
	o.honest()
	a := o.standing("33.50")
	for _, h := range []*register.Human{o.Alice, zoe} {
		approval := o.AddBy("approval by "+h.Name, h, o.Approval(h, a))
		a.Authority.Approvals = append(a.Authority.Approvals, approval.ID)
	}
	slices.Sort(a.Authority.Approvals)
	at := o.act(o.Payments, a)
	if _, r := o.parts(at); r.Attribution.Agency != agency.HumanDirected {
		t.Fatalf("%+v", r)
	}
	caught(t, o.verify(o.reader("people.json"), at), "read.force")
	open(t, o.verify(o.reader("people.json"), o.Entries["approval by zoe"]), "read.force")
}

// TestOperatorMakesAgent logs a root of his own for the trust domain and signs as
// an agent of it.
func TestOperatorMakesAgent(t *testing.T) {
	o := newOperator(t)
	ca, err := spiffeca.New(spiffeca.Config{
		TrustDomain: register.Domain, Now: o.Clock.Now, KeyType: spiffeca.Ed25519, RootTTL: 240 * time.Hour, SVIDTTL: time.Hour,
	})
	o.must(err)
	real := o.CA
	bundle := ca.BundleDocument()
	o.AddBy("another root", o.Server, &attest.Root{
		At: o.Now(), Bundle: attest.DigestOf(bundle), Log: register.Origin, Nonce: o.Nonce(), Source: "file",
		TrustDomain: register.Domain, Type: "spiffe_bundle", V: 1,
	}, bundle)
	o.CA = ca
	double := o.NewAgent(o.Payments.ID)
	o.CA = real
	a := o.standing("34.00")
	caught(t, o.verify(o.reader(), o.act(double, a)), "root.corroborated")
	v := o.verify(o.reader("spiffe/"+register.Domain+"/1.json"), o.Entries["policy"])
	if v.ExitCode() != 0 {
		t.Errorf("nobody's certificate is in it: %s", v.Failure())
	}
}

// TestOperatorPutsStatementInAnotherSlot takes Alice's registration as an issuer
// for that of a rogue.
func TestOperatorPutsStatementInAnotherSlot(t *testing.T) {
	o := newOperator(t)
	rogue := attest.Party{ID: o.Rogue.ID, Kind: attest.BySVID}
	alice, err := o.World.Current(admission.IssuerSlot(attest.Party{ID: "alice", Kind: attest.ByPerson}))
	o.must(err)
	o.view = func(table, key string) ([]byte, bool) {
		return encode(t, admission.Ref{Entry: alice.Index, ID: alice.ID()}), table == "force" && key == string(admission.IssuerSlot(rogue))
	}
	w := o.RootWarrant(rogue, o.Payments.ID, attest.OrgStanding, "")
	at := o.log(sign(t, o.Rogue, w), o.Rogue.Chain)
	caught(t, o.verify(o.reader(), at), "read.force")
}

// laxer puts a policy that allows nothing in force, so that the one before is the
// laxer one.
func (o *operator) laxer() (strict uint64) {
	src := policy.Default()
	src.Policies = []byte("@id(\"nothing\")\nforbid (principal, action, resource);\n")
	p := &attest.Policy{
		By: "carol", Log: register.Origin, Mode: attest.Gate, Nonce: o.Nonce(), V: 1,
		Policies: attest.DigestOf(src.Policies), Schema: attest.DigestOf(src.Schema), Entities: attest.DigestOf(src.Entities),
		Quotas: attest.Quotas{Denials: 100, LeafTTL: 24 * 3600_000},
	}
	return o.log(o.By(o.Carol, p), o.By(o.Dave, p).JSON(), src.Policies, src.Schema, src.Entities)
}

// TestOperatorTakesOldPolicy judges by a policy that another has replaced.
func TestOperatorTakesOldPolicy(t *testing.T) {
	o := newOperator(t)
	old := admission.Ref{Entry: o.Entries["policy"], ID: o.IDs["policy"]}
	strict := o.laxer()
	o.view = func(table, key string) ([]byte, bool) { return encode(t, old), table == "force" && key == "policy" }
	at := o.act(o.Payments, o.standing("35.00"))
	caught(t, o.verify(o.reader(), at, strict), "read.force")
	open(t, o.verify(o.reader(), at), "read.force")
}

// TestOperatorLogsOldPolicyAgain puts a replaced policy in force by its old
// envelope. Only who sees both entries can tell.
func TestOperatorLogsOldPolicyAgain(t *testing.T) {
	o := newOperator(t)
	o.laxer()
	old, err := o.Logged(o.IDs["policy"])
	o.must(err)
	var objects [][]byte
	for _, d := range old.Record.Objects {
		object, err := o.Object(d)
		o.must(err)
		if d != old.Record.Signer.KeyID && d != o.Dave.Public.Digest() {
			objects = append(objects, object)
		}
	}
	again := o.log(old.Verified.Envelope(), objects...)
	at := o.act(o.Payments, o.standing("36.00"))
	hidden := o.bundle([]uint64{at}, o.Entries["policy"])
	open(t, verifier.Verify(hidden, o.reader(), verifier.Options{}), "read.force")
	caught(t, o.verify(o.reader(), at, o.Entries["policy"], again), "entry.order")
}

// TestOperatorBeginsAgain makes another genesis with the same keys of the log.
func TestOperatorBeginsAgain(t *testing.T) {
	o := newOperator(t)
	second := register.NewEmpty(t, "another beginning")
	second.Keys, second.Register = o.Keys, register.New(t, register.Origin, "x", o.Keys, o.Clock)
	g := second.Genesis()
	second.AddBy("genesis", second.Server, g, second.By(second.Carol, g).JSON(), second.By(second.Dave, g).JSON())
	caught(t, verifier.Verify(second.Bundle(t, 0), o.reader(), verifier.Options{}), "genesis.pinned")
}

// TestOperatorIsAdministrator makes a genesis in which the register's own key is
// one of the quorum.
func TestOperatorIsAdministrator(t *testing.T) {
	w := register.NewEmpty(t, "own administrator")
	g := w.Genesis()
	g.Administrators[0].Key = g.ServerKey
	if _, err := attest.Payload(g); attest.AsFault(err) == nil {
		t.Error("the register is an administrator of itself")
	}
}

// TestOperatorAcceptsTwoOutcomes says of an intent that it has no outcome, twice.
func TestOperatorAcceptsTwoOutcomes(t *testing.T) {
	o := newOperator(t)
	o.view = func(table, _ string) ([]byte, bool) { return nil, table == "outcome" }
	_, intent := o.parts(o.Entries["human_instructed"])
	logged, err := o.Logged(intent.ID)
	o.must(err)
	session := logged.Verified.Statement().(*attest.Action).Session
	tip := admission.Tip{ID: o.IDs["revoked"], Seq: 20}
	o.read = func(r *admission.Read) { r.Session = &tip }
	at := o.act(o.Payments, &attest.Action{
		Agent: o.Payments.ID, ClaimedAt: o.Now(), Initiator: attest.Initiator{Claim: "human"}, Intent: intent.ID, Log: register.Origin, Nonce: o.Nonce(),
		Outcome: &attest.Result{Status: "failed"}, Phase: attest.Outcome, Session: attest.Session{ID: session.ID, Prev: tip.ID, Seq: tip.Seq + 1}, V: 1,
	})
	caught(t, o.verify(o.reader(), at, o.Entries["outcome"]), "read.bounds")
	open(t, o.verify(o.reader(), at), "read.outcome")
}
