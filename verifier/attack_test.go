package verifier_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/verifier"
)

// refuted fails the test unless a verdict is negative, says where or what, and
// did not come from a fault of the verifier.
func refuted(t *testing.T, v *verifier.Verdict, what string, at int) {
	t.Helper()
	if v.ExitCode() == 0 || v.Failure() == "" || v.Failure() != "" && strings.HasPrefix(v.Failure(), "internal") {
		t.Fatalf("%s, %d: exit code %d: %s", what, at, v.ExitCode(), v.Failure())
	}
}

// TestFlipEveryByte: no byte of a bundle file is free.
func TestFlipEveryByte(t *testing.T) {
	w := world(t, "one")
	trust := load(t, w.trust)
	name := "instruction"
	if long {
		name = "human_directed"
	}
	file := build(t, w.contents[name]).Bytes()
	for i := range file {
		if testing.Short() && i%53 != 0 {
			continue
		}
		mask := byte(1) << (i % 8)
		file[i] ^= mask
		refuted(t, verifier.VerifyFile(file, trust, verifier.Options{AcceptLedgerRoots: true}), "flipped byte", i)
		file[i] ^= mask
	}
	for i := range 200 {
		refuted(t, verifier.VerifyFile(file[:len(file)*i/200], trust, verifier.Options{}), "cut off", i)
		refuted(t, verifier.VerifyFile(append(slices.Clone(file), make([]byte, i+1)...), trust, verifier.Options{}), "made longer", i)
	}
}

// TestFlipMembers: as an attacker would: a byte of a member is changed, then
// names, digests, manifest and container are made to fit.
func TestFlipMembers(t *testing.T) {
	w := world(t, "one")
	trust := load(t, w.trust)
	c := w.contents["human_directed"]
	try := func(data []byte, what string, rebuild func([]byte) verifier.Contents) {
		for i := range data {
			if !long && i%97 != len(data)%97 || testing.Short() && i%7 != 0 {
				continue
			}
			changed := slices.Clone(data)
			changed[i] ^= 1
			b, err := verifier.Build(rebuild(changed))
			if err != nil {
				continue
			}
			refuted(t, verifier.Verify(b, trust, verifier.Options{AcceptLedgerRoots: true}), what, i)
		}
	}
	for index, item := range c.Entries {
		try(item.Entry, "entry", func(b []byte) verifier.Contents {
			return withItem(c, index, verifier.Item{Entry: b, Proof: item.Proof})
		})
		try(item.Proof, "proof", func(b []byte) verifier.Contents {
			return withItem(c, index, verifier.Item{Entry: item.Entry, Proof: b})
		})
	}
	for n, o := range c.Objects {
		try(o, "object", func(b []byte) verifier.Contents { return withObject(c, n, b) })
	}
	for n := range c.Objects {
		smaller := c
		smaller.Objects = slices.Delete(slices.Clone(c.Objects), n, n+1)
		v := verifier.Verify(build(t, smaller), trust, verifier.Options{})
		if gone := attest.DigestOf(c.Objects[n]); v.ExitCode() == 0 && !erasable(t, w, c, gone) {
			t.Errorf("object %s can be left out", gone)
		} else if v.ExitCode() == 1 {
			t.Errorf("leaving %s out makes something false: %s", gone, v.Failure())
		}
	}
}

// erasable reports whether a digest is of a seed or of what a person was shown.
func erasable(t *testing.T, w *fixture, c verifier.Contents, d attest.Digest) bool {
	t.Helper()
	for _, item := range c.Entries {
		e, err := admission.ParseEntry(item.Entry)
		if err != nil {
			t.Fatal(err)
		}
		if e.ServerFields.Seed == d {
			return true
		}
	}
	o := w.objects[d]
	return len(o) == 64 || string(o) == "what was shown"
}

func withItem(c verifier.Contents, index uint64, item verifier.Item) verifier.Contents {
	out := c
	out.Entries = map[uint64]verifier.Item{}
	for i, old := range c.Entries {
		out.Entries[i] = old
	}
	out.Entries[index] = item
	return out
}

func withObject(c verifier.Contents, n int, o []byte) verifier.Contents {
	out := c
	out.Objects = slices.Clone(c.Objects)
	if n == len(out.Objects) {
		out.Objects = append(out.Objects, o)
	}
	out.Objects[n] = o
	return out
}

// TestSwap: parts of two good bundles do not make a third.
func TestSwap(t *testing.T) {
	one, two := world(t, "one"), world(t, "two")
	later := forge(t, one) // the same log, one entry on
	later.entries = append(later.entries, []byte(`{}`))
	for name, pair := range map[string][2]verifier.Contents{
		"two logs":        {one.contents["human_tasked"], two.contents["human_tasked"]},
		"two entries":     {one.contents["human_tasked"], one.contents["autonomous"]},
		"two checkpoints": {one.contents["autonomous"], later.bundle("autonomous")},
	} {
		t.Run(name, func(t *testing.T) {
			swap(t, pair[0], pair[1], load(t, one.trust))
		})
	}
}

func swap(t *testing.T, a, b verifier.Contents, trust *verifier.Trust) {
	tried, seen := 0, 0
	try := func(same bool, c verifier.Contents) {
		if seen++; testing.Short() && seen%11 != 0 {
			return
		}
		if bundle, err := verifier.Build(c); err == nil && !same {
			tried++
			refuted(t, verifier.Verify(bundle, trust, verifier.Options{AcceptLedgerRoots: true}), "swapped", tried)
		}
	}
	for i, x := range a.Entries {
		for _, y := range b.Entries {
			try(bytes.Equal(x.Entry, y.Entry) && bytes.Equal(x.Proof, y.Proof), withItem(a, i, y))
			try(bytes.Equal(x.Entry, y.Entry), withItem(a, i, verifier.Item{Entry: y.Entry, Proof: x.Proof}))
			try(bytes.Equal(x.Proof, y.Proof), withItem(a, i, verifier.Item{Entry: x.Entry, Proof: y.Proof}))
		}
	}
	for n, x := range a.Objects {
		for _, y := range b.Objects {
			has := slices.ContainsFunc(a.Objects, func(o []byte) bool { return bytes.Equal(o, y) })
			try(bytes.Equal(x, y) || has, withObject(a, n, y)) // one that is there already is left out: TestFlipMembers
		}
	}
	if tried < 100 && !testing.Short() {
		t.Errorf("only %d swaps", tried)
	}
}

// TestHostileOperator: the operator has the log's keys and writes what he likes.
// He changes a byte of a record, a statement or an entry, and signs a tree over
// it.
func TestHostileOperator(t *testing.T) {
	w := world(t, "one")
	trust := load(t, w.trust)
	rnd := rand.New(rand.NewPCG(1, 2))
	for _, name := range []string{"human_directed", "outcome", "revoked", "fork", "policy", "agents", "warrant 1", "person alice", "genesis"} {
		index := w.Entries[name]
		e, r := forge(t, w).parts(index)
		for what, data := range map[string][]byte{
			"record": w.objects[e.Admission], "envelope": w.objects[r.Envelope], "entry": w.log[index],
		} {
			for i := range data {
				if !long && rnd.IntN(len(data)) >= 40 || testing.Short() && i%5 != 0 {
					continue
				}
				f := forge(t, w)
				b := slices.Clone(data)
				b[i] = mutate(rnd, b[i])
				if bytes.Equal(b, data) || !f.replace(index, what, b) {
					continue
				}
				c := f.bundle(name)
				bundle, err := verifier.Build(c)
				if err != nil {
					continue
				}
				v := verifier.Verify(bundle, trust, verifier.Options{AcceptLedgerRoots: true})
				if v.ExitCode() == 0 && assertedOnly(t, f, w, index) {
					continue // his word, and the verdict says so
				}
				refuted(t, v, name+" "+what, i)
			}
		}
	}
}

// assertedOnly reports whether a forgery differs from the truth only in what is
// the register's own word: its clock, who handed the statement in, what it held,
// and a commitment whose seed is not shown.
func assertedOnly(t *testing.T, f *forgery, w *fixture, index uint64) bool {
	t.Helper()
	e, r := f.parts(index)
	was, before := forge(t, w).parts(index)
	if f.objects[e.ServerFields.Seed] == nil {
		e.ServerFields = was.ServerFields
	}
	r.CheckedAt, r.Submitter, r.Read = before.CheckedAt, before.Submitter, before.Read
	e.ReceivedAt, e.Admission, e.Control = was.ReceivedAt, was.Admission, was.Control
	return reflect.DeepEqual(e, was) && reflect.DeepEqual(r, before)
}

// mutate prefers changes that stay in the alphabet of numbers, digests and words.
func mutate(rnd *rand.Rand, b byte) byte {
	switch {
	case b >= '0' && b <= '9':
		return '0' + byte(rnd.IntN(10))
	case b >= 'a' && b <= 'f':
		return 'a' + byte(rnd.IntN(6))
	}
	return b ^ 1
}

// replace puts a part of an entry in place and makes what commits to it fit. It
// reports whether the result still is an entry with a record.
func (f *forgery) replace(index uint64, what string, b []byte) bool {
	switch what {
	case "entry":
		f.entries[index] = b
	case "record":
		e, _ := f.parts(index)
		e.Admission = f.put(b)
		doc, err := attest.Encode(e)
		f.must(err)
		f.entries[index] = doc
	case "envelope":
		e, r := f.parts(index)
		r.Envelope = f.put(b)
		doc, err := attest.Encode(r)
		f.must(err)
		e.Admission = f.put(doc)
		f.entries[index], err = attest.Encode(e)
		f.must(err)
	}
	e, err := admission.ParseEntry(f.entries[index])
	if err != nil || f.objects[e.Admission] == nil {
		return false
	}
	_, err = admission.ParseRecord(f.objects[e.Admission])
	return err == nil
}
