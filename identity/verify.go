package identity

import (
	"crypto"
	"crypto/x509"
	"fmt"
	"time"
)

// Signer is a proven signer: what [Verify] returns when, and only when, every
// check passed.
type Signer struct {
	// ID is the SPIFFE ID, such as "spiffe://example.org/agent/7".
	ID string
	// TrustDomain is the trust domain of ID and of the bundle that proved it.
	TrustDomain string
	// Key is the leaf's public key: [*ecdsa.PublicKey] (P-256, P-384),
	// [ed25519.PublicKey] or [*rsa.PublicKey] (2048 to 4096 bits).
	Key crypto.PublicKey
	// KeyDigest is the SHA-256 of the leaf's SubjectPublicKeyInfo.
	KeyDigest [32]byte
	// Chain is the digest of the chain.
	Chain [32]byte
	// NotBefore and NotAfter bound, both inclusive, the times at which every
	// certificate of the path is valid, the root included.
	NotBefore, NotAfter time.Time
}

// Verify proves that the holder of the chain's key was, at the given time,
// the workload that the chain names, if the authorities of the bundle were
// trusted then. A false answer is an [*Error]; any other error is a misuse
// (zero time, nil argument).
//
// In this order: the trust domain is the bundle's; the leaf is an end entity
// that may sign (X509-SVID 4.1, 4.3); its key is on the allow-list; each
// certificate is issued by the next and the last by an authority of the bundle
// (X509-SVID 5.1), none left over; and all of them are valid at the time.
func Verify(c *Chain, b *Bundle, at time.Time) (Signer, error) {
	return verify(c, b, at, findPaths)
}

// verify takes the search for paths as an argument: it does not depend on the
// time, so it is the part that a [Cache] may remember.
func verify(c *Chain, b *Bundle, at time.Time, find func(*Chain, *Bundle) ([]interval, *Error)) (Signer, error) {
	switch {
	case c == nil || b == nil:
		return Signer{}, errNil
	case at.IsZero():
		return Signer{}, errZeroTime
	case c.TrustDomain() != b.trustDomain:
		return Signer{}, &Error{Check: CheckTrustDomain, Field: "certificates[0].uri", Expected: b.trustDomain, Found: c.TrustDomain()}
	}
	paths, fault := find(c, b)
	if fault != nil {
		return Signer{}, fault
	}
	valid, fault := choose(paths, at)
	if fault != nil {
		return Signer{}, fault
	}
	return Signer{
		ID: c.SPIFFEID(), TrustDomain: c.TrustDomain(), Key: c.PublicKey(), KeyDigest: c.keySum, Chain: c.digest,
		NotBefore: valid.from, NotAfter: valid.to,
	}, nil
}

// findPaths gives, for every authority that the chain leads to, the interval
// in which that path is valid. More than one is rare: an authority renewed
// with the same key.
func findPaths(c *Chain, b *Bundle) ([]interval, *Error) {
	if fault := checkCertificates(c); fault != nil {
		return nil, fault
	}
	fault := chainError(c.Len()-1, "an authority of the bundle as its issuer", "none")
	var paths []interval
	for _, r := range b.roots {
		if string(r.cert.RawSubject) != string(c.certs[c.Len()-1].RawIssuer) {
			continue
		}
		valid, err := findPath(c, r)
		if err != nil {
			fault = err
			continue
		}
		paths = append(paths, valid)
	}
	if len(paths) == 0 {
		return nil, fault
	}
	return paths, nil
}

// checkCertificates looks at what each certificate says of itself, before any
// signature is computed.
func checkCertificates(c *Chain) *Error {
	if fault := checkLeaf(c.certs[0]); fault != nil {
		return fault
	}
	for i, cert := range c.certs[1:] {
		if fault := checkIntermediate(cert, i+1); fault != nil {
			return fault
		}
	}
	return nil
}

func checkLeaf(leaf *x509.Certificate) *Error {
	usage := func(expected, found string) *Error {
		return &Error{Check: CheckLeaf, Field: "certificates[0].key_usage", Expected: expected, Found: found}
	}
	switch {
	case leaf.IsCA:
		return &Error{Check: CheckLeaf, Field: "certificates[0].basic_constraints", Expected: "an end entity", Found: "a CA"}
	case leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return usage("digitalSignature", "none")
	case leaf.KeyUsage&x509.KeyUsageCertSign != 0:
		return usage("no keyCertSign", "keyCertSign")
	case leaf.KeyUsage&x509.KeyUsageCRLSign != 0:
		return usage("no cRLSign", "cRLSign")
	}
	return checkLeafKey(leaf.PublicKey)
}

func checkIntermediate(cert *x509.Certificate, i int) *Error {
	switch {
	case !cert.BasicConstraintsValid || !cert.IsCA:
		return chainError(i, "a CA", "a certificate that is not")
	case cert.KeyUsage&x509.KeyUsageCertSign == 0:
		return chainError(i, "keyCertSign in its key usage", "none")
	}
	return checkIssuerKey(cert.PublicKey, CheckKey, fmt.Sprintf("certificates[%d]", i))
}

func chainError(i int, expected, found string) *Error {
	return &Error{Check: CheckChain, Field: fmt.Sprintf("certificates[%d]", i), Expected: expected, Found: found}
}
