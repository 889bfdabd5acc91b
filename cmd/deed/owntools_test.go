package main

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
)

// bundleText is a bundle of sigstore; the token stands for a bare one.
func bundleText(media, material, signature string) string {
	return `{"mediaType":"` + media + `","verificationMaterial":{` + material + `},"messageSignature":{"signature":"` + signature + `"}}`
}

const (
	bundleMedia = "application/vnd.dev.sigstore.bundle.v0.3+json"
	bundleLeaf  = `"certificate":{"rawBytes":"AQI="}`
	bundleTime  = `"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"MAMGASo="}]}` // SEQUENCE { OID }
)

func TestReadBundle(t *testing.T) {
	want := attest.FulcioProof{Certificates: []byte{1, 2}, Signature: []byte{3}, TSAToken: []byte{0x30, 3, 6, 1, 0x2a}}
	for name, doc := range map[string]string{
		"version 0.3":        bundleText(bundleMedia, bundleLeaf+","+bundleTime, "Aw=="),
		"version 0.2, chain": bundleText("application/vnd.dev.sigstore.bundle+json;version=0.2", `"x509CertificateChain":{"certificates":[{"rawBytes":"AQ=="},{"rawBytes":"Ag=="}]},`+bundleTime, "Aw=="),
	} {
		p, err := readBundle([]byte(doc))
		if err != nil || !bytes.Equal(p.Certificates, want.Certificates) || !bytes.Equal(p.Signature, want.Signature) || !bytes.Equal(p.TSAToken, want.TSAToken) {
			t.Errorf("%s: %+v %v", name, p, err)
		}
	}
	for name, c := range map[string]struct{ doc, says string }{
		"no JSON":        {"x", "reading sigstore bundle"},
		"another format": {bundleText("text/plain", bundleLeaf+","+bundleTime, "Aw=="), "mediaType"},
		"by a key":       {bundleText(bundleMedia, `"publicKey":{"hint":"x"},`+bundleTime, "Aw=="), "no certificate"},
		"no signature":   {bundleText(bundleMedia, bundleLeaf+","+bundleTime, ""), "no messageSignature"},
		"no time":        {bundleText(bundleMedia, bundleLeaf, "Aw=="), "no RFC 3161 time stamp"},
		"a bad time":     {strings.Replace(bundleText(bundleMedia, bundleLeaf+","+bundleTime, "Aw=="), "MAMGASo=", "AAAA", 1), "tsa.form"},
	} {
		if _, err := readBundle([]byte(c.doc)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDEROf(t *testing.T) {
	der := []byte{0x30, 0}
	text := "-----BEGIN CMS-----\n" + base64.StdEncoding.EncodeToString(der) + "\n-----END CMS-----\n"
	for _, doc := range []string{string(der), text, strings.ReplaceAll(text, "CMS", "PKCS7")} {
		if got := derOf([]byte(doc), "CMS", "PKCS7"); !bytes.Equal(got, der) {
			t.Errorf("%q is %x", doc, got)
		}
	}
	for _, doc := range []string{strings.ReplaceAll(text, "CMS", "CERTIFICATE"), text + "x"} {
		if got := derOf([]byte(doc), "CMS", "PKCS7"); string(got) != doc {
			t.Errorf("%q is taken", doc)
		}
	}
}

// FuzzBundle: what is read has all its parts.
func FuzzBundle(f *testing.F) {
	f.Add([]byte(bundleText(bundleMedia, bundleLeaf+","+bundleTime, "Aw==")))
	f.Fuzz(func(t *testing.T, doc []byte) {
		p, err := readBundle(doc)
		if err == nil && (len(p.Certificates) == 0 || len(p.Signature) == 0 || len(p.TSAToken) == 0) {
			t.Errorf("%+v", p)
		}
	})
}
