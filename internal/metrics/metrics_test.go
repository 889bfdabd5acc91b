package metrics_test

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/metrics"
)

func newMetrics() *metrics.Metrics {
	return metrics.New(metrics.Config{
		Procedures: []string{"/a/B"}, Codes: []string{"ok"}, Routes: []string{"tile"}, TrustDomains: []string{"acme.example"}, Caches: []string{"chains"},
	})
}

// exposition is what Prometheus reads.
func exposition(m *metrics.Metrics) string {
	rec := httptest.NewRecorder()
	m.Handler().ServeHTTP(rec, httptest.NewRequest("GET", "/metrics", nil))
	return rec.Body.String()
}

func series(text string) int {
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		if strings.HasPrefix(line, "deed_") {
			n++
		}
	}
	return n
}

// TestClosed gives every label values that nobody knew: no series comes.
func TestClosed(t *testing.T) {
	m := newMetrics()
	before := series(exposition(m))
	for i := range 100_000 {
		s := fmt.Sprint("unknown ", i)
		m.Statement(attest.Kind(s), metrics.Refused, s)
		m.Call(s, s, time.Second)
		m.Call("/a/B", s, time.Second)
		m.Unread(s, s)
		m.Request(s)
		m.Bundle(s, time.Now())
		m.ReadCache(s, func() int { return i })
	}
	after := exposition(m)
	if got := series(after); got != before || before == 0 {
		t.Errorf("%d series, %d before", got, before)
	}
	for _, want := range []string{
		`deed_statements_total{effect="refused",kind="other"} 100000`, `deed_faults_total{code="other"} 100000`,
		`deed_calls_total{code="other",procedure="other"} 200000`, `deed_calls_total{code="other",procedure="/a/B"} 100000`,
		`deed_http_requests_total{route="other"} 100000`,
	} {
		if !strings.Contains(after, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
}

// TestFree: counting allocates nothing, whether the label is known or not.
func TestFree(t *testing.T) {
	m, failed := newMetrics(), errors.New("no")
	for name, count := range map[string]func(){
		"statement": func() { m.Statement(attest.KindAction, metrics.Denied, "policy.denied") },
		"unknown":   func() { m.Statement("x", metrics.Refused, "x.y") },
		"phase":     func() { m.Took(metrics.Check, time.Millisecond) },
		"call":      func() { m.Call("/a/B", "ok", time.Millisecond) },
		"request":   func() { m.Request("tile") },
		"step":      func() { m.Stepped(metrics.Commit, time.Millisecond, failed); m.Batch(7) },
	} {
		if n := testing.AllocsPerRun(1000, count); n != 0 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestNames holds the names against Prometheus's own conventions.
func TestNames(t *testing.T) {
	m := newMetrics()
	problems, err := promlint.New(strings.NewReader(exposition(m))).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range problems {
		if strings.HasPrefix(p.Metric, "deed_") {
			t.Errorf("%s: %s", p.Metric, p.Text)
		}
	}
	names, err := m.Names()
	if err != nil || len(names) < 20 {
		t.Fatalf("%d metrics, %v", len(names), err)
	}
	for _, n := range names {
		if n.Help == "" || n.Series == 0 || strings.Contains(n.Help, "|") {
			t.Errorf("%+v", n)
		}
	}
}

func TestValues(t *testing.T) {
	m := newMetrics()
	m.Statement(attest.KindAction, metrics.Allowed, "")
	m.Took(metrics.Total, 20*time.Millisecond)
	m.Shed(3)
	m.ShedRequest()
	m.Evicted()
	m.HandshakeError()
	m.Stepped(metrics.HeadFile, time.Second, errors.New("full"))
	m.Stepped(metrics.Commit, time.Second, nil)
	m.Batch(3)
	m.Read(metrics.LogSize, func() float64 { return 42 })
	m.ReadCache("chains", func() int { return 5 })
	m.Bundle("acme.example", time.UnixMilli(1500))
	text := exposition(m)
	for _, want := range []string{
		`deed_statements_total{effect="allowed",kind="action"} 1`, `deed_submit_seconds_bucket{phase="total",le="0.025"} 1`,
		`deed_shed_statements_total 3`, `deed_shed_requests_total 1`, `deed_evicted_requests_total 1`, `deed_tls_handshake_errors_total 1`,
		`deed_step_errors_total{step="head_file"} 1`, `deed_step_errors_total{step="commit"} 0`, `deed_step_seconds_count{step="commit"} 1`,
		`deed_batch_entries_bucket{le="4"} 1`, `deed_log_entries 42`, `deed_cache_items{cache="chains"} 5`, `deed_ready 0`,
		`deed_bundle_received_timestamp_seconds{trust_domain="acme.example"} 1.5`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(text, `deed_faults_total{code="other"} 1`) {
		t.Error("an allowed statement has a fault")
	}
	m.Bundle("acme.example", time.Time{})
	if !strings.Contains(exposition(m), `deed_bundle_received_timestamp_seconds{trust_domain="acme.example"} 0`) {
		t.Error("a bundle that is gone is shown as there")
	}
	for _, want := range []string{"go_goroutines ", "process_resident_memory_bytes ", "go_build_info{"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
}
