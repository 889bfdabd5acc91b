package identity

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"fmt"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
)

// Caps on a chain. SPIRE's chains are 1 to 3 certificates of about 600 bytes.
const (
	// MaxChainBytes is the size of the largest chain accepted, 16 KiB.
	MaxChainBytes = 16 << 10

	maxChainCerts = 8
)

// Chain is an X.509-SVID with its intermediates, as presented: leaf first,
// each certificate issued by the next, no root. It is immutable and safe for
// concurrent use. Parsing proves nothing; see [Verify].
type Chain struct {
	der     []byte
	digest  [32]byte
	certs   []*x509.Certificate
	id      spiffeid.ID
	keySum  [32]byte
	parents *x509.CertPool // certs[1:]
}

// ParseChain reads concatenated DER certificates. It refuses, as an [*Error],
// more than 16 KiB or 8 certificates, any byte that is not part of a
// certificate, a self-signed certificate (the root comes from the verifier's
// bundle, never from the signer), and a leaf without a SPIFFE ID.
func ParseChain(der []byte) (*Chain, error) {
	certs, err := splitChain(der)
	if err != nil {
		return nil, err
	}
	for i, cert := range certs {
		if fault := refuseSelfSigned(cert, i); fault != nil {
			return nil, fault
		}
	}
	id, fault := leafName(certs[0])
	if fault != nil {
		return nil, fault
	}
	return newChain(bytes.Clone(der), certs, id), nil
}

func newChain(der []byte, certs []*x509.Certificate, id spiffeid.ID) *Chain {
	c := &Chain{
		der:     der,
		digest:  sha256.Sum256(der),
		certs:   certs,
		id:      id,
		keySum:  sha256.Sum256(certs[0].RawSubjectPublicKeyInfo),
		parents: x509.NewCertPool(),
	}
	for _, cert := range certs[1:] {
		c.parents.AddCert(cert)
	}
	return c
}

func splitChain(der []byte) ([]*x509.Certificate, error) {
	if len(der) == 0 || len(der) > MaxChainBytes {
		return nil, encodingError(fmt.Sprintf("1 to %d bytes", MaxChainBytes), fmt.Sprint(len(der)))
	}
	certs, err := x509.ParseCertificates(der)
	if err != nil {
		return nil, encodingError("DER certificates one after the other", "bytes that are not a certificate")
	}
	if len(certs) > maxChainCerts {
		return nil, encodingError(fmt.Sprintf("at most %d certificates", maxChainCerts), fmt.Sprint(len(certs)))
	}
	// Today's parser leaves nothing out; signed bytes are worth a second look.
	if !bytes.Equal(concat(certs), der) {
		return nil, encodingError("nothing but certificates", "other bytes")
	}
	return certs, nil
}

func encodingError(expected, found string) *Error {
	return &Error{Check: CheckEncoding, Field: "chain", Expected: expected, Found: found}
}

func concat(certs []*x509.Certificate) []byte {
	var der []byte
	for _, cert := range certs {
		der = append(der, cert.Raw...)
	}
	return der
}

// refuseSelfSigned looks at the key first, so that a hostile certificate
// cannot choose how long its own signature takes to check.
func refuseSelfSigned(cert *x509.Certificate, i int) *Error {
	if !bytes.Equal(cert.RawSubject, cert.RawIssuer) {
		return nil
	}
	field := fmt.Sprintf("certificates[%d]", i)
	if fault := checkIssuerKey(cert.PublicKey, CheckKey, field); fault != nil {
		return fault
	}
	if cert.CheckSignature(cert.SignatureAlgorithm, cert.RawTBSCertificate, cert.Signature) != nil {
		return nil
	}
	return &Error{Check: CheckChain, Field: field, Expected: "a certificate issued by another", Found: "a self-signed certificate"}
}

// DER returns a copy of the bytes that were parsed.
func (c *Chain) DER() []byte { return bytes.Clone(c.der) }

// Digest is the SHA-256 of [Chain.DER].
func (c *Chain) Digest() [32]byte { return c.digest }

// SPIFFEID is the name that the leaf claims, such as
// "spiffe://example.org/agent/7". It is not verified.
func (c *Chain) SPIFFEID() string { return c.id.String() }

// TrustDomain is the trust domain of [Chain.SPIFFEID]: which bundle to verify
// with. It is not verified.
func (c *Chain) TrustDomain() string { return c.id.TrustDomain().Name() }

// PublicKey is the key of the leaf. It is not verified, nor is its type
// checked against the allow-list.
func (c *Chain) PublicKey() crypto.PublicKey { return c.certs[0].PublicKey }

// KeyDigest is the SHA-256 of the leaf's SubjectPublicKeyInfo.
func (c *Chain) KeyDigest() [32]byte { return c.keySum }

// Leaf is the leaf certificate in DER.
func (c *Chain) Leaf() []byte { return bytes.Clone(c.certs[0].Raw) }

// Len is the number of certificates, 1 to 8.
func (c *Chain) Len() int { return len(c.certs) }
