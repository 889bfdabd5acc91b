package sigstore_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest/cms"
	"github.com/deedlog/deed/internal/sigstore"
)

func bundleText(media, material, signature string) string {
	return `{"mediaType":"` + media + `","verificationMaterial":{` + material + `},"messageSignature":{"signature":"` + signature + `"}}`
}

const (
	bundleMedia = "application/vnd.dev.sigstore.bundle.v0.3+json"
	bundleLeaf  = `"certificate":{"rawBytes":"AQI="}`
	bundleTime  = `"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"MAMGASo="}]}`
)

func TestParseBundle(t *testing.T) {
	for name, doc := range map[string]string{
		"version 0.3":        bundleText(bundleMedia, bundleLeaf+","+bundleTime, "Aw=="),
		"version 0.2, chain": bundleText("application/vnd.dev.sigstore.bundle+json;version=0.2", `"x509CertificateChain":{"certificates":[{"rawBytes":"AQ=="},{"rawBytes":"Ag=="}]},`+bundleTime, "Aw=="),
	} {
		b, err := sigstore.ParseBundle([]byte(doc))
		if err != nil || !bytes.Equal(b.Certificates, []byte{1, 2}) || !bytes.Equal(b.Signature, []byte{3}) || len(b.Timestamps) != 1 || !bytes.Equal(b.Timestamps[0], []byte{0x30, 3, 6, 1, 0x2a}) {
			t.Errorf("%s: %+v %v", name, b, err)
		}
	}
	for name, c := range map[string]struct{ doc, says string }{
		"no JSON":        {"x", "reading sigstore bundle"},
		"another type":   {bundleText(bundleMedia, `"certificate":3`, "Aw=="), "/verificationMaterial/certificate: a number does not fit"},
		"a name twice":   {bundleText(bundleMedia, bundleLeaf+","+bundleLeaf+","+bundleTime, "Aw=="), "duplicate"},
		"another format": {bundleText("text/plain", bundleLeaf+","+bundleTime, "Aw=="), "mediaType"},
		"by a key":       {bundleText(bundleMedia, `"publicKey":{"hint":"x"},`+bundleTime, "Aw=="), "no certificate"},
		"no signature":   {bundleText(bundleMedia, bundleLeaf+","+bundleTime, ""), "no messageSignature"},
		"no time":        {bundleText(bundleMedia, bundleLeaf, "Aw=="), "no RFC 3161 time stamp"},
		"too long":       {strings.Repeat(" ", 1<<20) + "{}", "at most"},
	} {
		_, err := sigstore.ParseBundle([]byte(c.doc))
		if err == nil || !strings.Contains(err.Error(), c.says) || errors.Is(err, sigstore.ErrNoTime) != (name == "no time") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseTrustedRoot(t *testing.T) {
	for name, c := range map[string]struct{ doc, says string }{
		"no JSON":        {"-----BEGIN", "reading trusted root"},
		"another format": {`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`, "mediaType"},
		"no certificate": {`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","certificateAuthorities":[{"certChain":{"certificates":[{"rawBytes":"AQI="}]}}]}`, "reading certificateAuthorities"},
		"no time":        {`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","timestampAuthorities":[{"validFor":{"end":"never"}}]}`, "reading trusted root"},
	} {
		if _, err := sigstore.ParseTrustedRoot([]byte(c.doc)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if !sigstore.IsTrustedRoot(file(t, "trusted_root.json")) || sigstore.IsTrustedRoot([]byte("-----BEGIN CERTIFICATE-----")) {
		t.Error("JSON and PEM are not told apart")
	}
}

// FuzzBundle: what is read has all its parts.
func FuzzBundle(f *testing.F) {
	f.Add([]byte(bundleText(bundleMedia, bundleLeaf+","+bundleTime, "Aw==")))
	f.Add(file(f, "cosign_checksums.txt.sigstore.json"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		b, err := sigstore.ParseBundle(doc)
		if err == nil && (len(b.Certificates) == 0 || len(b.Signature) == 0 || len(b.Timestamps) == 0) {
			t.Errorf("%+v", b)
		}
	})
}

// FuzzTrustedRoot: what is written of a trusted root is authorities in form.
func FuzzTrustedRoot(f *testing.F) {
	f.Add(file(f, "trusted_root.json"))
	f.Fuzz(func(t *testing.T, doc []byte) {
		root, err := sigstore.ParseTrustedRoot(doc)
		if err != nil {
			return
		}
		for _, list := range [][]sigstore.Authority{root.Fulcio, root.TSA} {
			doc, err := sigstore.PEM(list, time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
			if err != nil {
				continue
			}
			if roots, err := cms.ParseRoots(doc); err == nil && len(roots.Certificates()) == 0 {
				t.Error("no authorities")
			}
		}
	})
}
