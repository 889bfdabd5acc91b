package signing

import (
	"bytes"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/sigstore"
)

// derOf is what a file holds in DER: in one of these blocks of PEM, or as it is.
func derOf(doc []byte, blocks ...string) []byte {
	if block, rest := pem.Decode(doc); block != nil && slices.Contains(blocks, block.Type) && len(bytes.TrimSpace(rest)) == 0 {
		return block.Bytes
	}
	return doc
}

// proof reads a bundle of sigstore; or signature, certificate and time stamp from
// files of their own. More time stamps than the first are not used.
func (o *OwnTool) proof(doc []byte) (p attest.FulcioProof, err error) {
	var answer []byte
	if o.certificate == "" {
		b, err := sigstore.ParseBundle(doc)
		if errors.Is(err, sigstore.ErrNoTime) {
			err = console.Hint(err, "sign with a time-stamping authority configured: the time of a transparency log is not used")
		}
		if err != nil {
			return p, err
		}
		p.Certificates, p.Signature, answer = b.Certificates, b.Signature, b.Timestamps[0]
	} else {
		p.Signature = doc
		if sig, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(doc))); err == nil {
			p.Signature = sig
		}
		if p.Certificates, err = ReadCertificates(o.certificate); err != nil {
			return p, err
		}
		if answer, err = os.ReadFile(o.timestamp); err != nil {
			return p, fmt.Errorf("reading time stamp: %w", err)
		}
	}
	stampers, err := readStampers(o.trustedRoot)
	if err != nil {
		return p, err
	}
	p.TSAToken, err = attest.TSAToken(answer, stampers...)
	if err != nil && o.trustedRoot == "" {
		err = console.Hint(err, "tools of sigstore leave the authority's certificate out of the time stamp: give it with --trusted-root FILE")
	}
	return p, err
}

// readStampers reads the certificates of time-stamping authorities: of a trusted
// root of sigstore, or in PEM.
func readStampers(path string) ([]*x509.Certificate, error) {
	if path == "" {
		return nil, nil
	}
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading trusted root: %w", err)
	}
	if sigstore.IsTrustedRoot(doc) {
		root, err := sigstore.ParseTrustedRoot(doc)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", path, err)
		}
		return root.Stampers(), nil
	}
	der, err := ReadCertificates(path)
	if err != nil {
		return nil, err
	}
	list, err := x509.ParseCertificates(der)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	return list, nil
}

// ReadCertificates reads the certificates of a PEM file in DER, one after the
// other.
func ReadCertificates(path string) (der []byte, err error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading certificate: %w", err)
	}
	for rest := doc; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if block.Type == "CERTIFICATE" {
			der = append(der, block.Bytes...)
		}
	}
	if der == nil {
		return nil, fmt.Errorf("reading %s: no CERTIFICATE in it", path)
	}
	return der, nil
}
