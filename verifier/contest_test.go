package verifier_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/verifier"
)

// compromise declares a thing compromised, by carol with dave's endorsement where
// it takes a quorum.
func compromise(w *register.World, name string, thing attest.CompromisedThing, since int64) register.Answer {
	s := &attest.Compromise{By: "carol", Log: register.Origin, Nonce: w.Nonce(), Reason: "laptop stolen", Since: since, Thing: thing, V: 1}
	var objects [][]byte
	if thing.Kind == attest.HumanKey || thing.Kind == attest.RootEntry {
		objects = append(objects, w.By(w.Dave, s).JSON())
	}
	return w.AddBy(name, w.Carol, s, objects...)
}

func svidKey(t *testing.T, a *register.Agent) attest.CompromisedThing {
	t.Helper()
	key, err := attest.KeyOf(a.Key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return attest.CompromisedThing{ID: a.ID, Key: key.Digest(), Kind: attest.SVIDKey}
}

func aliceKey(w *register.World) attest.CompromisedThing {
	return attest.CompromisedThing{ID: "alice", Key: w.Alice.Public.Digest(), Kind: attest.HumanKey}
}

// verdictOf verifies entries of a world, all of which have to stand.
func verdictOf(t *testing.T, w *register.World, indexes ...uint64) *verifier.Verdict {
	t.Helper()
	v := verifier.Verify(w.Bundle(t, indexes...), load(t, w.TrustFiles(t)), verifier.Options{})
	if v.ExitCode() != 0 {
		t.Fatal(v.Failure())
	}
	return v
}

// TestContested: an approval that was signed after the claimed time contests the
// action that it directed, and both findings are given; before that time it does
// not.
func TestContested(t *testing.T) {
	w := register.NewWorld(t, "contested")
	at := w.Entries["human_directed"]
	_, approved := entryOf(t, w, w.Entries["approval"])
	for _, test := range []struct {
		name  string
		since int64
		rests []uint64
	}{
		{"since before the approval", approved.CheckedAt, []uint64{w.Entries["approval"]}},
		{"since after it", approved.CheckedAt + 1, nil},
	} {
		w := register.NewWorld(t, "contested")
		c := compromise(w, "compromise", aliceKey(w), test.since)
		v := verdictOf(t, w, at, c.Index)
		s := v.Subjects[0]
		if s.Attribution.Agency != agency.HumanDirected {
			t.Errorf("%s: the row changed: %+v", test.name, s.Attribution)
		}
		if told := strings.Contains(verifier.Text(v), "passed. CONTESTED: of "+fmt.Sprintf("entry %d both readings", at)); told != (test.rests != nil) {
			t.Errorf("%s: the headline is of %+v", test.name, s.Contested)
		}
		if told := strings.Contains(s.Summary, " Contested: "); told != (test.rests != nil) {
			t.Errorf("%s: the summary is %q", test.name, s.Summary)
		}
		if contested := slices.Contains(s.Attribution.Flags, agency.FlagContested); contested != (test.rests != nil) {
			t.Errorf("%s: flags %v", test.name, s.Attribution.Flags)
		}
		if test.rests == nil {
			if len(s.Contested) > 0 {
				t.Errorf("%s: %+v", test.name, s.Contested)
			}
			continue
		}
		d := s.Contested[0]
		if !slices.Equal(d.Entries, test.rests) || d.By != "carol" || d.Index != c.Index || d.Attribution.Row != 2 ||
			d.Attribution.Authority != agency.AuthorityIndeterminate {
			t.Errorf("%s: %+v", test.name, d)
		}
		text := verifier.Text(v)
		for _, want := range []string{"Contested", "carol declared that the key", "laptop stolen", "If what was signed with it is not believed"} {
			if !strings.Contains(text, want) {
				t.Errorf("%s: the text does not say %q:\n%s", test.name, want, text)
			}
		}
	}
}

// TestGoldenContested: both readings of an action that an approval directed whose key
// may have been in other hands, byte for byte.
func TestGoldenContested(t *testing.T) {
	w := register.NewWorld(t, "contested")
	_, approved := entryOf(t, w, w.Entries["approval"])
	c := compromise(w, "compromise", aliceKey(w), approved.CheckedAt)
	golden(t, "contested", verdictOf(t, w, w.Entries["human_directed"], c.Index))
}

// TestToldOfContested: what a service saw of a contested action, and what the agent
// says came of it, are as true as before: neither rests on who was behind it.
func TestToldOfContested(t *testing.T) {
	w := register.NewWorld(t, "told")
	a := w.Action(w.Payments, attest.Intent, w.IDs["standing warrant"], "12000.00")
	approval := w.AddBy("consent", w.Alice, w.Approval(w.Alice, a))
	a.Authority.Approvals = []attest.ID{approval.ID}
	intent := w.AddAction("acted", w.Payments, a)
	seen := w.AddAs("seen", w.Cron, w.Countersignature(w.Cron, attest.ServiceRole, a, intent.ID))
	result := w.AddAction("result", w.Payments, w.Outcome(w.Payments, intent.ID, "done"))
	_, approved := entryOf(t, w, approval.Index)
	c := compromise(w, "compromise", aliceKey(w), approved.CheckedAt)
	v := verdictOf(t, w, intent.Index, seen.Index, result.Index, c.Index)
	for n, want := range []int{1, 0, 0} {
		if got := v.Subjects[n].Contested; len(got) != want {
			t.Errorf("subject %d: contested by %+v", n, got)
		}
	}
	lines := strings.Join(v.Subjects[0].Completeness.Lines, " ")
	if !strings.Contains(lines, "signed what it saw") || strings.Contains(lines, "may have been in other hands") {
		t.Errorf("of the action: %s", lines)
	}
}

func entryOf(t *testing.T, w *register.World, index uint64) (*admission.Entry, *admission.Record) {
	t.Helper()
	c := w.Contents(t, index)
	e, err := admission.ParseEntry(c.Entries[index].Entry)
	if err != nil {
		t.Fatal(err)
	}
	doc, err := w.Object(e.Admission)
	if err != nil {
		t.Fatal(err)
	}
	r, err := admission.ParseRecord(doc)
	if err != nil {
		t.Fatal(err)
	}
	return e, r
}

// TestStolenSVID: what the agent itself signed is nobody's, if its key was stolen
// by then; what it signs afterwards is not taken.
func TestStolenSVID(t *testing.T) {
	w := register.NewWorld(t, "stolen")
	before := w.AddAction("before", w.Payments, w.Action(w.Payments, attest.Record, w.IDs["standing warrant"], "1.00"))
	w.Clock.Move(time.Hour)
	stolen := w.AddAction("stolen", w.Payments, w.Action(w.Payments, attest.Record, w.IDs["standing warrant"], "2.00"))
	c := compromise(w, "compromise", svidKey(t, w.Payments), w.Now()-1800_000)
	v := verdictOf(t, w, before.Index, stolen.Index, c.Index)
	if got := v.Subjects[0].Contested; len(got) != 0 {
		t.Errorf("before: %+v", got)
	}
	got := v.Subjects[1].Contested
	if len(got) != 1 || got[0].Attribution.Row != 1 || !slices.Equal(got[0].Entries, []uint64{stolen.Index}) {
		t.Errorf("stolen: %+v", got)
	}
	payload, err := attest.Payload(w.Action(w.Payments, attest.Record, w.IDs["standing warrant"], "3.00"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := attest.Seal(payload, w.Payments.Key, attest.DigestOf(w.Payments.Chain))
	if err != nil {
		t.Fatal(err)
	}
	_, err = w.Submit(e, w.Payments.Chain)
	if f := attest.AsFault(err); f == nil || f.Code != "signer.compromised" {
		t.Errorf("after the declaration: %v", err)
	}
}

// TestContestedEndorsement: a registration that was endorsed with a key that was in
// other hands is contested with all that rests on it.
func TestContestedEndorsement(t *testing.T) {
	w := register.NewWorld(t, "endorsed")
	i := &attest.Issuer{
		Accountable: "alice", Bases: []attest.Basis{attest.OrgStanding}, By: "carol", From: w.Now(), Grants: w.Grants(),
		Issuer: attest.Party{ID: w.Cron.ID, Kind: attest.BySVID}, Log: register.Origin, Nonce: w.Nonce(), V: 1,
	}
	issuer := w.AddBy("second issuer", w.Carol, i, w.By(w.Dave, i).JSON())
	root := w.AddAs("second warrant", w.Cron, w.RootWarrant(attest.Party{ID: w.Cron.ID, Kind: attest.BySVID}, w.Buyer.ID, attest.OrgStanding, ""))
	acted := w.AddAction("acted", w.Buyer, w.Action(w.Buyer, attest.Record, root.ID, "1.00"))
	s := &attest.Compromise{By: "dave", Log: register.Origin, Nonce: w.Nonce(), Reason: "key lost", Since: i.From, V: 1,
		Thing: attest.CompromisedThing{ID: "dave", Key: w.Dave.Public.Digest(), Kind: attest.HumanKey}}
	c := w.AddBy("compromise", w.Dave, s)
	got := verdictOf(t, w, acted.Index, c.Index).Subjects[0].Contested
	if len(got) != 1 || !slices.Equal(got[0].Entries, []uint64{issuer.Index}) || got[0].Attribution.Row != 2 {
		t.Errorf("%+v", got)
	}
	// What is in force stays in force, and what relies on it later is no better.
	later := w.AddAction("acted later", w.Buyer, w.Action(w.Buyer, attest.Record, root.ID, "2.00"))
	s2 := verdictOf(t, w, later.Index, c.Index).Subjects[1]
	if len(s2.Contested) != 1 || !slices.Equal(s2.Contested[0].Entries, []uint64{issuer.Index}) || !slices.Contains(s2.Attribution.Flags, agency.FlagContested) {
		t.Errorf("after the declaration: %+v", s2.Contested)
	}
}

// TestContestedBytes: what rests on the bytes of a root that is declared compromised is
// contested, though it was proven by an earlier root with the same bytes; a root with
// others is another.
func TestContestedBytes(t *testing.T) {
	w := register.NewWorld(t, "bytes")
	acted := w.AddAction("acted", w.Payments, w.Action(w.Payments, attest.Record, w.IDs["standing warrant"], "1.00"))
	again := w.AddRoot("root again", w.CA.BundleDocument())
	other := w.AddRoot("another root", otherCA(t, w).BundleDocument())
	c := compromise(w, "compromise", attest.CompromisedThing{ID: string(other.ID), Kind: attest.RootEntry}, 1)
	if got := verdictOf(t, w, acted.Index, again.Index, c.Index).Subjects[0].Contested; len(got) > 0 {
		t.Errorf("by a root with other bytes: %+v", got)
	}
	c = compromise(w, "compromise again", attest.CompromisedThing{ID: string(again.ID), Kind: attest.RootEntry}, 1)
	got := verdictOf(t, w, acted.Index, c.Index).Subjects[0].Contested
	if len(got) != 1 || got[0].Attribution.Row != 1 || !slices.Contains(got[0].Entries, acted.Index) {
		t.Errorf("%+v", got)
	}
}

// otherCA is another CA of the world's trust domain.
func otherCA(t *testing.T, w *register.World) *spiffeca.CA {
	t.Helper()
	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: register.Domain, Now: w.Clock.Now, Rand: rand.NewChaCha8([32]byte{}), KeyType: spiffeca.Ed25519})
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

// TestContestedUnchecked: where a check could not be made, what contests an entry is
// said with what it would show.
func TestContestedUnchecked(t *testing.T) {
	w := register.NewWorld(t, "contested")
	c := compromise(w, "compromise", aliceKey(w), 1)
	b := w.Bundle(t, w.Entries["human_directed"], c.Index)
	v := verifier.Verify(b, load(t, with(w.TrustFiles(t), "genesis", nil)), verifier.Options{})
	if s := v.Subjects[0]; v.Result != verifier.CouldNotCheck || len(s.WouldShow) == 0 || len(s.Contested) != 1 {
		t.Errorf("%s: would show %q, contested by %+v", v.Result, s.WouldShow, s.Contested)
	}
}

// TestCompromisedShown: an action that relies on what is compromised is denied, and
// verifies as that; a register that leaves the mark out of what it read is caught
// where the declaration is in the bundle.
func TestCompromisedShown(t *testing.T) {
	w := register.NewWorld(t, "shown")
	a := w.Action(w.Payments, attest.Intent, w.IDs["standing warrant"], "12000.00")
	approval := w.AddBy("consent", w.Alice, w.Approval(w.Alice, a))
	a.Authority.Approvals = []attest.ID{approval.ID}
	c := compromise(w, "compromise", aliceKey(w), w.Now()-3600_000)
	acted := w.AddAction("acted", w.Payments, a)
	v := verdictOf(t, w, acted.Index, c.Index)
	if s := v.Subjects[1]; s.Attribution.Agency != agency.Indeterminate || !slices.Contains(s.Decision.Faults, "reference.compromised") {
		t.Errorf("%+v, %+v", s.Attribution, s.Decision)
	}
	f := forge(t, keep(t, w))
	f.edit("acted", func(_ *admission.Entry, r *admission.Record) { r.Read.Compromised = nil })
	v = verifier.Verify(build(t, f.bundle("acted", "compromise")), load(t, f.trust), verifier.Options{})
	if status, checks := outcome(v); status != fail || !slices.Contains(checks, "read.bounds") {
		t.Errorf("left out: %s of %v", status, checks)
	}
}

// TestRevokedAncestor: a revocation of the root denies what comes after it and
// leaves what came before as it was; the verdict shows both.
func TestRevokedAncestor(t *testing.T) {
	w := world(t, "one")
	v := verifier.Verify(build(t, w.contents["all"]), load(t, w.trust), verifier.Options{})
	for name, want := range map[string]admission.Effect{"human_tasked": admission.Allow, "revoked": admission.Deny} {
		s := v.Subjects[w.Entries[name]]
		if s.Decision.Effect != want || want == admission.Deny && !slices.Equal(s.Decision.Faults, []string{"warrant.revoked"}) {
			t.Errorf("%s: %+v", name, s.Decision)
		}
	}
}

// TestRatified: consent to exactly this action that came after it is said, and
// changes no row.
func TestRatified(t *testing.T) {
	w := register.NewWorld(t, "ratified")
	a := w.Action(w.Payments, attest.Record, w.IDs["standing warrant without trigger"], "21.00")
	acted := w.AddAction("acted", w.Payments, a)
	late := w.AddBy("late consent", w.Alice, w.Approval(w.Alice, a))
	other := w.Action(w.Payments, attest.Record, w.IDs["standing warrant without trigger"], "22.00")
	elsewhere := w.AddBy("other consent", w.Alice, w.Approval(w.Alice, other))
	got := verdictOf(t, w, acted.Index, late.Index, elsewhere.Index).Subjects[0].Attribution
	if got.Agency != agency.Unattributed || got.Order != agency.OrderAfter || !slices.Equal(got.Ratified, []string{string(late.ID)}) ||
		!slices.Contains(got.Flags, agency.FlagRatifiedBy) {
		t.Errorf("%+v", got)
	}
	if got := verdictOf(t, w, acted.Index).Subjects[0].Attribution; len(got.Ratified) > 0 {
		t.Errorf("without it: %+v", got)
	}
}

// TestRatifiedBySomebodyElse: consent from after the action does not count where the key
// that signed it may have been in other hands by then, or whoever said whose it is.
func TestRatifiedBySomebodyElse(t *testing.T) {
	for _, name := range []string{"alice", "carol"} { // who approved, and who registered her
		for _, since := range []string{"before", "after"} {
			w := register.NewWorld(t, "ratified")
			a := w.Action(w.Payments, attest.Record, w.IDs["standing warrant without trigger"], "21.00")
			acted := w.AddAction("acted", w.Payments, a)
			late := w.AddBy("late consent", w.Alice, w.Approval(w.Alice, a))
			_, r := entryOf(t, w, late.Index)
			at := map[string]int64{"before": 1, "after": r.CheckedAt + 1}[since]
			by := map[string]*register.Human{"alice": w.Alice, "carol": w.Carol}[name]
			c := w.AddBy("compromise", by, &attest.Compromise{By: name, Log: register.Origin, Nonce: w.Nonce(), Reason: "laptop stolen", Since: at, V: 1,
				Thing: attest.CompromisedThing{ID: name, Key: by.Public.Digest(), Kind: attest.HumanKey}})
			s := verdictOf(t, w, acted.Index, late.Index, c.Index).Subjects[0]
			got := s.Attribution
			if counts := len(got.Ratified) > 0; counts != (since == "after") || counts != slices.Contains(got.Flags, agency.FlagRatifiedBy) {
				t.Errorf("%s, since %s: %+v", name, since, got)
			}
			if said := slices.ContainsFunc(s.Incomplete, func(l string) bool { return strings.Contains(l, "It is not counted: entry ") }); said != (since == "before") {
				t.Errorf("%s, since %s: %q", name, since, s.Incomplete)
			}
		}
	}
}

// TestOperatorLiesAboutSpent: with the walk in the bundle, a pool that is said to
// have more left than the entries left it does not pass.
func TestOperatorLiesAboutSpent(t *testing.T) {
	w := keep(t, register.NewWorld(t, "spent"))
	f := forge(t, w)
	f.edit("human_tasked", func(_ *admission.Entry, r *admission.Record) {
		for i := range r.Read.Spent {
			r.Read.Spent[i].Uses, r.Read.Spent[i].Sum, r.Read.Spent[i].Entry = 0, 0, 0
		}
	})
	v := verifier.Verify(build(t, f.bundle("human_instructed", "human_directed", "human_tasked")), load(t, f.trust), verifier.Options{})
	if status, checks := outcome(v); status != fail || !slices.Equal(checks, []string{"read.bounds"}) {
		t.Errorf("%s of %v", status, checks)
	}
}

// TestRetiredID: an agent whose ID was retired and registered anew for somebody
// else does not act under what was given to the first.
func TestRetiredID(t *testing.T) {
	w := register.NewWorld(t, "retired")
	agent := func(owner, status string) register.Answer {
		return w.AddBy("agent "+owner+" "+status, w.Carol, &attest.Agent{
			Agent: w.Buyer.ID, By: "carol", Log: register.Origin, Nonce: w.Nonce(), Owner: owner, Purpose: "buys", Status: status, V: 1,
		})
	}
	first := agent("alice", "registered")
	warrant := w.RootWarrant(attest.Party{ID: w.Cron.ID, Kind: attest.BySVID}, w.Buyer.ID, attest.OrgStanding, "")
	warrant.Holder.Registration = first.ID
	root := w.AddAs("named warrant", w.Cron, warrant)
	before := w.AddAction("before", w.Buyer, w.Action(w.Buyer, attest.Record, root.ID, "1.00"))
	agent("alice", "retired")
	agent("bob", "registered")
	after := w.AddAction("after", w.Buyer, w.Action(w.Buyer, attest.Record, root.ID, "2.00"))
	v := verdictOf(t, w, before.Index, after.Index)
	if d := v.Subjects[0].Decision; d.Effect != admission.Allow {
		t.Errorf("before: %+v", d)
	}
	if d := v.Subjects[1].Decision; !slices.Contains(d.Faults, "d10.holder") {
		t.Errorf("after: %+v", d)
	}
}
