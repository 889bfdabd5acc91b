package verifier_test

import (
	"crypto/sha256"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

// long runs the tests that take minutes: make long.
var long = os.Getenv("DEED_LONG") != ""

// fixture is a world, kept after its register is closed.
type fixture struct {
	*register.World
	log      [][]byte // all entries
	objects  map[attest.Digest][]byte
	contents map[string]verifier.Contents // of the bundle about each entry of the story
	trust    map[string][]byte
	end      time.Time
}

var fixtures struct {
	sync.Mutex
	made map[string]*fixture
}

// world returns the world of a seed, made once.
func world(t testing.TB, seed string) *fixture {
	t.Helper()
	fixtures.Lock()
	defer fixtures.Unlock()
	if f := fixtures.made[seed]; f != nil {
		return f
	}
	f := keep(t, register.NewWorld(t, seed))
	if fixtures.made == nil {
		fixtures.made = map[string]*fixture{}
	}
	fixtures.made[seed] = f
	return f
}

// keep takes all that tests need out of a register.
func keep(t testing.TB, w *register.World) *fixture {
	t.Helper()
	f := &fixture{World: w, objects: map[attest.Digest][]byte{}, contents: map[string]verifier.Contents{}, trust: w.TrustFiles(t), end: w.Clock.Now()}
	for name, index := range w.Entries {
		f.contents[name] = w.Contents(t, index)
	}
	var all []uint64
	for i := range w.Log.Size() {
		all = append(all, i)
	}
	f.contents["all"] = w.Contents(t, all...)
	for _, i := range all {
		f.log = append(f.log, f.contents["all"].Entries[i].Entry)
	}
	for _, o := range f.contents["all"].Objects {
		f.objects[attest.DigestOf(o)] = o
	}
	return f
}

func build(t testing.TB, c verifier.Contents) *verifier.Bundle {
	t.Helper()
	b, err := verifier.Build(c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func load(t testing.TB, files map[string][]byte) *verifier.Trust {
	t.Helper()
	trust, err := verifier.LoadTrust(dir(files))
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

func dir(files map[string][]byte) fstest.MapFS {
	m := fstest.MapFS{}
	for name, data := range files {
		m[name] = &fstest.MapFile{Data: data}
	}
	return m
}

// with returns a copy of a trust directory with one file changed, or without it
// if data is nil.
func with(files map[string][]byte, name string, data []byte) map[string][]byte {
	out := maps.Clone(files)
	delete(out, name)
	if data != nil {
		out[name] = data
	}
	return out
}

// outcome lists the checks of required findings that are false, or if there are
// none those that could not be made for a reason of their own.
func outcome(v *verifier.Verdict) (status verifier.Status, checks []string) {
	for _, s := range []verifier.Status{verifier.Fail, verifier.Unknown} {
		for _, f := range v.Findings {
			dependent := strings.HasPrefix(f.Found, "not made, because") || f.Found == "it does not" || f.Found == "none" && strings.HasPrefix(f.Expected, "a genesis that")
			if f.Required && f.Status == s && !dependent && !slices.Contains(checks, f.Check) {
				checks = append(checks, f.Check)
			}
		}
		if len(checks) > 0 {
			return s, checks
		}
	}
	return verifier.Pass, nil
}

// forgery is a register whose operator has all keys of the log and writes what
// he likes into it. Entries keep their indexes.
type forgery struct {
	*fixture
	t       testing.TB
	entries [][]byte
	objects map[attest.Digest][]byte
	signed  time.Time
}

func forge(t testing.TB, f *fixture) *forgery {
	return &forgery{fixture: f, t: t, entries: slices.Clone(f.log), objects: maps.Clone(f.objects), signed: f.end}
}

func (f *forgery) must(err error) {
	f.t.Helper()
	if err != nil {
		f.t.Fatal(err)
	}
}

// put keeps an object and returns its digest.
func (f *forgery) put(o []byte) attest.Digest {
	f.objects[attest.DigestOf(o)] = o
	return attest.DigestOf(o)
}

// parts reads an entry and its record.
func (f *forgery) parts(index uint64) (*admission.Entry, *admission.Record) {
	f.t.Helper()
	e, err := admission.ParseEntry(f.entries[index])
	f.must(err)
	r, err := admission.ParseRecord(f.objects[e.Admission])
	f.must(err)
	return e, r
}

// edit changes an entry and its record.
func (f *forgery) edit(name string, change func(*admission.Entry, *admission.Record)) *forgery {
	f.t.Helper()
	index := f.Entries[name]
	e, r := f.parts(index)
	change(e, r)
	doc, err := attest.Encode(r)
	f.must(err)
	e.Admission = f.put(doc)
	f.entries[index], err = attest.Encode(e)
	f.must(err)
	return f
}

// bundle makes the bundle about an entry of the story, as an exporter would of
// this log.
func (f *forgery) bundle(subjects ...string) verifier.Contents {
	f.t.Helper()
	c := verifier.Contents{Entries: map[uint64]verifier.Item{}}
	proofs := prove(f.t, f.Keys, f.entries, f.signed)
	byID := map[attest.ID]uint64{}
	for i := range f.entries {
		if e, err := admission.ParseEntry(f.entries[i]); err == nil {
			if _, twice := byID[e.Envelope]; !twice {
				byID[e.Envelope] = uint64(i)
			}
		}
	}
	var next []uint64
	for _, s := range subjects {
		c.Subjects = append(c.Subjects, f.Entries[s])
		next = append(next, f.Entries[s])
	}
	objects := map[attest.Digest]bool{}
	for ; len(next) > 0; next = next[1:] {
		if _, done := c.Entries[next[0]]; done {
			continue
		}
		c.Entries[next[0]] = verifier.Item{Entry: f.entries[next[0]], Proof: proofs[next[0]].Bytes()}
		e, r := f.parts(next[0])
		for _, d := range append([]attest.Digest{e.Admission, e.ServerFields.Seed, r.Envelope}, r.Objects...) {
			if o := f.objects[d]; o != nil && !objects[d] {
				objects[d] = true
				c.Objects = append(c.Objects, o)
			}
		}
		for _, id := range r.Names() {
			if i, ok := byID[id]; ok {
				next = append(next, i)
			}
		}
	}
	return c
}

// prove signs a checkpoint over entries and proves each of them, by the
// recursive definitions of RFC 6962, sections 2.1 and 2.1.1.
func prove(t testing.TB, keys register.Keys, entries [][]byte, at time.Time) []ledger.Proof {
	t.Helper()
	leaves := make([]ledger.Hash, len(entries))
	for i, e := range entries {
		leaves[i] = ledger.HashLeaf(e)
	}
	c := ledger.Checkpoint{Origin: register.Origin, Size: uint64(len(entries)), Root: root(leaves)}
	note := sign(t, keys, c, at).Bytes()
	proofs := make([]ledger.Proof, len(entries))
	for i := range entries {
		proofs[i] = ledger.Proof{Index: uint64(i), Hashes: path(i, leaves), Checkpoint: note}
	}
	return proofs
}

func sign(t testing.TB, keys register.Keys, c ledger.Checkpoint, at time.Time) ledger.SignedCheckpoint {
	t.Helper()
	ed, err := keys.Ed25519.Sign([]byte(c.String()))
	if err != nil {
		t.Fatal(err)
	}
	pq, err := keys.MLDSA44.Cosign(c, at)
	if err != nil {
		t.Fatal(err)
	}
	return ledger.SignedCheckpoint{Checkpoint: c, Signatures: []ledger.Signature{
		{Name: c.Origin, KeyID: keys.Ed25519.KeyHash(), Bytes: ed}, {Name: c.Origin, KeyID: keys.MLDSA44.VKey().KeyHash(), Bytes: pq},
	}}
}

func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

func root(leaves []ledger.Hash) ledger.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := split(len(leaves))
	return node(root(leaves[:k]), root(leaves[k:]))
}

func path(m int, leaves []ledger.Hash) []ledger.Hash {
	if len(leaves) == 1 {
		return nil
	}
	k := split(len(leaves))
	if m < k {
		return append(path(m, leaves[:k]), root(leaves[k:]))
	}
	return append(path(m-k, leaves[k:]), root(leaves[:k]))
}

func node(a, b ledger.Hash) ledger.Hash {
	return sha256.Sum256(append(append([]byte{1}, a[:]...), b[:]...))
}
