package spiffeca_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/spiffebundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/internal/spiffeca"
)

const agent = "spiffe://example.org/agent/7"

var epoch = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func seeded(seed byte) io.Reader { return rand.NewChaCha8([32]byte{seed}) }

func config(edit func(*spiffeca.Config)) spiffeca.Config {
	cfg := spiffeca.Config{TrustDomain: "example.org", Now: func() time.Time { return epoch }, Rand: seeded(1)}
	if edit != nil {
		edit(&cfg)
	}
	return cfg
}

func newCA(t *testing.T, edit func(*spiffeca.Config)) *spiffeca.CA {
	t.Helper()
	ca, err := spiffeca.New(config(edit))
	if err != nil {
		t.Fatal(err)
	}
	return ca
}

func issue(t *testing.T, ca *spiffeca.CA) *x509svid.SVID {
	t.Helper()
	svid, err := ca.Issue(agent)
	if err != nil {
		t.Fatal(err)
	}
	return svid
}

// verify is go-spiffe's opinion, not ours.
func verify(t *testing.T, ca *spiffeca.CA, svid *x509svid.SVID) error {
	t.Helper()
	bundle, err := spiffebundle.Parse(spiffeid.RequireTrustDomainFromString(ca.TrustDomain()), ca.BundleDocument())
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = x509svid.Verify(svid.Certificates, bundle.X509Bundle(), x509svid.WithTime(epoch))
	return err
}

func TestIssueVerifiesWithGoSPIFFE(t *testing.T) {
	for _, kind := range []spiffeca.KeyType{spiffeca.P256, spiffeca.P384, spiffeca.Ed25519} {
		for _, intermediate := range []bool{false, true} {
			ca := newCA(t, func(c *spiffeca.Config) { c.KeyType, c.Intermediate = kind, intermediate })
			svid := issue(t, ca)
			if err := verify(t, ca, svid); err != nil {
				t.Errorf("%s, intermediate %v: %v", kind, intermediate, err)
			}
			certs, key, err := svid.Marshal()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := x509svid.Parse(certs, key); err != nil {
				t.Errorf("%s, intermediate %v: parsing back: %v", kind, intermediate, err)
			}
		}
	}
}

func TestIssueLooksLikeSPIRE(t *testing.T) {
	leaf := issue(t, newCA(t, nil)).Certificates[0]
	if leaf.KeyUsage != x509.KeyUsageDigitalSignature || leaf.IsCA || !leaf.BasicConstraintsValid {
		t.Errorf("key usage %v, CA %v", leaf.KeyUsage, leaf.IsCA)
	}
	if !slices.Equal(leaf.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}) {
		t.Errorf("extended key usage %v", leaf.ExtKeyUsage)
	}
	if bits := leaf.SerialNumber.BitLen(); bits < 120 || bits > 128 {
		t.Errorf("serial number of %d bits", bits)
	}
	if got := leaf.NotAfter.Sub(leaf.NotBefore); got != time.Hour+10*time.Second {
		t.Errorf("valid for %v", got)
	}
}

func TestIssueRefuses(t *testing.T) {
	ca := newCA(t, nil)
	for _, id := range []string{"", "spiffe://example.org", "spiffe://other.org/a", "https://example.org/a"} {
		if _, err := ca.Issue(id); err == nil {
			t.Errorf("issued %q", id)
		}
	}
}

func TestSameSeedSameBytes(t *testing.T) {
	for _, kind := range []spiffeca.KeyType{spiffeca.P256, spiffeca.P384, spiffeca.Ed25519} {
		var runs [2][]byte
		for i := range runs {
			ca := newCA(t, func(c *spiffeca.Config) { c.KeyType, c.Intermediate, c.Rand = kind, true, seeded(7) })
			chain, key, err := issue(t, ca).MarshalRaw()
			if err != nil {
				t.Fatal(err)
			}
			runs[i] = slices.Concat(chain, key, ca.BundleDocument())
		}
		if !bytes.Equal(runs[0], runs[1]) {
			t.Errorf("%s: two runs with one seed differ", kind)
		}
	}
}

func TestRotateRoot(t *testing.T) {
	ca := newCA(t, nil)
	before := issue(t, ca)
	if err := ca.RotateRoot(); err != nil {
		t.Fatal(err)
	}
	after := issue(t, ca)
	for name, svid := range map[string]*x509svid.SVID{"before": before, "after": after} {
		if err := verify(t, ca, svid); err != nil {
			t.Errorf("SVID of %s the rotation: %v", name, err)
		}
	}
	ca.DropOldRoots()
	if verify(t, ca, before) == nil {
		t.Error("the dropped root still vouches")
	}
	if err := verify(t, ca, after); err != nil {
		t.Errorf("the current root does not vouch: %v", err)
	}
	if want := `"spiffe_sequence":3`; !bytes.Contains(ca.BundleDocument(), []byte(want)) {
		t.Errorf("bundle lacks %s", want)
	}
}

func TestSaveAndLoad(t *testing.T) {
	for _, intermediate := range []bool{false, true} {
		dir := t.TempDir()
		ca := newCA(t, func(c *spiffeca.Config) { c.Intermediate = intermediate })
		if err := ca.RotateRoot(); err != nil {
			t.Fatal(err)
		}
		if err := ca.Save(dir); err != nil {
			t.Fatal(err)
		}
		loaded, err := spiffeca.Load(dir, spiffeca.Config{Now: func() time.Time { return epoch }})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(loaded.BundleDocument(), ca.BundleDocument()) {
			t.Error("bundle changed on the way")
		}
		svid := issue(t, loaded)
		if err := verify(t, ca, svid); err != nil {
			t.Errorf("SVID of the loaded CA: %v", err)
		}
		if got := len(svid.Certificates); got != len(issue(t, ca).Certificates) {
			t.Errorf("chain of %d certificates", got)
		}
	}
}

func TestFilesAreGuarded(t *testing.T) {
	dir := t.TempDir()
	ca := newCA(t, nil)
	if err := ca.WriteSVID(dir, issue(t, ca)); err != nil {
		t.Fatal(err)
	}
	if err := ca.Save(dir); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{spiffeca.KeyFile, spiffeca.StateFile} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".*.*"))
	if len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if _, err := x509svid.Load(filepath.Join(dir, spiffeca.SVIDFile), filepath.Join(dir, spiffeca.KeyFile)); err != nil {
		t.Error(err)
	}
}

func TestLoadMissing(t *testing.T) {
	if _, err := spiffeca.Load(t.TempDir(), spiffeca.Config{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
