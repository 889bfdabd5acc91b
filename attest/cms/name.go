package cms

import (
	"crypto/x509/pkix"
	"encoding/asn1"
)

// DNText is a distinguished name in DER, for people.
func DNText(der []byte) string {
	var rdn pkix.RDNSequence
	if rest, err := asn1.Unmarshal(der, &rdn); err != nil || len(rest) > 0 {
		return "a name out of form"
	}
	if len(rdn) == 0 {
		return "an empty name"
	}
	return rdn.String()
}

// ValidDN reports whether b is a distinguished name in DER that is not empty.
func ValidDN(b []byte) bool {
	var rdn pkix.RDNSequence
	rest, err := asn1.Unmarshal(b, &rdn)
	return err == nil && len(rest) == 0 && len(rdn) > 0
}
