// Package passkey reads what a browser's navigator.credentials gave, as JSON, and
// makes signatures of it. The command line takes it from files, the approval page
// from forms.
//
// # Reading order
//
// [ParseRegistration] is an answer of create(), [ParseAssertion] one of get(); [Seal]
// makes an envelope of the latter.
//
// # Caveats
//
// A browser adds members as it likes: those that are not used are read over. What
// is signed is inside, and is read strictly by attest.
package passkey

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
)

// maxAnswer bounds an answer, in bytes.
const maxAnswer = 64 << 10

// credential is what PublicKeyCredential.toJSON() gives, as far as it is used.
type credential struct {
	RawID    string `json:"rawId"`
	Response struct {
		AttestationObject string `json:"attestationObject"`
		AuthenticatorData string `json:"authenticatorData"`
		ClientDataJSON    string `json:"clientDataJSON"`
		Signature         string `json:"signature"`
	} `json:"response"`
	Type string `json:"type"`
}

// ErrForm is of an answer that is none of a browser's.
var ErrForm = errors.New("not what a browser's PublicKeyCredential.toJSON() gives")

func parse(doc []byte) (c credential, err error) {
	if len(doc) > maxAnswer {
		return c, fmt.Errorf("%w: it is longer than %d bytes", ErrForm, maxAnswer)
	}
	if err := json.Unmarshal(doc, &c); err != nil {
		return c, fmt.Errorf("%w: it cannot be read as JSON", ErrForm)
	}
	if c.Type != "public-key" {
		return c, fmt.Errorf("%w: type is %q, not public-key", ErrForm, c.Type)
	}
	return c, nil
}

// member is one text in base64url.
type member struct {
	text string
	to   *[]byte
}

func decode(members ...member) error {
	for _, m := range members {
		b, err := base64.RawURLEncoding.DecodeString(m.text)
		if err != nil || len(b) == 0 {
			return fmt.Errorf("%w: a member of the response is missing or is not base64url", ErrForm)
		}
		*m.to = b
	}
	return nil
}

// ParseRegistration reads an answer of navigator.credentials.create(). Errors:
// [ErrForm], and the faults of [attest.NewPasskey].
func ParseRegistration(doc []byte) (attest.Key, *attest.Passkey, error) {
	c, err := parse(doc)
	if err != nil {
		return nil, nil, err
	}
	var id, attestation, client []byte
	r := c.Response
	if err := decode(member{c.RawID, &id}, member{r.AttestationObject, &attestation}, member{r.ClientDataJSON, &client}); err != nil {
		return nil, nil, err
	}
	key, p, err := attest.NewPasskey(attestation, client)
	if err != nil {
		return nil, nil, err
	}
	if !bytes.Equal(p.Credential, id) {
		return nil, nil, errors.New("rawId is not the credential's")
	}
	return key, &p, nil
}

// ParseAssertion reads an answer of navigator.credentials.get(): the credential that
// answered, and its assertion. Errors: [ErrForm].
func ParseAssertion(doc []byte) (id []byte, a attest.Assertion, err error) {
	c, err := parse(doc)
	if err != nil {
		return nil, a, err
	}
	r := c.Response
	return id, a, decode(member{c.RawID, &id}, member{r.AuthenticatorData, &a.AuthenticatorData},
		member{r.ClientDataJSON, &a.ClientData}, member{r.Signature, &a.Signature})
}

// ErrOther is of an answer by another passkey than the one that was asked.
var ErrOther = errors.New("the answer is of another passkey than the request")

// Seal makes an envelope of a passkey's answer to a payload, and verifies it. Whose
// passkey it is is for the caller to know. Errors: [ErrOther], and the faults of a
// signature by a passkey.
func Seal(key attest.PersonKey, payload, id []byte, a attest.Assertion) (attest.Envelope, error) {
	signer, err := key.Signer("passkey")
	if err != nil {
		return attest.Envelope{}, err
	}
	if !signer.IsPasskey() || !bytes.Equal(signer.CredentialID(), id) {
		return attest.Envelope{}, ErrOther
	}
	envelope, err := attest.SealAssertion(payload, signer.KeyID, a)
	if err != nil {
		return envelope, err
	}
	parsed, err := attest.Parse(envelope)
	if err != nil {
		return envelope, err
	}
	return envelope, parsed.VerifyEndorsement(signer)
}
