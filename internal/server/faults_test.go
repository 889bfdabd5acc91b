package server_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/policy"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// A trial is the smallest submission that one rule alone refuses or denies.
type trial struct {
	wrong cast.Sent
	// right goes through after wrong, in the same place: nothing was consumed.
	// Empty: any action does.
	right cast.Sent
	// mend brings what a retryable fault asks for: then the bytes of wrong pass.
	// It returns objects to send along.
	mend func() [][]byte
}

// A faultCase makes the trial of one code, in a world of its own.
type faultCase struct {
	try func(w *world) trial
	// elsewhere gives the fault where no submission can; why says why not.
	elsewhere func(w *world) error
	why       string
}

// TestFaults tries every code that there is.
func TestFaults(t *testing.T) {
	for code := range attest.Faults {
		if _, ok := faultCases[code]; !ok {
			t.Errorf("%s has no case", code)
		}
	}
	for _, code := range slices.Sorted(maps.Keys(faultCases)) {
		info, ok := attest.Faults[code]
		if !ok {
			t.Errorf("%s is no code", code)
			continue
		}
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			c := faultCases[code]
			w := newWorld(t)
			if c.elsewhere != nil {
				if f := attest.AsFault(c.elsewhere(w)); f == nil || f.Code != code || c.why == "" {
					t.Errorf("fault %v, want %s", f, code)
				}
				return
			}
			switch trial := c.try(w); info.Handling {
			case attest.Logged:
				w.tryLogged(trial, code)
			case attest.Refused:
				w.tryRefused(trial, code)
			case attest.Retryable:
				w.tryRetryable(trial, code)
			}
		})
	}
}

// refuse submits what must be refused and leave no trace.
func (w *world) refuse(s cast.Sent, code string) {
	w.Helper()
	size, before := w.log.Size(), w.state()
	r, err := w.submit(s)
	if f := attest.AsFault(err); err == nil || f != nil && f.Code != code {
		w.Fatalf("error %v (fault of the receipt: %v), want %s", err, r.Fault, code)
	}
	// What a client sees also has a code where the log refused, not a rule.
	answer := w.call(s)
	if f := detail[*deedv1.Fault](answer); f.GetCode() != code || f.GetRetryable() != (attest.Faults[code].Handling == attest.Retryable) {
		w.Fatalf("answer %v with %v, want %s", answer, f, code)
	}
	if w.log.Size() != size || !reflect.DeepEqual(w.state(), before) {
		w.Fatal("a refused statement changed the register")
	}
}

func (w *world) tryRefused(t trial, code string) {
	w.Helper()
	w.refuse(t.wrong, code)
	w.refuse(t.wrong, code) // the same bytes never pass
	if t.right.ID == "" {
		t.right = w.pay()
	}
	w.allow(t.right)
}

func (w *world) tryRetryable(t trial, code string) {
	w.Helper()
	w.refuse(t.wrong, code)
	t.wrong.Objects = append(slices.Clone(t.wrong.Objects), t.mend()...)
	w.logged(t.wrong)
}

// tryLogged submits what must be denied by one rule, and take its place in its
// session but change nothing else.
func (w *world) tryLogged(t trial, code string) {
	w.Helper()
	before := w.state()
	w.deny(t.wrong, code)
	size, after := w.log.Size(), w.state()
	if d := detail[*deedv1.Denial](w.call(t.wrong)); d.GetFault().GetCode() != code || d.GetReceipt().GetIndex() != size-1 || w.log.Size() != size {
		w.Fatalf("the same statement again is answered with %v", d)
	}
	for _, table := range []string{"force", "outcome", "refused", "revoked", "spent", "used"} {
		if !reflect.DeepEqual(before[table], after[table]) {
			w.Errorf("a denied statement changed %s", table)
		}
	}
	if t.right.ID == "" {
		t.right = w.pay()
	}
	w.allow(t.right)
}

// profileCase signs a document that is out of the strict profile.
func profileCase(doc string) faultCase {
	return faultCase{try: func(w *world) trial { return trial{wrong: w.Seal(w.Payments, []byte(doc))} }}
}

// edit replaces a text in a payload that has it once.
func (w *world) edit(payload []byte, old, new string) []byte {
	w.Helper()
	if strings.Count(string(payload), old) != 1 {
		w.Fatalf("%q is not once in %s", old, payload)
	}
	return []byte(strings.Replace(string(payload), old, new, 1))
}

// editCase changes a text in a transfer before it is signed. The right statement
// is the transfer as it was.
func editCase(old, new string) faultCase {
	return faultCase{try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		doc := w.Payload(w.Transfer(w.Payments, id, "100.00"))
		return trial{wrong: w.Seal(w.Payments, w.edit(doc, old, new)), right: w.Seal(w.Payments, doc)}
	}}
}

// envelopeCase changes the envelope of a transfer after it is signed.
func envelopeCase(change func(*attest.Envelope)) faultCase {
	return faultCase{try: func(w *world) trial {
		right := w.pay()
		wrong := right
		change(&wrong.Envelope)
		return trial{wrong: wrong, right: right}
	}}
}

// documentCase changes the JSON form of an envelope. It does not travel, so no
// submission has these faults: envelopes come as fields of a message, and an
// object that is no envelope is no endorsement.
func documentCase(change func(doc string) string) faultCase {
	return faultCase{why: "only documents of envelopes have a form", elsewhere: func(w *world) error {
		_, err := attest.ParseEnvelope([]byte(change(string(w.pay().Envelope.JSON()))))
		return err
	}}
}

// svidCase signs with a credential that is not one. The right statement is the
// same payload under the agent's SVID.
func svidCase(issue func(w *world) *cast.Party) faultCase {
	return faultCase{try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		doc := w.Payload(w.Transfer(w.Payments, id, "100.00"))
		return trial{wrong: w.Seal(issue(w), doc), right: w.Seal(w.Payments, doc)}
	}}
}

func (w *world) issue(o spiffeca.Options) *cast.Party {
	w.Helper()
	svid, err := w.CA.IssueWith(o)
	w.Check(err)
	return w.Holder(svid)
}

// childCase hands a warrant on in a wrong way.
func childCase(spoil func(w *world, child *attest.Warrant)) faultCase {
	return faultCase{try: func(w *world) trial {
		root, id := w.standing(w.Orchestrator)
		wrong, right := w.Child(root, id, w.Orchestrator, w.Payments), w.Child(root, id, w.Orchestrator, w.Payments)
		spoil(w, wrong)
		return trial{wrong: w.Sign(w.Orchestrator, wrong), right: w.Sign(w.Orchestrator, right)}
	}}
}

// actCase acts in a way that is denied, and then rightly in the same session.
func actCase(wrong func(w *world) *attest.Action) faultCase {
	return faultCase{try: func(w *world) trial {
		a := wrong(w)
		by := w.Payments
		for _, p := range []*cast.Party{w.Bystander, w.Orchestrator, w.Buyer} {
			if p.ID == a.Agent {
				by = p
			}
		}
		out := trial{wrong: w.Sign(by, a)}
		_, id := w.standing(by)
		out.right = w.Sign(by, w.After(a, out.wrong.ID, w.Transfer(by, id, "1.00")))
		return out
	}}
}

// put puts another policy in force.
func (w *world) put(edit func(*policy.Source), denials int) {
	w.Helper()
	src := policy.Default()
	edit(&src)
	p, parts := w.Policy(src, denials)
	w.allow(w.Endorsed(w.Sign(w.Admin, p, parts...), w.Second))
}

var faultCases = map[string]faultCase{
	"profile.syntax":    profileCase(`{"a":1} `),
	"profile.depth":     profileCase(`{"a":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`),
	"profile.name":      profileCase(`{"A":1}`),
	"profile.order":     profileCase(`{"b":1,"a":1}`),
	"profile.duplicate": profileCase(`{"a":1,"a":1}`),
	"profile.number":    profileCase(`{"a":1.5}`),
	"profile.string":    profileCase(`{"a":"\n"}`),
	"profile.utf8":      profileCase("{\"a\":\"\xff\"}"),
	"profile.null":      profileCase(`{"a":null}`),
	"profile.member":    editCase(`"v":1}`, `"v":1,"zeal":1}`),
	"profile.canonical": editCase(`"log":"`, `"instance":"","log":"`),
	"profile.size": {why: "a submission of that size is envelope.size", elsewhere: func(*world) error {
		return attest.CheckProfile(make([]byte, attest.MaxPayload+1))
	}},

	"envelope.size":         envelopeCase(func(e *attest.Envelope) { e.Payload = make([]byte, attest.MaxPayload+1) }),
	"envelope.signatures":   envelopeCase(func(e *attest.Envelope) { e.Signature = nil }),
	"envelope.keyid":        envelopeCase(func(e *attest.Envelope) { e.KeyID = "sha256:" }),
	"envelope.signature":    envelopeCase(func(e *attest.Envelope) { e.Signature = slices.Clone(e.Signature); e.Signature[9] ^= 1 }),
	"envelope.form":         documentCase(func(doc string) string { return " " + doc }),
	"envelope.payload_type": documentCase(func(doc string) string { return strings.Replace(doc, "in-toto", "other", 1) }),
	"key.algorithm": {try: func(w *world) trial {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		w.Check(err)
		der, err := attest.KeyOf(key.Public())
		w.Check(err)
		p := w.Person("new")
		doc := w.Payload(w.Registration(p))
		text := base64.StdEncoding.EncodeToString
		return trial{wrong: w.Seal(w.Admin, w.edit(doc, text(p.Public()), text(der))), right: w.Endorsed(w.Seal(w.Admin, doc), p)}
	}},

	"statement.type":    editCase(`in-toto.io/Statement/v1`, `in-toto.io/Statement/v2`),
	"statement.subject": editCase(`"name":"payments.transfer"`, `"name":"payments.quote"`),
	"statement.field":   editCase(`"claim":"unknown"`, `"claim":"somebody"`),
	"statement.value":   editCase(`"decimal":"100.00"`, `"decimal":"0100.00"`),
	"statement.log":     editCase(`"log":"log.example/2026"`, `"log":"log.example/2027"`),
}

func init() {
	maps.Copy(faultCases, signerCases)
	maps.Copy(faultCases, retryCases)
	maps.Copy(faultCases, warrantCases)
	maps.Copy(faultCases, actionCases)
	maps.Copy(faultCases, controlCases)
}

var signerCases = map[string]faultCase{
	"action.open": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		a := w.Transfer(w.Payments, id, "100.00")
		doc := w.Payload(a)
		return trial{wrong: w.Seal(w.Payments, w.edit(doc, a.Open[0].Salt, strings.Repeat("0", 64))), right: w.Seal(w.Payments, doc)}
	}},
	"action.fields": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		a, b := w.Transfer(w.Payments, id, "100.00"), w.Transfer(w.Payments, id, "100.00")
		a.Session = b.Session
		wrong, right := w.Commitment(a, "id:another"), w.Commitment(b, id)
		return trial{wrong: w.Sign(w.Payments, a, wrong), right: w.Sign(w.Payments, b, right)}
	}},
	"d0.signer":      svidCase(func(w *world) *cast.Party { return w.Bystander }),
	"signer.foreign": svidCase(func(w *world) *cast.Party { return w.foreign("third.example") }),
	"signer.unknown": {try: func(w *world) trial {
		stranger := w.Person("stranger")
		return trial{wrong: w.Sign(stranger, w.Instruction(stranger, w.Payments))}
	}},
	"signer.spiffe_id": svidCase(func(w *world) *cast.Party { return w.issue(spiffeca.Options{}) }),
	"signer.expired": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		doc := w.Payload(w.Transfer(w.Payments, id, "100.00"))
		short := w.issue(spiffeca.Options{ID: w.Payments.ID, Edit: func(c *x509.Certificate) { c.NotAfter = w.Clock.Now().Add(time.Minute) }})
		w.move(time.Hour)
		return trial{wrong: w.Seal(short, doc), right: w.Seal(w.Payments, doc)}
	}},
	"signer.not_yet_valid": svidCase(func(w *world) *cast.Party {
		return w.issue(spiffeca.Options{ID: w.Payments.ID, Edit: func(c *x509.Certificate) { c.NotBefore = w.Clock.Now().Add(time.Minute) }})
	}),
	"signer.chain": svidCase(func(w *world) *cast.Party {
		svid, err := w.NewCA(cast.Domain).Issue(w.Payments.ID)
		w.Check(err)
		return w.Holder(svid)
	}),
	"signer.leaf": svidCase(func(w *world) *cast.Party {
		return w.issue(spiffeca.Options{ID: w.Payments.ID, Edit: func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }})
	}),
	"signer.key": {try: func(w *world) trial {
		key, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
		w.Check(err)
		weak := w.issue(spiffeca.Options{ID: w.Payments.ID, Key: key})
		right := w.pay()
		wrong := cast.Sent{Envelope: right.Envelope, Objects: [][]byte{weak.Chain}} // the key is looked at before the signature
		wrong.Envelope.KeyID = weak.KeyID
		return trial{wrong: wrong, right: right}
	}},
	"genesis.place": {try: func(w *world) trial {
		return trial{wrong: w.Endorsed(w.Sign(w.Server, w.Genesis()), w.Admin, w.Second)}
	}},
	"genesis.endorsed": {why: "a register begins with its genesis, so this one is not begun", elsewhere: func(world *world) error {
		w := newEmptyWorld(world.TB, nil)
		genesis := w.Genesis()
		w.tryRefused(trial{
			wrong: w.Endorsed(w.Sign(w.Server, genesis), w.Admin),
			right: w.Endorsed(w.Sign(w.Server, genesis), w.Admin, w.Second),
		}, "genesis.endorsed")
		return attest.Refuse("genesis.endorsed", "", "", "")
	}},
	"object.unused": {try: func(w *world) trial {
		right := w.pay()
		wrong := right
		wrong.Objects = append(slices.Clone(right.Objects), []byte("luggage"))
		return trial{wrong: wrong, right: right}
	}},
	"object.size": {try: func(w *world) trial {
		right := w.pay()
		wrong := right
		wrong.Objects = append(slices.Clone(right.Objects), make([]byte, admission.MaxObject+1))
		return trial{wrong: wrong, right: right}
	}},
	"object.form": {try: func(w *world) trial {
		other, good := []byte("no bundle"), w.CA.BundleDocument()
		return trial{
			wrong: w.Sign(w.Server, w.Root(cast.Domain, other), other),
			right: w.Sign(w.Server, w.Root(cast.Domain, good), good),
		}
	}},
}

// foreign is the payments agent's namesake in another trust domain.
func (w *world) foreign(domain string) *cast.Party {
	w.Helper()
	ca := w.NewCA(domain)
	svid, err := ca.Issue("spiffe://" + domain + "/agent/payments")
	w.Check(err)
	return w.Holder(svid)
}

var retryCases = map[string]faultCase{
	"object.missing": {try: func(w *world) trial {
		s := w.pay()
		chain := s.Objects
		s.Objects = nil
		return trial{wrong: s, mend: func() [][]byte { return chain }}
	}},
	"signer.no_bundle": {try: func(w *world) trial {
		ca := w.NewCA("other.example")
		svid, err := ca.Issue("spiffe://other.example/service/cron")
		w.Check(err)
		cron := w.Holder(svid)
		return trial{wrong: w.Sign(cron, w.Trigger(cron, w.Reconciler)), mend: func() [][]byte {
			_, err := w.server.LogBundle(context.Background(), server.Bundle{TrustDomain: "other.example", Source: "test", Document: ca.BundleDocument()})
			w.Check(err)
			return nil
		}}
	}},
	"reference.unlogged": {try: func(w *world) trial {
		root := w.Warrant(w.Treasurer, w.Orchestrator, attest.HumanStanding, cast.Payments("1.00"))
		parent := w.Sign(w.Treasurer, root)
		child := w.Child(root, parent.ID, w.Orchestrator, w.Payments)
		return trial{wrong: w.Sign(w.Orchestrator, child), mend: func() [][]byte { w.allow(parent); return nil }}
	}},
	"session.order": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		first := w.Transfer(w.Payments, id, "1.00")
		signed := w.Sign(w.Payments, first)
		second := w.After(first, signed.ID, w.Transfer(w.Payments, id, "2.00"))
		return trial{wrong: w.Sign(w.Payments, second), mend: func() [][]byte { w.allow(signed); return nil }}
	}},
	// The server takes so long over its checks that each is stale at its place.
	"trust.changed": {try: func(w *world) trial {
		s := w.pay()
		w.logNow.Move(11 * time.Second)
		return trial{wrong: s, mend: func() [][]byte { w.Clock.Move(11 * time.Second); return nil }}
	}},
	"log.unavailable": {try: func(w *world) trial {
		s := w.pay()
		w.logNow.Move(-3 * time.Second) // further than the log waits for
		return trial{wrong: s, mend: func() [][]byte { w.logNow.Move(3 * time.Second); return nil }}
	}},
	"quota.denials": {try: func(w *world) trial {
		w.put(func(*policy.Source) {}, 1)
		w.deny(w.Sign(w.Bystander, w.Trigger(w.Bystander, w.Bystander)), "trigger.recorder") // of whatever kind
		return trial{wrong: w.Sign(w.Bystander, w.Transfer(w.Bystander, "", "2.00")), mend: func() [][]byte { w.move(time.Hour); return nil }}
	}},
	"control.quorum": {try: func(w *world) trial {
		wrong := w.Sign(w.Admin, w.Issuer(w.Controller, w.Controller, cast.Payments("1.00"), attest.HumanStanding))
		return trial{wrong: wrong, mend: func() [][]byte { return w.Endorsed(cast.Sent{Envelope: wrong.Envelope}, w.Second).Objects }}
	}},
	"control.possession": {try: func(w *world) trial {
		p := w.Person("new")
		wrong := w.Sign(w.Admin, w.Registration(p))
		return trial{wrong: wrong, mend: func() [][]byte { return w.Endorsed(cast.Sent{Envelope: wrong.Envelope}, p).Objects }}
	}},
	"control.early": {try: func(w *world) trial {
		p := w.Person("new")
		early := w.Registration(p)
		early.From += cast.Hour
		return trial{wrong: w.Endorsed(w.Sign(w.Admin, early), p), mend: func() [][]byte { w.move(time.Hour); return nil }}
	}},
	"log.overloaded": {why: "a full queue needs a store that is slow", elsewhere: overload},
}

// slowStore commits when it is let.
type slowStore struct {
	ledger.Store
	slow  atomic.Bool
	begun chan struct{}
	end   chan struct{}
}

func (s *slowStore) Commit(ctx context.Context, expect ledger.Head, d ledger.Delta) error {
	if s.slow.Load() {
		s.begun <- struct{}{}
		<-s.end
	}
	return s.Store.Commit(ctx, expect, d)
}

// overload fills a queue of one behind a commit that does not end, and checks
// that what was turned away passes afterwards.
func overload(world *world) error {
	slow := &slowStore{begun: make(chan struct{}, 100), end: make(chan struct{})}
	w := newEmptyWorld(world.TB, func(c *ledger.Config) {
		slow.Store = c.Store
		c.Store, c.QueueLimit, c.MaxBatch = slow, 1, 1
	})
	for _, s := range w.Begin() {
		w.allow(s)
	}
	var waiting []cast.Sent
	for range 3 {
		waiting = append(waiting, w.pay())
	}
	slow.slow.Store(true)
	turnedAway := make(chan error, len(waiting))
	answers := make(chan error, len(waiting))
	submit := func(s cast.Sent) {
		err := w.call(s)
		if connect.CodeOf(err) == connect.CodeResourceExhausted {
			turnedAway <- err
			for connect.CodeOf(err) == connect.CodeResourceExhausted {
				err = w.call(s)
			}
		}
		answers <- err
	}
	go submit(waiting[0])
	<-slow.begun // the first is being committed; of the others one has room
	go submit(waiting[1])
	go submit(waiting[2])
	f := detail[*deedv1.Fault](<-turnedAway)
	close(slow.end)
	for range waiting {
		w.Check(<-answers)
	}
	if !f.GetRetryable() || f.GetRetryAfterMs() <= 0 {
		w.Fatalf("answer %v", f)
	}
	return attest.Refuse(f.GetCode(), "", "", "")
}

var warrantCases = map[string]faultCase{
	"d1.issuer": {try: func(w *world) trial {
		root, id := w.standing(w.Orchestrator)
		return trial{
			wrong: w.Sign(w.Bystander, w.Child(root, id, w.Bystander, w.Payments)),
			right: w.Sign(w.Orchestrator, w.Child(root, id, w.Orchestrator, w.Payments)),
		}
	}},
	"d2.parent": childCase(func(w *world, child *attest.Warrant) {
		child.Parent = w.allow(w.Sign(w.Treasurer, w.Instruction(w.Treasurer, w.Orchestrator)))
	}),
	"d3.depth":  childCase(func(_ *world, child *attest.Warrant) { child.Depth = 2 }),
	"d4.window": childCase(func(_ *world, child *attest.Warrant) { child.Expires++ }),
	"d5.grants": childCase(func(_ *world, child *attest.Warrant) { child.Grants[0] = cast.Payments("50000.01") }),
	"d8.task":   childCase(func(_ *world, child *attest.Warrant) { child.Task.Purpose = "another" }),
	"d9.domain": childCase(func(_ *world, child *attest.Warrant) { child.Holder.SPIFFEID = "spiffe://other.example/agent/payments" }),
	"d11.root": {try: func(w *world) trial {
		wrong := w.Warrant(w.Controller, w.Payments, attest.HumanStanding, cast.Payments("1.00"))
		wrong.Root.Accountable = w.Controller.ID
		return trial{
			wrong: w.Sign(w.Controller, wrong),
			right: w.Sign(w.Treasurer, w.Warrant(w.Treasurer, w.Payments, attest.HumanStanding, cast.Payments("1.00"))),
		}
	}},
	"d6.gates": {try: func(w *world) trial {
		root := w.Warrant(w.Treasurer, w.Orchestrator, attest.HumanStanding, cast.Payments("1.00"))
		root.Gates = []attest.WarrantGate{cast.Gate(2, w.Treasurer, w.Controller)}
		id := w.allow(w.Sign(w.Treasurer, root))
		wrong, right := w.Child(root, id, w.Orchestrator, w.Payments), w.Child(root, id, w.Orchestrator, w.Payments)
		wrong.Gates = []attest.WarrantGate{cast.Gate(1, w.Treasurer, w.Controller)}
		return trial{wrong: w.Sign(w.Orchestrator, wrong), right: w.Sign(w.Orchestrator, right)}
	}},
	"warrant.size": {try: func(w *world) trial {
		wrong := w.Warrant(w.Treasurer, w.Payments, attest.HumanStanding, cast.Payments("1.00"))
		for len(wrong.Grants) < attest.MaxGrants {
			wrong.Grants = append(wrong.Grants, wrong.Grants[0])
		}
		return trial{wrong: w.Sign(w.Treasurer, wrong)}
	}},
	"reference.denied": {try: func(w *world) trial {
		root := w.Warrant(w.Controller, w.Orchestrator, attest.HumanStanding, cast.Payments("1.00"))
		root.Root.Accountable = w.Controller.ID
		id := w.deny(w.Sign(w.Controller, root), "d11.root")
		return trial{wrong: w.Sign(w.Orchestrator, w.Child(root, id, w.Orchestrator, w.Payments))}
	}},
	"reference.kind": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		a := w.Transfer(w.Payments, id, "1.00")
		right := w.Sign(w.Treasurer, w.Approval(w.Treasurer, a))
		a.Authority.Warrant = w.allow(w.Sign(w.Treasurer, w.Instruction(w.Treasurer, w.Payments)))
		return trial{wrong: w.Sign(w.Treasurer, w.Approval(w.Treasurer, a)), right: right}
	}},
	"warrant.revoked": {try: func(w *world) trial {
		root, id := w.standing(w.Orchestrator)
		child := w.Sign(w.Orchestrator, w.Child(root, id, w.Orchestrator, w.Payments))
		w.allow(child)
		w.allow(w.Sign(w.Treasurer, w.Revocation(w.Treasurer, id)))
		return trial{wrong: w.Sign(w.Payments, w.Transfer(w.Payments, child.ID, "1.00"))}
	}},
}

var actionCases = map[string]faultCase{
	"d7.spent": actCase(func(w *world) *attest.Action {
		root := w.Warrant(w.Treasurer, w.Payments, attest.HumanStanding, cast.Payments("50000.00"))
		root.Grants[0].MaxUses = 1
		id := w.allow(w.Sign(w.Treasurer, root))
		w.allow(w.Sign(w.Payments, w.Transfer(w.Payments, id, "1.00")))
		return w.Transfer(w.Payments, id, "2.00")
	}),
	"d10.holder": actCase(func(w *world) *attest.Action {
		_, id := w.standing(w.Payments)
		return w.Transfer(w.Bystander, id, "1.00")
	}),
	"warrant.outside": actCase(func(w *world) *attest.Action {
		id := w.allow(w.Sign(w.Treasurer, w.Warrant(w.Treasurer, w.Payments, attest.HumanStanding, cast.Payments("99.99"))))
		return w.Transfer(w.Payments, id, "100.00")
	}),
	"warrant.ttl": actCase(func(w *world) *attest.Action {
		long := w.Warrant(w.Treasurer, w.Payments, attest.HumanStanding, cast.Payments("50000.00"))
		long.Expires = long.NotBefore + 24*cast.Hour + 1
		return w.Transfer(w.Payments, w.allow(w.Sign(w.Treasurer, long)), "1.00")
	}),
	"instruction.spent": actCase(func(w *world) *attest.Action {
		once := w.Instruction(w.Treasurer, w.Payments, cast.Request())
		once.MaxActions = 1
		instruction := w.allow(w.Sign(w.Treasurer, once))
		id := w.allow(w.Sign(w.Treasurer, w.Instructed(w.Treasurer, w.Payments, instruction)))
		w.allow(w.Sign(w.Payments, w.Transfer(w.Payments, id, "1.00")))
		return w.Transfer(w.Payments, id, "2.00")
	}),
	"approval.mismatch": actCase(func(w *world) *attest.Action {
		_, id := w.standing(w.Payments)
		shown, done := w.Transfer(w.Payments, id, "10.00"), w.Transfer(w.Payments, id, "10000.00")
		done.Authority.Approvals = []attest.ID{w.allow(w.Sign(w.Treasurer, w.Approval(w.Treasurer, shown)))}
		return done
	}),
	"approval.expired": actCase(func(w *world) *attest.Action {
		_, id := w.standing(w.Payments)
		a := w.Transfer(w.Payments, id, "10.00")
		a.Authority.Approvals = []attest.ID{w.allow(w.Sign(w.Treasurer, w.Approval(w.Treasurer, a)))}
		w.move(15 * time.Minute) // to the millisecond
		return a
	}),
	"approval.used": actCase(func(w *world) *attest.Action {
		_, id := w.standing(w.Payments)
		a := w.Transfer(w.Payments, id, "10.00")
		a.Authority.Approvals = []attest.ID{w.allow(w.Sign(w.Treasurer, w.Approval(w.Treasurer, a)))}
		again := *a
		again.Nonce, again.Session.ID = w.Random(), w.Random()
		w.allow(w.Sign(w.Payments, a))
		return &again
	}),
	"approval.refused": actCase(func(w *world) *attest.Action {
		_, id := w.standing(w.Payments)
		a := w.Transfer(w.Payments, id, "10.00")
		a.Authority.Approvals = []attest.ID{w.allow(w.Sign(w.Treasurer, w.Approval(w.Treasurer, a)))}
		w.allow(w.Sign(w.Treasurer, w.Refusal(w.Treasurer, a)))
		return a
	}),
	"gate.approvals": actCase(func(w *world) *attest.Action {
		a := w.Transfer(w.Payments, w.gated(2, w.Treasurer, w.Controller), "10.00")
		yes := w.allow(w.Sign(w.Treasurer, w.Approval(w.Treasurer, a)))
		twice := w.allow(w.Sign(w.Treasurer, w.Approval(w.Treasurer, a)))
		a.Authority.Approvals = []attest.ID{min(yes, twice), max(yes, twice)}
		return a
	}),
	"gate.refused": actCase(func(w *world) *attest.Action {
		a := w.Transfer(w.Payments, w.gated(1, w.Treasurer, w.Controller), "10.00")
		w.allow(w.Sign(w.Controller, w.Refusal(w.Controller, a)))
		a.Authority.Approvals = []attest.ID{w.allow(w.Sign(w.Treasurer, w.Approval(w.Treasurer, a)))}
		return a
	}),
	"session.fork": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		a, b := w.Transfer(w.Payments, id, "1.00"), w.Transfer(w.Payments, id, "2.00")
		b.Session = a.Session
		first := w.allow(w.Sign(w.Payments, a))
		return trial{wrong: w.Sign(w.Payments, b), right: w.Sign(w.Payments, w.After(a, first, w.Transfer(w.Payments, id, "3.00")))}
	}},
	"session.closed": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		a := w.Transfer(w.Payments, id, "1.00")
		end := w.Terminal(a, w.allow(w.Sign(w.Payments, a)), 1)
		end.Progress.Open, end.Progress.Status = 1, "interrupted"
		endID := w.allow(w.Sign(w.Payments, end))
		wrong := w.After(end, endID, w.Transfer(w.Payments, id, "2.00"))
		return trial{wrong: w.Sign(w.Payments, wrong), right: w.Sign(w.Payments, w.Transfer(w.Payments, id, "2.00"))}
	}},
	"session.parallel": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		a := w.Transfer(w.Payments, id, "1.00")
		first := w.allow(w.Sign(w.Payments, a))
		wrong, right := w.After(a, first, w.Transfer(w.Payments, id, "2.00")), w.Transfer(w.Payments, id, "3.00")
		wrong.Session.ParallelOf = id // a warrant
		out := trial{wrong: w.Sign(w.Payments, wrong)}
		w.After(wrong, out.wrong.ID, right).Session.ParallelOf = first
		out.right = w.Sign(w.Payments, right)
		return out
	}},
	"session.pending": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		a := w.Transfer(w.Payments, id, "1.00")
		first := w.allow(w.Sign(w.Payments, a))
		wrong := w.Terminal(a, first, 1, id) // a warrant
		out := trial{wrong: w.Sign(w.Payments, wrong)}
		out.right = w.Sign(w.Payments, w.Terminal(wrong, out.wrong.ID, 1, first))
		return out
	}},
	"outcome.intent": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		intent, other := w.Transfer(w.Payments, id, "1.00"), w.Transfer(w.Payments, id, "2.00")
		intentID, otherID := w.allow(w.Sign(w.Payments, intent)), w.allow(w.Sign(w.Payments, other))
		wrong := w.Outcome(intent, intentID)
		wrong.Intent = otherID // of another session
		out := trial{wrong: w.Sign(w.Payments, wrong)}
		right := w.Outcome(intent, intentID)
		right.Session.Seq, right.Session.Prev = 2, out.wrong.ID
		out.right = w.Sign(w.Payments, right)
		return out
	}},
	"policy.none": {why: "a register begins with a policy, so this one is begun without", elsewhere: func(world *world) error {
		w := newEmptyWorld(world.TB, nil)
		for i, s := range w.Begin() {
			if i != 2 {
				w.allow(s)
			}
		}
		w.tryLogged(trial{wrong: w.pay(), right: w.Sign(w.Treasurer, w.Instruction(w.Treasurer, w.Payments))}, "policy.none")
		return attest.Refuse("policy.none", "", "", "")
	}},
	"policy.denied": actCase(func(w *world) *attest.Action { return w.Transfer(w.Payments, "", "1.00") }),
	"policy.error": {try: func(w *world) trial {
		wrong := w.pay()
		w.put(func(s *policy.Source) {
			s.Policies = append(s.Policies, `@id("org/overflow") forbid (principal, action, resource) when { context.at + 9223372036854775807 < 0 };`...)
		}, 1000)
		return trial{wrong: wrong, right: w.Sign(w.Treasurer, w.Instruction(w.Treasurer, w.Payments))}
	}},
	"policy.action": actCase(func(w *world) *attest.Action {
		_, id := w.standing(w.Payments)
		a := w.Transfer(w.Payments, id, "1.00")
		a.Request.Action = "payments.cancel"
		return a
	}),
}

var controlCases = map[string]faultCase{
	"policy.invalid": {try: func(w *world) trial {
		src := policy.Default()
		src.Policies = []byte("permit (principal, action, resource);") // without a name
		p, parts := w.Policy(src, 1000)
		return trial{wrong: w.Endorsed(w.Sign(w.Admin, p, parts[0], parts[1], parts[2]), w.Second)}
	}},
	"control.administrator": {try: func(w *world) trial {
		p := w.Person("new")
		wrong := w.Registration(p)
		wrong.By = w.Treasurer.ID
		return trial{wrong: w.Endorsed(w.Sign(w.Treasurer, wrong), p), right: w.Endorsed(w.Sign(w.Admin, w.Registration(p)), p)}
	}},
	"control.key": {try: func(w *world) trial {
		p, other := w.Person("new"), w.Person("other")
		w.allow(w.Endorsed(w.Sign(w.Admin, w.Registration(p)), p))
		same := &cast.Party{Party: other.Party, Key: p.Key, KeyID: p.KeyID}
		return trial{
			wrong: w.Endorsed(w.Sign(w.Admin, w.Registration(same)), same),
			right: w.Endorsed(w.Sign(w.Admin, w.Registration(other)), other),
		}
	}},
	"agent.suspended": {try: func(w *world) trial {
		root, id := w.standing(w.Orchestrator)
		above := w.Agents("/agent/orchestrator")
		above.Prefix, above.Status = false, "suspended"
		w.allow(w.Sign(w.Admin, above))
		return trial{wrong: w.Sign(w.Orchestrator, w.Child(root, id, w.Orchestrator, w.Payments))}
	}},
	"revocation.issuer": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		return trial{wrong: w.Sign(w.Controller, w.Revocation(w.Controller, id)), right: w.Sign(w.Admin, w.Revocation(w.Admin, id))}
	}},
	"countersignature.self": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		a := w.Transfer(w.Payments, id, "1.00")
		of := w.allow(w.Sign(w.Payments, a))
		return trial{
			wrong: w.Sign(w.Payments, w.Countersignature(w.Payments, attest.ServiceRole, a, of)),
			right: w.Sign(w.Desk, w.Countersignature(w.Desk, attest.ServiceRole, a, of)),
		}
	}},
	"countersignature.signer": {try: func(w *world) trial {
		_, id := w.standing(w.Payments)
		a := w.Transfer(w.Payments, id, "1.00")
		of, stranger := w.allow(w.Sign(w.Payments, a)), w.Workload("/elsewhere/bank")
		return trial{
			wrong: w.Sign(stranger, w.Countersignature(stranger, attest.GatewayRole, a, of)),
			right: w.Sign(w.Desk, w.Countersignature(w.Desk, attest.GatewayRole, a, of)),
		}
	}},
	"trigger.recorder": {try: func(w *world) trial {
		return trial{
			wrong: w.Sign(w.Reconciler, w.Trigger(w.Reconciler, w.Reconciler)),
			right: w.Sign(w.Scheduler, w.Trigger(w.Scheduler, w.Reconciler)),
		}
	}},
}
