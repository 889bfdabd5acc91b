package cms

import (
	"bytes"
	"crypto"
	"crypto/sha1" // names a certificate in old tokens; nothing rests on it
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"slices"
	"strconv"
	"strings"
	"time"

	tag "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidTSTInfo     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSigning     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12} // signingCertificate
	oidSigningV2   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidExtKeyUsage = asn1.ObjectIdentifier{2, 5, 29, 37}
)

// maxAccuracy is the widest interval, either way, that a time is taken with.
const maxAccuracy = time.Minute

// Token is a time-stamp token (RFC 3161): who says so, and when what was hashed
// existed.
type Token struct {
	Time      time.Time
	Accuracy  time.Duration // either way
	Authority *x509.Certificate

	imprint  []byte
	hash     crypto.Hash
	signedBy path
}

// ParseToken reads a token in DER and checks that the authority whose certificate
// it has signed it; whether that leads to an authority that is known is
// [Token.Prove]. Checks: tsa.form, tsa.usage.
func ParseToken(der []byte) (*Token, error) {
	t, err := parseToken(der)
	return t, ofToken(err)
}

// ofToken calls a check of CMS by the name that it has for tokens.
func ofToken(err error) error {
	if e, ok := err.(*Error); ok && !strings.HasPrefix(e.Check, "tsa.") {
		return refuse("tsa.form", e.Expected, e.Found)
	}
	return err
}

func parseToken(der []byte) (*Token, error) {
	sd, err := parseSignedData(der)
	if err != nil {
		return nil, err
	}
	if !sd.contentType.Equal(oidTSTInfo) { // a detached one has no TSTInfo
		return nil, notToken("a token of RFC 3161")
	}
	leaf, err := sd.leaf()
	if err != nil {
		return nil, err
	}
	if err := sd.verify(leaf, sd.content); err != nil {
		return nil, err
	}
	if !sd.signer.commits(leaf) {
		return nil, notToken("a signed attribute signingCertificate or signingCertificateV2 of the authority's certificate")
	}
	t := &Token{Authority: leaf, signedBy: path{leaf: leaf, others: sd.certificates, usages: []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping}, group: ofTime}}
	if err := t.signedBy.usable(); err != nil {
		return nil, err
	}
	if !stampsAlone(leaf) {
		return nil, refuse("tsa.usage", "a certificate whose one extended key usage is timeStamping, critical", "another")
	}
	return t, t.read(sd.content)
}

func notToken(expected string) error { return refuse("tsa.form", expected, "something else") }

// read reads TSTInfo (section 2.4.2):
//
//	SEQUENCE { version 1, OID policy, SEQUENCE { hash, OCTET STRING }, serial, GeneralizedTime,
//	SEQUENCE accuracy OPTIONAL, BOOLEAN ordering, INTEGER nonce, [0] name }
//
// Extensions are not taken.
func (t *Token) read(der []byte) (err error) {
	in := newReader(der)
	info := in.open(tag.SEQUENCE)
	in.want(in.empty())
	info.want(info.small(tag.INTEGER) == 1)
	info.oid()
	imprint := info.open(tag.SEQUENCE)
	hash := imprint.algorithm()
	t.imprint = imprint.open(tag.OCTET_STRING).rest
	imprint.want(imprint.empty())
	info.integer()
	moment := info.open(tag.GeneralizedTime).rest
	t.readAccuracy(info.optional(tag.SEQUENCE))
	info.optional(tag.BOOLEAN)
	info.optional(tag.INTEGER)
	info.optional(tag0)
	info.want(info.empty())
	if in.failed() {
		return notToken("TSTInfo of version 1 without extensions, an accuracy of at most a minute")
	}
	if t.hash, err = hash.hash(); err != nil {
		return err
	}
	t.Time, err = parseTime(string(moment))
	return err
}

// readAccuracy reads { seconds, [0] millis, [1] micros }, all optional.
func (t *Token) readAccuracy(in *reader) {
	for _, part := range []struct {
		tag  tag.Tag
		unit time.Duration
		most int64
	}{
		{tag.INTEGER, time.Second, int64(maxAccuracy / time.Second)},
		{tag.Tag(0).ContextSpecific(), time.Millisecond, 999},
		{tag.Tag(1).ContextSpecific(), time.Microsecond, 999},
	} {
		if in.next(part.tag) {
			n := in.small(part.tag)
			in.want(n >= 0 && n <= part.most)
			t.Accuracy += time.Duration(n) * part.unit
		}
	}
	in.want(in.empty())
}

// parseTime reads a GeneralizedTime in DER, with or without a fraction, in its one
// spelling.
func parseTime(s string) (time.Time, error) {
	const layout = "20060102150405.999999999Z"
	t, err := time.Parse(layout, s)
	if err != nil || t.Format(layout) != s {
		return time.Time{}, notToken("a time, such as 20260102150405Z")
	}
	return t, nil
}

// commits reports whether the signer's attributes name its certificate by hash
// (RFC 2634 section 5.4, RFC 5035 section 3): another certificate of the same key
// does not do.
func (s *signerInfo) commits(c *x509.Certificate) bool {
	if _, there := s.attributes[oidSigningV2.String()]; !there {
		sum := sha1.Sum(c.Raw)
		return firstCertificate(s.attributes.of(oidSigning)).holds(sum[:])
	}
	first, hash := firstCertificate(s.attributes.of(oidSigningV2)), crypto.SHA256
	if first.next(tag.SEQUENCE) {
		var err error
		if hash, err = first.algorithm().hash(); err != nil {
			return false
		}
	}
	return first.holds(sumOf(hash, c.Raw))
}

// firstCertificate reads the first of SEQUENCE { SEQUENCE OF { [hash], OCTET STRING,
// ... }, ... }.
func firstCertificate(in *reader) *reader {
	first := in.open(tag.SEQUENCE).open(tag.SEQUENCE).open(tag.SEQUENCE)
	in.want(in.empty())
	return first
}

// holds reports whether the next element is this OCTET STRING.
func (r *reader) holds(octets []byte) bool {
	found := r.open(tag.OCTET_STRING).rest
	return !r.failed() && bytes.Equal(found, octets)
}

// stampsAlone reports whether a certificate is for time stamps and nothing else,
// which every reader must have understood (RFC 3161 section 2.3).
func stampsAlone(c *x509.Certificate) bool {
	critical := slices.ContainsFunc(c.Extensions, func(e pkix.Extension) bool { return e.Id.Equal(oidExtKeyUsage) && e.Critical })
	return critical && len(c.UnknownExtKeyUsage) == 0 && slices.Equal(c.ExtKeyUsage, []x509.ExtKeyUsage{x509.ExtKeyUsageTimeStamping})
}

// Prove checks that the token is of these bytes and leads to one of the roots, by
// certificates valid at its own time. Checks: tsa.imprint, tsa.chain, tsa.expired,
// tsa.not_yet_valid, tsa.usage.
func (t *Token) Prove(stamped []byte, roots *Roots) error {
	if !bytes.Equal(t.imprint, sumOf(t.hash, stamped)) {
		return refuse("tsa.imprint", "a token of the signature", "one of other bytes")
	}
	_, err := t.signedBy.prove(roots, t.Time)
	return err
}

// TokenOf takes the token out of a TimeStampResp (section 2.4.2), as an authority
// answers and `openssl ts` and cosign keep it. What is a token already is returned
// as it is. Check: tsa.form.
func TokenOf(der []byte) ([]byte, error) {
	in := newReader(der)
	response := in.open(tag.SEQUENCE)
	in.want(in.empty())
	if response.next(tag.OBJECT_IDENTIFIER) && !in.failed() {
		return der, nil
	}
	status := response.open(tag.SEQUENCE).small(tag.INTEGER)
	if status != 0 && status != 1 { // granted, granted with modifications
		return nil, refuse("tsa.form", "a response that grants a token", "status "+strconv.FormatInt(status, 10))
	}
	token := response.whole(tag.SEQUENCE)
	response.want(response.empty())
	if in.failed() {
		return nil, notToken("a response of a time-stamping authority with a token, in DER")
	}
	return token, nil
}
