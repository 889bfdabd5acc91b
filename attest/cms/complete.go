package cms

import (
	"crypto/x509"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"
)

// CompleteToken puts the certificate of the authority that signed a token into it:
// one of these, found by the name and by the hash that the token has. An authority
// leaves it out where the request did not ask for it (RFC 3161 section 2.4.1,
// certReq), as those of sigstore's tools do not. Certificates of CMS are not signed,
// so nothing that is signed changes. A token that has certificates is returned as it
// is, and one of none of these authorities is refused. Check: tsa.form.
func CompleteToken(der []byte, known []*x509.Certificate) ([]byte, error) {
	var info, kind, explicit, sd, version, algorithms, content, list, infos cryptobyte.String
	in := cryptobyte.String(der)
	if !in.ReadASN1(&info, tag.SEQUENCE) || !in.Empty() || !info.ReadASN1Element(&kind, tag.OBJECT_IDENTIFIER) ||
		!info.ReadASN1(&explicit, tag0) || !info.Empty() || !explicit.ReadASN1(&sd, tag.SEQUENCE) || !explicit.Empty() ||
		!sd.ReadASN1Element(&version, tag.INTEGER) || !sd.ReadASN1Element(&algorithms, tag.SET) || !sd.ReadASN1Element(&content, tag.SEQUENCE) {
		return nil, notToken("SignedData of CMS in DER")
	}
	// A list that is empty is how the authority of sigstore leaves it out.
	if !sd.ReadOptionalASN1(&list, nil, tag0) {
		return nil, notToken("certificates")
	}
	if !list.Empty() {
		return der, nil
	}
	tail := append([]byte{}, sd...)
	var signer signerInfo
	if !sd.ReadASN1(&infos, tag.SET) || !sd.Empty() || signer.read(&infos) != nil {
		return nil, notToken("SignedData of CMS in DER, with one signer")
	}
	for _, c := range known {
		if signer.names(c) && signer.commits(c) {
			return withCertificate(kind, append(append(append([]byte{}, version...), algorithms...), content...), c.Raw, tail)
		}
	}
	return nil, refuse("tsa.form", "the certificate of the authority, in the token or beside it", "none")
}

// withCertificate is a ContentInfo with one certificate between the parts of its
// SignedData that come before and after it.
func withCertificate(kind, before, certificate, after []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(info *cryptobyte.Builder) {
		info.AddBytes(kind)
		info.AddASN1(tag0, func(explicit *cryptobyte.Builder) {
			explicit.AddASN1(tag.SEQUENCE, func(sd *cryptobyte.Builder) {
				sd.AddBytes(before)
				sd.AddASN1(tag0, func(list *cryptobyte.Builder) { list.AddBytes(certificate) })
				sd.AddBytes(after)
			})
		})
	})
	return b.Bytes()
}
