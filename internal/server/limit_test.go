package server_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// Limits of the server, as its documentation states them.
const (
	maxStatements  = 4096
	maxWrites      = 512
	maxConnections = 2048
)

// TestShedStatements fills the register with statements that nobody commits:
// the next is refused with a delay, and nothing of it is kept.
func TestShedStatements(t *testing.T) {
	w, store := stuckWorld(t)
	const each = 128 // they fit a message
	batch := &deedv1.SubmitBatchRequest{}
	for range each {
		batch.Requests = append(batch.Requests, message(w.Sign(w.Payments, w.Transfer(w.Payments, "", "1.00"))))
		batch.Requests[len(batch.Requests)-1].Objects = nil
	}
	w.allow(w.pay()) // the chain is stored
	client := deedv1connect.NewAttestationServiceClient(handlerClient{w.handler}, "http://localhost")
	gate := make(chan struct{})
	store.set(nil, gate)
	extra := w.Sign(w.Bystander, w.Transfer(w.Bystander, "", "1.00"))
	var wait sync.WaitGroup
	for range maxStatements / each {
		wait.Go(func() { _, _ = client.SubmitBatch(context.Background(), batch) })
	}
	for deadline := time.Now().Add(60 * time.Second); w.measured()["deed_statements_under_way"] != fmt.Sprint(maxStatements); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s statements under way", w.measured()["deed_statements_under_way"])
		}
	}
	w.rises(map[string]string{
		"deed_shed_statements_total": "3", `deed_faults_total{code="log.overloaded"}`: "3", "deed_statements_under_way": "0",
	}, func() {
		err := w.call(extra)
		f := detail[*deedv1.Fault](err)
		if connect.CodeOf(err) != connect.CodeResourceExhausted || f.GetCode() != "log.overloaded" || !f.GetRetryable() || f.GetRetryAfterMs() < 50 {
			t.Errorf("%v with %v", err, f)
		}
		res, err := client.SubmitBatch(context.Background(), &deedv1.SubmitBatchRequest{Requests: batch.Requests[:2]})
		w.Check(err)
		for _, r := range res.GetResults() {
			if f := r.GetFault(); f.GetCode() != "log.overloaded" || f.GetRetryAfterMs() < 50 {
				t.Errorf("%v", r)
			}
		}
	})
	store.set(nil, nil)
	close(gate)
	wait.Wait()
	if got := w.measured()["deed_statements_under_way"]; got != "0" {
		t.Errorf("%s statements under way in the end", got)
	}
	_ = w.call(extra) // there is room again, and it was not kept before
	if index, found, err := w.log.Lookup(context.Background(), sum(w, extra.ID)); err != nil || !found || index != w.log.Size()-1 {
		t.Errorf("at %d of %d, %v, %v", index, w.log.Size(), found, err)
	}
}

func sum(w *world, id interface{ Sum() ([32]byte, bool) }) ledger.Hash {
	s, ok := id.Sum()
	if !ok {
		w.Fatal("no ID")
	}
	return s
}

// slowBody opens a connection that has a request under way and sends no more.
func slowBody(t *testing.T, url string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	_, err = io.WriteString(conn, "POST /deed.v1.AttestationService/Submit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{")
	if err != nil {
		t.Fatal(err)
	}
	return conn
}

// TestEvictRequests fills the server with requests whose bodies do not come. As
// soon as they are slow, an honest one takes the place of the slowest.
func TestEvictRequests(t *testing.T) {
	w := newWorld(t)
	url := w.serve(nil)
	s, before := w.pay(), w.pay()
	client := deedv1connect.NewAttestationServiceClient(plain(t), url)
	_, err := client.Submit(context.Background(), message(before))
	w.Check(err)
	open := func(n int) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); w.measured()["deed_http_requests_open"] != fmt.Sprint(n); time.Sleep(10 * time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatalf("%s requests are open", w.measured()["deed_http_requests_open"])
			}
		}
	}
	first := slowBody(t, url)
	open(1) // before any other
	for range maxWrites - 1 {
		slowBody(t, url)
	}
	open(maxWrites)
	var delays int
	for ; ; delays++ {
		_, err = client.Submit(context.Background(), message(s))
		if connect.CodeOf(err) != connect.CodeResourceExhausted || delays > 100 {
			break
		}
		f := detail[*deedv1.Fault](err)
		if f.GetCode() != "log.overloaded" || f.GetRetryAfterMs() < 50 || err.(*connect.Error).Meta().Get("Retry-After") != "1" {
			t.Fatalf("%v with %v", err, f)
		}
		time.Sleep(time.Duration(f.GetRetryAfterMs()) * time.Millisecond)
	}
	w.Check(err)
	w.Check(first.SetReadDeadline(time.Now().Add(5 * time.Second)))
	if _, err := io.ReadAll(first); err != nil && !strings.Contains(err.Error(), "reset") {
		t.Errorf("the slowest is still there: %v", err)
	}
	got := w.measured()
	if got["deed_evicted_requests_total"] == "0" || got["deed_shed_requests_total"] != fmt.Sprint(delays) {
		t.Errorf("evicted %s, shed %s after %d delays", got["deed_evicted_requests_total"], got["deed_shed_requests_total"], delays)
	}
}

// TestEvictConnections opens more connections than there may be. Those that do
// nothing go; one on which the server works stays.
func TestEvictConnections(t *testing.T) {
	w, store := stuckWorld(t)
	url := w.serve(nil)
	s, other := w.pay(), w.pay()
	gate := make(chan struct{})
	store.set(nil, gate)
	working := make(chan error)
	go func() {
		_, err := deedv1connect.NewAttestationServiceClient(plain(t), url).Submit(context.Background(), message(s))
		working <- err
	}()
	for w.measured()["deed_statements_under_way"] != "1" {
		time.Sleep(time.Millisecond)
	}
	for range maxConnections + 200 {
		conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
		w.Check(err)
		t.Cleanup(func() { conn.Close() })
	}
	time.Sleep(1100 * time.Millisecond) // they are quiet for long enough
	answer, err := (&http.Client{Timeout: 5 * time.Second}).Get(url + "/healthz")
	w.Check(err)
	answer.Body.Close()
	store.set(nil, nil)
	close(gate)
	w.Check(<-working)
	_, err = deedv1connect.NewAttestationServiceClient(plain(t), url).Submit(context.Background(), message(other))
	w.Check(err)
}

// TestElements: a message of a great many small elements is refused before they
// are made; one with as many as anyone may use is read.
func TestElements(t *testing.T) {
	w := newWorld(t)
	const submit, batch = "/deed.v1.AttestationService/Submit", "/deed.v1.AttestationService/SubmitBatch"
	for _, test := range []struct {
		name, path, kind, body string
		read                   bool
	}{
		{"fields", submit, "proto", strings.Repeat("\x12\x00", 1025), false},
		{"as many as are of use", submit, "proto", strings.Repeat("\x12\x00", 1024), true},
		{"JSON", submit, "json", `{"objects":[` + strings.Repeat(`"",`, 1<<15+1) + `""]}`, false},
		{"JSON with a charset", submit, "json; charset=utf-8", `{"objects":[` + strings.Repeat(`"",`, 1<<15+1) + `""]}`, false},
		{"JSON of a whole batch", batch, "json", `{"requests":[` + strings.Repeat(`{"objects":[`+strings.Repeat(`"",`, 63)+`""]},`, 255) + `{}]}`, true},
	} {
		r := httptest.NewRequest("POST", test.path, strings.NewReader(test.body))
		r.Host = "localhost"
		r.Header.Set("Content-Type", "application/"+test.kind)
		rec := httptest.NewRecorder()
		w.handler.ServeHTTP(rec, r)
		if refused := strings.Contains(rec.Body.String(), "too many elements"); refused == test.read {
			t.Errorf("%s: %d %.200s", test.name, rec.Code, rec.Body)
		}
	}
}

// TestBodyBudget: a body that is larger than a message may be is refused before
// all of it is read.
func TestBodyBudget(t *testing.T) {
	w := newWorld(t)
	url := w.serve(nil)
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	w.Check(err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST /deed.v1.AttestationService/Submit HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/proto\r\nContent-Length: 4294967296\r\n\r\n")
	w.Check(err)
	sent := 0
	go func() {
		for chunk := make([]byte, 64<<10); sent < 64<<20; sent += len(chunk) {
			if _, err := conn.Write(chunk); err != nil {
				return
			}
		}
	}()
	w.Check(conn.SetReadDeadline(time.Now().Add(5 * time.Second)))
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	w.Check(err)
	res.Body.Close()
	if res.StatusCode != http.StatusTooManyRequests {
		t.Error(res.Status)
	}
}
