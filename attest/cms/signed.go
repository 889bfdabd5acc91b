package cms

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"strconv"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
)

// The tags of the optional parts: [0], [1] of constructed values.
var (
	tag0 = tag.Tag(0).ContextSpecific().Constructed()
	tag1 = tag.Tag(1).ContextSpecific().Constructed()
)

// signedData is SignedData (RFC 5652 section 5.1) with one signer:
//
//	ContentInfo  SEQUENCE { OID signedData, [0] { SignedData } }
//	SignedData   SEQUENCE { version, SET OF digest algorithm,
//	             SEQUENCE { OID content type, [0] { OCTET STRING } OPTIONAL },
//	             [0] SET OF certificate OPTIONAL, SET OF SignerInfo }
type signedData struct {
	contentType  asn1.ObjectIdentifier
	content      []byte // nil: detached
	certificates []*x509.Certificate
	signer       signerInfo
}

// signerInfo is SignerInfo (section 5.3):
//
//	SEQUENCE { version, issuer and serial | [0] subject key identifier, digest algorithm,
//	[0] SET OF attribute, signature algorithm, OCTET STRING, [1] SET OF attribute OPTIONAL }
type signerInfo struct {
	issuer     []byte // with serial; or
	serial     *big.Int
	subjectKey []byte
	digest     algorithmID
	attributes []byte // the content of the signed ones
	algorithm  algorithmID
	signature  []byte
}

// notCMS is the answer to every part that is out of form.
func notCMS(expected string) error { return refuse("cms.form", expected, "something else") }

// parseSignedData reads a ContentInfo in DER to its end. Check: cms.form.
func parseSignedData(der []byte) (*signedData, error) {
	var info, explicit, sd, algorithms, content, infos cryptobyte.String
	var kind asn1.ObjectIdentifier
	in := cryptobyte.String(der)
	if len(der) > MaxSignature {
		return nil, refuse("cms.form", "at most "+strconv.Itoa(MaxSignature)+" bytes", strconv.Itoa(len(der)))
	}
	if !in.ReadASN1(&info, tag.SEQUENCE) || !in.Empty() || !info.ReadASN1ObjectIdentifier(&kind) || !kind.Equal(oidSignedData) ||
		!info.ReadASN1(&explicit, tag0) || !info.Empty() || !explicit.ReadASN1(&sd, tag.SEQUENCE) || !explicit.Empty() {
		return nil, notCMS("SignedData of CMS in DER")
	}
	var version int
	if !sd.ReadASN1Integer(&version) || version < 1 || version > 5 ||
		!sd.ReadASN1(&algorithms, tag.SET) || !sd.ReadASN1(&content, tag.SEQUENCE) {
		return nil, notCMS("SignedData of CMS in DER")
	}
	out := &signedData{}
	if err := out.readContent(content); err != nil {
		return nil, err
	}
	if err := out.readCertificates(&sd); err != nil {
		return nil, err
	}
	if sd.PeekASN1Tag(tag1) {
		return nil, notCMS("a signature without CRLs, which are not read")
	}
	if !sd.ReadASN1(&infos, tag.SET) || !sd.Empty() {
		return nil, notCMS("SignedData of CMS in DER")
	}
	if err := out.signer.read(&infos); err != nil {
		return nil, err
	}
	if !infos.Empty() {
		return nil, notCMS("one signer")
	}
	return out, out.announced(algorithms)
}

func (s *signedData) readContent(in cryptobyte.String) error {
	if !in.ReadASN1ObjectIdentifier(&s.contentType) {
		return notCMS("a content type")
	}
	if in.Empty() {
		return nil
	}
	var explicit, octets cryptobyte.String
	if !in.ReadASN1(&explicit, tag0) || !in.Empty() || !explicit.ReadASN1(&octets, tag.OCTET_STRING) || !explicit.Empty() {
		return notCMS("content in one OCTET STRING")
	}
	s.content = append([]byte{}, octets...)
	return nil
}

func (s *signedData) readCertificates(in *cryptobyte.String) (err error) {
	var list cryptobyte.String
	var there bool
	if !in.ReadOptionalASN1(&list, &there, tag0) {
		return notCMS("certificates")
	}
	if !there {
		return refuse("cms.certificate", "the signer's certificate in the signature", "none")
	}
	if s.certificates, err = parseCertificates(list); err != nil {
		return refuse("cms.certificate", "1 to 8 certificates", err.Error())
	}
	return nil
}

func (s *signerInfo) read(in *cryptobyte.String) error {
	var info, attributes, signature cryptobyte.String
	var version int
	if !in.ReadASN1(&info, tag.SEQUENCE) || !info.ReadASN1Integer(&version) || version != 1 && version != 3 {
		return notCMS("a signer")
	}
	if err := s.readName(&info, version); err != nil {
		return err
	}
	if !s.digest.read(&info) {
		return notCMS("a digest algorithm")
	}
	if !info.ReadASN1(&attributes, tag0) {
		return notCMS("signed attributes")
	}
	if !s.algorithm.read(&info) || !info.ReadASN1(&signature, tag.OCTET_STRING) ||
		!info.SkipOptionalASN1(tag1) || !info.Empty() {
		return notCMS("a signature algorithm, a signature and at most unsigned attributes after it")
	}
	s.attributes, s.signature = attributes, signature
	return nil
}

// readName reads by what the signer's certificate is found: issuer and serial
// number with version 1, the subject key identifier with version 3.
func (s *signerInfo) readName(info *cryptobyte.String, version int) error {
	if version == 3 {
		var id cryptobyte.String
		if !info.ReadASN1(&id, tag.Tag(0).ContextSpecific()) || len(id) == 0 {
			return notCMS("a subject key identifier")
		}
		s.subjectKey = id
		return nil
	}
	var name, issuer cryptobyte.String
	s.serial = new(big.Int)
	if !info.ReadASN1(&name, tag.SEQUENCE) || !name.ReadASN1Element(&issuer, tag.SEQUENCE) || !name.ReadASN1Integer(s.serial) || !name.Empty() {
		return notCMS("issuer and serial number of the signer's certificate")
	}
	s.issuer = issuer
	return nil
}

// announced checks that the signer's digest is among those that were announced.
func (s *signedData) announced(algorithms cryptobyte.String) error {
	found := false
	for !algorithms.Empty() {
		var a algorithmID
		if !a.read(&algorithms) {
			return notCMS("digest algorithms")
		}
		found = found || a.oid.Equal(s.signer.digest.oid)
	}
	if !found {
		return notCMS("the signer's digest among the digest algorithms")
	}
	return nil
}

// leaf finds the one certificate that the signer names. Check: cms.certificate.
func (s *signedData) leaf() (*x509.Certificate, error) {
	var found []*x509.Certificate
	for _, c := range s.certificates {
		if s.signer.names(c) {
			found = append(found, c)
		}
	}
	if len(found) != 1 {
		return nil, refuse("cms.certificate", "one certificate that is the signer's", strconv.Itoa(len(found)))
	}
	return found[0], nil
}

func (s *signerInfo) names(c *x509.Certificate) bool {
	if s.subjectKey != nil {
		return bytes.Equal(c.SubjectKeyId, s.subjectKey)
	}
	return bytes.Equal(c.RawIssuer, s.issuer) && c.SerialNumber.Cmp(s.serial) == 0
}

// verify checks that the leaf signed the content. Checks: cms.form,
// cms.algorithm, cms.digest, key.algorithm, envelope.signature.
func (s *signedData) verify(leaf *x509.Certificate, content []byte) error {
	if err := signs(leaf); err != nil {
		return err
	}
	hash, err := s.signer.digest.hash()
	if err != nil {
		return err
	}
	attributes, err := parseAttributes(s.signer.attributes)
	if err != nil {
		return err
	}
	var kind asn1.ObjectIdentifier
	if value := attributes.of(oidContentType); !value.ReadASN1ObjectIdentifier(&kind) || !value.Empty() || !kind.Equal(s.contentType) {
		return notCMS("a signed attribute contentType of the content's type")
	}
	var digest cryptobyte.String
	if value := attributes.of(oidMessageDigest); !value.ReadASN1(&digest, tag.OCTET_STRING) || !value.Empty() {
		return notCMS("a signed attribute messageDigest")
	}
	sum := hash.New()
	sum.Write(content)
	if !bytes.Equal(digest, sum.Sum(nil)) {
		return refuse("cms.digest", "a signature over these bytes", "one over others")
	}
	// What is signed is the SET OF, which travels under another tag.
	var b cryptobyte.Builder
	b.AddASN1(tag.SET, func(set *cryptobyte.Builder) { set.AddBytes(s.signer.attributes) })
	message, err := b.Bytes()
	if err != nil {
		return notCMS("signed attributes")
	}
	return s.signer.algorithm.verify(leaf.PublicKey, hash, message, s.signer.signature)
}

// attribute is an OID and the content of its SET.
type attribute struct {
	oid    asn1.ObjectIdentifier
	values cryptobyte.String
}

type attributes []attribute

// parseAttributes reads a list in which none stands twice.
func parseAttributes(der []byte) (attributes, error) {
	var out attributes
	for in := cryptobyte.String(der); !in.Empty(); {
		var one cryptobyte.String
		var a attribute
		if !in.ReadASN1(&one, tag.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&a.oid) || !one.ReadASN1(&a.values, tag.SET) || !one.Empty() {
			return nil, notCMS("signed attributes")
		}
		if out.of(a.oid) != nil {
			return nil, notCMS("each signed attribute once")
		}
		out = append(out, a)
	}
	return out, nil
}

// of is the values of an attribute, or nil.
func (a attributes) of(oid asn1.ObjectIdentifier) cryptobyte.String {
	for _, one := range a {
		if one.oid.Equal(oid) {
			return append(cryptobyte.String{}, one.values...)
		}
	}
	return nil
}
