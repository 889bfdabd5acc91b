//go:build torture

package flood

import (
	"slices"
	"testing"
	"time"
)

// writers is how many it takes for full speed.
const writers = 256

// TestOverload has five times as many writers as it takes for full speed. The
// register goes on acknowledging at that speed; who is too much is told when to
// come again. Then the same writers ignore what they are told. Full speed is
// measured in turn with each, and the median of the ratios counts, as other work
// on the machine comes and goes.
func TestOverload(t *testing.T) {
	p := start(t)
	o := p.open()
	o.during(3*time.Second, writers, true) // warm
	for _, test := range []struct {
		name    string
		patient bool
		least   float64
		rounds  int
	}{{"who wait as told", true, .8, 3}, {"who do not wait", false, .4, 1}} {
		var peak, over traffic
		var ratios []float64
		for n := test.rounds; len(ratios) < n; {
			calm := o.during(long(3*time.Second, 90*time.Second), writers, true)
			flood := o.during(long(4*time.Second, 90*time.Second), 5*writers, test.patient)
			peak.add(calm)
			over.add(flood)
			ratios = append(ratios, flood.rate()/calm.rate())
			if len(ratios) == n && n < test.rounds+3 && median(ratios) < test.least {
				n++ // somebody else was at work: look again
			}
		}
		peak.sound(p)
		over.sound(p)
		ratio := median(ratios)
		t.Logf("RESULT overload by writers %s: %.0f/s, at the peak %.0f/s, median ratio %.2f of %.2f; %v", test.name, over.rate(), peak.rate(), ratio, ratios, &over)
		if ratio < test.least {
			t.Errorf("ratio %.2f, want %.2f", ratio, test.least)
		}
		if over.shed == 0 {
			t.Error("nothing was shed")
		}
	}
	t.Logf("requests evicted %.0f, connections %.0f", p.metric("deed_evicted_requests_total"), p.metric("deed_evicted_connections_total"))
	if got := p.metric("deed_shed_requests_total"); got == 0 {
		t.Error("the metrics know of nothing that was shed")
	}
}

func median(list []float64) float64 {
	sorted := slices.Sorted(slices.Values(list))
	if n := len(sorted); n%2 == 0 {
		return (sorted[n/2-1] + sorted[n/2]) / 2
	}
	return sorted[len(sorted)/2]
}
