package identity

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/spiffe/go-spiffe/v2/bundle/spiffebundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
)

// Caps on a bundle document.
const (
	// MaxBundleBytes is the size of the largest bundle document accepted,
	// 1 MiB.
	MaxBundleBytes = 1 << 20

	maxRoots = 64
)

// Bundle is the X.509 authorities of one trust domain at one time. It is
// immutable and safe for concurrent use.
type Bundle struct {
	trustDomain string
	doc         []byte
	digest      [32]byte
	sequence    *uint64
	roots       []root
}

// root is an authority with a pool of its own, so that a path can be asked for
// to this authority and no other.
type root struct {
	cert *x509.Certificate
	pool *x509.CertPool
}

// ParseBundle reads the authorities of a trust domain from a SPIFFE bundle
// document (Trust Domain and Bundle section 4; only entries with use
// "x509-svid" count) or from PEM certificates. The document does not say which
// trust domain it is for, so the caller does.
//
// It refuses, as an [*Error] with [CheckBundle], more than 1 MiB or 64
// authorities, none, one that is not a CA or whose key is of an unknown kind,
// and a document with a duplicate member. The same authority twice counts as
// one.
func ParseBundle(trustDomain string, doc []byte) (*Bundle, error) {
	if err := parseTrustDomain(trustDomain); err != nil {
		return nil, err
	}
	if len(doc) > MaxBundleBytes {
		return nil, bundleError("document", fmt.Sprintf("at most %d bytes", MaxBundleBytes), fmt.Sprint(len(doc)))
	}
	b := &Bundle{trustDomain: trustDomain, doc: bytes.Clone(doc), digest: sha256.Sum256(doc)}
	certs, err := b.readAuthorities()
	if err != nil {
		return nil, err
	}
	if err := b.addRoots(certs); err != nil {
		return nil, err
	}
	return b, nil
}

func bundleError(field, expected, found string) *Error {
	return &Error{Check: CheckBundle, Field: field, Expected: expected, Found: found}
}

func (b *Bundle) readAuthorities() ([]*x509.Certificate, error) {
	if text := bytes.TrimLeft(b.doc, " \t\r\n"); len(text) > 0 && text[0] == '{' {
		return b.readJWKS()
	}
	return b.readPEM()
}

func (b *Bundle) addRoots(certs []*x509.Certificate) error {
	if len(certs) == 0 || len(certs) > maxRoots {
		return bundleError("document", fmt.Sprintf("1 to %d authorities", maxRoots), fmt.Sprint(len(certs)))
	}
	for i, cert := range certs {
		if fault := checkRoot(cert, i); fault != nil {
			return fault
		}
		if !b.has(cert) {
			b.roots = append(b.roots, newRoot(cert))
		}
	}
	return nil
}

func newRoot(cert *x509.Certificate) root {
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return root{cert: cert, pool: pool}
}

func (b *Bundle) has(cert *x509.Certificate) bool {
	for _, r := range b.roots {
		if r.cert.Equal(cert) {
			return true
		}
	}
	return false
}

func checkRoot(cert *x509.Certificate, i int) *Error {
	field := fmt.Sprintf("authorities[%d]", i)
	switch {
	case !cert.BasicConstraintsValid || !cert.IsCA:
		return bundleError(field, "a CA", "a certificate that is not")
	case cert.KeyUsage != 0 && cert.KeyUsage&x509.KeyUsageCertSign == 0:
		return bundleError(field+".key_usage", "keyCertSign", "none")
	}
	return checkIssuerKey(cert.PublicKey, CheckBundle, field)
}

// readJWKS decodes strictly before go-spiffe decodes leniently: a duplicate
// member, or one that differs in case only, must not mean one thing here and
// another elsewhere. Entries for other uses are not looked into, so that a new
// kind of JWT key does not make the X.509 authorities unreadable.
func (b *Bundle) readJWKS() ([]*x509.Certificate, error) {
	var doc struct {
		Keys     []jsontext.Value `json:"keys"`
		Sequence *uint64          `json:"spiffe_sequence"`
	}
	if err := json.Unmarshal(b.doc, &doc); err != nil {
		return nil, bundleError("document", "a SPIFFE bundle", "JSON that is not one")
	}
	b.sequence = doc.Sequence
	var certs []*x509.Certificate
	for i, key := range doc.Keys {
		var use struct {
			Use string `json:"use"`
		}
		if err := json.Unmarshal(key, &use); err != nil {
			return nil, bundleError(fmt.Sprintf("keys[%d]", i), "a JWK", "JSON that is not one")
		}
		if use.Use != "x509-svid" {
			continue
		}
		cert, err := readJWK(key)
		if err != nil {
			return nil, bundleError(fmt.Sprintf("keys[%d]", i), "a JWK with its one certificate in x5c", "another")
		}
		certs = append(certs, cert)
	}
	return certs, nil
}

// readJWK lets go-spiffe read one entry, which also checks that the key in it
// is the key of its certificate (RFC 7517 section 4.7).
func readJWK(key jsontext.Value) (*x509.Certificate, error) {
	doc := append([]byte(`{"keys":[`), key...)
	parsed, err := spiffebundle.Parse(spiffeid.TrustDomain{}, append(doc, `]}`...))
	if err != nil {
		return nil, err
	}
	certs := parsed.X509Authorities()
	if len(certs) != 1 {
		return nil, fmt.Errorf("found %d certificates", len(certs))
	}
	return certs[0], nil
}

// readPEM allows text around the blocks, as tools write it, but no block that
// pem.Decode would skip in silence.
func (b *Bundle) readPEM() ([]*x509.Certificate, error) {
	var certs []*x509.Certificate
	blocks := bytes.Count(b.doc, []byte("-----BEGIN "))
	for rest := b.doc; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		cert, err := x509.ParseCertificate(block.Bytes)
		if block.Type != "CERTIFICATE" || err != nil {
			return nil, bundleError(fmt.Sprintf("blocks[%d]", len(certs)), "a certificate", printable(block.Type)+" that is not readable as one")
		}
		certs = append(certs, cert)
	}
	if len(certs) != blocks {
		return nil, bundleError("document", fmt.Sprintf("%d PEM blocks", blocks), fmt.Sprint(len(certs)))
	}
	return certs, nil
}

// TrustDomain is the trust domain that the authorities may vouch for.
func (b *Bundle) TrustDomain() string { return b.trustDomain }

// Sequence is the document's spiffe_sequence, a version number that grows with
// every change; false when the document has none.
func (b *Bundle) Sequence() (uint64, bool) {
	if b.sequence == nil {
		return 0, false
	}
	return *b.sequence, true
}

// Roots is the number of different authorities, 1 to 64.
func (b *Bundle) Roots() int { return len(b.roots) }

// Authorities are the DER certificates of the authorities, in the order of the
// document.
func (b *Bundle) Authorities() [][]byte {
	out := make([][]byte, len(b.roots))
	for i, r := range b.roots {
		out[i] = bytes.Clone(r.cert.Raw)
	}
	return out
}

// Digest is the SHA-256 of [Bundle.Bytes]. It does not cover the trust domain.
func (b *Bundle) Digest() [32]byte { return b.digest }

// Bytes returns a copy of the document that was parsed.
func (b *Bundle) Bytes() []byte { return bytes.Clone(b.doc) }
