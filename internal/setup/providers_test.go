package setup_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/internal/testkit/idp"
)

const issuer = "https://login.acme.example"

// TestRereadLogsKeysOnce: a provider's keys are logged when they change, and not
// when they are written otherwise.
func TestRereadLogsKeysOnce(t *testing.T) {
	i := create(t, nil)
	defer closeInstance(t, i)
	file := filepath.Join(t.TempDir(), "jwks.json")
	i.Config.Providers = map[string]setup.KeySource{issuer: {JWKSFile: file}}
	first, second := idp.New(issuer, "a"), idp.P256(issuer, "b")
	second.KeyID = "key-2"
	for _, step := range []struct {
		doc  []byte
		size uint64
	}{
		{idp.JWKS(first), 4}, {idp.JWKS(first), 4}, {append([]byte(" "), idp.JWKS(first)...), 4},
		{idp.JWKS(first, second), 5}, {idp.JWKS(second, first), 5},
	} {
		if err := os.WriteFile(file, step.doc, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := i.Reread(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := i.Log.Size(); got != step.size {
			t.Errorf("size %d, want %d", got, step.size)
		}
	}
	if err := os.WriteFile(file, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := i.Reread(t.Context()); err == nil || !strings.Contains(err.Error(), "reading keys of "+issuer) {
		t.Errorf("keys that are none: %v", err)
	}
}

// TestKeysAreFetched: from the address of the configuration, and from no other.
func TestKeysAreFetched(t *testing.T) {
	i := create(t, nil)
	defer closeInstance(t, i)
	var answer atomic.Value
	answer.Store(http.HandlerFunc(http.NotFound))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer.Load().(http.HandlerFunc)(w, r) }))
	defer s.Close()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(idp.JWKS(idp.New(issuer, "x"))) }))
	defer elsewhere.Close()
	i.Config.Providers = map[string]setup.KeySource{issuer: {JWKSURL: s.URL}}
	for name, step := range []struct {
		serve http.HandlerFunc
		size  uint64
	}{
		{http.NotFound, 3},
		{http.RedirectHandler(elsewhere.URL, http.StatusFound).ServeHTTP, 3},
		{func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 300<<10)) }, 3},
		{func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(idp.JWKS(idp.New(issuer, "a"))) }, 4},
		{http.NotFound, 4},
	} {
		answer.Store(step.serve)
		i.Rehash(t.Context())
		if got := i.Log.Size(); got != step.size {
			t.Errorf("step %d: size %d, want %d", name, got, step.size)
		}
	}
}

func TestConfigProviders(t *testing.T) {
	i := create(t, nil)
	closeInstance(t, i)
	path := filepath.Join(i.Dir, setup.ConfigFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(i.Dir, "jwks.json"), idp.JWKS(idp.New(issuer, "a")), 0o600); err != nil {
		t.Fatal(err)
	}
	for text, says := range map[string]string{
		`"https://login.acme.example": {jwks_file: jwks.json}`:                      "",
		`"https://login.acme.example": {jwks_url: "https://login.acme.example/k"}`:  "",
		`"https://login.acme.example": {jwks_url: "http://127.0.0.1:9/k"}`:          "",
		`"https://login.acme.example": {jwks_url: "http://login.acme.example/k"}`:   "want an https URL",
		`"https://login.acme.example": {jwks_url: "https://user:pw@acme.example/"}`: "want an https URL",
		`"https://login.acme.example": {}`:                                          "want jwks_file or jwks_url",
		`"https://login.acme.example": {jwks_file: a, jwks_url: "https://b"}`:       "want jwks_file or jwks_url",
		`"login.acme.example": {jwks_file: a}`:                                      "is not an issuer",
		`"https://login.acme.example": {jwks: a}`:                                   "unknown key jwks",
		`"https://login.acme.example": {jwks_file: deed.yaml}`:                      "reading keys of",
	} {
		if err := os.WriteFile(path, append([]byte("providers:\n  "+text+"\n"), good...), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := setup.Check(path); (err == nil) != (says == "") || err != nil && !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want %q", text, err, says)
		}
	}
}
