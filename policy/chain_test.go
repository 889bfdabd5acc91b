package policy

import (
	"reflect"
	"strconv"
	"sync"
	"testing"
)

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
