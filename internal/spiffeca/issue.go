package spiffeca

import (
	"crypto"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net/url"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// Issue makes an SVID as SPIRE would: one URI name, key usage
// digitalSignature, extended key usage server and client, a random serial
// number of 128 bits, and a new key.
func (ca *CA) Issue(spiffeID string) (*x509svid.SVID, error) {
	id, err := spiffeid.FromString(spiffeID)
	if err != nil {
		return nil, fmt.Errorf("spiffeca: reading SPIFFE ID: %w", err)
	}
	if !id.MemberOf(ca.td) || id.Path() == "" {
		return nil, fmt.Errorf("spiffeca: %s is not a workload of %s", id, ca.td)
	}
	return ca.IssueWith(Options{ID: spiffeID})
}

// Options ask for a certificate that [CA.Issue] would not make.
type Options struct {
	// ID becomes the URI name. It may be invalid; "" means no name.
	ID string
	// Key is the key to certify; nil means a new one of the CA's type.
	Key crypto.Signer
	// Edit changes the certificate just before it is signed.
	Edit func(*x509.Certificate)
}

// IssueWith makes a certificate for tests without checking that it is one that
// SPIFFE allows. The SVID's ID is zero if the name is not a SPIFFE ID.
func (ca *CA) IssueWith(o Options) (*x509svid.SVID, error) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	leaf, err := ca.newLeaf(o)
	if err != nil {
		return nil, fmt.Errorf("spiffeca: issuing SVID: %w", err)
	}
	svid := &x509svid.SVID{Certificates: []*x509.Certificate{leaf.cert}, PrivateKey: leaf.key}
	if ca.inter.cert != nil {
		svid.Certificates = append(svid.Certificates, ca.inter.cert)
	}
	if id, err := spiffeid.FromString(o.ID); err == nil {
		svid.ID = id
	}
	return svid, nil
}

// The functions below are called with mu held.

func (ca *CA) newLeaf(o Options) (issuer, error) {
	signer := ca.signer()
	tmpl, err := ca.template("", ca.cfg.SVIDTTL)
	if err != nil {
		return issuer{}, err
	}
	if tmpl.NotAfter.After(signer.cert.NotAfter) {
		tmpl.NotAfter = signer.cert.NotAfter
	}
	tmpl.KeyUsage = x509.KeyUsageDigitalSignature
	tmpl.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth}
	if tmpl.URIs, err = uriNames(o.ID); err != nil {
		return issuer{}, err
	}
	if o.Edit != nil {
		o.Edit(tmpl)
	}
	return ca.sign(tmpl, signer, o.Key)
}

func uriNames(id string) ([]*url.URL, error) {
	if id == "" {
		return nil, nil
	}
	uri, err := url.Parse(id)
	return []*url.URL{uri}, err
}

func (ca *CA) signer() issuer {
	if ca.inter.cert != nil {
		return ca.inter
	}
	return ca.root
}

// newIssuer makes a CA certificate; a zero parent makes it a root.
func (ca *CA) newIssuer(name string, parent issuer) (issuer, error) {
	tmpl, err := ca.template(name, ca.cfg.RootTTL)
	if err != nil {
		return issuer{}, err
	}
	tmpl.KeyUsage = x509.KeyUsageCertSign | x509.KeyUsageCRLSign
	tmpl.IsCA = true
	tmpl.URIs = []*url.URL{ca.td.ID().URL()}
	return ca.sign(tmpl, parent, nil)
}

// template has a subject of its own for every CA, so that two roots of one
// trust domain do not share a name; SVIDs have SPIRE's.
func (ca *CA) template(name string, ttl time.Duration) (*x509.Certificate, error) {
	serial := make([]byte, 16)
	if _, err := io.ReadFull(ca.cfg.Rand, serial); err != nil {
		return nil, fmt.Errorf("reading serial number: %w", err)
	}
	serial[0] = serial[0]&0x7f | 0x40
	subject := pkix.Name{Country: []string{"US"}, Organization: []string{"SPIRE"}}
	if name != "" {
		subject.Organization = []string{"Deed throwaway CA"}
		subject.CommonName = fmt.Sprintf("%s %s %x", ca.td, name, serial[:4])
	}
	now := ca.cfg.Now()
	return &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(serial),
		Subject:               subject,
		NotBefore:             now.Add(-backdate),
		NotAfter:              now.Add(ttl),
		BasicConstraintsValid: true,
	}, nil
}

// sign certifies key, or a new key if it is nil. A zero parent means
// self-signed. The nil reader makes ECDSA signatures follow RFC 6979.
func (ca *CA) sign(tmpl *x509.Certificate, parent issuer, key crypto.Signer) (issuer, error) {
	if key == nil {
		var err error
		if key, err = newKey(ca.cfg.KeyType, ca.cfg.Rand); err != nil {
			return issuer{}, err
		}
	}
	if parent.cert == nil {
		parent = issuer{tmpl, key}
	}
	der, err := x509.CreateCertificate(nil, tmpl, parent.cert, key.Public(), parent.key)
	if err != nil {
		return issuer{}, fmt.Errorf("signing certificate: %w", err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return issuer{}, fmt.Errorf("reading back certificate: %w", err)
	}
	return issuer{cert, key}, nil
}
