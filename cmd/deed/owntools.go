package main

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
)

// derOf is what a file holds in DER: in one of these blocks of PEM, or as it is.
func derOf(doc []byte, blocks ...string) []byte {
	if block, rest := pem.Decode(doc); block != nil && slices.Contains(blocks, block.Type) && len(bytes.TrimSpace(rest)) == 0 {
		return block.Bytes
	}
	return doc
}

// sigstoreBundle is a bundle of sigstore (version 0.3), as far as it is used.
type sigstoreBundle struct {
	MediaType            string `json:"mediaType"`
	VerificationMaterial struct {
		Certificate rawBytes `json:"certificate"`
		Chain       struct {
			Certificates []rawBytes `json:"certificates"`
		} `json:"x509CertificateChain"`
		Times struct {
			RFC3161 []struct {
				Signed []byte `json:"signedTimestamp"`
			} `json:"rfc3161Timestamps"`
		} `json:"timestampVerificationData"`
	} `json:"verificationMaterial"`
	MessageSignature struct {
		Signature []byte `json:"signature"`
	} `json:"messageSignature"`
}

type rawBytes struct {
	Raw []byte `json:"rawBytes"`
}

// readBundle takes signature, certificates and time stamp out of a bundle. More
// time stamps than the first are not used.
func readBundle(doc []byte) (p attest.FulcioProof, err error) {
	var b sigstoreBundle
	if err := json.Unmarshal(doc, &b); err != nil {
		return p, fmt.Errorf("reading sigstore bundle: %w", plainJSON(err))
	}
	if !strings.HasPrefix(b.MediaType, "application/vnd.dev.sigstore.bundle") {
		return p, fmt.Errorf("reading sigstore bundle: mediaType is %q", b.MediaType)
	}
	m := b.VerificationMaterial
	p.Certificates = m.Certificate.Raw
	for _, c := range m.Chain.Certificates {
		p.Certificates = append(p.Certificates, c.Raw...)
	}
	p.Signature = b.MessageSignature.Signature
	switch {
	case len(p.Certificates) == 0:
		return p, errors.New("reading sigstore bundle: it has no certificate: sign with an identity, not with a key")
	case len(p.Signature) == 0:
		return p, errors.New("reading sigstore bundle: it has no messageSignature")
	case len(m.Times.RFC3161) == 0:
		return p, withHint(errors.New("reading sigstore bundle: it has no RFC 3161 time stamp"), "sign with a time-stamping authority configured: the time of a transparency log is not used")
	}
	p.TSAToken, err = attest.TSAToken(m.Times.RFC3161[0].Signed)
	return p, err
}

// proof reads a bundle; or signature, certificate and time stamp from files of
// their own.
func (o *ownFlags) proof(doc []byte) (p attest.FulcioProof, err error) {
	if o.certificate == "" {
		return readBundle(doc)
	}
	p.Signature = doc
	if sig, err := base64.StdEncoding.DecodeString(strings.TrimSpace(string(doc))); err == nil {
		p.Signature = sig
	}
	if p.Certificates, err = readCertificates(o.certificate); err != nil {
		return p, err
	}
	answer, err := os.ReadFile(o.timestamp)
	if err != nil {
		return p, fmt.Errorf("reading time stamp: %w", err)
	}
	p.TSAToken, err = attest.TSAToken(answer)
	return p, err
}

// readCertificates reads the certificates of a PEM file in DER, one after the
// other.
func readCertificates(path string) (der []byte, err error) {
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
