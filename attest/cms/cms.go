// Package cms checks what a certificate of X.509 stands behind: detached
// signatures in CMS (RFC 5652), as S/MIME and eIDAS tools make them, signatures
// by the short-lived certificates of sigstore's Fulcio, and the tokens of a
// time-stamping authority (RFC 3161) that say when one existed.
//
// # Reading order
//
// [Roots] is a named set of authorities. [Subject] is whom a certificate has to
// be of; [Subject.Verify] checks a CMS signature of that subject. [Keyless] is the
// same for Fulcio, with [Keyless.Verify] over a [Proof]. [Token] is a trusted time.
// Each gives [Facts]. path.go has the rules of a path, signed.go and token.go the
// two forms.
//
//	roots, err := cms.ParseRoots(pem)
//	facts, err := subject.Verify(der, message, roots, at)
//
// Time is an argument, and authorities are: nothing is looked up. Without
// authorities ([Unproven]) the signature is checked, and who certified it is not.
//
// # Caveats
//
// Revocation is not checked: neither OCSP nor CRLs are looked at, and a CMS
// signature that carries CRLs is not taken. A certificate that was revoked passes
// until it expires. Signed attributes other than contentType and messageDigest,
// signingTime among them, and all unsigned attributes are not read. Certificate
// Transparency is not asked for: a Fulcio certificate without an SCT passes.
// Certificates and paths are read and built by crypto/x509: what a later version of
// it refuses, such as a key that is no longer strong enough, is refused by whoever
// is built with it, for signatures of today too.
// Only DER is taken, so a CMS signature that was made as a stream, in BER, is not.
package cms

import (
	"crypto/x509"
	"fmt"
	"time"
)

// MaxSignature bounds a CMS signature or a [Proof], in bytes.
const MaxSignature = 16 << 10

// maxCertificates bounds the certificates that come with a signature.
const maxCertificates = 8

// Facts is what a certificate and its signature say. The caller must not change
// it.
type Facts struct {
	Leaf      *x509.Certificate
	NotAfter  time.Time // when the path ends that was taken; zero if no path was asked for
	SignedBy  time.Time // when the signature existed, by a [Token]; zero without one
	Accuracy  time.Duration
	Authority *x509.Certificate // of the time-stamping authority; nil without a token
}

// Error says which check refused and why. Check is a stable name.
type Error struct {
	Check, Expected, Found string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: expected %s, found %s", e.Check, e.Expected, e.Found)
}

func refuse(check, expected, found string) error {
	return &Error{Check: check, Expected: expected, Found: found}
}
