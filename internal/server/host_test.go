package server_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
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
