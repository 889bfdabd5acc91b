package metrics

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/deedlog/deed/attest"
)

// Effect is what became of a statement.
type Effect int

// Effects of a submission.
const (
	Allowed Effect = iota // logged as allowed
	Denied                // logged as denied
	Refused               // nothing was kept
	Failed                // not known: an internal error, or the caller went away
	effects
)

var effectNames = [effects]string{"allowed", "denied", "refused", "failed"}

// Phase is a part of a statement's life.
type Phase int

// Phases of a submission.
const (
	Check Phase = iota // form, signer, chain, evidence, policy
	Wait               // in the queue, until the checkpoint that covers it is out
	Total              // both, and what was tried again
	phases
)

var phaseNames = [phases]string{"check", "wait", "total"}

// seconds are the buckets of everything that a caller waits for.
var seconds = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

// statements are the counters of submissions.
type statements struct {
	effects closed[*[effects]prometheus.Counter]
	faults  closed[prometheus.Counter]
	phases  [phases]prometheus.Observer
	shed    prometheus.Counter
}

func newStatements(r *prometheus.Registry) statements {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: prefix + "statements_total", Help: "Statements answered, by kind and by what became of them.",
	}, []string{"kind", "effect"})
	r.MustRegister(vec)
	s := statements{
		faults: counters(r, "faults_total", "Statements denied, refused or failed, by the first fault.", "code",
			slices.Sorted(maps.Keys(attest.Faults))),
		shed: counter(r, "shed_statements_total", "Statements refused because too many were under way."),
	}
	var kinds []string
	for _, k := range attest.Kinds() {
		kinds = append(kinds, string(k))
	}
	s.effects = resolve(kinds, func(kind string) *[effects]prometheus.Counter {
		var all [effects]prometheus.Counter
		for i, effect := range effectNames {
			all[i] = vec.WithLabelValues(kind, effect)
		}
		return &all
	})
	all := histograms(r, "submit_seconds", "How long statements take, by phase.", "phase", phaseNames[:], seconds)
	for i, name := range phaseNames {
		s.phases[i] = all[name]
	}
	return s
}

// Statement counts an answer. fault is the code of the first fault, or "" of a
// statement that was allowed.
func (s *statements) Statement(kind attest.Kind, effect Effect, fault string) {
	s.effects.of(string(kind))[effect].Inc()
	if effect != Allowed {
		s.faults.of(fault).Inc()
	}
}

// Took notes how long a phase of one statement took.
func (s *statements) Took(p Phase, d time.Duration) { s.phases[p].Observe(d.Seconds()) }

// Shed counts statements that were refused for lack of room.
func (s *statements) Shed(n int) { s.shed.Add(float64(n)) }
