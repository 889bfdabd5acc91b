package policy

import (
	"math/rand/v2"
	"reflect"
	"strconv"
	"sync"
	"testing"
)

// TestTogether: a chain that is asked in one go answers as its links do.
func TestTogether(t *testing.T) {
	together, apart := 0, 0
	for seed := range uint64(1500) {
		g := generator{rand.New(rand.NewPCG(seed, 3))}
		w := g.warrant()
		links := make([]*Warrant, 1+g.IntN(3))
		for i := range links {
			link := *w
			if g.IntN(4) == 0 {
				link = *g.warrant()
			}
			link.Depth = i
			if g.IntN(30) == 0 {
				link.Depth = 0 // as no chain that is valid has it
			}
			links[i] = mustCompile(t, &link)
		}
		for range 8 {
			q := newQuestion(g.request(w), &memos{})
			one, each := tally{}, tally{}
			one.Granted, each.Granted = make([][]int, len(links)), make([][]int, len(links))
			if !one.together(links, &view{question: q}) {
				one.each(links, &view{question: q})
			}
			each.each(links, &view{question: q})
			if got, want := one.sum(), each.sum(); !reflect.DeepEqual(got, want) {
				t.Fatalf("seed %d: the chain says %+v, its links %+v", seed, got, want)
			}
			probe := tally{}
			if probe.together(links, &view{question: q}) {
				together++
			} else {
				apart++
			}
		}
	}
	if together < 200 || apart < 200 {
		t.Errorf("%d chains permit, %d do not: the cases are one-sided", together, apart)
	}
}

// TestDecideParallel asks one set about many agents at a time; each answer is the
// one that a set of its own gives.
func TestDecideParallel(t *testing.T) {
	src := with(`@id("org/odd") forbid (principal, action, resource) when { principal has owner && principal.owner like "*1" };`)
	set, links := mustLoad(t, src), chain(t)
	var wait sync.WaitGroup
	for worker := range 4 {
		wait.Go(func() {
			alone := mustLoad(t, src)
			for n := range 200 {
				r := transfer()
				r.Agent.Owner, r.Resource.ID = strconv.Itoa((n+worker)%30), "iban/DE/nordlicht/"+strconv.Itoa(n%20)
				if got, want := Decide(set, links, r), Decide(alone, links, r); !reflect.DeepEqual(got, want) {
					t.Errorf("decision is %+v, want %+v", got, want)
				}
			}
		})
	}
	wait.Wait()
}
