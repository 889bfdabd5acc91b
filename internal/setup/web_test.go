package setup_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/setup"
)

// withWeb adds an approval page to a register's configuration.
func withWeb(t *testing.T, i *setup.Instance, web string) string {
	t.Helper()
	path := filepath.Join(i.Dir, setup.ConfigFile)
	doc, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	doc, _, _ = cutLine(doc, "\nweb:")
	if err := os.WriteFile(path, append(doc, "\nweb: "+web+"\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// cutLine cuts a text where a line begins.
func cutLine(doc []byte, line string) (before, after []byte, found bool) {
	head, tail, found := strings.Cut(string(doc), line)
	return []byte(head), []byte(tail), found
}

func TestWebConfig(t *testing.T) {
	i := create(t, nil)
	closeInstance(t, i)
	for web, says := range map[string]string{
		`{listen: "127.0.0.1:0", origin: "http://localhost:7380"}`:                          "",
		`{listen: "127.0.0.1:0", origin: "https://deed.acme.example", rp_id: acme.example}`: "",
		`{}`:                                    "",
		`{origin: "https://deed.acme.example"}`: "web.listen: an address is required",
		`{listen: here, origin: "https://deed.acme.example"}`:                                        "web.listen: ",
		`{listen: "127.0.0.1:0"}`:                                                                    "web.origin: want",
		`{listen: "127.0.0.1:0", origin: "http://deed.acme.example"}`:                                "web.origin: want",
		`{listen: "127.0.0.1:0", origin: "https://deed.acme.example", rp_id: other.example}`:         "web.rp_id: want",
		`{listen: "127.0.0.1:0", origin: "https://deed.acme.example", tls: {cert: a}}`:               "web.tls: want cert and key",
		`{listen: "127.0.0.1:0", origin: "http://localhost:7380", tls: {cert: a, key: b}}`:           "web.origin: with tls it is https",
		`{listen: "127.0.0.1:0", origin: "https://deed.acme.example", tls: {cert: none, key: none}}`: "reading certificate of the approval page",
		`{listen: "0.0.0.0:0", origin: "https://deed.acme.example"}`:                                 "web.listen: refusing to listen without",
		`{listen: "127.0.0.1:0", origin: "https://deed.acme.example", password: x}`:                  "unknown key password",
	} {
		err := setup.Check(withWeb(t, i, web))
		if says == "" && err != nil || says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%s: %v, want %q", web, err, says)
		}
	}
}

// certify writes a certificate of its own for a host, and its key.
func certify(t *testing.T, dir, host string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(dir, "page.pem"), filepath.Join(dir, "page.key")
	for file, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: secret}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// servedPage serves a register with its page until the test ends.
func servedPage(t *testing.T, path string) {
	t.Helper()
	i, err := setup.Open(t.Context(), path, nil)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := server.Listen("127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- i.ServeReady(ctx, ln, func() error { close(ready); return nil }) }()
	select {
	case <-ready:
	case err := <-ended:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		closeInstance(t, i)
	})
}

// free is an address on which nobody listens.
func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// The page is served over TLS, at its own address and to its own host only, and
// nothing of the register's services is there.
func TestWebServed(t *testing.T) {
	i := create(t, nil)
	closeInstance(t, i)
	address := free(t)
	cert, key := certify(t, t.TempDir(), "deed.acme.example")
	servedPage(t, withWeb(t, i, fmt.Sprintf(`{listen: %q, origin: "https://deed.acme.example", rp_id: acme.example, tls: {cert: %q, key: %q}}`, address, cert, key)))
	roots := x509.NewCertPool()
	doc, err := os.ReadFile(cert)
	if err != nil || !roots.AppendCertsFromPEM(doc) {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, address)
		},
	}}
	get := func(url string) (int, string) {
		t.Helper()
		answer, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(body)
	}
	if status, body := get("https://deed.acme.example/"); status != 200 || !strings.Contains(body, "Sign in") || !strings.Contains(body, "log.acme.example/1") {
		t.Errorf("%d: %s", status, body)
	}
	for _, path := range []string{"/checkpoint", "/metrics", "/healthz", "/deed.v1.EvidenceService/Search"} {
		if status, _ := get("https://deed.acme.example" + path); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
	}
	if _, err := os.Stat(filepath.Join(i.Dir, "invitations")); err != nil {
		t.Error(err)
	}
}

// Without web there is no page, and no directory of it.
func TestNoWeb(t *testing.T) {
	i := create(t, nil)
	closeInstance(t, i)
	servedPage(t, filepath.Join(i.Dir, setup.ConfigFile))
	if _, err := os.Stat(filepath.Join(i.Dir, "invitations")); !os.IsNotExist(err) {
		t.Errorf("there is a directory of invitations: %v", err)
	}
}
