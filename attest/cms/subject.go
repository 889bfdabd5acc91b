package cms

import (
	"bytes"
	"crypto/x509"
	"slices"
	"strings"
	"time"
)

// Subject is whom a certificate has to be of, whoever renews it: one of the two.
type Subject struct {
	Email string // one of the certificate's rfc822Name, byte for byte
	DN    []byte // the certificate's subject in DER, byte for byte
}

// personUsages is what a person's certificate may be for, if it has extended key
// usages at all: e-mail, or clients of TLS.
var personUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection, x509.ExtKeyUsageClientAuth}

// Verify checks a detached CMS signature in DER over a message: that a
// certificate of the subject made it, which leads to one of the roots and is valid
// at a time. Checks: cms.form, cms.algorithm, cms.certificate, cms.digest,
// key.algorithm, envelope.signature, certificate.usage, certificate.subject,
// certificate.chain, certificate.expired, certificate.not_yet_valid.
func (s Subject) Verify(der, message []byte, roots *Roots, at time.Time) (Facts, error) {
	sd, err := parseSignedData(der)
	if err != nil {
		return Facts{}, err
	}
	if sd.content != nil || !sd.contentType.Equal(oidData) {
		return Facts{}, notCMS("a detached signature over data")
	}
	leaf, err := sd.leaf()
	if err != nil {
		return Facts{}, err
	}
	if err := sd.verify(leaf, message); err != nil {
		return Facts{}, err
	}
	p := path{leaf: leaf, others: sd.certificates, usages: personUsages, group: ofPerson}
	if err := p.usable(); err != nil {
		return Facts{}, err
	}
	if !s.is(leaf) {
		return Facts{}, refuse("certificate.subject", s.String(), NameOf(leaf))
	}
	until, err := p.prove(roots, at)
	return Facts{Leaf: leaf, NotAfter: until}, err
}

func (s Subject) is(c *x509.Certificate) bool {
	if s.Email != "" {
		return slices.Contains(c.EmailAddresses, s.Email)
	}
	return bytes.Equal(c.RawSubject, s.DN)
}

// String is the subject for people.
func (s Subject) String() string {
	if s.Email != "" {
		return s.Email
	}
	return DNText(s.DN)
}

// NameOf is whom a certificate is of, for people.
func NameOf(c *x509.Certificate) string {
	names := append(slices.Clone(c.EmailAddresses), DNText(c.RawSubject))
	for _, u := range c.URIs {
		names = append(names, u.String())
	}
	return strings.Join(names, ", ")
}
