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
	s, err := readSignedData(der)
	if err != nil {
		return nil, ofToken(err)
	}
	if len(s.list) > 0 { // a list that is empty is how the authority of sigstore leaves it out
		return der, nil
	}
	for _, c := range known {
		if s.signer.names(c) && s.signer.commits(c) {
			return s.with(c.Raw)
		}
	}
	return nil, refuse("tsa.form", "the certificate of the authority, in the token or beside it", "none")
}

// with is a ContentInfo of the same with one certificate.
func (s *signedData) with(certificate []byte) ([]byte, error) {
	var b cryptobyte.Builder
	b.AddASN1(tag.SEQUENCE, func(info *cryptobyte.Builder) {
		info.AddASN1ObjectIdentifier(oidSignedData)
		info.AddASN1(tag0, func(explicit *cryptobyte.Builder) {
			explicit.AddASN1(tag.SEQUENCE, func(sd *cryptobyte.Builder) {
				sd.AddBytes(s.before)
				sd.AddASN1(tag0, func(list *cryptobyte.Builder) { list.AddBytes(certificate) })
				sd.AddBytes(s.after)
			})
		})
	})
	return b.Bytes()
}
