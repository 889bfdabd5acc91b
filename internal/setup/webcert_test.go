package setup

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"testing"
	"time"
)

// complaints counts what a certificate says.
type complaints int

// Error implements logger.
func (c *complaints) Error(string, ...any) { *c++ }

// A certificate is read again when its files change, and stays where they are broken.
func TestCertificate(t *testing.T) {
	dir := t.TempDir()
	files := WebTLS{Cert: dir + "/cert.pem", Key: dir + "/key.pem"}
	write := func(cert, key string, at time.Time) {
		t.Helper()
		for name, text := range map[string]string{files.Cert: cert, files.Key: key} {
			if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(name, at, at); err != nil {
				t.Fatal(err)
			}
		}
	}
	first, firstKey := pair(t)
	second, secondKey := pair(t)
	start := time.Now().Add(-time.Hour)
	write(first, firstKey, start)
	said := new(complaints)
	c, err := newCertificate(files, said)
	if err != nil {
		t.Fatal(err)
	}
	have := func() string {
		t.Helper()
		got, err := c.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		return string(got.Certificate[0])
	}
	one := have()
	write(second, secondKey, start.Add(time.Minute))
	if have() != one {
		t.Error("read again within a minute")
	}
	c.looked = c.looked.Add(-certificateAge)
	two := have()
	if two == one || *said != 0 {
		t.Errorf("not read again, %d complaints", *said)
	}
	write("broken", secondKey, start.Add(2*time.Minute))
	c.looked = c.looked.Add(-certificateAge)
	if have() != two || *said != 1 {
		t.Errorf("the certificate is gone, or nobody complained: %d", *said)
	}
	write(first, secondKey, start.Add(3*time.Minute))
	if _, err := newCertificate(files, said); err == nil {
		t.Error("a key of another certificate is taken")
	}
}

// pair is a certificate with its key, in PEM.
func pair(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), DNSNames: []string{"deed.acme.example"}}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}))
}
