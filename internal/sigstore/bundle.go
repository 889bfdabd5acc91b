// Package sigstore reads the files of sigstore's tools, as far as Deed uses them: a
// [Bundle] is a signature as cosign writes it, a [TrustedRoot] the authorities that
// sigstore has, or a company's own Fulcio. What they say is proven by others.
//
// The formats are the JSON of sigstore's protobuf messages (sigstore/protobuf-specs,
// sigstore_bundle.proto and sigstore_trustroot.proto). Members that are not used are
// passed over: newer versions add some.
package sigstore

import (
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
)

// maxDocument bounds a file, in bytes.
const maxDocument = 1 << 20

// ErrNoTime is the error of a bundle without a time stamp of RFC 3161: the time of a
// transparency log is not used.
var ErrNoTime = errors.New("it has no RFC 3161 time stamp")

// Bundle is a signature over bytes that are not in it, by a certificate, with time
// stamps of it (versions 0.1 to 0.3).
type Bundle struct {
	Certificates []byte   // DER, one after the other, leaf first
	Signature    []byte   // of the bytes
	Timestamps   [][]byte // answers of time-stamping authorities over Signature (RFC 3161), at least one
}

// bytesOf is a certificate as the messages have it.
type bytesOf struct {
	Raw []byte `json:"rawBytes"`
}

type bundle struct {
	MediaType            string `json:"mediaType"`
	VerificationMaterial struct {
		Certificate bytesOf `json:"certificate"`
		Chain       struct {
			Certificates []bytesOf `json:"certificates"`
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

// ParseBundle reads a bundle; one that lacks a part is an error, [ErrNoTime] if it
// is the time stamp.
func ParseBundle(doc []byte) (Bundle, error) {
	var b bundle
	if err := read(doc, &b); err != nil {
		return Bundle{}, fmt.Errorf("reading sigstore bundle: %w", err)
	}
	if !strings.HasPrefix(b.MediaType, "application/vnd.dev.sigstore.bundle") {
		return Bundle{}, fmt.Errorf("reading sigstore bundle: mediaType is %q", b.MediaType)
	}
	m := b.VerificationMaterial
	out := Bundle{Certificates: m.Certificate.Raw, Signature: b.MessageSignature.Signature}
	for _, c := range m.Chain.Certificates {
		out.Certificates = append(out.Certificates, c.Raw...)
	}
	for _, s := range m.Times.RFC3161 {
		out.Timestamps = append(out.Timestamps, s.Signed)
	}
	switch {
	case len(out.Certificates) == 0:
		return Bundle{}, errors.New("reading sigstore bundle: it has no certificate: sign with an identity, not with a key")
	case len(out.Signature) == 0:
		return Bundle{}, errors.New("reading sigstore bundle: it has no messageSignature")
	case len(out.Timestamps) == 0:
		return Bundle{}, fmt.Errorf("reading sigstore bundle: %w", ErrNoTime)
	}
	return out, nil
}

// read reads a document of sigstore's, whose members are more than those that are
// used.
func read(doc []byte, into any) error {
	if len(doc) > maxDocument {
		return fmt.Errorf("it has %d bytes, want at most %d", len(doc), maxDocument)
	}
	err := json.Unmarshal(doc, into)
	if e, ok := errors.AsType[*json.SemanticError](err); ok && e.JSONPointer != "" {
		return fmt.Errorf("%s: a %s does not fit", e.JSONPointer, e.JSONKind) // and not the name of a type of Go
	}
	return err
}
