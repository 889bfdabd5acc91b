package cms

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// Caps of a set of authorities.
const (
	maxRoots   = 64
	maxRootDoc = 512 << 10
)

// Roots is a set of authorities, each of which ends a path: an intermediate in
// the set is one too.
type Roots struct {
	certificates []*x509.Certificate
}

var errZeroTime = errors.New("cms: the time is zero")

var unproven = &Roots{}

// Unproven asks for no path at all: whoever opens again what it checked before
// says so with it. Nil and an empty set are no such thing: nothing leads there.
func Unproven() *Roots { return unproven }

// NewRoots makes a set of several, of any number of versions.
func NewRoots(sets ...*Roots) *Roots {
	out := &Roots{}
	for _, s := range sets {
		out.certificates = append(out.certificates, s.certificates...)
	}
	return out
}

// Certificates lists the authorities. The caller must not change them.
func (r *Roots) Certificates() []*x509.Certificate { return r.certificates }

// ParseRoots reads a set in PEM: 1 to 64 CERTIFICATE blocks and nothing else but
// white space between them, each an authority that may sign certificates. Check:
// roots.form.
func ParseRoots(doc []byte) (*Roots, error) {
	out := &Roots{}
	if len(doc) > maxRootDoc {
		return nil, refuse("roots.form", "at most 512 KiB", strconv.Itoa(len(doc))+" bytes")
	}
	for rest := bytes.TrimSpace(doc); len(rest) > 0; {
		if !bytes.HasPrefix(rest, []byte("-----BEGIN CERTIFICATE-----")) {
			return nil, refuse("roots.form", "CERTIFICATE blocks of PEM and nothing else", "something else")
		}
		var block *pem.Block
		block, rest = pem.Decode(rest)
		if block == nil || len(block.Headers) > 0 {
			return nil, refuse("roots.form", "CERTIFICATE blocks of PEM and nothing else", "something else")
		}
		rest = bytes.TrimSpace(rest)
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, refuse("roots.form", "a certificate", err.Error())
		}
		if !issues(c) {
			return nil, refuse("roots.form", "an authority that may sign certificates", c.Subject.String())
		}
		out.certificates = append(out.certificates, c)
	}
	if n := len(out.certificates); n < 1 || n > maxRoots {
		return nil, refuse("roots.form", "1 to 64 certificates", strconv.Itoa(n))
	}
	return out, nil
}

// issues reports whether a certificate is an authority's, with a key that is
// strong enough.
func issues(c *x509.Certificate) bool {
	if !c.IsCA || c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0 {
		return false
	}
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() >= 2048 && k.N.BitLen() <= 8192
	case *ecdsa.PublicKey:
		return k.Curve == elliptic.P256() || k.Curve == elliptic.P384() || k.Curve == elliptic.P521()
	case ed25519.PublicKey:
		return true
	}
	return false
}

// signs refuses the key of a leaf that is of no allowed kind. Check:
// key.algorithm.
func signs(c *x509.Certificate) error {
	switch k := c.PublicKey.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() >= 2048 && k.N.BitLen() <= 4096 {
			return nil
		}
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() || k.Curve == elliptic.P384() {
			return nil
		}
	case ed25519.PublicKey:
		return nil
	}
	return refuse("key.algorithm", "Ed25519, P-256, P-384 or RSA of 2048 to 4096 bits", fmt.Sprintf("%T", c.PublicKey))
}

// path is a leaf with what may lead from it to an authority.
type path struct {
	leaf   *x509.Certificate
	others []*x509.Certificate
	usages []x509.ExtKeyUsage // one of which every certificate of the path allows
	group  group
}

// group is how the checks of a path are called.
type group struct{ chain, expired, early, usage string }

var (
	ofPerson = group{"certificate.chain", "certificate.expired", "certificate.not_yet_valid", "certificate.usage"}
	ofTime   = group{"tsa.chain", "tsa.expired", "tsa.not_yet_valid", "tsa.usage"}
)

// prove checks that a path leads to one of the authorities and is valid at a
// time, and returns when the one that lasts longest ends. Checks: of the group,
// .chain, .expired, .not_yet_valid, .usage.
func (p path) prove(roots *Roots, at time.Time) (until time.Time, err error) {
	switch {
	case roots == unproven:
		return until, nil
	case roots == nil:
		return until, refuse(p.group.chain, "a path to an authority of the set", "no set")
	case at.IsZero():
		return until, errZeroTime
	}
	o := x509.VerifyOptions{Roots: x509.NewCertPool(), Intermediates: x509.NewCertPool(), CurrentTime: at, KeyUsages: p.usages}
	for _, c := range roots.certificates {
		o.Roots.AddCert(c)
	}
	for _, c := range p.others {
		if issues(c) {
			o.Intermediates.AddCert(c)
		}
	}
	switch {
	case at.Before(p.leaf.NotBefore):
		return until, refuse(p.group.early, "a certificate valid at "+instant(at), "valid from "+instant(p.leaf.NotBefore))
	case at.After(p.leaf.NotAfter):
		return until, refuse(p.group.expired, "a certificate valid at "+instant(at), "valid until "+instant(p.leaf.NotAfter))
	}
	chains, err := p.leaf.Verify(o)
	if invalid, _ := errors.AsType[x509.CertificateInvalidError](err); invalid.Reason == x509.IncompatibleUsage {
		return until, refuse(p.group.usage, "extended key usages for this", "others")
	}
	if err != nil {
		return until, refuse(p.group.chain, "a path to an authority of the set, valid at "+instant(at), err.Error())
	}
	for _, chain := range chains {
		if end := ends(chain); end.After(until) {
			until = end
		}
	}
	return until, nil
}

// ends is when the first certificate of a chain does.
func ends(chain []*x509.Certificate) time.Time {
	end := chain[0].NotAfter
	for _, c := range chain[1:] {
		if c.NotAfter.Before(end) {
			end = c.NotAfter
		}
	}
	return end
}

// usable refuses a leaf that is no signer's: an authority, or one whose key usage
// is not there or is for something else. Check: of the group, .usage.
func (p path) usable() error {
	const signing = x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment
	if p.leaf.IsCA || p.leaf.KeyUsage&signing == 0 {
		return refuse(p.group.usage, "a leaf with digitalSignature or contentCommitment", "another")
	}
	return nil
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05Z") }

// parseCertificates reads certificates in DER, one after the other. Nothing is
// left over.
func parseCertificates(der []byte, check string) ([]*x509.Certificate, error) {
	list, err := x509.ParseCertificates(der)
	if err == nil {
		err = fmt.Errorf("%d", len(list))
	}
	if len(list) < 1 || len(list) > maxCertificates {
		return nil, refuse(check, "1 to 8 certificates in DER, one after the other", err.Error())
	}
	return list, nil
}
