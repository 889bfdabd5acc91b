package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/server"
)

// TestLocalHost: over plain HTTP a foreign host name is turned away, as a page
// that rebinds its name to loopback would send it.
func TestLocalHost(t *testing.T) {
	h := newWorld(t).server.Handler()
	for host, want := range map[string]int{
		"127.0.0.1:7300": http.StatusOK, "localhost": http.StatusOK, "[::1]:7300": http.StatusOK,
		"evil.example": http.StatusMisdirectedRequest, "127.0.0.1.evil.example:7300": http.StatusMisdirectedRequest, "": http.StatusMisdirectedRequest,
	} {
		r := httptest.NewRequest(http.MethodGet, "/healthz", nil)
		r.Host = host
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != want {
			t.Errorf("host %q: %d, want %d", host, w.Code, want)
		}
	}
}

// TestWithdrawn: while a trust domain's bundle is not served, its SVIDs prove
// nothing; when the same bundle is served again they do, without a new entry.
func TestWithdrawn(t *testing.T) {
	w := newWorld(t)
	paid, later := w.pay(), w.pay()
	w.server.Register().Withdraw("acme.example")
	if _, err := w.submit(paid); attest.AsFault(err) == nil || attest.AsFault(err).Code != "signer.no_bundle" {
		t.Fatalf("an SVID of a withdrawn domain: %v", err)
	}
	size := w.log.Size()
	logged, err := w.server.LogBundle(t.Context(), server.Bundle{TrustDomain: "acme.example", Source: "test", Document: w.CA.BundleDocument()})
	if err != nil || logged || w.log.Size() != size {
		t.Fatalf("the same bundle again: logged %v, %v", logged, err)
	}
	w.allow(later)
}
