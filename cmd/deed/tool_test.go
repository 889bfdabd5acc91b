package main

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/deedlog/deed/attest/sshsig"
	"github.com/deedlog/deed/internal/testkit/pki"
)

// authoritiesFrom is when the authorities of a run of the tests began.
var authoritiesFrom = time.Now().UTC().Add(-time.Hour).Truncate(time.Second)

// tool is a person's own tool, without the programs that a machine may lack:
//
//	tool authority NAME FILE
//	tool trusted-root FILE
//	tool ssh-key FILE
//	tool ssh-sign NAMESPACE FILE OUT
//	tool cms AUTHORITY ADDRESS FILE OUT
//	tool bundle PROVIDER ADDRESS FILE OUT
func tool(ts *testscript.TestScript, neg bool, args []string) {
	write := func(name string, doc []byte) { ts.Check(os.WriteFile(ts.MkAbs(name), doc, 0o600)) }
	key := pki.SSH{Type: sshsig.Ed25519, Key: pki.Key("script")}
	switch {
	case neg || len(args) < 2:
		ts.Fatalf("usage: tool authority|trusted-root|ssh-key|ssh-sign|cms|bundle args...")
	case args[0] == "authority":
		write(args[2], pki.Authority(args[1], authoritiesFrom).PEM())
	case args[0] == "trusted-root":
		write(args[1], trustedRoot(ts))
	case args[0] == "ssh-key":
		write(args[1], []byte(key.Line()))
	case args[0] == "ssh-sign":
		key.Namespace = args[1]
		write(args[3], sshsig.Armor(key.Sign([]byte(ts.ReadFile(args[2])))))
	case args[0] == "cms":
		name, _, _ := strings.Cut(args[2], "@")
		leaf := pki.Authority(args[1], authoritiesFrom).Person(name, args[2])
		write(args[4], pki.Signature{Signer: leaf, Content: []byte(ts.ReadFile(args[3]))}.DER())
	case args[0] == "bundle":
		keylessBundle(ts, write, args[1:])
	}
}

// keylessBundle writes a signature as cosign does, whose time stamp has no
// certificate, and its parts as files of their own.
func keylessBundle(ts *testscript.TestScript, write func(string, []byte), args []string) {
	now := time.Now().UTC().Truncate(time.Second)
	leaf := pki.Authority("fulcio", authoritiesFrom).Keyless(args[1], args[0], now.Add(-time.Minute))
	sig, err := leaf.Key.Sign(nil, []byte(ts.ReadFile(args[2])), crypto.Hash(0))
	ts.Check(err)
	token := pki.Token{Signer: pki.Authority("time", authoritiesFrom).Stamper(), Stamped: sig, Time: now}
	whole := response(token.DER())
	token.Sign = func(s *pki.Signature) { s.Certificates = []*x509.Certificate{} }
	write(args[3], document(ts, map[string]any{
		"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
		"verificationMaterial": map[string]any{
			"certificate":               rawBytes(leaf.Raw),
			"timestampVerificationData": map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": response(token.DER())}}},
			"tlogEntries":               []any{},
		},
		"messageSignature": map[string]any{"messageDigest": map[string]any{"algorithm": "SHA2_256"}, "signature": sig},
	}))
	write(args[3]+".sig", []byte(base64.StdEncoding.EncodeToString(sig)+"\n"))
	write(args[3]+".pem", leaf.PEM())
	write(args[3]+".tsr", whole)
	write(args[3]+".tsa.pem", token.Signer.PEM())
}

// response is the answer of an authority that grants a token.
func response(token []byte) []byte {
	return append([]byte{0x30, 0x82, byte((len(token) + 5) >> 8), byte(len(token) + 5), 0x30, 3, 2, 1, 0}, token...)
}

// trustedRoot is of the authorities that the scripts have, and one that is past.
func trustedRoot(ts *testscript.TestScript) []byte {
	now, tsa := time.Now().UTC(), pki.Authority("time", authoritiesFrom)
	authority := func(until time.Time, chain ...*pki.Issued) map[string]any {
		var list []any
		for _, c := range chain {
			list = append(list, rawBytes(c.Raw))
		}
		return map[string]any{"certChain": map[string]any{"certificates": list}, "validFor": map[string]any{"start": authoritiesFrom, "end": until}}
	}
	return document(ts, map[string]any{
		"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
		"certificateAuthorities": []any{
			authority(now.Add(-time.Minute), pki.Authority("former", authoritiesFrom)), authority(now.Add(time.Hour), pki.Authority("fulcio", authoritiesFrom)),
		},
		"timestampAuthorities": []any{authority(now.Add(time.Hour), tsa.Stamper(), tsa)},
	})
}

func rawBytes(der []byte) map[string]any { return map[string]any{"rawBytes": der} }

func document(ts *testscript.TestScript, v any) []byte {
	doc, err := json.Marshal(v, json.Deterministic(true))
	ts.Check(err)
	return doc
}
