package server_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/internal/testkit/cast"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// measured is everything that /metrics says, by series.
func (w *world) measured() map[string]string {
	w.Helper()
	rec := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Host = "localhost"
	w.server.Operations().ServeHTTP(rec, r)
	all := map[string]string{}
	for line := range strings.SplitSeq(rec.Body.String(), "\n") {
		if at := strings.LastIndexByte(line, ' '); strings.HasPrefix(line, "deed_") && at > 0 {
			all[line[:at]] = line[at+1:]
		}
	}
	if len(all) == 0 {
		w.Fatalf("no metrics: %s", rec.Body)
	}
	return all
}

// rises says by how much the series rise while f runs.
func (w *world) rises(want map[string]string, f func()) {
	w.Helper()
	before := w.measured()
	f()
	after := w.measured()
	if len(after) != len(before) {
		w.Errorf("%d series, %d before", len(after), len(before))
	}
	for name, n := range want {
		var from, to float64
		_, _ = fmt.Sscan(before[name], &from)
		if _, err := fmt.Sscan(after[name], &to); err != nil || fmt.Sprint(to-from) != n {
			w.Errorf("%s rises by %v, want %s", name, to-from, n)
		}
	}
}

// TestCounts has one of each answer, and what is counted of it.
func TestCounts(t *testing.T) {
	w := newWorld(t)
	client := deedv1connect.NewAttestationServiceClient(handlerClient{w.handler}, "http://localhost")
	good, denied := w.pay(), w.Sign(w.Bystander, w.Transfer(w.Bystander, "", "1.00"))
	forged := w.pay()
	forged.Envelope.Signature = append([]byte{}, forged.Envelope.Signature...)
	forged.Envelope.Signature[len(forged.Envelope.Signature)-1] ^= 1
	w.rises(map[string]string{
		`deed_statements_total{effect="allowed",kind="action"}`:                                     "3",
		`deed_statements_total{effect="denied",kind="action"}`:                                      "1",
		`deed_statements_total{effect="refused",kind="action"}`:                                     "1",
		`deed_statements_total{effect="refused",kind="other"}`:                                      "2",
		`deed_faults_total{code="policy.denied"}`:                                                   "1",
		`deed_faults_total{code="envelope.signature"}`:                                              "1",
		`deed_faults_total{code="envelope.size"}`:                                                   "2",
		`deed_submit_seconds_count{phase="total"}`:                                                  "7",
		`deed_calls_total{code="ok",procedure="/deed.v1.AttestationService/Submit"}`:                "2",
		`deed_calls_total{code="permission_denied",procedure="/deed.v1.AttestationService/Submit"}`: "1",
		`deed_calls_total{code="unauthenticated",procedure="/deed.v1.AttestationService/Submit"}`:   "1",
		`deed_calls_total{code="invalid_argument",procedure="/deed.v1.AttestationService/Submit"}`:  "1",
		`deed_calls_total{code="unread",procedure="/deed.v1.AttestationService/Submit"}`:            "1",
		`deed_calls_total{code="ok",procedure="/deed.v1.AttestationService/SubmitBatch"}`:           "1",
		`deed_call_seconds_count{procedure="/deed.v1.AttestationService/SubmitBatch"}`:              "1",
		`deed_http_requests_total{route="call"}`:                                                    "7",
		`deed_log_entries`:                                                                          "2",
		`deed_statements_under_way`:                                                                 "0",
		`deed_http_requests_open`:                                                                   "0",
		`deed_http_body_bytes`:                                                                      "0",
	}, func() {
		for _, s := range []cast.Sent{good, good, denied, forged, {}} {
			_ = w.call(s)
		}
		_, err := client.SubmitBatch(t.Context(), &deedv1.SubmitBatchRequest{Requests: []*deedv1.SubmitRequest{message(good), {}}})
		w.Check(err)
		w.ask("POST", "localhost", "/deed.v1.AttestationService/Submit", "no message")
	})
	if got := w.measured()[`deed_cache_items{cache="statements"}`]; got == "0" {
		t.Error("no statement is remembered")
	}
}

// ask sends a raw request to the handler.
func (w *world) ask(method, host, path, body string) int {
	w.Helper()
	r := httptest.NewRequest(method, path, io.NopCloser(strings.NewReader(body)))
	r.Host = host
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, r)
	return rec.Code
}

// TestSeriesAreClosed: whatever callers send, the number of series is constant.
func TestSeriesAreClosed(t *testing.T) {
	n := 100_000
	if testing.Short() {
		n = 2_000
	}
	w := newWorld(t)
	s := w.pay()
	w.rises(nil, func() {
		for i := range n {
			switch i % 6 {
			case 0:
				w.ask("GET", "localhost", fmt.Sprint("/path/", i), "")
			case 1:
				w.ask("POST", "localhost", fmt.Sprint("/deed.v1.AttestationService/Unknown", i), "{}")
			case 2:
				w.ask("GET", fmt.Sprint("host", i, ".example"), "/checkpoint", "")
			case 3:
				w.ask("POST", "localhost", "/deed.v1.EvidenceService/GetProof", fmt.Sprintf(`{"id":"id:%064x"}`, i))
			case 4:
				w.ask("POST", "localhost", "/deed.v1.EvidenceService/Search", fmt.Sprintf(`{"agent":"spiffe://x.example/%d"}`, i))
			case 5:
				s.Envelope.Payload = fmt.Appendf(nil, `{"_type":"unknown %d"}`, i)
				_ = w.call(s)
			}
		}
	})
}

// TestOperations: the operator's port has metrics and probes, and nothing else.
func TestOperations(t *testing.T) {
	w := newWorld(t)
	h := w.server.Operations()
	for path, want := range map[string]int{
		"/metrics": 200, "/healthz": 200, "/readyz": 200, "/checkpoint": 404, "/deed.v1.EvidenceService/Search": 404, "/debug/pprof/": 404,
	} {
		r := httptest.NewRequest("GET", path, nil)
		r.Host = "127.0.0.1:9464"
		rec := httptest.NewRecorder()
		if h.ServeHTTP(rec, r); rec.Code != want {
			t.Errorf("%s: %d", path, rec.Code)
		}
	}
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Host = "attacker.example"
	rec := httptest.NewRecorder()
	if h.ServeHTTP(rec, r); rec.Code != http.StatusMisdirectedRequest {
		t.Errorf("for another host: %d", rec.Code)
	}
	if w.ask("GET", "localhost", "/metrics", "") != http.StatusNotFound {
		t.Error("the main port has /metrics")
	}
}

// TestHandshakeErrors: net/http tells of a failed handshake in words only.
func TestHandshakeErrors(t *testing.T) {
	w := newWorld(t)
	srv := httptest.NewUnstartedServer(w.handler)
	srv.Config.ErrorLog = w.server.ErrorLog()
	srv.StartTLS()
	defer srv.Close()
	w.rises(map[string]string{"deed_tls_handshake_errors_total": "1"}, func() {
		conn, err := net.Dial("tcp", srv.Listener.Addr().String())
		w.Check(err)
		defer conn.Close()
		_, err = io.WriteString(conn, "this is not TLS\r\n\r\n")
		w.Check(err)
		_, _ = io.ReadAll(conn) // until it is closed
		for deadline := time.Now().Add(5 * time.Second); w.measured()["deed_tls_handshake_errors_total"] == "0" && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
	})
}
