package attest

import (
	"crypto/sha256"
	"encoding/base64"

	"github.com/deedlog/deed/attest/webauthn"
)

// passkeyTag separates challenges from every other hash.
const passkeyTag = "deed/passkey/v1\x00"

// Assertion is an authenticator's signature, as it stands in an envelope: the
// signature is this document in the strict profile.
type Assertion struct {
	AuthenticatorData []byte `json:"authenticator_data"`
	ClientData        []byte `json:"client_data"` // clientDataJSON
	Signature         []byte `json:"signature"`
}

// PasskeyFacts is what an authenticator reported besides that it verified its
// user. None of it decides anything.
type PasskeyFacts = webauthn.Facts

// PasskeyRequest is what a page asks an authenticator for, with the names of
// WebAuthn's PublicKeyCredentialRequestOptionsJSON.
type PasskeyRequest struct {
	AllowCredentials []AllowedCredential `json:"allowCredentials"`
	Challenge        string              `json:"challenge"` // base64url
	RPID             string              `json:"rpId"`
	UserVerification string              `json:"userVerification"` // required
}

// AllowedCredential names a passkey to an authenticator.
type AllowedCredential struct {
	ID   string `json:"id"` // base64url
	Type string `json:"type"`
}

// Challenge is what a passkey signs instead of a payload: SHA-256 of
// "deed/passkey/v1\0" and the payload's PAE.
func Challenge(payload []byte) [32]byte {
	return challengeOf(Envelope{Payload: payload}.pae())
}

func challengeOf(pae []byte) [32]byte {
	return sha256.Sum256(append([]byte(passkeyTag), pae...))
}

// Request is what to ask the authenticator of this passkey for, to sign payload.
// Faults: those of [PersonKey.Signer], and key.algorithm of a key that is none.
func (k PersonKey) Request(payload []byte) (PasskeyRequest, error) {
	if !k.isObject() {
		return PasskeyRequest{}, Refuse("key.algorithm", "", "a passkey", "a key")
	}
	o, f, err := k.object()
	if err != nil {
		return PasskeyRequest{}, err
	}
	if f != PasskeyForm {
		return PasskeyRequest{}, Refuse("key.algorithm", "", "a passkey", string(f))
	}
	challenge := Challenge(payload)
	id := base64.RawURLEncoding.EncodeToString(o.Passkey.Credential)
	return PasskeyRequest{
		AllowCredentials: []AllowedCredential{{ID: id, Type: "public-key"}},
		Challenge:        base64.RawURLEncoding.EncodeToString(challenge[:]),
		RPID:             o.Passkey.RPID, UserVerification: "required",
	}, nil
}

// SealAssertion makes an envelope of what an authenticator answered. It does not
// check the answer.
func SealAssertion(payload []byte, keyID Digest, a Assertion) (Envelope, error) {
	sig, err := Encode(a)
	if err != nil {
		return Envelope{}, err
	}
	return SealSigned(payload, keyID, sig)
}

// checkAssertion verifies the signature of an envelope by a passkey.
func checkAssertion(c *webauthn.Credential, sig, pae []byte) (*PasskeyFacts, error) {
	var a Assertion
	if err := Decode(sig, &a); err != nil {
		return nil, Refuse("passkey.form", "signatures", "an assertion of the registered passkey", err.Error())
	}
	facts, err := c.Verify(webauthn.Assertion(a), challengeOf(pae))
	if err != nil {
		return nil, passkeyFault(err, "signatures")
	}
	return &facts, nil
}
