//go:build torture

package flood

import (
	"testing"
	"time"
)

// writers is how many it takes for full speed.
const writers = 256

// TestOverload has five times as many writers as it takes for full speed. The
// register goes on acknowledging at that speed; who is too much is told when to
// come again. Then the same writers ignore what they are told. Full speed is
// measured in turn with each, as other work on the machine comes and goes.
func TestOverload(t *testing.T) {
	p := start(t)
	o := p.open()
	o.during(3*time.Second, writers, true) // warm
	for _, test := range []struct {
		name    string
		patient bool
		least   float64
	}{{"who wait as told", true, .8}, {"who do not wait", false, .5}} {
		const rounds = 2
		var peak, over traffic
		for range rounds {
			peak.add(o.during(long(3*time.Second, 2*time.Minute), writers, true))
			over.add(o.during(long(4*time.Second, 2*time.Minute), 5*writers, test.patient))
		}
		peak.sound(p)
		over.sound(p)
		ratio := over.rate() / peak.rate()
		t.Logf("RESULT overload by writers %s: %.0f/s, at the peak %.0f/s, ratio %.2f; %v", test.name, over.rate(), peak.rate(), ratio, &over)
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
