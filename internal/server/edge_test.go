package server_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpcreflect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// serve puts a world on a loopback port and returns its URL.
func (w *world) serve(change func(*http.Server)) string {
	w.Helper()
	ln, err := server.Listen("127.0.0.1:0", false)
	w.Check(err)
	srv := server.HTTPServer(w.handler, nil, slog.New(slog.DiscardHandler))
	if change != nil {
		change(srv)
	}
	go srv.Serve(ln)
	w.Cleanup(func() { srv.Close() })
	return "http://" + ln.Addr().String()
}

// plain speaks HTTP/2 without TLS.
func plain(t testing.TB) *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transport := &http.Transport{Protocols: protocols}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

func TestProtocols(t *testing.T) {
	w := newWorld(t)
	url := w.serve(nil)
	for name, options := range map[string][]connect.ClientOption{
		"Connect": nil, "Connect JSON": {connect.WithProtoJSON()}, "gRPC": {connect.WithGRPC()}, "gRPC-Web": {connect.WithGRPCWeb()},
	} {
		t.Run(name, func(t *testing.T) {
			client := deedv1connect.NewAttestationServiceClient(plain(t), url, options...)
			s := w.pay()
			res, err := client.Submit(context.Background(), message(s))
			w.Check(err)
			r := res.GetReceipt()
			w.verify(s, server.Receipt{Index: r.GetIndex(), ID: attest.ID(r.GetId()), Entry: r.GetEntry(), Record: r.GetRecord(), Proof: r.GetProof()})
			if r.GetQuorum() != "met" {
				t.Errorf("quorum %q", r.GetQuorum())
			}
			denied := w.Sign(w.Bystander, w.Transfer(w.Bystander, "", "1.00"))
			_, err = client.Submit(context.Background(), message(denied))
			d := detail[*deedv1.Denial](err)
			if connect.CodeOf(err) != connect.CodePermissionDenied || d.GetFault().GetCode() != "policy.denied" || d.GetReceipt().GetId() != string(denied.ID) {
				t.Errorf("%v with %v", err, d)
			}
		})
	}
	t.Run("curl", func(t *testing.T) {
		s := w.pay()
		text := base64.StdEncoding.EncodeToString
		body := fmt.Sprintf(`{"envelope":{"payload":%q,"keyid":%q,"signature":%q},"objects":[%q]}`,
			text(s.Envelope.Payload), s.Envelope.KeyID, text(s.Envelope.Signature), text(s.Objects[0]))
		answer := post(t, url+"/deed.v1.AttestationService/Submit", "application/json", body)
		if !strings.Contains(answer, `"id":"`+string(s.ID)) {
			t.Error(answer)
		}
		answer = post(t, url+"/grpc.health.v1.Health/Check", "application/json", `{"service":"deed.v1.AttestationService"}`)
		if !strings.Contains(answer, "SERVING") || strings.Contains(answer, "NOT_") {
			t.Error(answer)
		}
	})
	t.Run("reflection", func(t *testing.T) {
		stream := grpcreflect.NewClient(plain(t), url, connect.WithGRPC()).NewStream(context.Background())
		defer stream.Close()
		names, err := stream.ListServices()
		w.Check(err)
		if len(names) != 2 || names[0] != deedv1connect.AttestationServiceName {
			t.Error(names)
		}
	})
}

func post(t *testing.T, url, kind, body string) string {
	t.Helper()
	res, err := http.Post(url, kind, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestIdempotent submits one statement from many sides, again and again, and
// under a rotated SVID: it has one entry and one record.
func TestIdempotent(t *testing.T) {
	for name, make := range map[string]func(w *world) *attest.Action{
		"allowed": func(w *world) *attest.Action {
			_, id := w.standing(w.Payments)
			return w.Transfer(w.Payments, id, "1.00")
		},
		"denied": func(w *world) *attest.Action { return w.Transfer(w.Payments, "", "1.00") },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			payload := w.Payload(make(w))
			first := w.Seal(w.Payments, payload)
			rotated := w.Seal(w.Workload("/agent/payments"), payload)
			if first.ID != rotated.ID || first.Envelope.KeyID == rotated.Envelope.KeyID {
				t.Fatal("not the same statement under another certificate")
			}
			size := w.log.Size()
			receipts := [128]server.Receipt{}
			var wait sync.WaitGroup
			for i := range 64 {
				wait.Go(func() { receipts[i] = w.logged([]cast.Sent{first, rotated}[i%2]) })
			}
			wait.Wait()
			w.pay() // the log goes on
			for i := 64; i < 128; i++ {
				receipts[i] = w.logged([]cast.Sent{first, rotated}[i%2])
			}
			for i, r := range receipts {
				if r.Index != size || !bytes.Equal(r.Entry, receipts[0].Entry) || !bytes.Equal(r.Record, receipts[0].Record) || treeSize(t, r) < treeSize(t, receipts[0]) && i >= 64 {
					t.Fatalf("receipt %d differs from the first", i)
				}
			}
			w.move(200 * time.Hour) // both SVIDs have expired
			if w.record(receipts[0]).Signer.KeyID == rotated.Envelope.KeyID {
				first = rotated // only under the key that it was logged with
			}
			if r := w.logged(first); r.Index != size || !bytes.Equal(r.Record, receipts[0].Record) {
				t.Error("a retry after the SVID has expired is another statement")
			}
			if w.log.Size() != size+2 && name == "allowed" || treeSize(t, receipts[127]) != w.log.Size() {
				t.Errorf("size %d", w.log.Size())
			}
		})
	}
}

func treeSize(t *testing.T, r server.Receipt) uint64 {
	t.Helper()
	p, err := ledger.ParseProof(r.Proof)
	if err != nil {
		t.Fatal(err)
	}
	c, err := ledger.ParseSignedCheckpoint(p.Checkpoint)
	if err != nil {
		t.Fatal(err)
	}
	return c.Size
}

// TestBatch: a session in one batch is in order; what fails fails alone.
func TestBatch(t *testing.T) {
	w := newWorld(t)
	_, id := w.standing(w.Payments)
	_, other := w.standing(w.Buyer)
	a := w.Transfer(w.Payments, id, "1.00")
	batch := []cast.Sent{w.Sign(w.Payments, a)}
	for range 9 {
		b := w.After(a, batch[len(batch)-1].ID, w.Transfer(w.Payments, id, "1.00"))
		batch, a = append(batch, w.Sign(w.Payments, b)), b
	}
	batch = append(batch, w.Sign(w.Buyer, w.Transfer(w.Buyer, other, "2.00")), w.Sign(w.Bystander, w.Transfer(w.Bystander, id, "3.00")), batch[0], cast.Sent{})
	req := &deedv1.SubmitBatchRequest{}
	for _, s := range batch {
		req.Requests = append(req.Requests, message(s))
	}
	client := deedv1connect.NewAttestationServiceClient(handlerClient{w.handler}, "http://localhost")
	res, err := client.SubmitBatch(context.Background(), req)
	w.Check(err)
	var got []string
	last := uint64(0)
	for i, r := range res.GetResults() {
		got = append(got, r.GetFault().GetCode())
		if r.GetReceipt() != nil && r.GetReceipt().GetId() != string(batch[i].ID) {
			t.Errorf("result %d is of another statement", i)
		}
		if i < 10 && r.GetReceipt().GetIndex() <= last {
			t.Errorf("result %d has index %d, the one before %d", i, r.GetReceipt().GetIndex(), last)
		}
		last = r.GetReceipt().GetIndex()
	}
	if want := append(make([]string, 11), "d10.holder", "", "envelope.size"); !slices.Equal(got, want) {
		t.Errorf("faults %q, want %q", got, want)
	}
	for _, n := range []int{0, 257} {
		_, err := client.SubmitBatch(context.Background(), &deedv1.SubmitBatchRequest{Requests: blanks(n)})
		if connect.CodeOf(err) != connect.CodeInvalidArgument || detail[*deedv1.Fault](err).GetCode() != "statement.field" {
			t.Errorf("%d statements: %v", n, err)
		}
	}
}

func blanks(n int) []*deedv1.SubmitRequest {
	list := make([]*deedv1.SubmitRequest, n)
	for i := range list {
		list[i] = &deedv1.SubmitRequest{}
	}
	return list
}

// TestCodes has one fault for every Connect code that goes with one.
func TestCodes(t *testing.T) {
	for fault, want := range map[string]connect.Code{
		"profile.syntax": connect.CodeInvalidArgument, "object.unused": connect.CodeInvalidArgument, "d0.signer": connect.CodeInvalidArgument,
		"signer.chain": connect.CodeUnauthenticated, "envelope.signature": connect.CodeUnauthenticated,
		"object.missing": connect.CodeFailedPrecondition, "session.order": connect.CodeFailedPrecondition, "signer.no_bundle": connect.CodeFailedPrecondition,
		"quota.denials": connect.CodeResourceExhausted, "trust.changed": connect.CodeAborted, "log.unavailable": connect.CodeUnavailable,
		"d10.holder": connect.CodePermissionDenied,
	} {
		w := newWorld(t)
		if got := connect.CodeOf(w.call(faultCases[fault].try(w).wrong)); got != want {
			t.Errorf("%s is %s, want %s", fault, got, want)
		}
	}
}

func TestProof(t *testing.T) {
	w := newWorld(t)
	s := w.pay()
	id := w.allow(s)
	size := w.log.Size()
	w.pay()
	client := deedv1connect.NewEvidenceServiceClient(handlerClient{w.handler}, "http://localhost", connect.WithHTTPGet())
	get := func(req *deedv1.GetProofRequest) (server.Receipt, error) {
		res, err := client.GetProof(context.Background(), req)
		r := res.GetReceipt()
		return server.Receipt{Index: r.GetIndex(), ID: attest.ID(r.GetId()), Entry: r.GetEntry(), Record: r.GetRecord(), Proof: r.GetProof()}, err
	}
	byID := &deedv1.GetProofRequest{Entry: &deedv1.GetProofRequest_Id{Id: string(id)}}
	byIndex := func(i uint64) *deedv1.GetProofRequest {
		return &deedv1.GetProofRequest{Entry: &deedv1.GetProofRequest_Index{Index: i}}
	}
	for _, req := range []*deedv1.GetProofRequest{byID, byIndex(size - 1)} {
		r, err := get(req)
		w.Check(err)
		w.verify(s, r)
	}
	// In the tree of a proof that was handed out, though the log has gone on.
	first, err := get(byID)
	w.Check(err)
	w.pay()
	earlier := byIndex(size - 1)
	earlier.Size = treeSize(t, first)
	again, err := get(earlier)
	w.Check(err)
	w.verify(s, again)
	if !bytes.Equal(again.Proof, first.Proof) || treeSize(t, again) == w.log.Size() {
		t.Error("not the proof in the tree of before")
	}
	late := byIndex(0)
	late.Size = 1 << 40
	for name, req := range map[string]*deedv1.GetProofRequest{
		"index": byIndex(w.log.Size()), "largest": byIndex(1<<64 - 1), "size": late,
		"id": {Entry: &deedv1.GetProofRequest_Id{Id: "id:" + strings.Repeat("0", 64)}},
	} {
		if _, err := get(req); connect.CodeOf(err) != connect.CodeNotFound {
			t.Errorf("unknown %s: %v", name, err)
		}
	}
	_, err = get(&deedv1.GetProofRequest{Entry: &deedv1.GetProofRequest_Id{Id: "id:"}})
	if connect.CodeOf(err) != connect.CodeInvalidArgument {
		t.Error(err)
	}
	for digest, want := range map[string]connect.Code{"sha256:": connect.CodeInvalidArgument, "sha256:" + strings.Repeat("0", 64): connect.CodeNotFound} {
		if _, err := client.GetObject(context.Background(), &deedv1.GetObjectRequest{Digest: digest}); connect.CodeOf(err) != want {
			t.Errorf("object %s: %v", digest, err)
		}
	}
	object, err := client.GetObject(context.Background(), &deedv1.GetObjectRequest{Digest: string(s.Envelope.KeyID)})
	w.Check(err)
	if !bytes.Equal(object.GetObject(), s.Objects[0]) {
		t.Error("another object")
	}
}

func TestLimits(t *testing.T) {
	w := newWorld(t)
	url := w.serve(func(s *http.Server) {
		if s.ReadHeaderTimeout <= 0 || s.ReadHeaderTimeout > 10*time.Second || s.ReadTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes > 64<<10 {
			t.Errorf("limits: %+v", s)
		}
		s.ReadHeaderTimeout = 50 * time.Millisecond
	})
	client := deedv1connect.NewAttestationServiceClient(plain(t), url)
	s := w.pay()
	big := s
	big.Objects = [][]byte{make([]byte, 1<<20)}
	if _, err := client.Submit(context.Background(), message(big)); connect.CodeOf(err) != connect.CodeResourceExhausted {
		t.Errorf("more than 1 MiB: %v", err)
	}
	many := s
	for i := range 65 {
		many.Objects = append(many.Objects, fmt.Append(nil, i))
	}
	if _, err := client.Submit(context.Background(), message(many)); detail[*deedv1.Fault](err).GetCode() != "object.unused" {
		t.Errorf("many objects: %v", err)
	}
	zipped := deedv1connect.NewAttestationServiceClient(plain(t), url, connect.WithSendGzip())
	if _, err := zipped.Submit(context.Background(), message(s)); connect.CodeOf(err) != connect.CodeUnimplemented {
		t.Errorf("compressed: %v", err)
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	_, _ = z.Write(make([]byte, 8<<20))
	_ = z.Close()
	req, err := http.NewRequest(http.MethodPost, url+"/deed.v1.AttestationService/Submit", &bomb)
	w.Check(err)
	req.Header.Set("Content-Type", "application/proto")
	req.Header.Set("Content-Encoding", "gzip")
	res, err := http.DefaultClient.Do(req)
	w.Check(err)
	res.Body.Close()
	if res.StatusCode/100 == 2 {
		t.Errorf("a compressed body: %s", res.Status)
	}
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	w.Check(err)
	defer conn.Close()
	_, err = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
	w.Check(err)
	w.Check(conn.SetReadDeadline(time.Now().Add(5 * time.Second)))
	if _, err := io.ReadAll(conn); err != nil {
		t.Errorf("a slow client was not cut off: %v", err)
	}
	w.allow(s)
}

func TestListen(t *testing.T) {
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "192.0.2.1:0", "register.example:0", "127.0.0.1.example:0"} {
		if ln, err := server.Listen(address, false); !errors.Is(err, server.ErrPlainAddress) {
			t.Errorf("%s: %v, %v", address, ln, err)
		}
	}
	for _, address := range []string{"127.0.0.1:0", "localhost:0"} {
		ln, err := server.Listen(address, false)
		if err != nil {
			t.Fatal(err)
		}
		ln.Close()
	}
}

// TestSubmitter: over mutual TLS the record says who handed the statement in,
// and who has no SVID does not get in.
func TestSubmitter(t *testing.T) {
	w := newWorld(t)
	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: "tls.example"})
	w.Check(err)
	source := func(id string) workload.Source {
		dir := t.TempDir()
		svid, err := ca.Issue(id)
		w.Check(err)
		w.Check(ca.WriteSVID(dir, svid))
		s, err := workload.Dir(dir)
		w.Check(err)
		return s
	}
	secure, err := workload.ServerTLS(source("spiffe://tls.example/register"), "tls.example")
	w.Check(err)
	ln, err := server.Listen("127.0.0.1:0", true)
	w.Check(err)
	srv := server.HTTPServer(w.handler, secure, slog.New(slog.DiscardHandler))
	go srv.ServeTLS(ln, "", "")
	t.Cleanup(func() { srv.Close() })
	config, err := workload.ClientTLS(source("spiffe://tls.example/gateway"), "spiffe://tls.example/register")
	w.Check(err)
	transport := &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true}
	t.Cleanup(transport.CloseIdleConnections)
	client := deedv1connect.NewAttestationServiceClient(&http.Client{Transport: transport}, "https://"+ln.Addr().String(), connect.WithGRPC())
	res, err := client.Submit(context.Background(), message(w.pay()))
	w.Check(err)
	record, err := admission.ParseRecord(res.GetReceipt().GetRecord())
	w.Check(err)
	if want := (admission.Submitter{Kind: "svid", Name: "spiffe://tls.example/gateway"}); record.Submitter != want {
		t.Errorf("submitter %+v", record.Submitter)
	}
	anonymous := config.Clone()
	anonymous.GetClientCertificate, anonymous.Certificates = nil, nil
	if _, err := (&http.Client{Transport: &http.Transport{TLSClientConfig: anonymous}}).Get("https://" + ln.Addr().String() + "/healthz"); err == nil {
		t.Error("a client without an SVID was served")
	}
}

// trapStore panics when a table is read.
type trapStore struct {
	ledger.Store
	table atomic.Pointer[string]
}

func (s *trapStore) Get(ctx context.Context, table, key string) ([]byte, error) {
	if trap := s.table.Load(); trap != nil && *trap == table {
		panic("a trap in " + table)
	}
	return s.Store.Get(ctx, table, key)
}

// TestPanic: a panic ends one call, wherever it is, and says nothing of its cause.
func TestPanic(t *testing.T) {
	trap := new(trapStore)
	w := newEmptyWorld(t, func(c *ledger.Config) { trap.Store = c.Store; c.Store = trap })
	for _, s := range w.Begin() {
		w.allow(s)
	}
	for _, table := range []string{"force", "session"} { // in a handler, and in the sequencer
		s := w.pay()
		trap.table.Store(&table)
		err := w.call(s)
		if connect.CodeOf(err) != connect.CodeInternal || !strings.Contains(err.Error(), "request ") || strings.Contains(err.Error(), "trap") {
			t.Errorf("%s: %v", table, err)
		}
		client := deedv1connect.NewAttestationServiceClient(handlerClient{w.handler}, "http://localhost")
		res, err := client.SubmitBatch(context.Background(), &deedv1.SubmitBatchRequest{Requests: []*deedv1.SubmitRequest{message(s)}})
		if err != nil || res.GetResults()[0].GetFault().GetCode() != "internal" {
			t.Errorf("%s in a batch: %v, %v", table, res, err)
		}
		trap.table.Store(nil)
		w.allow(s)
	}
}

func TestProbes(t *testing.T) {
	head := &storetest.FaultyHead{}
	w := newEmptyWorld(t, func(c *ledger.Config) { head.HeadFile = c.HeadFile; c.HeadFile = head })
	status := func(path string) int {
		res, err := handlerClient{w.handler}.Do(must(http.NewRequest(http.MethodGet, "http://localhost"+path, nil)))
		w.Check(err)
		return res.StatusCode
	}
	for _, path := range []string{"/healthz", "/readyz"} {
		if got := status(path); got != http.StatusOK {
			t.Errorf("%s: %d", path, got)
		}
	}
	head.Saves = func(int) storetest.Fault { return storetest.Fault{Err: errors.New("disk is gone")} }
	err := w.call(w.Begin()[0])
	if connect.CodeOf(err) != connect.CodeUnavailable || strings.Contains(err.Error(), "disk") {
		t.Error(err)
	}
	if status("/healthz") != http.StatusOK || status("/readyz") != http.StatusServiceUnavailable {
		t.Error("the log has stopped, and the probes do not say so")
	}
	rec := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodPost, "http://localhost/grpc.health.v1.Health/Check", strings.NewReader("{}"))
	req.Header.Set("Content-Type", "application/json")
	w.handler.ServeHTTP(rec, req)
	if !strings.Contains(rec.Body.String(), "NOT_SERVING") {
		t.Errorf("health: %s", rec.Body)
	}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
