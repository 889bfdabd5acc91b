package admission

import (
	"slices"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

// A leaf's ID does not say which key signed: what was remembered of one key is
// not said of another.
func TestCacheChecksKeys(t *testing.T) {
	pinned, other := attest.DigestOf([]byte("pinned")), attest.DigestOf([]byte("other"))
	agent := attest.Party{ID: "spiffe://acme.example/agent", Kind: attest.BySVID}
	root := &attest.Warrant{MaxDepth: 1, Holder: attest.Holder{SPIFFEID: agent.ID, Key: pinned}}
	child := &attest.Warrant{Depth: 1, MaxDepth: 1, Parent: "id:root", Issuer: agent, Holder: root.Holder}
	links := func(key attest.Digest) []warrant.Link {
		return []warrant.Link{
			{ID: "id:root", Warrant: root}, {ID: "id:leaf", Warrant: child, Signer: attest.Signer{Party: agent, KeySum: key}},
		}
	}
	cache := NewCache(10)
	for _, key := range []attest.Digest{pinned, pinned, other, other, pinned} {
		_, want := warrant.Check(links(key))
		chain, got := cache.check(links(key))
		if !slices.Equal(codes(got), codes(want)) || slices.Contains(codes(got), "d1.issuer") != (key == other) {
			t.Errorf("key %s: %v, without a cache %v", key, codes(got), codes(want))
		}
		if chain.Leaf().Signer.KeySum != key {
			t.Error("the chain is of another key")
		}
	}
	if _, ok := cache.checks.look("id:leaf"); !ok {
		t.Error("nothing is remembered")
	}
}

func codes(faults []*attest.Fault) []string {
	var out []string
	for _, f := range faults {
		out = append(out, f.Code)
	}
	return out
}
