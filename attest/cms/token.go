package cms

import (
	"bytes"
	"crypto"
	"crypto/sha1" // names a certificate in old tokens; nothing rests on it
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"strconv"
	"strings"
	"time"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidTSTInfo     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSigning     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12} // signingCertificate
	oidSigningV2   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidTimeStamp   = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8} // id-kp-timeStamping
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
	if e, ok := err.(*Error); ok && !strings.HasPrefix(e.Check, "tsa.") {
		return nil, refuse("tsa.form", e.Expected, e.Found) // of CMS
	}
	return t, err
}

func parseToken(der []byte) (*Token, error) {
	sd, err := parseSignedData(der)
	if err != nil {
		return nil, err
	}
	if sd.content == nil || !sd.contentType.Equal(oidTSTInfo) {
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
//	SEQUENCE accuracy OPTIONAL, BOOLEAN ordering, INTEGER nonce, [0] name, [1] extensions }
func (t *Token) read(der []byte) error {
	var info, imprint, octets, moment, accuracy cryptobyte.String
	var version int
	var hash algorithmID
	var there bool
	in := cryptobyte.String(der)
	if !in.ReadASN1(&info, tag.SEQUENCE) || !in.Empty() || !info.ReadASN1Integer(&version) || version != 1 ||
		!info.SkipASN1(tag.OBJECT_IDENTIFIER) || !info.ReadASN1(&imprint, tag.SEQUENCE) ||
		!hash.read(&imprint) || !imprint.ReadASN1(&octets, tag.OCTET_STRING) || !imprint.Empty() ||
		!info.ReadASN1Integer(new(big.Int)) || !info.ReadASN1(&moment, tag.GeneralizedTime) ||
		!info.ReadOptionalASN1(&accuracy, &there, tag.SEQUENCE) ||
		!info.SkipOptionalASN1(tag.BOOLEAN) || !info.SkipOptionalASN1(tag.INTEGER) || !info.SkipOptionalASN1(tag0) {
		return notToken("TSTInfo of version 1")
	}
	if !info.Empty() {
		return notToken("TSTInfo without extensions")
	}
	var err error
	if t.hash, err = hash.hash(); err != nil {
		return err
	}
	t.imprint = octets
	if t.Time, err = parseTime(string(moment)); err != nil {
		return err
	}
	if there {
		return t.readAccuracy(accuracy)
	}
	return nil
}

// readAccuracy reads SEQUENCE { seconds, [0] millis, [1] micros }, all optional.
func (t *Token) readAccuracy(in cryptobyte.String) error {
	var seconds, millis, micros int64
	tagMillis, tagMicros := tag.Tag(0).ContextSpecific(), tag.Tag(1).ContextSpecific()
	ok := !in.PeekASN1Tag(tag.INTEGER) || in.ReadASN1Integer(&seconds)
	ok = ok && (!in.PeekASN1Tag(tagMillis) || in.ReadASN1Int64WithTag(&millis, tagMillis))
	ok = ok && (!in.PeekASN1Tag(tagMicros) || in.ReadASN1Int64WithTag(&micros, tagMicros))
	if !ok || !in.Empty() || seconds < 0 || seconds > int64(maxAccuracy/time.Second) || millis < 0 || millis > 999 || micros < 0 || micros > 999 {
		return notToken("an accuracy of at most a minute")
	}
	t.Accuracy = time.Duration(seconds)*time.Second + time.Duration(millis)*time.Millisecond + time.Duration(micros)*time.Microsecond
	return nil
}

// parseTime reads a GeneralizedTime in DER, with or without a fraction.
func parseTime(s string) (time.Time, error) {
	layout := "20060102150405Z"
	if whole, fraction, ok := strings.Cut(s, "."); ok {
		digits := strings.TrimSuffix(fraction, "Z")
		if len(whole) != 14 || digits == "" || len(digits) > 9 || strings.HasSuffix(digits, "0") {
			return time.Time{}, notToken("a time")
		}
		layout = "20060102150405." + strings.Repeat("0", len(digits)) + "Z"
	}
	t, err := time.Parse(layout, s)
	if err != nil {
		return time.Time{}, notToken("a time, such as 20260102150405Z")
	}
	return t, nil
}

// commits reports whether the signer's attributes name its certificate by hash
// (RFC 2634 section 5.4, RFC 5035 section 3): another certificate of the same key
// does not do.
func (s *signerInfo) commits(c *x509.Certificate) bool {
	list, err := parseAttributes(s.attributes)
	if err != nil {
		return false
	}
	v2, v1 := list.of(oidSigningV2), list.of(oidSigning)
	if v2 != nil {
		return firstCertificate(v2, true, c.Raw)
	}
	return v1 != nil && firstCertificate(v1, false, c.Raw)
}

// firstCertificate compares the first of SEQUENCE { SEQUENCE OF { [hash], OCTET
// STRING, ... }, ... }.
func firstCertificate(in cryptobyte.String, v2 bool, raw []byte) bool {
	var attribute, list, one, named cryptobyte.String
	if !in.ReadASN1(&attribute, tag.SEQUENCE) || !in.Empty() || !attribute.ReadASN1(&list, tag.SEQUENCE) || !list.ReadASN1(&one, tag.SEQUENCE) {
		return false
	}
	hash := crypto.SHA256
	if v2 && one.PeekASN1Tag(tag.SEQUENCE) {
		var a algorithmID
		if !a.read(&one) {
			return false
		}
		var err error
		if hash, err = a.hash(); err != nil {
			return false
		}
	}
	if !one.ReadASN1(&named, tag.OCTET_STRING) {
		return false
	}
	if !v2 {
		sum := sha1.Sum(raw)
		return bytes.Equal(named, sum[:])
	}
	return bytes.Equal(named, sumOf(hash, raw))
}

// stampsAlone reports whether a certificate is for time stamps and nothing else,
// which every reader must have understood (RFC 3161 section 2.3).
func stampsAlone(c *x509.Certificate) bool {
	var only []asn1.ObjectIdentifier
	for _, e := range c.Extensions {
		if e.Id.Equal(oidExtKeyUsage) && e.Critical {
			if rest, err := asn1.Unmarshal(e.Value, &only); err != nil || len(rest) > 0 {
				return false
			}
		}
	}
	return len(only) == 1 && only[0].Equal(oidTimeStamp)
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
	var response, status, info cryptobyte.String
	var code int
	in := cryptobyte.String(der)
	if !in.ReadASN1(&response, tag.SEQUENCE) || !in.Empty() {
		return nil, notToken("a response of a time-stamping authority in DER")
	}
	if response.PeekASN1Tag(tag.OBJECT_IDENTIFIER) {
		return der, nil
	}
	if !response.ReadASN1(&status, tag.SEQUENCE) || !status.ReadASN1Integer(&code) || code != 0 && code != 1 {
		return nil, refuse("tsa.form", "a response that grants a token", "status "+strconv.Itoa(code))
	}
	if !response.ReadASN1Element(&info, tag.SEQUENCE) || !response.Empty() {
		return nil, notToken("a response with a token")
	}
	return info, nil
}
