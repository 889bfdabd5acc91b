package verifier_test

import (
	"slices"
	"strconv"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/verifier"
)

// rehash makes the control hash of every entry that over the entries before it, as
// the operator wrote them.
func (f *forgery) rehash() {
	f.t.Helper()
	control := admission.StartControl()
	for i := range f.entries {
		index := uint64(i)
		e, r := f.parts(index)
		e.Control, r.Read.Control = control, control
		doc, err := attest.Encode(r)
		f.must(err)
		e.Admission = f.put(doc)
		f.entries[i], err = attest.Encode(e)
		f.must(err)
		if e.Kind.Control() {
			control = control.Next(index, f.entries[i])
		}
	}
}

// withControl adds the control entries that a bundle lacks, with record and envelope
// but for those that are in bare.
func (f *forgery) withControl(c verifier.Contents, bare ...string) verifier.Contents {
	f.t.Helper()
	proofs := prove(f.t, f.Keys, f.entries, f.signed)
	for i := range f.entries {
		index := uint64(i)
		e, r := f.parts(index)
		if _, has := c.Entries[index]; has || !e.Kind.Control() {
			continue
		}
		c.Entries[index] = verifier.Item{Entry: f.entries[i], Proof: proofs[i].Bytes()}
		if !slices.ContainsFunc(bare, func(name string) bool { return f.Entries[name] == index }) {
			c.Objects = append(c.Objects, f.objects[e.Admission], f.objects[r.Envelope])
		}
	}
	return c
}

// ends is a world in which a warrant that the last action is not under was revoked
// before it.
func ends(t *testing.T) *fixture {
	t.Helper()
	w := register.NewWorld(t, "kinds")
	w.AddBy("end", w.Alice, &attest.Revocation{
		By: attest.Party{ID: "alice", Kind: attest.ByPerson}, Log: register.Origin, Nonce: w.Nonce(), Reason: "task done",
		Warrant: w.IDs["warrant without instruction"], V: 1,
	})
	w.AddAction("acted", w.Payments, w.Action(w.Payments, attest.Record, w.IDs["standing warrant without trigger"], "1.00"))
	return keep(t, w)
}

// TestLeafKind: the kind that an entry gives is the register's word. What the
// statement says is read, and a false kind is false; of a control entry of which
// there is only the leaf, nothing is known of what it could have ended.
func TestLeafKind(t *testing.T) {
	w := ends(t)
	trust := load(t, w.trust)
	all := []string{"control.complete", "read.compromised", "read.force", "read.revoked"}
	for _, c := range []struct {
		name  string
		kind  attest.Kind // that the entry gives, "" for its own
		bare  []string
		fails []string
		open  []string
	}{
		{"as it should be", "", nil, nil, nil},
		{"a leaf", "", []string{"end"}, nil, all},
		{"a leaf of another kind", attest.KindPolicy, []string{"end"}, nil, all},
		{"another kind", attest.KindPolicy, nil, []string{"entry.kind"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := forge(t, w)
			if c.kind != "" {
				f.edit("end", func(e *admission.Entry, r *admission.Record) { e.Kind, r.Kind = c.kind, c.kind })
			}
			f.rehash()
			v := verifier.Verify(build(t, f.withControl(f.bundle("acted"), c.bare...)), trust, verifier.Options{})
			if _, checks := outcome(v); !slices.Equal(checks, c.fails) {
				t.Errorf("fails %v, want %v: %s", checks, c.fails, v.Failure())
			}
			for _, check := range all {
				want := verifier.Pass
				if slices.Contains(c.open, check) {
					want = verifier.Unknown
				}
				if got := about(v, check, w.Entries["acted"]); got != want {
					t.Errorf("%s: %s, want %s", check, got, want)
				}
			}
		})
	}
}

// along adds an entry with record and envelope, whatever it is.
func (f *forgery) along(c verifier.Contents, name string) verifier.Contents {
	f.t.Helper()
	index := f.Entries[name]
	e, r := f.parts(index)
	c.Entries[index] = verifier.Item{Entry: f.entries[index], Proof: prove(f.t, f.Keys, f.entries, f.signed)[index].Bytes()}
	c.Objects = append(c.Objects, f.objects[e.Admission], f.objects[r.Envelope])
	return c
}

// TestHiddenKind: a revocation is logged as an action, and no control hash counts it.
// A bundle without it shows nothing of that; one that has it, as what it is about or
// beside that, is false.
func TestHiddenKind(t *testing.T) {
	w := ends(t)
	trust := load(t, w.trust)
	hidden := map[string]func(*admission.Entry, *admission.Record){
		"entry":            func(e *admission.Entry, _ *admission.Record) { e.Kind = attest.KindAction },
		"entry and record": func(e *admission.Entry, r *admission.Record) { e.Kind, r.Kind = attest.KindAction, attest.KindAction },
	}
	for name, hide := range hidden {
		t.Run(name, func(t *testing.T) {
			f := forge(t, w).edit("end", hide).edit("revocation", hide)
			f.rehash()
			for what, c := range map[string]verifier.Contents{
				"":                 f.withControl(f.bundle("acted")),
				"subject":          f.bundle("end"),
				"one of two":       f.withControl(f.bundle("end", "acted")),
				"beside another":   f.along(f.withControl(f.bundle("acted")), "end"),
				"bears on another": f.along(f.bundle("revoked"), "revocation"),
			} {
				var want []string
				if what != "" {
					want = []string{"entry.kind"}
				}
				v := verifier.Verify(build(t, c), trust, verifier.Options{})
				if _, checks := outcome(v); !slices.Equal(checks, want) {
					t.Errorf("%s: %v, want %v: %s", what, checks, want, v.Failure())
				}
			}
		})
	}
}

// about is the status of an optional finding of an entry, or of none in particular.
func about(v *verifier.Verdict, check string, index uint64) (s verifier.Status) {
	for _, f := range v.Findings {
		if f.Check == check && !f.Required && (len(f.Where) == 0 || slices.Contains(f.Where, "entry "+strconv.FormatUint(index, 10))) {
			s = f.Status
		}
	}
	return s
}
