package verifier_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

// A fault is one thing that is wrong, and the one check that says so.
type fault struct {
	check  string
	status verifier.Status
	make   func(t *testing.T, w *fixture) (verifier.Contents, map[string][]byte)
}

const subject = "human_directed"

// forged makes a case of a log that its operator wrote otherwise.
func forged(change func(f *forgery)) func(*testing.T, *fixture) (verifier.Contents, map[string][]byte) {
	return func(t *testing.T, w *fixture) (verifier.Contents, map[string][]byte) {
		f := forge(t, w)
		change(f)
		return f.bundle(subject), w.trust
	}
}

// trusting makes a case of a reader who believes otherwise.
func trusting(change func(w *fixture) map[string][]byte) func(*testing.T, *fixture) (verifier.Contents, map[string][]byte) {
	return func(_ *testing.T, w *fixture) (verifier.Contents, map[string][]byte) {
		return w.contents[subject], change(w)
	}
}

// carried makes a case of a bundle that was changed on its way.
func carried(change func(t *testing.T, c verifier.Contents, w *fixture) verifier.Contents) func(*testing.T, *fixture) (verifier.Contents, map[string][]byte) {
	return func(t *testing.T, w *fixture) (verifier.Contents, map[string][]byte) {
		return change(t, w.contents[subject], w), w.trust
	}
}

func record(change func(f *forgery, r *admission.Record)) func(*testing.T, *fixture) (verifier.Contents, map[string][]byte) {
	return forged(func(f *forgery) {
		f.edit(subject, func(_ *admission.Entry, r *admission.Record) { change(f, r) })
	})
}

const pass, fail, unknown = verifier.Pass, verifier.Fail, verifier.Unknown

var faults = map[string]fault{
	"an entry is no document": {"entry.profile", fail, carried(func(_ *testing.T, c verifier.Contents, w *fixture) verifier.Contents {
		return withItem(c, w.Entries[subject], verifier.Item{Entry: []byte("{ }"), Proof: c.Entries[w.Entries[subject]].Proof})
	})},
	"an entry of another version": {"entry.profile", unknown, forged(func(f *forgery) {
		f.edit(subject, func(e *admission.Entry, _ *admission.Record) { e.V = 2 })
	})},
	"a proof is no proof": {"proof.profile", fail, carried(func(_ *testing.T, c verifier.Contents, w *fixture) verifier.Contents {
		return withItem(c, w.Entries[subject], verifier.Item{Entry: c.Entries[w.Entries[subject]].Entry, Proof: []byte("c2sp")})
	})},
	"a proof with extra data": {"proof.profile", fail, carried(func(t *testing.T, c verifier.Contents, w *fixture) verifier.Contents {
		return reproof(t, c, w.Entries[subject], func(p *ledger.Proof) { p.Extra = []byte("x") })
	})},
	"a proof of another index": {"proof.profile", fail, carried(func(t *testing.T, c verifier.Contents, w *fixture) verifier.Contents {
		return reproof(t, c, w.Entries[subject], func(p *ledger.Proof) { p.Index++ })
	})},
	"a record is no document": {"record.profile", fail, carried(func(t *testing.T, c verifier.Contents, w *fixture) verifier.Contents {
		f := forge(t, w)
		e, _ := f.parts(w.Entries[subject])
		c = without(c, e.Admission)
		e.Admission = f.put([]byte(`{"v":1}`))
		doc, err := attest.Encode(e)
		f.must(err)
		c = withItem(c, w.Entries[subject], verifier.Item{Entry: doc, Proof: c.Entries[w.Entries[subject]].Proof})
		return withObject(c, len(c.Objects), []byte(`{"v":1}`))
	})},
	"the record is missing": {"object.present", unknown, carried(func(t *testing.T, c verifier.Contents, w *fixture) verifier.Contents {
		e, _ := forge(t, w).parts(w.Entries[subject])
		return without(c, e.Admission)
	})},
	"the envelope is missing": {"object.present", unknown, carried(func(t *testing.T, c verifier.Contents, w *fixture) verifier.Contents {
		_, r := forge(t, w).parts(w.Entries[subject])
		return without(c, r.Envelope)
	})},
	"the certificates are missing": {"object.present", unknown, carried(func(t *testing.T, c verifier.Contents, w *fixture) verifier.Contents {
		_, r := forge(t, w).parts(w.Entries[subject])
		return without(c, r.Signer.KeyID)
	})},
	"an object too many": {"bundle.closure", fail, carried(func(_ *testing.T, c verifier.Contents, _ *fixture) verifier.Contents {
		return withObject(c, len(c.Objects), []byte("luggage"))
	})},
	"an entry too many": {"bundle.closure", fail, func(t *testing.T, w *fixture) (verifier.Contents, map[string][]byte) {
		c := forge(t, w).bundle(subject, "person bob")
		c.Subjects = c.Subjects[:1]
		return c, w.trust
	}},
	"an entry that it relies on is missing": {"reference.logged", unknown, carried(func(_ *testing.T, c verifier.Contents, w *fixture) verifier.Contents {
		out := withItem(c, w.Entries[subject], c.Entries[w.Entries[subject]])
		delete(out.Entries, w.Entries["approval"])
		return reachable(out, w)
	})},
	"proofs to two checkpoints": {"checkpoint.one", fail, carried(func(t *testing.T, c verifier.Contents, w *fixture) verifier.Contents {
		f := forge(t, w)
		f.signed = f.signed.Add(time.Hour)
		return withItem(c, 0, f.bundle(subject).Entries[0])
	})},
	"a log that the reader does not know": {"checkpoint.origin", unknown, trusting(func(w *fixture) map[string][]byte {
		key, _ := ledger.NewVKey("other.example", ledger.TypeEd25519, w.Keys.Ed25519.VKey().Key())
		return with(w.trust, "log.policy", []byte("log "+key.String()+"\nquorum none\n"))
	})},
	"another key of the log": {"checkpoint.signature", fail, trusting(func(w *fixture) map[string][]byte {
		key, _ := ledger.NewVKey(register.Origin, ledger.TypeEd25519, bytes.Repeat([]byte{7}, 32))
		return with(w.trust, "log.policy", []byte("log "+key.String()+"\nquorum none\n"))
	})},
	"no ML-DSA signature": {"checkpoint.mldsa", fail, carried(func(t *testing.T, c verifier.Contents, _ *fixture) verifier.Contents {
		return relined(t, c, func(s *ledger.SignedCheckpoint) { s.Signatures = s.Signatures[:1] })
	})},
	"another ML-DSA signature": {"checkpoint.mldsa", fail, carried(func(t *testing.T, c verifier.Contents, _ *fixture) verifier.Contents {
		return relined(t, c, func(s *ledger.SignedCheckpoint) { s.Signatures[1].Bytes[100] ^= 1 })
	})},
	"a quorum that is not met": {"checkpoint.quorum", fail, trusting(func(w *fixture) map[string][]byte {
		return with(w.trust, "log.policy", append(bytes.Replace(w.trust["log.policy"], []byte("quorum none\n"), nil, 1), []byte("witness w "+witness().VKey().String()+"\nquorum w\n")...))
	})},
	"a wrong signature of a witness": {"checkpoint.quorum", fail, func(t *testing.T, w *fixture) (verifier.Contents, map[string][]byte) {
		c := cosign(t, w.contents[subject], func(c ledger.Checkpoint) []byte {
			sig, err := witness().Cosign(ledger.Checkpoint{Origin: c.Origin, Size: c.Size + 1, Root: c.Root}, w.end)
			if err != nil {
				t.Fatal(err)
			}
			return sig
		})
		return c, with(w.trust, "log.policy", append(bytes.Replace(w.trust["log.policy"], []byte("quorum none\n"), nil, 1), []byte("witness w "+witness().VKey().String()+"\nquorum none\n")...))
	}},
	"a signature line of a stranger": {"checkpoint.lines", unknown, carried(func(t *testing.T, c verifier.Contents, w *fixture) verifier.Contents {
		return cosign(t, c, func(ledger.Checkpoint) []byte { return []byte("anything") })
	})},
	"an entry that is not in the tree": {"entry.inclusion", fail, carried(func(t *testing.T, c verifier.Contents, w *fixture) verifier.Contents {
		other := forge(t, w).edit(subject, func(_ *admission.Entry, r *admission.Record) {
			r.Submitter = admission.Submitter{Kind: "svid", Name: w.Payments.ID}
		}).bundle(subject)
		for index, item := range other.Entries {
			other = withItem(other, index, verifier.Item{Entry: item.Entry, Proof: c.Entries[index].Proof})
		}
		return other
	})},
	"a time that goes back": {"entry.order", fail, forged(func(f *forgery) {
		f.edit("approval", func(e *admission.Entry, r *admission.Record) { e.ReceivedAt -= 3600_000; r.CheckedAt -= 3600_000 })
	})},
	"a checkpoint older than its entries": {"checkpoint.time", fail, forged(func(f *forgery) { f.signed = f.signed.Add(-time.Hour) })},
	"an entry later than a witness": {"checkpoint.time", unknown, func(t *testing.T, w *fixture) (verifier.Contents, map[string][]byte) {
		return witnessed(t, w, -2*time.Minute)
	}},
	"another genesis": {"genesis.pinned", fail, trusting(func(w *fixture) map[string][]byte {
		return with(w.trust, "genesis", []byte(strings.Repeat("ab", 32)))
	})},
	"no genesis known":         {"genesis.pinned", unknown, trusting(func(w *fixture) map[string][]byte { return with(w.trust, "genesis", nil) })},
	"rules of another version": {"record.rules", unknown, record(func(_ *forgery, r *admission.Record) { r.Rules = 2 })},
	"checked too long before":  {"record.time", fail, record(func(_ *forgery, r *admission.Record) { r.CheckedAt -= 11_000 })},
	"checked after":            {"record.time", fail, record(func(_ *forgery, r *admission.Record) { r.CheckedAt += 2000 })},
	"a reference at another index": {"reference.logged", fail, record(func(_ *forgery, r *admission.Record) {
		r.Read.Statements[0].Entry++
	})},
	"in force from another slot": {"read.force", fail, record(func(f *forgery, r *admission.Record) {
		for i, p := range r.Read.Force {
			if p.Slot == admission.PolicySlot {
				r.Read.Force[i].ID, r.Read.Force[i].Entry = f.IDs["root"], f.Entries["root"]
			}
		}
	})},
	"nothing in force where the bundle has it": {"read.force", fail, func(t *testing.T, w *fixture) (verifier.Contents, map[string][]byte) {
		f := forge(t, w).edit(subject, func(_ *admission.Entry, r *admission.Record) {
			for i, p := range r.Read.Force {
				if p.Slot == admission.AgentSlot("spiffe://"+register.Domain+"/agent", true) {
					r.Read.Force[i] = admission.Pin{Slot: p.Slot}
				}
			}
		})
		return f.bundle(subject, "agents"), w.trust
	}},
	"a slot that was not looked at": {"read.bounds", fail, record(func(_ *forgery, r *admission.Record) {
		r.Read.Force = append(r.Read.Force, admission.Pin{Slot: "policy2"})
	})},
	"a slot that is not told of": {"read.bounds", fail, record(func(_ *forgery, r *admission.Record) {
		r.Read.Force = slices.DeleteFunc(r.Read.Force, func(p admission.Pin) bool { return p.ID == "" })
	})},
	"another size":             {"read.bounds", fail, record(func(_ *forgery, r *admission.Record) { r.Read.Size-- })},
	"fewer control entries":    {"read.bounds", fail, record(func(_ *forgery, r *admission.Record) { r.Read.Control.Count -= 2 })},
	"too many control entries": {"read.bounds", fail, record(func(_ *forgery, r *admission.Record) { r.Read.Control.Count += 1 << 40 })},
	"another control hash": {"read.bounds", fail, record(func(_ *forgery, r *admission.Record) {
		r.Read.Control.Hash = attest.DigestOf(nil)
	})},
	"a session ahead of the log": {"read.bounds", fail, record(func(_ *forgery, r *admission.Record) { r.Read.Session.Seq += 1 << 40 })},
	"a revocation of what is not asked": {"read.bounds", fail, record(func(f *forgery, r *admission.Record) {
		r.Read.Revoked = []admission.Ref{{Entry: 13, ID: f.IDs["trigger"]}}
	})},
	"a use by an entry to come": {"read.bounds", fail, record(func(f *forgery, r *admission.Record) {
		r.Read.Used = []admission.Ref{{Entry: 1000, ID: f.IDs["approval"]}}
	})},
	"pools of something else": {"read.bounds", fail, record(func(_ *forgery, r *admission.Record) { r.Read.Spent = r.Read.Spent[:1] })},
	"uses beyond the log":     {"read.bounds", fail, record(func(_ *forgery, r *admission.Record) { r.Read.Spent[0].Uses = 1<<53 - 1 })},
	"another decision":        {"record.recomputed", fail, record(func(_ *forgery, r *admission.Record) { r.Decision.Effect = admission.Deny })},
	"another class":           {"record.recomputed", fail, record(func(_ *forgery, r *admission.Record) { r.Attribution.Agency = "autonomous" })},
	"another person":          {"record.recomputed", fail, record(func(_ *forgery, r *admission.Record) { r.Attribution.Authorizing = "bob" })},
	"another mode":            {"record.recomputed", fail, record(func(_ *forgery, r *admission.Record) { r.Mode = attest.Observe })},
	"another fields root": {"record.recomputed", fail, forged(func(f *forgery) {
		f.edit(subject, func(e *admission.Entry, _ *admission.Record) {
			e.Fields = &attest.Commitment{Root: attest.DigestOf(nil)}
		})
	})},
	"another commitment of the register": {"record.recomputed", fail, forged(func(f *forgery) {
		f.edit(subject, func(e *admission.Entry, _ *admission.Record) { e.ServerFields.Root = attest.DigestOf(nil) })
	})},
	"another signature": {"statement.signature", fail, forged(func(f *forgery) {
		f.reseal(func(e *attest.Envelope) { e.Signature[3] ^= 1 })
	})},
	"a statement out of form": {"statement.profile", fail, forged(func(f *forgery) {
		f.reseal(func(e *attest.Envelope) { e.Payload = bytes.Replace(e.Payload, []byte(`"v":1`), []byte(`"v":2`), 1) })
	})},
	"an expired certificate": {"signer.chain", fail, forged(func(f *forgery) {
		f.signed = f.signed.Add(72 * time.Hour)
		f.edit(subject, func(e *admission.Entry, r *admission.Record) {
			e.ReceivedAt += 48 * 3600_000
			r.CheckedAt += 48 * 3600_000
		})
	})},
	"another server": {"server.corroborated", fail, trusting(func(w *fixture) map[string][]byte {
		return with(w.trust, "server.json", fixtures.made["two"].trust["server.json"])
	})},
	"roots of another CA": {"root.corroborated", fail, trusting(func(w *fixture) map[string][]byte {
		return with(w.trust, "spiffe/acme.example/1.json", fixtures.made["two"].trust["spiffe/acme.example/1.json"])
	})},
	"no roots known": {"root.corroborated", unknown, trusting(func(w *fixture) map[string][]byte {
		return with(w.trust, "spiffe/acme.example/1.json", nil)
	})},
	"another key of a person": {"people.corroborated", fail, trusting(func(w *fixture) map[string][]byte {
		return with(w.trust, "people.json", fixtures.made["two"].trust["people.json"])
	})},
	"a person who is not listed": {"people.corroborated", unknown, trusting(func(w *fixture) map[string][]byte {
		return with(w.trust, "people.json", []byte(`[]`))
	})},
}

// TestFindings: each thing that is wrong is found by one check, and by no other.
func TestFindings(t *testing.T) {
	w := world(t, "one")
	world(t, "two")
	for name, f := range faults {
		t.Run(name, func(t *testing.T) {
			c, files := f.make(t, w)
			v := verifier.Verify(build(t, c), load(t, files), verifier.Options{})
			status, checks := outcome(v)
			if status != f.status || !slices.Equal(checks, []string{f.check}) {
				t.Errorf("got %s of %v, want %s of %s:\n%s", status, checks, f.status, f.check, verifier.Text(v))
			}
			want := map[verifier.Status]int{fail: 1, unknown: 2}[f.status]
			if v.ExitCode() != want {
				t.Errorf("exit code %d", v.ExitCode())
			}
		})
	}
}

// TestGenesisKeys: a genesis that names other keys than those that sign.
func TestGenesisKeys(t *testing.T) {
	w := register.NewEmpty(t, "three")
	g := w.Genesis()
	g.LogKeys = attest.LogKeys{Ed25519: world(t, "two").Keys.Ed25519.VKey().String(), MLDSA44: g.LogKeys.MLDSA44}
	w.AddBy("genesis", w.Server, g, w.By(w.Carol, g).JSON(), w.By(w.Dave, g).JSON())
	v := verifier.Verify(w.Bundle(t, 0), load(t, w.TrustFiles(t)), verifier.Options{})
	if status, checks := outcome(v); status != fail || !slices.Equal(checks, []string{"genesis.keys"}) {
		t.Errorf("%s of %v", status, checks)
	}
}

// TestNewerInForce: the register may not take an old policy for the one in force
// when the bundle holds a newer one.
func TestNewerInForce(t *testing.T) {
	w := register.NewWorld(t, "four")
	old, entry := w.IDs["policy"], w.Entries["policy"]
	logged, err := w.Logged(old)
	if err != nil {
		t.Fatal(err)
	}
	p := *logged.Verified.Statement().(*attest.Policy)
	p.Nonce = w.Nonce()
	w.AddBy("policy", w.Carol, &p, w.By(w.Dave, &p).JSON(), object(t, w, p.Policies), object(t, w, p.Schema), object(t, w, p.Entities))
	a := w.Action(w.Rogue, attest.Intent, "", "1.00")
	w.AddAction("late", w.Rogue, a)
	f := forge(t, keep(t, w))
	f.edit("late", func(_ *admission.Entry, r *admission.Record) {
		for i, pin := range r.Read.Force {
			if pin.Slot == admission.PolicySlot {
				r.Read.Force[i].ID, r.Read.Force[i].Entry = old, entry
			}
		}
	})
	v := verifier.Verify(build(t, f.bundle("late", "policy")), load(t, f.trust), verifier.Options{})
	if status, checks := outcome(v); status != fail || !slices.Equal(checks, []string{"read.force"}) {
		t.Errorf("%s of %v", status, checks)
	}
}

// TestDeniedInForce: the register may not take a statement that it denied for one
// in force.
func TestDeniedInForce(t *testing.T) {
	w := register.NewWorld(t, "seven")
	denied := w.AddBy("denied", w.Bob, &attest.Agent{
		Agent: w.Rogue.ID, By: "bob", Log: register.Origin, Nonce: w.Nonce(), Owner: "bob", Purpose: "anything", Recorder: true, Status: "registered", V: 1,
	})
	w.AddAction("late", w.Rogue, w.Action(w.Rogue, attest.Intent, "", "1.00"))
	f := forge(t, keep(t, w)).edit("late", func(_ *admission.Entry, r *admission.Record) {
		for i, pin := range r.Read.Force {
			if pin.Slot == admission.AgentSlot(w.Rogue.ID, false) {
				r.Read.Force[i].ID, r.Read.Force[i].Entry = denied.ID, denied.Index
			}
		}
	})
	v := verifier.Verify(build(t, f.bundle("late")), load(t, f.trust), verifier.Options{})
	if status, checks := outcome(v); denied.Record.Decision.Effect != admission.Deny || status != fail || !slices.Equal(checks, []string{"read.force"}) {
		t.Errorf("%s of %v: %s", status, checks, verifier.Text(v))
	}
}

// witnessed is the bundle with a line of a witness whose clock is off, and a reader
// who asks for it.
func witnessed(t *testing.T, w *fixture, off time.Duration) (verifier.Contents, map[string][]byte) {
	t.Helper()
	last, err := admission.ParseEntry(w.log[w.Entries[subject]])
	if err != nil {
		t.Fatal(err)
	}
	c := cosign(t, w.contents[subject], func(c ledger.Checkpoint) []byte {
		sig, err := witness().Cosign(c, time.UnixMilli(last.ReceivedAt).Add(off))
		if err != nil {
			t.Fatal(err)
		}
		return sig
	})
	return c, with(w.trust, "log.policy", append(bytes.Replace(w.trust["log.policy"], []byte("quorum none\n"), nil, 1), []byte("witness w "+witness().VKey().String()+"\nquorum w\n")...))
}

// TestWitnessClock: clocks may be a minute apart, and then one of them is wrong.
func TestWitnessClock(t *testing.T) {
	w := world(t, "one")
	for off, want := range map[time.Duration]verifier.Status{
		time.Hour: verifier.Pass, -59 * time.Second: verifier.Pass, -60 * time.Second: verifier.Pass, -62 * time.Second: verifier.Unknown,
	} {
		c, trust := witnessed(t, w, off)
		if status, checks := outcome(verifier.Verify(build(t, c), load(t, trust), verifier.Options{})); status != want {
			t.Errorf("%v: %s of %v, want %s", off, status, checks, want)
		}
	}
}

func witness() *ledger.MLDSAKey {
	key, err := ledger.NewMLDSAKey(bytes.NewReader(bytes.Repeat([]byte{5}, 64)), "witness.example")
	if err != nil {
		panic(err)
	}
	return key
}

// cosign adds a line of the witness to the checkpoint of every proof.
func cosign(t *testing.T, c verifier.Contents, sign func(ledger.Checkpoint) []byte) verifier.Contents {
	t.Helper()
	return relined(t, c, func(s *ledger.SignedCheckpoint) {
		s.Signatures = append(s.Signatures, ledger.Signature{Name: "witness.example", KeyID: witness().VKey().KeyHash(), Bytes: sign(s.Checkpoint)})
	})
}

// relined changes the signature lines of the checkpoint of every proof.
func relined(t *testing.T, c verifier.Contents, change func(*ledger.SignedCheckpoint)) verifier.Contents {
	t.Helper()
	for index := range c.Entries {
		c = reproof(t, c, index, func(p *ledger.Proof) {
			s, err := ledger.ParseSignedCheckpoint(p.Checkpoint)
			if err != nil {
				t.Fatal(err)
			}
			change(&s)
			p.Checkpoint = s.Bytes()
		})
	}
	return c
}

func reproof(t *testing.T, c verifier.Contents, index uint64, change func(*ledger.Proof)) verifier.Contents {
	t.Helper()
	item := c.Entries[index]
	p, err := ledger.ParseProof(item.Proof)
	if err != nil {
		t.Fatal(err)
	}
	change(&p)
	return withItem(c, index, verifier.Item{Entry: item.Entry, Proof: p.Bytes()})
}

func without(c verifier.Contents, d attest.Digest) verifier.Contents {
	c.Objects = slices.DeleteFunc(slices.Clone(c.Objects), func(o []byte) bool { return attest.DigestOf(o) == d })
	return c
}

// reachable leaves out the objects that no entry of the bundle names.
func reachable(c verifier.Contents, w *fixture) verifier.Contents {
	named := map[attest.Digest]bool{}
	for _, item := range c.Entries {
		e, _ := admission.ParseEntry(item.Entry)
		r, _ := admission.ParseRecord(w.objects[e.Admission])
		for _, d := range append([]attest.Digest{e.Admission, e.ServerFields.Seed, r.Envelope}, r.Objects...) {
			named[d] = true
		}
	}
	c.Objects = slices.DeleteFunc(slices.Clone(c.Objects), func(o []byte) bool { return !named[attest.DigestOf(o)] })
	return c
}

// reseal changes the envelope of the subject and makes what commits to it fit.
func (f *forgery) reseal(change func(*attest.Envelope)) {
	f.edit(subject, func(_ *admission.Entry, r *admission.Record) {
		e, err := attest.ParseEnvelope(f.objects[r.Envelope])
		f.must(err)
		e.Signature, e.Payload = slices.Clone(e.Signature), slices.Clone(e.Payload)
		change(&e)
		r.Envelope = f.put(e.JSON())
	})
}

func object(t *testing.T, w *register.World, d attest.Digest) []byte {
	t.Helper()
	o, err := w.Object(d)
	if err != nil || o == nil {
		t.Fatalf("object %s: %v", d, err)
	}
	return o
}
