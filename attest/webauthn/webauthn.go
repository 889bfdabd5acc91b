// Package webauthn checks what an authenticator signed: an assertion of a
// passkey over a challenge (W3C Web Authentication Level 3, section 7.2), and
// reads the credential that a registration made (section 7.1).
//
// # Reading order
//
// [Credential] is what is known of a passkey, [Assertion] what an authenticator
// answered. [Credential.Verify] is every check, in order; [Facts] is what else
// the authenticator said. [ParseRegistration] makes a Credential of what a
// browser's navigator.credentials.create() gave.
//
//	facts, err := credential.Verify(assertion, sha256.Sum256(statement))
//
// The authenticator data and the client data are kept as they were received:
// nothing is written again to be checked.
//
// # Caveats
//
// User presence and user verification are what the authenticator reports. Which
// make it is, and whether its key can leave it, is not known: the attestation of a
// registration is read over, not believed. The signature counter is reported and
// decides nothing, since synchronised passkeys keep it at zero. A registration
// proves no possession: an assertion with the new credential does.
package webauthn

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// Credential is a passkey: a key that an authenticator holds for one relying
// party.
type Credential struct {
	ID             []byte           // by which the authenticator finds the key
	Key            crypto.PublicKey // see [Allowed]
	RPID           string           // the relying party: a host
	Origins        []string         // where assertions may be made
	BackupEligible bool             // the key may be on several devices
}

// Assertion is an authenticator's answer, byte for byte.
type Assertion struct {
	AuthenticatorData []byte
	ClientData        []byte // clientDataJSON
	Signature         []byte
}

// Facts is what an authenticator reported beside what was asked of it. None of
// it decides anything.
type Facts struct {
	BackedUp       bool   // the key is at present on more than this device
	BackupEligible bool   // the key may be on several devices
	Counter        uint32 // of signatures; zero where the authenticator has none
}

// Error says which check refused and why. Check is a stable name.
type Error struct {
	Check, Expected, Found string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: expected %s, found %s", e.Check, e.Expected, e.Found)
}

func refuse(check, expected, found string) error {
	return &Error{Check: check, Expected: expected, Found: found}
}

// The sizes of an RSA key, in bits.
const minRSA, maxRSA = 2048, 4096

// Allowed refuses a key of a kind that no assertion may be made with: it must be
// ECDSA P-256 (ES256), Ed25519 (EdDSA) or RSA of 2,048 to 4,096 bits (RS256). The
// key alone decides the algorithm. Check: key.algorithm.
func Allowed(pub crypto.PublicKey) error {
	switch k := pub.(type) {
	case ed25519.PublicKey:
		if len(k) == ed25519.PublicKeySize {
			return nil
		}
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P256() {
			return nil
		}
	case *rsa.PublicKey:
		if n := k.N.BitLen(); n >= minRSA && n <= maxRSA {
			return nil
		}
	}
	return refuse("key.algorithm", "Ed25519, P-256 or RSA of 2048 to 4096 bits", fmt.Sprintf("%T", pub))
}

// Verify checks that the authenticator holding the credential, having verified
// its user, signed this challenge at one of the origins. Checks: key.algorithm,
// passkey.client_data, passkey.type, passkey.challenge, passkey.origin,
// passkey.cross_origin, passkey.authenticator_data, passkey.rp, passkey.backup,
// envelope.signature, passkey.presence, passkey.verification.
func (c Credential) Verify(a Assertion, challenge [32]byte) (Facts, error) {
	if err := Allowed(c.Key); err != nil {
		return Facts{}, err
	}
	if err := c.client(a.ClientData, challenge); err != nil {
		return Facts{}, err
	}
	data, err := parseAuthenticatorData(a.AuthenticatorData)
	if err != nil {
		return Facts{}, err
	}
	if err := c.authenticator(data); err != nil {
		return Facts{}, err
	}
	sum := sha256.Sum256(a.ClientData)
	signed := append(append(make([]byte, 0, len(a.AuthenticatorData)+len(sum)), a.AuthenticatorData...), sum[:]...)
	if !verify(c.Key, signed, a.Signature) {
		return Facts{}, refuse("envelope.signature", "the authenticator's signature", "another")
	}
	if !data.has(userPresent) {
		return Facts{}, refuse("passkey.presence", "the user to have been present", "not so")
	}
	if !data.has(userVerified) {
		return Facts{}, refuse("passkey.verification", "the user to have been verified", "not so")
	}
	return Facts{BackedUp: data.has(backedUp), BackupEligible: data.has(backupEligible), Counter: data.counter}, nil
}

// client checks what the browser says that it was asked, and by whom.
func (c Credential) client(doc []byte, challenge [32]byte) error {
	d, err := parseClientData(doc)
	if err != nil {
		return err
	}
	if d.kind != typeGet {
		return refuse("passkey.type", typeGet, d.kind)
	}
	if want := base64.RawURLEncoding.EncodeToString(challenge[:]); d.challenge != want {
		return refuse("passkey.challenge", want, d.challenge)
	}
	for _, o := range c.Origins {
		if o == d.origin {
			return d.alone()
		}
	}
	return refuse("passkey.origin", strings.Join(c.Origins, " or "), d.origin)
}

// authenticator checks that the data is of this credential: its relying party,
// and whether its key may be on several devices, which never changes.
func (c Credential) authenticator(d authenticatorData) error {
	if d.rpIDHash != sha256.Sum256([]byte(c.RPID)) {
		return refuse("passkey.rp", "the SHA-256 of "+c.RPID, fmt.Sprintf("%x", d.rpIDHash))
	}
	if d.has(backupEligible) != c.BackupEligible {
		return refuse("passkey.backup", "backup eligibility as registered", "the other")
	}
	return nil
}

func verify(pub crypto.PublicKey, message, sig []byte) bool {
	sum := sha256.Sum256(message)
	switch k := pub.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(k, message, sig)
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(k, sum[:], sig)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(k, crypto.SHA256, sum[:], sig) == nil
	}
	return false
}
