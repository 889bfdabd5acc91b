package verifier_test

import (
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/verifier"
)

// TestTakes: of every kind of control entry it is known by the kind alone which
// slots it may take, or what is in force could change by one that is only counted.
func TestTakes(t *testing.T) {
	administrators := []attest.Administrator{{Name: "carol", Key: attest.Key("key")}}
	samples := []attest.Statement{
		&attest.Genesis{Administrators: administrators}, &attest.Administrators{Administrators: administrators},
		&attest.Root{Type: attest.RootSPIFFE, TrustDomain: "acme.example"}, &attest.Root{Type: attest.RootJWKS, Issuer: "https://idp.example"},
		&attest.Root{Type: attest.RootX509, Name: "staff"}, &attest.Person{Name: "alice", Key: attest.Key("key")},
		&attest.Issuer{Issuer: attest.Party{ID: "alice", Kind: attest.ByPerson}}, &attest.Policy{},
		&attest.Agent{Agent: "spiffe://acme.example/a"}, &attest.Agent{Agent: "spiffe://acme.example", Prefix: true},
		&attest.Revocation{}, &attest.Compromise{}, &attest.Erasure{},
		&attest.Provider{Issuer: "https://idp.example"}, &attest.Account{Issuer: "https://idp.example", Subject: "alice"},
	}
	known := map[attest.Kind]bool{}
	for _, s := range samples {
		known[s.Kind()] = true
		for _, slot := range admission.Slots(s) {
			if !verifier.Takes(s.Kind(), slot) {
				t.Errorf("a statement of kind %s takes %s unseen", s.Kind(), slot)
			}
		}
	}
	for _, kind := range attest.Kinds() {
		if kind.Control() && !known[kind] {
			t.Errorf("no sample of kind %s", kind)
		}
	}
}
