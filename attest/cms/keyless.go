package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"strconv"
	"time"

	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// The extensions of Fulcio that name the OpenID provider: the newer one in DER, the
// older one as bare text.
var (
	oidIssuerV1 = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 1}
	oidIssuerV2 = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}
)

// Ahead is how far a token's time may lie after the time of the check, since it
// is another's clock.
const Ahead = time.Minute

// Keyless is who a certificate of Fulcio has to be of: the identity that an OpenID
// provider gave, and that provider.
type Keyless struct {
	Identity string // the certificate's one name: an address, or a URI
	Issuer   string // of the OpenID provider, byte for byte
}

// Proof is a signature by a key that lives for minutes, with the certificate that
// says whose it is and the token that says that it was made in these minutes.
type Proof struct {
	Certificates []byte // DER, one after the other, leaf first
	Signature    []byte
	Token        []byte // RFC 3161, over Signature
}

// Verify checks a proof over a message. fulcio are the authorities of the
// certificate, tsa those of the time. Checks: fulcio.certificate, key.algorithm,
// envelope.signature, certificate.usage, certificate.subject, fulcio.issuer,
// those of [ParseToken] and [Token.Prove], tsa.later, certificate.chain,
// certificate.expired, certificate.not_yet_valid.
func (k Keyless) Verify(p Proof, message []byte, fulcio, tsa *Roots, at time.Time) (Facts, error) {
	if at.IsZero() && fulcio != unproven {
		return Facts{}, errZeroTime
	}
	list, err := parseCertificates(p.Certificates, "fulcio.certificate")
	if err != nil {
		return Facts{}, err
	}
	leaf := list[0]
	if err := verifyBare(leaf, message, p.Signature); err != nil {
		return Facts{}, err
	}
	if err := k.is(leaf); err != nil {
		return Facts{}, err
	}
	token, err := ParseToken(p.Token)
	if err != nil {
		return Facts{}, err
	}
	if err := token.Prove(p.Signature, tsa); err != nil {
		return Facts{}, err
	}
	if fulcio != unproven && token.Time.Add(-token.Accuracy).After(at.Add(Ahead)) {
		return Facts{}, refuse("tsa.later", "a time of at most a minute after "+instant(at), instant(token.Time))
	}
	c := path{leaf: leaf, others: list[1:], usages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, group: ofPerson}
	if err := c.usable(); err != nil {
		return Facts{}, err
	}
	facts := Facts{Leaf: leaf, SignedBy: token.Time, Accuracy: token.Accuracy, Authority: token.Authority}
	// A token says by when there was a signature, so the end of its interval counts. Its
	// begin does not: sigstore's tools sign within the second in which the certificate
	// begins, and the authority's second is exact to a second.
	for _, bound := range []time.Time{token.Time, token.Time.Add(token.Accuracy)} {
		if _, err := c.prove(fulcio, bound); err != nil {
			return Facts{}, err
		}
	}
	return facts, nil
}

// verifyBare checks a signature that has no form around it: the key decides the
// algorithm. Checks: key.algorithm, envelope.signature.
func verifyBare(leaf *x509.Certificate, message, sig []byte) error {
	if err := signs(leaf); err != nil {
		return err
	}
	ok := false
	switch k := leaf.PublicKey.(type) {
	case ed25519.PublicKey:
		ok = ed25519.Verify(k, message, sig)
	case *ecdsa.PublicKey:
		hash := crypto.SHA256
		if k.Curve.Params().BitSize == 384 {
			hash = crypto.SHA384
		}
		ok = ecdsa.VerifyASN1(k, sumOf(hash, message), sig)
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(k, crypto.SHA256, sumOf(crypto.SHA256, message), sig) == nil
	}
	if !ok {
		return refuse("envelope.signature", "a signature of the payload by the certificate's key", "another")
	}
	return nil
}

// is checks whom a certificate is of. Checks: certificate.subject, fulcio.issuer.
func (k Keyless) is(c *x509.Certificate) error {
	names := append([]string{}, c.EmailAddresses...)
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	if others := len(c.DNSNames) + len(c.IPAddresses); len(names) != 1 || others > 0 {
		return refuse("certificate.subject", "one name, an address or a URI", strconv.Itoa(len(names)+others)+" names")
	}
	if names[0] != k.Identity {
		return refuse("certificate.subject", k.Identity, names[0])
	}
	if said := ProvidersOf(c); !slices.Equal(said, []string{k.Issuer}) {
		return refuse("fulcio.issuer", fmt.Sprintf("%q", []string{k.Issuer}), fmt.Sprintf("%q", said))
	}
	return nil
}

// ProvidersOf is the OpenID provider that a certificate of Fulcio names, or both of
// them where its two extensions do not agree; none where the newer one is out of
// form.
func ProvidersOf(c *x509.Certificate) (said []string) {
	for _, e := range c.Extensions {
		switch in := newReader(e.Value); {
		case e.Id.Equal(oidIssuerV1):
			said = append(said, string(e.Value))
		case e.Id.Equal(oidIssuerV2):
			text := in.open(tag.UTF8String).rest
			if in.want(in.empty()); in.failed() {
				return nil
			}
			said = append(said, string(text))
		}
	}
	return slices.Compact(said)
}
