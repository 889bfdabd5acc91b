package attest

import (
	"crypto/x509"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/deedlog/deed/attest/cms"
)

// X509 says that a person signs with certificates of X.509 (S/MIME, eIDAS):
// whoever the authorities of a logged root certify under this name, whichever
// certificate it is at the time. Either Email or Subject is there.
type X509 struct {
	Email   string `json:"email,omitzero"`    // one of the certificate's e-mail addresses
	Root    string `json:"root"`              // name of a root of type x509
	Subject []byte `json:"subject,omitempty"` // distinguished name in DER
}

// Fulcio says that a person signs with keys that live for minutes, certified by
// sigstore's Fulcio for an identity at an OpenID provider, at a trusted time.
type Fulcio struct {
	Identity string `json:"identity"` // an address, or a URI
	Issuer   string `json:"issuer"`   // of the OpenID provider
	Root     string `json:"root"`     // name of a root of type fulcio
	TSA      string `json:"tsa"`      // name of a root of type tsa
}

// CertificateFacts is what a certificate and its signature say.
type CertificateFacts = cms.Facts

// FulcioProof is the signature of an envelope by a [Fulcio] identity, in the
// strict profile.
type FulcioProof struct {
	Certificates []byte `json:"certificates"` // DER, one after the other, leaf first
	Signature    []byte `json:"signature"`
	TSAToken     []byte `json:"tsa_token"` // RFC 3161, over the signature
}

// RootType is the type of a root statement.
type RootType string

// The types of root.
const (
	RootSPIFFE RootType = "spiffe_bundle"
	RootX509   RootType = "x509"   // authorities of people's certificates
	RootFulcio RootType = "fulcio" // sigstore's Fulcio
	RootTSA    RootType = "tsa"    // time-stamping authorities, RFC 3161
	RootJWKS   RootType = "jwks"   // keys of an identity provider
)

// NamedRoot is a set of authorities: a type that has names, and a name.
type NamedRoot struct {
	Type RootType
	Name string
}

// String is the root in slots, faults and files: the type, a colon, the name.
func (r NamedRoot) String() string { return string(r.Type) + ":" + r.Name }

// Roots is a set of authorities in PEM, read.
type Roots = cms.Roots

// ParseRoots reads the object of a root of a type with names. Fault: object.form.
func ParseRoots(doc []byte) (*Roots, error) {
	r, err := cms.ParseRoots(doc)
	if e, ok := errors.AsType[*cms.Error](err); ok {
		return nil, Refuse("object.form", "bundle", e.Expected, e.Found)
	}
	return r, err
}

// ValidRootName reports whether s can name a root: [a-z0-9][a-z0-9._-]{0,63}.
func ValidRootName(s string) bool {
	return len(s) <= 64 && ValidPerson(s) && !strings.Contains(s, "@")
}

func (c *checker) x509(field string, x *X509) {
	c.that(ValidRootName(x.Root), field+".root", "[a-z0-9][a-z0-9._-]{0,63}", x.Root)
	c.that((x.Email == "") != (len(x.Subject) == 0), field, "email or subject", "both, or neither")
	if x.Email != "" {
		c.that(validAddress(x.Email), field+".email", "an e-mail address of at most 254 bytes", x.Email)
	} else {
		c.that(len(x.Subject) <= 1024 && cms.ValidDN(x.Subject), field+".subject", "a distinguished name in DER, at most 1024 bytes", strconv.Itoa(len(x.Subject))+" bytes")
	}
}

func (c *checker) fulcio(field string, f *Fulcio) {
	c.that(ValidRootName(f.Root), field+".root", "[a-z0-9][a-z0-9._-]{0,63}", f.Root)
	c.that(ValidRootName(f.TSA), field+".tsa", "[a-z0-9][a-z0-9._-]{0,63}", f.TSA)
	c.that(validAddress(f.Identity) || validURL(f.Identity, ""), field+".identity", "an e-mail address or a URI, at most 512 bytes", f.Identity)
	c.that(validURL(f.Issuer, "https"), field+".issuer", "an https URL of at most 512 bytes", f.Issuer)
}

// validAddress reports whether s is printable ASCII with one @ in it: the
// certificate decides which address it is, byte for byte.
func validAddress(s string) bool {
	user, host, ok := strings.Cut(s, "@")
	return ok && len(s) <= 254 && user != "" && host != "" && printableASCII(s) && !strings.Contains(host, "@")
}

func validURL(s, scheme string) bool {
	u, err := url.Parse(s)
	return err == nil && len(s) <= 512 && printableASCII(s) && u.Scheme != "" && u.Host != "" && (scheme == "" || u.Scheme == scheme)
}

func printableASCII(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r >= 0x7f })
}

// certified is how a person signs whose key no statement has: by certificates.
type certified struct {
	x509   *X509
	fulcio *Fulcio
	sets   map[NamedRoot]*Roots // nil: not anchored
	at     time.Time
}

// TSAToken takes the token out of the answer of a time-stamping authority, or takes
// a token; one without the certificate of its authority gets it from those that are
// known. Fault: tsa.form.
func TSAToken(der []byte, known ...*x509.Certificate) ([]byte, error) {
	token, err := cms.TokenOf(der)
	if err == nil {
		token, err = cms.CompleteToken(token, known)
	}
	if e, ok := errors.AsType[*cms.Error](err); ok {
		return nil, Refuse(e.Check, "tsa_token", e.Expected, e.Found)
	}
	return token, err
}

// Roots lists the sets of authorities that a signature rests on; none unless it is
// certified.
func (s Signer) Roots() []NamedRoot {
	switch c := s.certified; {
	case c == nil:
		return nil
	case c.x509 != nil:
		return []NamedRoot{{RootX509, c.x509.Root}}
	default:
		return []NamedRoot{{RootFulcio, c.fulcio.Root}, {RootTSA, c.fulcio.TSA}}
	}
}

// Anchor returns a signer whose certificates have to lead to these sets, at a time
// in ms. A set that is not there proves nothing.
func (s Signer) Anchor(sets map[NamedRoot]*Roots, at int64) Signer {
	if s.certified == nil {
		return s
	}
	anchored := *s.certified
	anchored.sets, anchored.at = sets, time.UnixMilli(at)
	s.certified = &anchored
	return s
}

// Reopened returns a signer whose certificates need not lead anywhere: for
// whoever proved the same bytes before, and for nobody else.
func (s Signer) Reopened() Signer {
	sets := map[NamedRoot]*Roots{}
	for _, r := range s.Roots() {
		sets[r] = cms.Unproven()
	}
	return s.Anchor(sets, 0)
}

// SealFulcio makes an envelope of a signature by a Fulcio certificate. It does
// not check it.
func SealFulcio(payload []byte, keyID Digest, p FulcioProof) (Envelope, error) {
	sig, err := Encode(p)
	if err != nil {
		return Envelope{}, err
	}
	return SealSigned(payload, keyID, sig)
}

// SigningBytes is what a person signs of a payload with a tool of their own: the
// pre-authentication encoding.
func SigningBytes(payload []byte) []byte { return Envelope{Payload: payload}.pae() }

// PayloadOf is the payload that [SigningBytes] were made of; ok is false for
// anything else.
func PayloadOf(pae []byte) (payload []byte, ok bool) {
	start := len(Envelope{}.pae()) - 2 // up to the length
	for digits := 1; digits <= 5 && start+digits < len(pae); digits++ {
		payload = pae[start+digits+1:]
		if string(SigningBytes(payload)) == string(pae) {
			return payload, true
		}
	}
	return nil, false
}

// verify checks a signature by whoever is certified.
func (c *certified) verify(sig, pae []byte) (*CertificateFacts, error) {
	if c.sets == nil {
		return nil, Refuse("signer.no_root", "keyid", "logged roots", "none")
	}
	facts, err := c.facts(sig, pae)
	if e, ok := errors.AsType[*cms.Error](err); ok {
		return nil, Refuse(e.Check, "signatures", e.Expected, e.Found)
	}
	if err != nil {
		return nil, err
	}
	return &facts, nil
}

func (c *certified) facts(sig, pae []byte) (CertificateFacts, error) {
	if x := c.x509; x != nil {
		return cms.Subject{Email: x.Email, DN: x.Subject}.Verify(sig, pae, c.sets[NamedRoot{RootX509, x.Root}], c.at)
	}
	var p FulcioProof
	if err := Decode(sig, &p); err != nil {
		return CertificateFacts{}, Refuse("fulcio.form", "signatures", "certificates, a signature and a time-stamp token", err.Error())
	}
	f := c.fulcio
	return cms.Keyless{Identity: f.Identity, Issuer: f.Issuer}.Verify(
		cms.Proof{Certificates: p.Certificates, Signature: p.Signature, Token: p.TSAToken}, pae,
		c.sets[NamedRoot{RootFulcio, f.Root}], c.sets[NamedRoot{RootTSA, f.TSA}], c.at)
}

// Whom is the person's name as certificates have it, for people; "" unless it is
// certified.
func (k PersonKey) Whom() string {
	if !k.isObject() {
		return ""
	}
	o, _, err := k.object()
	switch {
	case err != nil:
		return ""
	case o.X509 != nil:
		return o.X509.Whom()
	case o.Fulcio != nil:
		return o.Fulcio.Whom()
	}
	return ""
}

// Name is the name alone, for people.
func (x *X509) Name() string { return cms.Subject{Email: x.Email, DN: x.Subject}.String() }

// Whom is the name in words.
func (x *X509) Whom() string {
	return x.Name() + ", by the root x509:" + x.Root
}

// Whom is the identity in words.
func (f *Fulcio) Whom() string {
	return f.Identity + " at " + f.Issuer + ", by the root fulcio:" + f.Root + " at a time by tsa:" + f.TSA
}
