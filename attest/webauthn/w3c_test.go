package webauthn_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"testing"

	"github.com/deedlog/deed/attest/webauthn"
)

// w3cVector is a pair of ceremonies of the W3C's own test vectors; the bytes are
// in hex.
type w3cVector struct {
	Name              string `json:"name"`
	AttestationObject string `json:"attestation_object"`
	CreateClientData  string `json:"create_client_data"`
	CredentialID      string `json:"credential_id"`
	Challenge         string `json:"challenge"`
	AuthenticatorData string `json:"authenticator_data"`
	ClientData        string `json:"client_data"`
	Signature         string `json:"signature"`
}

// w3cResults are what we say of each vector: at registration and, where that is
// "", of the assertion. User verification is looked at last, so a vector that
// fails at it alone has passed everything else, signature included.
var w3cResults = map[string][2]string{
	"none-es256":                    {"", "passkey.verification"},
	"packed-self-es256":             {"", "passkey.verification"},
	"none-es256-crossOrigin":        {"passkey.cross_origin", ""},
	"none-es256-topOrigin":          {"passkey.cross_origin", ""},
	"none-es256-long-credential-id": {"", ""},
	"packed-es256":                  {"", ""},
	"packed-es384":                  {"key.algorithm", ""},
	"packed-es512":                  {"key.algorithm", ""},
	"packed-rs256":                  {"", "passkey.verification"},
	"packed-eddsa":                  {"", "passkey.verification"},
	"packed-ed448":                  {"key.algorithm", ""},
	"tpm-es256":                     {"", ""},
	"android-key-es256":             {"", "passkey.verification"},
	"apple-es256":                   {"", "passkey.verification"},
	"fido-u2f-es256":                {"", "passkey.verification"},
}

func w3cVectors(t testing.TB) []w3cVector {
	t.Helper()
	doc, err := os.ReadFile("../../testdata/vectors/webauthn/w3c.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []w3cVector }
	if err := json.Unmarshal(doc, &file); err != nil {
		t.Fatal(err)
	}
	return file.Cases
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (v w3cVector) assertion(t testing.TB) webauthn.Assertion {
	return webauthn.Assertion{
		AuthenticatorData: unhex(t, v.AuthenticatorData), ClientData: unhex(t, v.ClientData), Signature: unhex(t, v.Signature),
	}
}

func TestW3CVectors(t *testing.T) {
	vectors := w3cVectors(t)
	if len(vectors) != len(w3cResults) {
		t.Errorf("%d vectors, %d results", len(vectors), len(w3cResults))
	}
	for _, v := range vectors {
		t.Run(v.Name, func(t *testing.T) {
			want, ok := w3cResults[v.Name]
			if !ok {
				t.Fatal("no result is expected of it")
			}
			c, err := webauthn.ParseRegistration(unhex(t, v.AttestationObject), unhex(t, v.CreateClientData))
			if got := checkOf(err); got != want[0] {
				t.Fatalf("registration: %v, want %q", err, want[0])
			}
			if want[0] != "" {
				return
			}
			if !bytes.Equal(c.ID, unhex(t, v.CredentialID)) || c.RPID != "example.org" || !slices.Equal(c.Origins, []string{"https://example.org"}) {
				t.Errorf("%+v", c)
			}
			a := v.assertion(t)
			challenge := [32]byte(unhex(t, v.Challenge))
			if _, err := c.Verify(a, challenge); checkOf(err) != want[1] {
				t.Errorf("assertion: %v, want %q", err, want[1])
			}
			a.Signature[len(a.Signature)-1] ^= 1
			if _, err := c.Verify(a, challenge); checkOf(err) != "envelope.signature" {
				t.Errorf("spoiled: %v", err)
			}
		})
	}
}

// The vectors of frames of other sites are refused at registration already; their
// assertions are refused by themselves too.
func TestW3CFrames(t *testing.T) {
	refused := 0
	for _, v := range w3cVectors(t) {
		if w3cResults[v.Name][0] != "passkey.cross_origin" {
			continue
		}
		c := webauthn.Credential{Key: newKey(t, "ES256").Public(), RPID: "example.org", Origins: []string{"https://example.org"}}
		if _, err := c.Verify(v.assertion(t), [32]byte(unhex(t, v.Challenge))); checkOf(err) == "passkey.cross_origin" {
			refused++
		}
	}
	if refused != 2 {
		t.Errorf("%d of 2 refused", refused)
	}
}
