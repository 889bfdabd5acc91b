package torture

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/policy"
)

func bigWarrant(n int, all int) *attest.Warrant {
	var inner []attest.Constraint
	for range all {
		inner = append(inner, attest.Constraint{All: &[]attest.Constraint{}})
	}
	w := &attest.Warrant{Depth: 0, MaxDepth: 7, NotBefore: 1, Expires: 1 << 40, Gates: nil, Log: "x", Nonce: "00000000000000000000000000000000", V: 1,
		Issuer: attest.Party{ID: "spiffe://a/b", Kind: attest.BySVID}, Holder: attest.Holder{SPIFFEID: "spiffe://a/b"},
		Root: &attest.WarrantRoot{Accountable: "a", Basis: attest.OrgStanding, Evidence: []attest.ID{}}, Task: attest.Task{ID: "00000000000000000000000000000000", Purpose: "x"}}
	for i := range n {
		args := []attest.Argument{}
		if all > 0 {
			args = append(args, attest.Argument{Name: "a", Constraint: attest.Constraint{All: &inner}})
		}
		v := attest.Text(fmt.Sprint("a", i))
		w.Grants = append(w.Grants, attest.Grant{Actions: []string{"a"}, Arguments: args, Resource: attest.Match{Kind: "k", Match: attest.Constraint{Exact: &v}}})
	}
	return w
}

func manyArgs(n, m int) *attest.Warrant {
	w := bigWarrant(n, 0)
	for i := range w.Grants {
		for j := range m {
			w.Grants[i].Arguments = append(w.Grants[i].Arguments, attest.Argument{Name: fmt.Sprintf("%02d", j), Constraint: attest.Constraint{All: &[]attest.Constraint{}}})
		}
	}
	return w
}

func subset(n, m int) *attest.Warrant {
	w := bigWarrant(n, 0)
	for i := range w.Grants {
		var s []string
		for j := range m {
			s = append(s, fmt.Sprintf("%02d", j))
		}
		w.Grants[i].Arguments = []attest.Argument{{Name: "a", Constraint: attest.Constraint{Subset: s}}}
	}
	return w
}

func TestScratch(t *testing.T) {
	for name, w := range map[string]*attest.Warrant{"all": bigWarrant(60, 60), "all64": bigWarrant(4, 64), "args": manyArgs(12, 64), "grants": bigWarrant(64, 0), "subset": subset(60, 64), "args18": manyArgs(18, 64)} {
		p, err := attest.Encode(w)
		t.Log(name, len(p), err)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		start := time.Now()
		var keep []*policy.Warrant
		for range 20 {
			c, err := policy.Compile(w)
			if err != nil {
				t.Fatal(err)
			}
			keep = append(keep, c)
		}
		d := time.Since(start) / 20
		runtime.GC()
		runtime.ReadMemStats(&after)
		t.Log(name, "compile", d, "bytes each", (int64(after.HeapAlloc)-int64(before.HeapAlloc))/20, len(keep))
		runtime.KeepAlive(keep)
		links := []warrant.Link{}
		for i := range 8 {
			c := *w
			c.Depth = i
			links = append(links, warrant.Link{ID: attest.IDFrom([32]byte{byte(i)}), Warrant: &c})
		}
		start = time.Now()
		warrant.Check(links)
		t.Log(name, "chain check of 8", time.Since(start))
	}
}
