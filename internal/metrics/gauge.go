package metrics

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Gauge is a value that is read when somebody asks for it.
type Gauge int

// Gauges. Each is 0 until somebody gives its function to [Metrics.Read].
const (
	LogSize Gauge = iota
	CheckpointTime
	StatementsWaiting
	RequestsOpen
	BodyBytes
	ConnectionsOpen
	ConnectionsEvicted
	Ready
	SVIDExpiry
	ScrubPasses
	ScrubFinished
	ScrubFaults
	WebSessions
	gaugeCount
)

var gaugeTable = [gaugeCount]struct{ name, help string }{
	{"log_entries", "Entries under the published checkpoint."},
	{"log_checkpoint_timestamp_seconds", "When the newest checkpoint was published, in Unix time; at a start, when it was signed again."},
	{"statements_under_way", "Statements in check or in the queue."},
	{"http_requests_open", "HTTP requests under way."},
	{"http_body_bytes", "Bytes of request bodies held in memory."},
	{"connections_open", "Connections to the main port."},
	{"evicted_connections_total", "Connections closed for doing nothing while others waited."},
	{"ready", "1 while /readyz says so."},
	{"svid_expiry_timestamp_seconds", "When the server's own SVID expires, in Unix time; 0 without TLS."},
	{"scrub_passes_total", "Readings of the whole database that came to their end."},
	{"scrub_finished_timestamp_seconds", "When the last one did, in Unix time; 0 if none has since the start."},
	{"scrub_faults_total", "Damaged items that scrubs found, one that is under way too."},
	{"web_sessions", "People who are signed in at the approval page, once for each browser."},
}

// gauges are the values that are read.
type gauges struct {
	read    *[gaugeCount]atomic.Pointer[func() float64]
	caches  map[string]*atomic.Pointer[func() float64]
	bundles map[string]prometheus.Gauge
}

func newGauges(r *prometheus.Registry, c Config) gauges {
	g := gauges{
		read:   new([gaugeCount]atomic.Pointer[func() float64]),
		caches: map[string]*atomic.Pointer[func() float64]{}, bundles: map[string]prometheus.Gauge{},
	}
	for i, d := range gaugeTable {
		name, value := prefix+d.name, valueOf(&g.read[i])
		if strings.HasSuffix(name, "_total") {
			r.MustRegister(prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: d.help}, value))
			continue
		}
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: d.help}, value))
	}
	for _, name := range c.Caches {
		g.caches[name] = new(atomic.Pointer[func() float64])
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: prefix + "cache_items", Help: "What is remembered, by cache.", ConstLabels: prometheus.Labels{"cache": name},
		}, valueOf(g.caches[name])))
	}
	vec := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: prefix + "bundle_received_timestamp_seconds",
		Help: "When the bundle of a trust domain was last read or served, in Unix time; 0 if it is not there.",
	}, []string{"trust_domain"})
	r.MustRegister(vec)
	for _, name := range c.TrustDomains {
		g.bundles[name] = vec.WithLabelValues(name)
	}
	return g
}

func valueOf(p *atomic.Pointer[func() float64]) func() float64 {
	return func() float64 {
		if f := p.Load(); f != nil {
			return (*f)()
		}
		return 0
	}
}

// Read says how a gauge is read.
func (g *gauges) Read(which Gauge, value func() float64) { g.read[which].Store(&value) }

// ReadCache says how the size of a cache is read. Unknown caches are not shown.
func (g *gauges) ReadCache(name string, items func() int) {
	if p := g.caches[name]; p != nil {
		value := func() float64 { return float64(items()) }
		p.Store(&value)
	}
}

// Bundle notes when the bundle of a trust domain was received; the zero time
// that it is gone. Trust domains that are not configured are not shown.
func (g *gauges) Bundle(trustDomain string, at time.Time) {
	b := g.bundles[trustDomain]
	switch {
	case b == nil:
	case at.IsZero():
		b.Set(0)
	default:
		b.Set(float64(at.UnixMilli()) / 1000)
	}
}
