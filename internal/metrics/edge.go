package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// edge is what is counted of the network.
type edge struct {
	calls     closed[*calls]
	routes    closed[prometheus.Counter]
	shed      prometheus.Counter
	evicted   prometheus.Counter
	handshake prometheus.Counter
}

// calls are the counters of one procedure.
type calls struct {
	codes closed[prometheus.Counter]
	took  prometheus.Observer
}

func newEdge(r *prometheus.Registry, c Config) edge {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: prefix + "calls_total", Help: "Calls answered, by procedure and code.",
	}, []string{"procedure", "code"})
	r.MustRegister(vec)
	took := histograms(r, "call_seconds", "How long calls take between the last byte of the request and the first of the answer.",
		"procedure", append([]string{Other}, c.Procedures...), seconds)
	e := edge{
		routes:    counters(r, "http_requests_total", "HTTP requests, by what they ask for.", "route", c.Routes),
		shed:      counter(r, "shed_requests_total", "HTTP requests refused because too many were under way."),
		evicted:   counter(r, "evicted_requests_total", "HTTP requests cut off for being slow while others waited."),
		handshake: counter(r, "tls_handshake_errors_total", "TLS handshakes that failed."),
	}
	e.calls = resolve(c.Procedures, func(procedure string) *calls {
		return &calls{
			codes: resolve(c.Codes, func(code string) prometheus.Counter { return vec.WithLabelValues(procedure, code) }),
			took:  took[procedure],
		}
	})
	return e
}

// Call counts an answered call.
func (e *edge) Call(procedure, code string, d time.Duration) {
	c := e.calls.of(procedure)
	c.codes.of(code).Inc()
	c.took.Observe(d.Seconds())
}

// Unread counts a call whose request could not be read as a message.
func (e *edge) Unread(procedure, code string) { e.calls.of(procedure).codes.of(code).Inc() }

// Request counts an HTTP request.
func (e *edge) Request(route string) { e.routes.of(route).Inc() }

// ShedRequest counts a request that was refused for lack of room.
func (e *edge) ShedRequest() { e.shed.Inc() }

// Evicted counts a request that was cut off for being slow.
func (e *edge) Evicted() { e.evicted.Inc() }

// HandshakeError counts a TLS handshake that failed.
func (e *edge) HandshakeError() { e.handshake.Inc() }
