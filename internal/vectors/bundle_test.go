package vectors_test

import (
	"crypto/sha256"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/idp"
	"github.com/deedlog/deed/internal/vectors"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
	"github.com/deedlog/deed/verifier"
)

// TestBundles makes the evidence bundle about the statement under test of every
// fourth vector that is logged, and of every one with DEED_LONG: an offline
// verifier finds the same.
func TestBundles(t *testing.T) {
	c := load(t)
	every := 4
	if os.Getenv("DEED_LONG") != "" {
		every = 1
	}
	stages := begin(t, c, admission.NewCache(1000))
	for i := range c.Vectors {
		v := &c.Vectors[i]
		if i%every != 0 || v.Expect.Logged == nil {
			continue
		}
		verdict, want := verify(t, c, stages[v.Stage].Fork(), v), 0
		if strings.HasPrefix(v.Name, "token/erased") {
			want = 2 // what the log found of the token cannot be checked
		}
		if verdict.ExitCode() != want {
			t.Errorf("%s: %s", v.Name, verdict.Failure())
			continue
		}
		s := verdict.Subjects[0]
		got := &vectors.Answer{Effect: string(s.Decision.Effect), Evaluated: s.Decision.Evaluated, Faults: s.Decision.Faults, Attribution: s.Attribution}
		if a, b := encode(t, got), encode(t, v.Expect.Logged); a != b {
			t.Errorf("%s: verdict %s, want %s", v.Name, a, b)
		}
	}
}

func encode(t testing.TB, v any) string {
	t.Helper()
	doc, err := attest.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

// verify runs a vector and verifies the bundle about its last entry, in the way
// of a reader whose roots and keys are the log's.
func verify(t testing.TB, c *vectors.Corpus, r *vectors.Register, v *vectors.Vector) *verifier.Verdict {
	t.Helper()
	if err := c.Replay(r, v); err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	at := v.Test.At
	if v.Test.Received != 0 {
		at = v.Test.Received
	}
	b, err := verifier.Build(contents(t, r, at))
	if err != nil {
		t.Fatalf("%s: %v", v.Name, err)
	}
	return verifier.Verify(b, trust(t, r), verifier.Options{AcceptLedgerRoots: true})
}

// trust is a directory with the log's keys, its genesis, and the keys and
// authorities without which tokens and certificates are the operator's word.
func trust(t testing.TB, r *vectors.Register) *verifier.Trust {
	t.Helper()
	ed, pq := storetest.Keys(t)
	genesis := ledger.HashLeaf(r.Entries()[0])
	files, err := verifier.TrustFiles(verifier.TrustSource{
		LogKey: ed.VKey().String(), MLDSAKey: pq.VKey().String(), Genesis: &genesis,
		Named:     authorities(t, r),
		Providers: map[string][][]byte{cast.Issuer: {idp.JWKS(cast.IdP())}},
	})
	if err != nil {
		t.Fatal(err)
	}
	dir := fstest.MapFS{}
	for name, data := range files {
		dir[name] = &fstest.MapFile{Data: data}
	}
	trust, err := verifier.LoadTrust(dir)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

// authorities are those that the register logged for people's certificates.
func authorities(t testing.TB, r *vectors.Register) map[attest.NamedRoot][][]byte {
	t.Helper()
	out := map[attest.NamedRoot][][]byte{}
	for _, doc := range r.Entries() {
		entry, err := admission.ParseEntry(doc)
		if err != nil {
			t.Fatal(err)
		}
		logged, _ := r.Logged(entry.Envelope)
		root, ok := logged.Verified.Statement().(*attest.Root)
		if !ok || root.Name == "" {
			continue
		}
		name := attest.NamedRoot{Type: root.Type, Name: root.Name}
		pem, _ := r.Object(root.Bundle)
		out[name] = append(out[name], pem)
	}
	return out
}

// contents collects the last entry and all that it relies on.
func contents(t testing.TB, r *vectors.Register, at int64) verifier.Contents {
	t.Helper()
	entries := r.Entries()
	proofs := prove(t, entries, time.UnixMilli(at))
	last := uint64(len(entries) - 1)
	c := verifier.Contents{Subjects: []uint64{last}, Entries: map[uint64]verifier.Item{}}
	objects := map[attest.Digest]bool{}
	for next := []uint64{last}; len(next) > 0; next = next[1:] {
		if _, done := c.Entries[next[0]]; done {
			continue
		}
		c.Entries[next[0]] = verifier.Item{Entry: entries[next[0]], Proof: proofs[next[0]].Bytes()}
		entry, err := admission.ParseEntry(entries[next[0]])
		if err != nil {
			t.Fatal(err)
		}
		logged, _ := r.Logged(entry.Envelope)
		for _, d := range append([]attest.Digest{entry.Admission, entry.ServerFields.Seed, logged.Record.Envelope}, logged.Record.Objects...) {
			if o, _ := r.Object(d); o != nil && !objects[d] {
				objects[d] = true
				c.Objects = append(c.Objects, o)
			}
		}
		for _, id := range logged.Record.Names() {
			named, _ := r.Logged(id)
			next = append(next, named.Index)
		}
	}
	return c
}

// prove signs a checkpoint over entries and proves each of them, by the
// definitions of RFC 6962, sections 2.1 and 2.1.1.
func prove(t testing.TB, entries [][]byte, at time.Time) []ledger.Proof {
	t.Helper()
	leaves := make([]ledger.Hash, len(entries))
	for i, e := range entries {
		leaves[i] = ledger.HashLeaf(e)
	}
	c := ledger.Checkpoint{Origin: vectors.Origin, Size: uint64(len(entries)), Root: rootOf(leaves)}
	ed, pq := storetest.Keys(t)
	first, err := ed.Sign([]byte(c.String()))
	if err != nil {
		t.Fatal(err)
	}
	second, err := pq.Cosign(c, at)
	if err != nil {
		t.Fatal(err)
	}
	note := ledger.SignedCheckpoint{Checkpoint: c, Signatures: []ledger.Signature{
		{Name: c.Origin, KeyID: ed.KeyHash(), Bytes: first}, {Name: c.Origin, KeyID: pq.VKey().KeyHash(), Bytes: second},
	}}.Bytes()
	proofs := make([]ledger.Proof, len(entries))
	for i := range entries {
		proofs[i] = ledger.Proof{Index: uint64(i), Hashes: pathOf(i, leaves), Checkpoint: note}
	}
	return proofs
}

func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

func rootOf(leaves []ledger.Hash) ledger.Hash {
	if len(leaves) == 1 {
		return leaves[0]
	}
	k := split(len(leaves))
	a, b := rootOf(leaves[:k]), rootOf(leaves[k:])
	return sha256.Sum256(append(append([]byte{1}, a[:]...), b[:]...))
}

func pathOf(m int, leaves []ledger.Hash) []ledger.Hash {
	if len(leaves) == 1 {
		return nil
	}
	k := split(len(leaves))
	if m < k {
		return append(pathOf(m, leaves[:k]), rootOf(leaves[k:]))
	}
	return append(pathOf(m-k, leaves[k:]), rootOf(leaves[:k]))
}
