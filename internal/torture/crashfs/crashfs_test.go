package crashfs

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

func blank(n int, c byte) []byte { return bytes.Repeat([]byte{c}, n) }

// drawn collects the contents of every state, by place.
func drawn(t *testing.T, trace *Trace, p Plan) map[int][]map[string]string {
	t.Helper()
	states := map[int][]map[string]string{}
	err := trace.Walk(0, len(trace.Ops), p, func(s *State) error {
		files := map[string]string{}
		for name, data := range s.Files() {
			files[name] = string(data)
		}
		states[s.Place] = append(states[s.Place], files)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return states
}

// variants are the different contents that a file has in some states; "-" is
// none.
func variants(states []map[string]string, name string) []string {
	set := map[string]bool{}
	for _, s := range states {
		if text, ok := s[name]; ok {
			set[text] = true
		} else {
			set["-"] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// TestWrites: three pages of which each may be missing, and sectors of each; and
// nothing else once they are synced.
func TestWrites(t *testing.T) {
	data := append(append(blank(pageSize, 'a'), blank(pageSize, 'b')...), blank(pageSize, 'c')...)
	trace := &Trace{
		Base: map[string][]byte{"db": blank(3*pageSize, '.')},
		Ops:  []Op{{Kind: Write, Data: data}, {Kind: Mark}, {Kind: Sync}, {Kind: Mark}},
	}
	states := drawn(t, trace, Plan{Seed: 1, Share: 400})
	pages, torn := map[string]bool{}, 0
	for _, text := range variants(states[1], "db") {
		shape := ""
		for p := range 3 {
			page := text[p*pageSize:][:pageSize]
			kept := len(page) - len(bytes.TrimLeft([]byte(page), "abc"))
			if page[kept:] != string(blank(pageSize-kept, '.')) || kept%sectorSize != 0 {
				t.Fatalf("a page with %d bytes kept", kept)
			}
			if kept != 0 && kept != pageSize {
				torn++
			}
			shape += fmt.Sprint(min(kept, 1))
		}
		pages[shape] = true
	}
	if len(pages) != 8 || torn < 7 {
		t.Errorf("%d subsets of 3 pages, %d torn", len(pages), torn)
	}
	for _, place := range []int{3, 4} {
		if got := variants(states[place], "db"); !slices.Equal(got, []string{string(data)}) {
			t.Errorf("%d contents after the sync", len(got))
		}
	}
}

// TestOrder: of two writes to a page the later one wins, where both are left.
func TestOrder(t *testing.T) {
	trace := &Trace{
		Base: map[string][]byte{"db": []byte("0")},
		Ops:  []Op{{Kind: Write, Data: []byte("1")}, {Kind: Write, Data: []byte("2")}, {Kind: Truncate, Off: 3}},
	}
	states := drawn(t, trace, Plan{Seed: 1, Share: 100})
	got := variants(append(states[2], states[3]...), "db")
	want := []string{"0", "0\x00\x00", "1", "1\x00\x00", "2", "2\x00\x00"}
	if !slices.Equal(got, want) {
		t.Errorf("found %q, want %q", got, want)
	}
}

// replace is how a file is replaced; the sync of the new one is left out or not.
func replace(sync bool) *Trace {
	ops := []Op{{Kind: Create, File: 1, Name: "tmp"}, {Kind: Write, File: 1, Data: []byte("new")}}
	if sync {
		ops = append(ops, Op{Kind: Sync, File: 1})
	}
	ops = append(ops, Op{Kind: Rename, Name: "tmp", To: "head"}, Op{Kind: Mark}, Op{Kind: SyncDir}, Op{Kind: Mark})
	return &Trace{Base: map[string][]byte{"head": []byte("old")}, Ops: ops}
}

func TestReplace(t *testing.T) {
	last := func(states map[int][]map[string]string) int { return slices.Max(slices.Collect(maps.Keys(states))) }
	plan := Plan{Seed: 1, Share: 100}
	sound := drawn(t, replace(true), plan)
	end := last(sound)
	if got := variants(sound[end-2], "head"); !slices.Equal(got, []string{"new", "old"}) {
		t.Errorf("before the sync of the directory: %q", got)
	}
	if got := variants(sound[end], "head"); !slices.Equal(got, []string{"new"}) {
		t.Errorf("in the end: %q", got)
	}
	if got := variants(sound[end], "tmp"); !slices.Equal(got, []string{"-"}) {
		t.Errorf("the temporary file in the end: %q", got)
	}
	broken := drawn(t, replace(false), plan)
	if got := variants(broken[last(broken)], "head"); !slices.Equal(got, []string{"", "new"}) {
		t.Errorf("in the end, never synced: %q", got)
	}
	plan.Lose = func(_ int, op Op) bool { return op.Kind == SyncDir }
	lied := drawn(t, replace(true), plan)
	if got := variants(lied[last(lied)], "head"); !slices.Equal(got, []string{"new", "old"}) {
		t.Errorf("in the end, with a lost sync of the directory: %q", got)
	}
	if got := replace(false).End(); len(got) != 1 || string(got["head"]) != "new" {
		t.Errorf("without a crash: %q", got)
	}
}

// TestAgain draws the same twice, and something else with another seed.
func TestAgain(t *testing.T) {
	trace := &Trace{Base: map[string][]byte{"db": nil}, Ops: []Op{{Kind: Write, Data: blank(20*pageSize, 'x')}}}
	one, again, other := drawn(t, trace, Plan{Seed: 1, Share: 20}), drawn(t, trace, Plan{Seed: 1, Share: 20}), drawn(t, trace, Plan{Seed: 2, Share: 20})
	equal := func(a, b []map[string]string) bool { return slices.EqualFunc(a, b, maps.Equal) }
	if len(one[1]) != 20 || !equal(one[1], again[1]) || equal(one[1], other[1]) {
		t.Errorf("%d, %d and %d states", len(one[1]), len(again[1]), len(other[1]))
	}
	if n := trace.Rich(0, len(trace.Ops), Plan{}); n != 1 {
		t.Errorf("%d places of which several states can be drawn", n)
	}
}

// TestDirectory writes states over each other and reads them back.
func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "left over"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	trace := replace(false)
	trace.Base["db"] = blank(5*block+7, '.') // it is file 0 now, and head is 1
	trace.Ops = append(trace.Ops, Op{Kind: Write, File: 0, Off: 3 * block, Data: blank(4*block, 'x')}, Op{Kind: Truncate, File: 0, Off: 9})
	for i := range trace.Ops {
		if op := &trace.Ops[i]; op.File == 1 {
			op.File = 2
		}
	}
	err := trace.Walk(0, len(trace.Ops), Plan{Seed: 3, Share: 10}, func(s *State) error {
		if err := s.Write(dir); err != nil {
			return err
		}
		want, found := s.Files(), map[string][]byte{}
		list, err := os.ReadDir(dir)
		if err != nil {
			return err
		}
		for _, e := range list {
			if found[e.Name()], err = os.ReadFile(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
		if !maps.EqualFunc(want, found, bytes.Equal) {
			return fmt.Errorf("%v is written as another one", s)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
