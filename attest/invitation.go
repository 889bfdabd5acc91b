package attest

import (
	"crypto"
	"encoding/base64"
	"strconv"
)

// invitationTag separates invitations from everything else that is signed.
const invitationTag = "deed/invitation/v1\x00"

// MaxInvitation bounds the text of an invitation, in bytes.
const MaxInvitation = 2048

// Invitation is an administrator's word to an approval page that a person may
// register a passkey of their own there (docs/spec/bytes.md, "Invitations"). It is
// no statement, is never logged, and registers nobody: the administrator signs the
// person statement afterwards, knowing the key.
type Invitation struct {
	By      string `json:"by"`      // the administrator
	Expires int64  `json:"expires"` // ms
	Log     string `json:"log"`
	Nonce   string `json:"nonce"`
	Origin  string `json:"origin"` // of the page
	Person  string `json:"person"`
	Reach   string `json:"reach,omitzero"`
	Until   int64  `json:"until,omitzero"` // ms, of the registration; 0 is open
	V       int    `json:"v"`
}

// sealedInvitation is an invitation with its signature, in the strict profile.
type sealedInvitation struct {
	Invitation Invitation `json:"invitation"`
	KeyID      Digest     `json:"keyid"` // digest of the administrator's key
	Signature  []byte     `json:"signature"`
}

func (i Invitation) validate(c *checker) {
	c.head(Head{i.Log, i.Nonce, i.V})
	c.person("by", i.By)
	c.person("person", i.Person)
	c.time("expires", i.Expires)
	c.optionalText("reach", i.Reach, 256)
	c.that(i.Until >= 0 && i.Until < maxInteger, "until", "a time, or none", strconv.FormatInt(i.Until, 10))
	c.that(ValidWebOrigin(i.Origin, ""), "origin", "the origin of a page, https or on this machine", i.Origin)
}

func (i Invitation) message() ([]byte, error) {
	c := &checker{}
	if i.validate(c); c.err != nil {
		return nil, c.err
	}
	doc, err := Encode(i)
	return append([]byte(invitationTag), doc...), err
}

// Seal signs an invitation with the administrator's key and returns the text that
// goes into its link. Faults: statement.field, key.algorithm.
func (i Invitation) Seal(key crypto.PrivateKey, keyID Digest) (string, error) {
	message, err := i.message()
	if err != nil {
		return "", err
	}
	sig, err := makeSignature(key, message)
	if err != nil {
		return "", err
	}
	doc, err := Encode(sealedInvitation{Invitation: i, KeyID: keyID, Signature: sig})
	return base64.RawURLEncoding.EncodeToString(doc), err
}

// OpenInvitation reads the text of an invitation and checks its signature. key is
// asked for the administrator's key with this digest. Faults: envelope.size,
// envelope.form, envelope.signature, key.algorithm, those of [Decode] and
// statement.field, and the errors of key.
func OpenInvitation(text string, key func(administrator string, keyID Digest) (Key, error)) (Invitation, error) {
	if len(text) > MaxInvitation {
		return Invitation{}, Refuse("envelope.size", "", "at most "+strconv.Itoa(MaxInvitation)+" bytes", strconv.Itoa(len(text)))
	}
	doc, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || base64.RawURLEncoding.EncodeToString(doc) != text {
		return Invitation{}, Refuse("envelope.form", "", "base64url without padding", "something else")
	}
	var s sealedInvitation
	if err := Decode(doc, &s); err != nil {
		return Invitation{}, err
	}
	message, err := s.Invitation.message()
	if err != nil {
		return Invitation{}, err
	}
	held, err := key(s.Invitation.By, s.KeyID)
	if err != nil {
		return Invitation{}, err
	}
	pub, err := held.Parse()
	if err != nil {
		return Invitation{}, err
	}
	return s.Invitation, checkSignature(pub, s.Signature, message)
}
