package setup_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/internal/testkit/pki"
)

// configured makes a register whose configuration has more in it.
func configured(t *testing.T, more string) string {
	t.Helper()
	i := create(t, nil)
	closeInstance(t, i)
	path := filepath.Join(i.Dir, setup.ConfigFile)
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(doc, more...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestRoots: authorities are logged once, again when they change, and never when
// the file is not one of authorities.
func TestRoots(t *testing.T) {
	path := configured(t, "roots:\n  x509:\n    acme: {file: acme.pem}\n  tsa:\n    time: {file: time.pem}\n")
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	put := func(file string, doc []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), file), doc, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := setup.Check(path); err == nil || !strings.Contains(err.Error(), "tsa:time") {
		t.Errorf("files that are not there: %v", err)
	}
	put("acme.pem", pki.Authority("acme", from).PEM())
	put("time.pem", pki.Authority("time", from).PEM())
	if err := setup.Check(path); err != nil {
		t.Error(err)
	}
	i, err := setup.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer closeInstance(t, i)
	size := i.Log.Size()
	reread := func(what string, entries uint64, fails bool) {
		t.Helper()
		err := i.Reread(t.Context())
		if (err != nil) != fails || i.Log.Size() != size+entries {
			t.Errorf("%s: %d entries more, %v", what, i.Log.Size()-size, err)
		}
	}
	reread("at first", 2, false)
	reread("again", 2, false)
	put("acme.pem", pki.Authority("successor", from).PEM())
	reread("another file", 3, false)
	put("acme.pem", []byte("no certificates"))
	put("time.pem", pki.Authority("later", from).PEM())
	reread("one that is none", 4, true) // and the other is logged all the same
}

// TestTrustedRoot: the trusted root of sigstore's public instance is a root of those
// that certify people, and of those that stamp, and of nobody else.
func TestTrustedRoot(t *testing.T) {
	path, err := filepath.Abs("../sigstore/testdata/trusted_root.json")
	if err != nil {
		t.Fatal(err)
	}
	file := ": {sigstore: {file: " + path + "}}\n"
	if err := setup.Check(configured(t, "roots:\n  fulcio"+file+"  tsa"+file)); err != nil {
		t.Error(err)
	}
	if err := setup.Check(configured(t, "roots:\n  x509"+file)); err == nil || !strings.Contains(err.Error(), "no authorities of type x509") {
		t.Errorf("of people's certificates: %v", err)
	}
}

// TestRootsConfig: what the configuration refuses.
func TestRootsConfig(t *testing.T) {
	for name, more := range map[string]string{
		"another type":   "roots:\n  x510:\n    acme: {file: acme.pem}\n",
		"another member": "roots:\n  x509:\n    acme: {path: acme.pem}\n",
		"no file":        "roots:\n  x509:\n    acme: {}\n",
		"a bad name":     "roots:\n  x509:\n    Acme: {file: acme.pem}\n",
	} {
		if _, err := setup.ReadConfig(configured(t, more)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
