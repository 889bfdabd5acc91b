package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"os"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/deedlog/deed/internal/testkit/authenticator"
)

// device is the command passkey. passkey create FILE writes what a browser gives for a new passkey;
// passkey get REQUEST FILE [unverified|elsewhere|other|localhost] answers a request.
func device(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: passkey create FILE | get REQUEST FILE")
	}
	scalar := make([]byte, 32)
	scalar[31] = 5
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	ts.Check(err)
	a := authenticator.New(key, "acme.example", "https://deed.acme.example")
	a.Flags |= authenticator.BackupEligible | authenticator.BackedUp
	if args[0] == "create" {
		ts.Check(os.WriteFile(ts.MkAbs(args[1]), a.CreateJSON(), 0o600))
		return
	}
	for _, how := range args[3:] {
		switch how {
		case "unverified":
			a.Flags &^= authenticator.UserVerified
		case "elsewhere":
			a.Origin = "https://evil.example"
		case "localhost":
			a = authenticator.New(key, "localhost", ts.Getenv("PAGE"))
		case "other":
			a.ID = []byte("another credential")
		}
	}
	var request struct {
		PublicKey json.RawMessage `json:"publicKey"`
	}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile(args[1])), &request))
	answer, err := a.GetJSON(request.PublicKey)
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[2]), answer, 0o600))
}
