package sigstore

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"
	"time"
)

// TrustedRoot is which authorities sigstore has, and from when until when: the
// target trusted_root.json of its TUF repository, or what `cosign trusted-root
// create` writes for others.
type TrustedRoot struct {
	Fulcio []Authority // certify people and workloads
	TSA    []Authority // time stamps
}

// Authority is certificates from the one that signs up to its root.
type Authority struct {
	Chain       []*x509.Certificate // of a time-stamping authority, from its own that signs no certificates
	From, Until time.Time           // what it signed between these counts; zero: no bound
}

type trustedRoot struct {
	MediaType string      `json:"mediaType"`
	Fulcio    []authority `json:"certificateAuthorities"`
	TSA       []authority `json:"timestampAuthorities"`
}

type authority struct {
	Chain struct {
		Certificates []bytesOf `json:"certificates"`
	} `json:"certChain"`
	ValidFor struct {
		Start time.Time `json:"start"`
		End   time.Time `json:"end"`
	} `json:"validFor"`
}

// IsTrustedRoot reports whether a file looks like a trusted root, and not like PEM.
func IsTrustedRoot(doc []byte) bool { return bytes.HasPrefix(bytes.TrimSpace(doc), []byte("{")) }

// ParseTrustedRoot reads a trusted root (version 0.1 or 0.2).
func ParseTrustedRoot(doc []byte) (*TrustedRoot, error) {
	var r trustedRoot
	if err := read(doc, &r); err != nil {
		return nil, fmt.Errorf("reading trusted root: %w", err)
	}
	if !strings.HasPrefix(r.MediaType, "application/vnd.dev.sigstore.trustedroot") {
		return nil, fmt.Errorf("reading trusted root: mediaType is %q", r.MediaType)
	}
	fulcio, err := authorities(r.Fulcio)
	if err != nil {
		return nil, fmt.Errorf("reading certificateAuthorities: %w", err)
	}
	tsa, err := authorities(r.TSA)
	if err != nil {
		return nil, fmt.Errorf("reading timestampAuthorities: %w", err)
	}
	return &TrustedRoot{fulcio, tsa}, nil
}

func authorities(list []authority) ([]Authority, error) {
	var out []Authority
	for _, a := range list {
		one := Authority{From: a.ValidFor.Start, Until: a.ValidFor.End}
		for _, raw := range a.Chain.Certificates {
			c, err := x509.ParseCertificate(raw.Raw)
			if err != nil {
				return nil, err
			}
			one.Chain = append(one.Chain, c)
		}
		out = append(out, one)
	}
	return out, nil
}

// PEM is the authorities of a list that count at a time, as a root of Deed has
// them: certificates that sign others, each once. It is an error if there are none.
func PEM(list []Authority, at time.Time) ([]byte, error) {
	var out bytes.Buffer
	seen := map[string]bool{}
	for _, a := range list {
		if at.Before(a.From) || !a.Until.IsZero() && at.After(a.Until) {
			continue
		}
		for _, c := range a.Chain {
			if !c.IsCA || seen[string(c.Raw)] {
				continue
			}
			seen[string(c.Raw)] = true
			if err := pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}); err != nil {
				return nil, err
			}
		}
	}
	if out.Len() == 0 {
		return nil, errors.New("the trusted root has no such authority that counts at " + at.UTC().Format(time.RFC3339))
	}
	return out.Bytes(), nil
}

// Stampers are the certificates that sign time stamps, whenever they count: tokens
// of sigstore's tools do not have them.
func (r *TrustedRoot) Stampers() []*x509.Certificate {
	var out []*x509.Certificate
	for _, a := range r.TSA {
		for _, c := range a.Chain {
			if !c.IsCA {
				out = append(out, c)
			}
		}
	}
	return out
}
