package cms

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"math/big"
	"strconv"

	tag "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
)

// The tags [0], [1] and [2] of constructed values.
var (
	tag0 = tag.Tag(0).ContextSpecific().Constructed()
	tag1 = tag.Tag(1).ContextSpecific().Constructed()
	tag2 = tag.Tag(2).ContextSpecific().Constructed()
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

	before, list, after []byte // the certificates as they stand, and what is around them
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
	signed     []byte // the attributes as they are signed
	attributes attributes
	algorithm  algorithmID
	signature  []byte
}

// notCMS is the answer to every part that is out of form.
func notCMS(expected string) error { return refuse("cms.form", expected, "something else") }

// parseSignedData reads a ContentInfo in DER to its end, with its certificates.
// Checks: cms.form, cms.certificate.
func parseSignedData(der []byte) (*signedData, error) {
	s, err := readSignedData(der)
	if err != nil {
		return nil, err
	}
	s.certificates, err = parseCertificates(s.list, "cms.certificate")
	return s, err
}

// readSignedData reads a ContentInfo in DER to its end. Check: cms.form.
func readSignedData(der []byte) (*signedData, error) {
	if len(der) > MaxSignature {
		return nil, refuse("cms.form", "at most "+strconv.Itoa(MaxSignature)+" bytes", strconv.Itoa(len(der)))
	}
	in := newReader(der)
	info := in.open(tag.SEQUENCE)
	in.want(in.empty())
	info.want(info.oid().Equal(oidSignedData))
	explicit := info.open(tag0)
	info.want(info.empty())
	sd := explicit.open(tag.SEQUENCE)
	explicit.want(explicit.empty())
	out := &signedData{before: sd.rest}
	version := sd.small(tag.INTEGER)
	sd.want(version >= 1 && version <= 5)
	algorithms := sd.open(tag.SET)
	out.readContent(sd.open(tag.SEQUENCE))
	out.before = out.before[:len(out.before)-len(sd.rest)]
	out.list = sd.optional(tag0).rest
	out.after = sd.rest
	signers := sd.open(tag.SET)
	sd.want(sd.empty())
	out.signer.read(signers.open(tag.SEQUENCE))
	signers.want(signers.empty())
	if in.want(out.announced(algorithms)); in.failed() {
		return nil, notCMS("SignedData of CMS in DER, without CRLs, by one signer, with signed attributes, each once")
	}
	return out, nil
}

func (s *signedData) readContent(in *reader) {
	s.contentType = in.oid()
	if in.empty() {
		return
	}
	explicit := in.open(tag0)
	in.want(in.empty())
	octets := explicit.open(tag.OCTET_STRING)
	explicit.want(explicit.empty())
	s.content = append([]byte{}, octets.rest...)
}

func (s *signerInfo) read(in *reader) {
	version := in.small(tag.INTEGER)
	in.want(version == 1 || version == 3)
	s.readName(in, version)
	s.digest = in.algorithm()
	signed := in.whole(tag0)
	s.attributes = in.inside(signed).open(tag0).attributes()
	s.algorithm = in.algorithm()
	s.signature = in.open(tag.OCTET_STRING).rest
	in.optional(tag1)
	in.want(in.empty())
	// What is signed is the SET OF, which travels under another tag.
	s.signed = append([]byte{byte(tag.SET)}, signed[min(1, len(signed)):]...)
}

// readName reads by what the signer's certificate is found: issuer and serial
// number with version 1, the subject key identifier with version 3.
func (s *signerInfo) readName(in *reader, version int64) {
	if version == 3 {
		s.subjectKey = in.open(tag.Tag(0).ContextSpecific()).rest
		in.want(len(s.subjectKey) > 0)
		return
	}
	name := in.open(tag.SEQUENCE)
	s.issuer, s.serial = name.whole(tag.SEQUENCE), name.integer()
	name.want(name.empty())
}

// announced reports whether the signer's digest is among those that were announced.
func (s *signedData) announced(algorithms *reader) (found bool) {
	for !algorithms.empty() {
		found = algorithms.algorithm().oid.Equal(s.signer.digest.oid) || found
	}
	return found
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
	kind, sum := s.signer.attributes.of(oidContentType), s.signer.attributes.of(oidMessageDigest)
	kind.want(kind.oid().Equal(s.contentType))
	kind.want(kind.empty())
	digest := sum.open(tag.OCTET_STRING).rest
	sum.want(sum.empty())
	if kind.failed() {
		return notCMS("a signed attribute contentType of the content's type")
	}
	if sum.failed() {
		return notCMS("a signed attribute messageDigest")
	}
	if !bytes.Equal(digest, sumOf(hash, content)) {
		return refuse("cms.digest", "a signature over these bytes", "one over others")
	}
	return s.signer.algorithm.verify(leaf.PublicKey, hash, s.signer.signed, s.signer.signature)
}

// attributes are the contents of their SETs, by OID.
type attributes map[string][]byte

// attributes reads a list in which none stands twice.
func (r *reader) attributes() attributes {
	out := attributes{}
	for !r.empty() {
		one := r.open(tag.SEQUENCE)
		id := one.oid().String()
		_, twice := out[id]
		one.want(!twice)
		out[id] = one.open(tag.SET).rest
		one.want(one.empty())
	}
	return out
}

// of reads the values of an attribute; of one that is not there, nothing.
func (a attributes) of(oid asn1.ObjectIdentifier) *reader { return newReader(a[oid.String()]) }
