package main

import (
	"crypto"
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
//	tool ssh-key FILE
//	tool ssh-sign NAMESPACE FILE OUT
//	tool cms AUTHORITY ADDRESS FILE OUT
//	tool bundle PROVIDER ADDRESS FILE OUT
func tool(ts *testscript.TestScript, neg bool, args []string) {
	write := func(name string, doc []byte) { ts.Check(os.WriteFile(ts.MkAbs(name), doc, 0o600)) }
	key := pki.SSH{Type: sshsig.Ed25519, Key: pki.Key("script")}
	switch {
	case neg || len(args) < 2:
		ts.Fatalf("usage: tool authority|ssh-key|ssh-sign|cms|bundle args...")
	case args[0] == "authority":
		write(args[2], pki.Authority(args[1], authoritiesFrom).PEM())
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
		now := time.Now().UTC().Truncate(time.Second)
		leaf := pki.Authority("fulcio", authoritiesFrom).Keyless(args[2], args[1], now.Add(-time.Minute))
		sig, err := leaf.Key.Sign(nil, []byte(ts.ReadFile(args[3])), crypto.Hash(0))
		ts.Check(err)
		token := pki.Token{Signer: pki.Authority("time", authoritiesFrom).Stamper(), Stamped: sig, Time: now}.DER()
		response := append([]byte{0x30, 0x82, byte((len(token) + 5) >> 8), byte(len(token) + 5), 0x30, 3, 2, 1, 0}, token...)
		doc, err := json.Marshal(map[string]any{
			"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
			"verificationMaterial": map[string]any{
				"certificate":               map[string]any{"rawBytes": leaf.Raw},
				"timestampVerificationData": map[string]any{"rfc3161Timestamps": []any{map[string]any{"signedTimestamp": response}}},
				"tlogEntries":               []any{},
			},
			"messageSignature": map[string]any{"messageDigest": map[string]any{"algorithm": "SHA2_256"}, "signature": sig},
		}, json.Deterministic(true))
		ts.Check(err)
		write(args[4], doc)
		write(args[4]+".sig", []byte(base64.StdEncoding.EncodeToString(sig)+"\n"))
		write(args[4]+".pem", leaf.PEM())
		write(args[4]+".tsr", response)
	}
}
