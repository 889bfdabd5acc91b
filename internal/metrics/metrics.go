// Package metrics is what an operator can count of a running register, in the
// form that Prometheus reads.
//
//	m := metrics.New(metrics.Config{Procedures: procedures, Codes: codes, TrustDomains: domains})
//	m.Statement(attest.KindAction, metrics.Allowed, "")
//	http.Handle("/metrics", m.Handler())
//
// # Reading order
//
// [Metrics] is the registry; statement.go, ledger.go and edge.go are what is
// counted of statements, of the log below and of the network; web.go of the approval page; gauge.go is what
// is read when somebody asks.
//
// # Caveats
//
// Every label has a closed set of values, known when the registry is made: what
// a caller sends is never a label, so nobody can make the registry grow. What
// is outside a set is counted as [Other]. All series are there from the start,
// so counting is a lookup in a map that nobody writes to, and an addition.
package metrics

import (
	"net/http"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Other is the label of everything that is not in a closed set.
const Other = "other"

// Config has the closed sets that other packages know.
type Config struct {
	Procedures   []string // such as /deed.v1.AttestationService/Submit
	Codes        []string // of answers to calls, such as resource_exhausted
	Routes       []string // of plain HTTP, such as tile
	TrustDomains []string // that the register is configured for
	Caches       []string
}

// Metrics is a registry of its own, not the global one. Its methods may be
// called concurrently.
type Metrics struct {
	registry *prometheus.Registry
	statements
	ledger
	edge
	web
	gauges
}

// New makes the registry with all its series.
func New(c Config) *Metrics {
	m := &Metrics{registry: prometheus.NewRegistry()}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewBuildInfoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	m.statements = newStatements(m.registry)
	m.ledger = newLedger(m.registry)
	m.edge = newEdge(m.registry, c)
	m.web = newWeb(m.registry)
	m.gauges = newGauges(m.registry, c)
	return m
}

// Handler answers with all series.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		DisableCompression:  true, // the reader is on this machine
		MaxRequestsInFlight: 4,
	})
}

// Names lists the metrics of the register itself, with kind, labels and
// help; those of the Go runtime and of the process are left out.
func (m *Metrics) Names() (list []Name, err error) {
	families, err := m.registry.Gather()
	if err != nil {
		return nil, err
	}
	for _, f := range families {
		if own(f.GetName()) {
			n := Name{Name: f.GetName(), Help: f.GetHelp(), Kind: strings.ToLower(f.GetType().String()), Series: len(f.GetMetric())}
			for _, l := range f.GetMetric()[0].GetLabel() {
				n.Labels = append(n.Labels, l.GetName())
			}
			list = append(list, n)
		}
	}
	return list, nil
}

// Name is one metric.
type Name struct {
	Name, Kind, Help string
	Labels           []string
	Series           int
}

func own(name string) bool { return len(name) > len(prefix) && name[:len(prefix)] == prefix }

const prefix = "deed_"

func counter(r *prometheus.Registry, name, help string) prometheus.Counter {
	c := prometheus.NewCounter(prometheus.CounterOpts{Name: prefix + name, Help: help})
	r.MustRegister(c)
	return c
}

// counters makes one counter for each value of a label, and one for Other.
func counters(r *prometheus.Registry, name, help, label string, values []string) closed[prometheus.Counter] {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, []string{label})
	r.MustRegister(vec)
	return resolve(values, func(v string) prometheus.Counter { return vec.WithLabelValues(v) })
}

func histogram(r *prometheus.Registry, name, help string, buckets []float64) prometheus.Histogram {
	h := prometheus.NewHistogram(prometheus.HistogramOpts{Name: prefix + name, Help: help, Buckets: buckets})
	r.MustRegister(h)
	return h
}

// histograms makes one histogram for each value of a label.
func histograms(r *prometheus.Registry, name, help, label string, values []string, buckets []float64) map[string]prometheus.Observer {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: prefix + name, Help: help, Buckets: buckets}, []string{label})
	r.MustRegister(vec)
	all := make(map[string]prometheus.Observer, len(values))
	for _, v := range values {
		all[v] = vec.WithLabelValues(v)
	}
	return all
}

// closed is a set of series that does not grow.
type closed[T any] struct {
	known map[string]T
	other T
}

func resolve[T any](values []string, make func(string) T) closed[T] {
	c := closed[T]{known: map[string]T{}, other: make(Other)}
	for _, v := range values {
		c.known[v] = make(v)
	}
	return c
}

func (c closed[T]) of(value string) T {
	if t, ok := c.known[value]; ok {
		return t
	}
	return c.other
}
