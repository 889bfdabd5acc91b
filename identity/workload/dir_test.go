package workload_test

import (
	"crypto/ecdsa"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/spiffeca"
)

func writeSVID(t testing.TB, ca *spiffeca.CA, dir string) *x509svid.SVID {
	t.Helper()
	svid, err := ca.Issue(agent)
	if err != nil {
		t.Fatal(err)
	}
	if err := ca.WriteSVID(dir, svid); err != nil {
		t.Fatal(err)
	}
	return svid
}

func openDir(t testing.TB, dir string) *workload.DirSource {
	t.Helper()
	source, err := workload.Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func wantSVID(t testing.TB, source workload.Source, want *x509svid.SVID) {
	t.Helper()
	if got := current(t, source); !got.Certificates[0].Equal(want.Certificates[0]) {
		t.Error("not the SVID that was written last")
	}
}

// age makes the files look old, so that they are not read again for being new.
func age(t testing.TB, dir string) {
	t.Helper()
	old := time.Now().Add(-time.Hour)
	for _, name := range []string{"svid.pem", "key.pem", "bundle.json"} {
		if err := os.Chtimes(filepath.Join(dir, name), old, old); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDirSeesRotation(t *testing.T) {
	ca, dir := newCA(t, "example.org"), t.TempDir()
	first := writeSVID(t, ca, dir)
	source := openDir(t, dir)
	wantSVID(t, source, first)
	verify(t, ca, first)
	wantSVID(t, source, writeSVID(t, ca, dir))
	age(t, dir)
	current(t, source)
	if err := ca.RotateRoot(); err != nil {
		t.Fatal(err)
	}
	last := writeSVID(t, ca, dir)
	wantSVID(t, source, last)
	td, doc, err := source.BundleDocument()
	if err != nil || td != "example.org" || string(doc) != string(ca.BundleDocument()) {
		t.Errorf("bundle of %s: %v", td, err)
	}
	if b, err := source.GetX509BundleForTrustDomain(last.ID.TrustDomain()); err != nil || len(b.X509Authorities()) != 2 {
		t.Errorf("bundle %v, %v", b, err)
	}
}

func TestDirKeepsWhatDidNotChange(t *testing.T) {
	ca, dir := newCA(t, "example.org"), t.TempDir()
	writeSVID(t, ca, dir)
	age(t, dir)
	source := openDir(t, dir)
	first := current(t, source)
	if second := current(t, source); first != second {
		t.Error("read again although nothing changed")
	}
}

// A file written in place, within one tick of the file system's clock, to the
// same size: nothing but reading tells.
func TestDirReadsNewFilesAgain(t *testing.T) {
	ca, dir := newCA(t, "example.org"), t.TempDir()
	writeSVID(t, ca, dir)
	source := openDir(t, dir)
	path := filepath.Join(dir, "bundle.json")
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	doc := strings.Replace(string(ca.BundleDocument()), `"spiffe_sequence":1`, `"spiffe_sequence":2`, 1)
	if err := os.WriteFile(path, []byte(doc), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if _, got, err := source.BundleDocument(); err != nil || string(got) != doc {
		t.Errorf("stale bundle, %v", err)
	}
}

// A reader between the two writes of a rotation gets the new pair, late.
func TestDirHalfWritten(t *testing.T) {
	ca, dir := newCA(t, "example.org"), t.TempDir()
	writeSVID(t, ca, dir)
	source := openDir(t, dir)
	next, err := ca.Issue(agent)
	if err != nil {
		t.Fatal(err)
	}
	certs, key, err := next.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "key.pem"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(30*time.Millisecond, func() {
		if err := os.WriteFile(filepath.Join(dir, "svid.pem"), certs, 0o644); err != nil {
			t.Error(err)
		}
	})
	defer timer.Stop()
	wantSVID(t, source, next)
}

func TestDirRefuses(t *testing.T) {
	ca := newCA(t, "example.org")
	for _, test := range []struct {
		name, file, content, want string
	}{
		{"key of another", "key.pem", "", "private key"},
		{"no certificate", "svid.pem", "hello", "svid.pem"},
		{"no bundle", "bundle.json", "hello", "bundle.json"},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			writeSVID(t, ca, dir)
			if test.content == "" {
				_, key, err := writeSVID(t, ca, t.TempDir()).Marshal()
				if err != nil {
					t.Fatal(err)
				}
				test.content = string(key)
			}
			if err := os.WriteFile(filepath.Join(dir, test.file), []byte(test.content), 0o600); err != nil {
				t.Fatal(err)
			}
			if _, err := workload.Dir(dir); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	if _, err := workload.Dir(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("empty directory: %v", err)
	}
}

// Readers during rotations always get a certificate with its own key.
func TestDirConcurrent(t *testing.T) {
	ca, dir := newCA(t, "example.org"), t.TempDir()
	writeSVID(t, ca, dir)
	source := openDir(t, dir)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 20 {
				svid, err := source.SVID()
				if err != nil {
					t.Error(err)
					return
				}
				public := svid.PrivateKey.Public().(*ecdsa.PublicKey)
				if !public.Equal(svid.Certificates[0].PublicKey) {
					t.Error("a certificate with the key of another")
				}
			}
		})
	}
	for range 10 {
		writeSVID(t, ca, dir)
	}
	wg.Wait()
}
