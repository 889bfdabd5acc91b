package pki

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha1"
	_ "crypto/sha256" // by their names in package crypto
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// The object identifiers of CMS and of RFC 3161.
var (
	OIDData          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	OIDSignedData    = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	OIDTSTInfo       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	OIDContentType   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	OIDMessageDigest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	OIDSigning       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	OIDSigningV2     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

var digests = map[crypto.Hash]asn1.ObjectIdentifier{
	crypto.SHA1:   {1, 3, 14, 3, 2, 26},
	crypto.SHA256: {2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA384: {2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA512: {2, 16, 840, 1, 101, 3, 4, 2, 3},
}

// Attribute is a signed attribute: its values in DER, and what follows their SET.
type Attribute struct {
	OID         asn1.ObjectIdentifier
	Value, More []byte
}

// Signature is a CMS signature to be written. The zero values of all but Signer
// and Content make a detached one over data, with the signer's certificate.
type Signature struct {
	Signer  *Issued
	Content []byte

	Hash         crypto.Hash           // 0: SHA-512
	ContentType  asn1.ObjectIdentifier // nil: data
	Attached     bool
	Certificates []*x509.Certificate // nil: the signer's
	BySubjectKey bool                // version 3
	Attributes   func([]Attribute) []Attribute
	Algorithm    asn1.ObjectIdentifier // nil: what goes with the key
	Twice        bool                  // two signers
	CRLs         bool
	Unsigned     []byte // DER of an attribute
	PSS          bool   // for RSA

	Spoil func(*Node)         // everything, when it is signed
	Raw   func([]byte) []byte // the same, after Spoil
}

// DER writes it.
func (s Signature) DER() []byte {
	if s.Hash == 0 {
		s.Hash = crypto.SHA512
	}
	if s.ContentType == nil {
		s.ContentType = OIDData
	}
	if s.Certificates == nil {
		s.Certificates = []*x509.Certificate{s.Signer.Certificate}
	}
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(OIDSignedData)
		b.AddASN1(context(0), func(b *cryptobyte.Builder) { b.AddASN1(tag.SEQUENCE, s.data) })
	})
	der := b.BytesOrPanic()
	if s.Spoil != nil {
		tree := Tree(der)
		s.Spoil(tree)
		der = tree.DER()
	}
	if s.Raw != nil {
		der = s.Raw(der)
	}
	return der
}

func context(n uint8) tag.Tag { return tag.Tag(n).ContextSpecific().Constructed() }

func (s Signature) data(b *cryptobyte.Builder) {
	b.AddASN1Int64(s.version())
	b.AddASN1(tag.SET, func(b *cryptobyte.Builder) { algorithm(b, digests[s.Hash]) })
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(s.ContentType)
		if s.Attached {
			b.AddASN1(context(0), func(b *cryptobyte.Builder) { b.AddASN1OctetString(s.Content) })
		}
	})
	if len(s.Certificates) > 0 {
		b.AddASN1(context(0), func(b *cryptobyte.Builder) {
			for _, c := range s.Certificates {
				b.AddBytes(c.Raw)
			}
		})
	}
	if s.CRLs {
		b.AddASN1(context(1), func(*cryptobyte.Builder) {})
	}
	b.AddASN1(tag.SET, func(b *cryptobyte.Builder) {
		b.AddASN1(tag.SEQUENCE, s.signer)
		if s.Twice {
			b.AddASN1(tag.SEQUENCE, s.signer)
		}
	})
}

func (s Signature) version() int64 {
	if s.BySubjectKey {
		return 3
	}
	return 1
}

func algorithm(b *cryptobyte.Builder, oid asn1.ObjectIdentifier) {
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1ObjectIdentifier(oid) })
}

func (s Signature) signer(b *cryptobyte.Builder) {
	attributes := s.attributes()
	b.AddASN1Int64(s.version())
	if s.BySubjectKey {
		b.AddASN1(tag.Tag(0).ContextSpecific(), func(b *cryptobyte.Builder) { b.AddBytes(s.Signer.SubjectKeyId) })
	} else {
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddBytes(s.Signer.RawIssuer)
			b.AddASN1BigInt(s.Signer.SerialNumber)
		})
	}
	algorithm(b, digests[s.Hash])
	b.AddASN1(context(0), func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
	var set cryptobyte.Builder
	set.AddASN1(tag.SET, func(b *cryptobyte.Builder) { b.AddBytes(attributes) })
	oid, sig := s.sign(set.BytesOrPanic())
	if s.Algorithm != nil {
		oid = s.Algorithm
	}
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(oid)
		if s.PSS {
			b.AddBytes(pssParameters(s.Hash, s.Signer.Key.(*RSA).Salt))
		}
	})
	b.AddASN1OctetString(sig)
	if s.Unsigned != nil {
		b.AddASN1(context(1), func(b *cryptobyte.Builder) { b.AddBytes(s.Unsigned) })
	}
}

// attributes writes the signed ones in the order of DER.
func (s Signature) attributes() []byte {
	h := s.Hash.New()
	h.Write(s.Content)
	list := []Attribute{{OID: OIDContentType, Value: marshal(s.ContentType)}, {OID: OIDMessageDigest, Value: marshal(h.Sum(nil))}}
	if s.Attributes != nil {
		list = s.Attributes(list)
	}
	var all [][]byte
	for _, a := range list {
		var b cryptobyte.Builder
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(a.OID)
			b.AddASN1(tag.SET, func(b *cryptobyte.Builder) { b.AddBytes(a.Value) })
			b.AddBytes(a.More)
		})
		all = append(all, b.BytesOrPanic())
	}
	slices.SortFunc(all, bytes.Compare)
	return bytes.Join(all, nil)
}

func marshal(v any) []byte {
	der, err := asn1.Marshal(v)
	if err != nil {
		panic(err)
	}
	return der
}

func (s Signature) sign(message []byte) (asn1.ObjectIdentifier, []byte) {
	digest, by := sum(s.Hash, message), crypto.SignerOpts(s.Hash)
	var oid asn1.ObjectIdentifier
	switch s.Signer.Key.Public().(type) {
	case ed25519.PublicKey:
		oid, digest, by = asn1.ObjectIdentifier{1, 3, 101, 112}, message, crypto.Hash(0)
	case *ecdsa.PublicKey:
		oid = map[crypto.Hash]asn1.ObjectIdentifier{crypto.SHA256: {1, 2, 840, 10045, 4, 3, 2}, crypto.SHA384: {1, 2, 840, 10045, 4, 3, 3}, crypto.SHA512: {1, 2, 840, 10045, 4, 3, 4}}[s.Hash]
	case *rsa.PublicKey:
		oid = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
		if s.PSS {
			oid, by = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}, &rsa.PSSOptions{Hash: s.Hash}
		}
	}
	sig, err := s.Signer.Key.Sign(nil, digest, by)
	if err != nil {
		panic(err)
	}
	return oid, sig
}

// pssParameters are RSASSA-PSS-params (RFC 4055 section 3.1).
func pssParameters(hash crypto.Hash, salt int) []byte {
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(context(0), func(b *cryptobyte.Builder) { algorithm(b, digests[hash]) })
		b.AddASN1(context(1), func(b *cryptobyte.Builder) {
			b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 8})
				algorithm(b, digests[hash])
			})
		})
		b.AddASN1(context(2), func(b *cryptobyte.Builder) { b.AddASN1Int64(int64(salt)) })
	})
	return b.BytesOrPanic()
}

// Token is a time stamp to be written.
type Token struct {
	Signer   *Issued
	Stamped  []byte
	Time     time.Time
	Accuracy int64 // seconds; 0 is none
	V1       bool  // with the older attribute, of SHA-1
	Info     func([]byte) []byte
	Change   func(*Node) // TSTInfo, before it is signed
	Commit   func(*Node) // the attribute that names the certificate, likewise
	Sign     func(*Signature)
}

// DER writes it.
func (t Token) DER() []byte {
	h := crypto.SHA256.New()
	h.Write(t.Stamped)
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Int64(1)
		b.AddASN1ObjectIdentifier(asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2})
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
			algorithm(b, digests[crypto.SHA256])
			b.AddASN1OctetString(h.Sum(nil))
		})
		b.AddASN1Int64(t.Time.Unix())
		b.AddASN1GeneralizedTime(t.Time.UTC())
		if t.Accuracy > 0 {
			b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1Int64(t.Accuracy) })
		}
	})
	info := b.BytesOrPanic()
	if t.Change != nil {
		tree := Tree(info)
		t.Change(tree)
		info = tree.DER()
	}
	if t.Info != nil {
		info = t.Info(info)
	}
	s := Signature{Signer: t.Signer, Content: info, Attached: true, ContentType: OIDTSTInfo, Attributes: func(list []Attribute) []Attribute {
		return append(list, t.commitment())
	}}
	if t.Sign != nil {
		t.Sign(&s)
	}
	return s.DER()
}

// commitment names the signer's certificate by its hash.
func (t Token) commitment() Attribute {
	oid, h := OIDSigningV2, crypto.SHA256.New()
	if t.V1 {
		oid, h = OIDSigning, sha1.New()
	}
	h.Write(t.Signer.Raw)
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(tag.SEQUENCE, func(b *cryptobyte.Builder) { b.AddASN1OctetString(h.Sum(nil)) })
		})
	})
	value := b.BytesOrPanic()
	if t.Commit != nil {
		tree := Tree(value)
		t.Commit(tree)
		value = tree.DER()
	}
	return Attribute{OID: oid, Value: value}
}
