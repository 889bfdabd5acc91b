package identity

import (
	"crypto/x509"
	"encoding/asn1"
	"fmt"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
)

// Caps of SPIFFE-ID section 2.3.
const (
	maxID          = 2048 // bytes of a SPIFFE ID
	maxTrustDomain = 255  // bytes of a trust domain name
)

var (
	oidSubjectAltName = asn1.ObjectIdentifier{2, 5, 29, 17}
	tagURI            = 6 // RFC 5280 section 4.2.1.6, GeneralName
)

// leafName gives the SPIFFE ID of a leaf certificate, or says why it has none.
func leafName(leaf *x509.Certificate) (spiffeid.ID, *Error) {
	uris, err := uriNames(leaf)
	if err != nil {
		return spiffeid.ID{}, nameError("a readable subject alternative name", err.Error())
	}
	if len(uris) != 1 {
		return spiffeid.ID{}, nameError("exactly one URI name", fmt.Sprint(len(uris)))
	}
	return parseID(uris[0])
}

// parseID checks the name as it stands in the certificate. It does not go
// through a URL, which would lower-case the scheme and drop an empty fragment.
func parseID(s string) (spiffeid.ID, *Error) {
	if len(s) > maxID {
		return spiffeid.ID{}, nameError("at most 2048 bytes", fmt.Sprint(len(s)))
	}
	id, err := spiffeid.FromString(s)
	switch {
	case err != nil:
		return spiffeid.ID{}, nameError("a SPIFFE ID", printable(s))
	case id.Path() == "":
		return spiffeid.ID{}, nameError("a SPIFFE ID with a path", printable(s))
	case len(id.TrustDomain().Name()) > maxTrustDomain:
		return spiffeid.ID{}, nameError("a trust domain of at most 255 bytes", fmt.Sprint(len(id.TrustDomain().Name())))
	}
	return id, nil
}

func nameError(expected, found string) *Error {
	return &Error{Check: CheckSPIFFEID, Field: "certificates[0].uri", Expected: expected, Found: found}
}

// uriNames reads the URI names of a certificate as exact bytes.
func uriNames(cert *x509.Certificate) ([]string, error) {
	var uris []string
	for _, ext := range cert.Extensions {
		if !ext.Id.Equal(oidSubjectAltName) {
			continue
		}
		names, err := generalNames(ext.Value)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			if name.Class == asn1.ClassContextSpecific && name.Tag == tagURI {
				uris = append(uris, string(name.Bytes))
			}
		}
	}
	return uris, nil
}

func generalNames(der []byte) ([]asn1.RawValue, error) {
	var names []asn1.RawValue
	rest, err := asn1.Unmarshal(der, &names)
	if err == nil && len(rest) > 0 {
		err = fmt.Errorf("%d bytes after the names", len(rest))
	}
	return names, err
}

// parseTrustDomain accepts a bare trust domain name, not a SPIFFE ID.
func parseTrustDomain(name string) error {
	td, err := spiffeid.TrustDomainFromString(name)
	if err != nil || td.Name() != name || len(name) > maxTrustDomain {
		return &Error{Check: CheckBundle, Field: "trust_domain", Expected: "a trust domain name of at most 255 bytes", Found: printable(name)}
	}
	return nil
}
