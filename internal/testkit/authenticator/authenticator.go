// Package authenticator is an authenticator and the browser before it, in
// software, for tests: it makes what navigator.credentials.create() and get()
// give, with real keys, and lies where a test tells it to.
package authenticator

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/big"
)

// The flags of authenticator data.
const (
	UserPresent    = 1 << 0
	UserVerified   = 1 << 2
	BackupEligible = 1 << 3
	BackedUp       = 1 << 4
	AttestedData   = 1 << 6
	ExtensionData  = 1 << 7
)

// Authenticator holds one credential. A test may change every field.
type Authenticator struct {
	Key     crypto.Signer // Ed25519, P-256 or RSA
	ID      []byte
	RPID    string
	Origin  string
	Flags   byte
	Counter uint32
	// Extensions follow the flags where ExtensionData is set, and where it is not.
	Extensions []byte
	Client     func(*ClientData)   // changes what the browser says
	Spell      func([]byte) []byte // changes how it is written
}

// ClientData is what a browser says, in the order in which it says it.
type ClientData struct {
	Type        string `json:"type"`
	Challenge   string `json:"challenge"`
	Origin      string `json:"origin"`
	CrossOrigin *bool  `json:"crossOrigin,omitempty"`
	TopOrigin   string `json:"topOrigin,omitempty"`
	Extra       string `json:"other_keys_can_be_added_here,omitempty"`
}

// New returns an authenticator that verifies its user and keeps its key.
func New(key crypto.Signer, rpID, origin string) *Authenticator {
	id := sha256.Sum256([]byte(rpID))
	return &Authenticator{Key: key, ID: id[:16], RPID: rpID, Origin: origin, Flags: UserPresent | UserVerified, Counter: 7}
}

// Create is the attestation object and the client data of a new credential.
func (a *Authenticator) Create() (attestation, client []byte) {
	data := a.Data(a.Flags | AttestedData)
	at := append(make([]byte, 16), 0, 0) // no AAGUID
	binary.BigEndian.PutUint16(at[16:], uint16(len(a.ID)))
	at = append(append(at, a.ID...), a.COSE()...)
	data = append(data[:37:37], append(at, data[37:]...)...)
	attestation = append([]byte{0xa3}, text("fmt")...)
	attestation = append(append(attestation, text("none")...), text("attStmt")...)
	attestation = append(append(attestation, 0xa0), text("authData")...)
	attestation = append(attestation, bytesOf(data)...)
	return attestation, a.ClientData("webauthn.create", []byte("sixteen bytes or"))
}

// Get is an assertion over a challenge.
func (a *Authenticator) Get(challenge []byte) (data, client, sig []byte) {
	data, client = a.Data(a.Flags), a.ClientData("webauthn.get", challenge)
	return data, client, a.Sign(data, client)
}

// Data is authenticator data with these flags.
func (a *Authenticator) Data(flags byte) []byte {
	hash := sha256.Sum256([]byte(a.RPID))
	data := append(hash[:], flags)
	return append(binary.BigEndian.AppendUint32(data, a.Counter), a.Extensions...)
}

// ClientData is what the browser says.
func (a *Authenticator) ClientData(kind string, challenge []byte) []byte {
	no := false
	c := ClientData{Type: kind, Challenge: base64.RawURLEncoding.EncodeToString(challenge), Origin: a.Origin, CrossOrigin: &no}
	if a.Client != nil {
		a.Client(&c)
	}
	doc := mustJSON(c)
	if a.Spell != nil {
		doc = a.Spell(doc)
	}
	return doc
}

// Sign signs any authenticator data and client data. ECDSA signatures are those of
// RFC 6979, the same each time.
func (a *Authenticator) Sign(data, client []byte) []byte {
	sum := sha256.Sum256(client)
	message := append(append([]byte(nil), data...), sum[:]...)
	var opts crypto.SignerOpts = crypto.SHA256
	if _, ok := a.Key.(ed25519.PrivateKey); ok {
		opts = crypto.Hash(0)
	} else {
		digest := sha256.Sum256(message)
		message = digest[:]
	}
	sig, err := a.Key.Sign(nil, message, opts)
	if err != nil {
		panic(err) // the keys of tests are good
	}
	return sig
}

// COSE is the public key as authenticators write it.
func (a *Authenticator) COSE() []byte {
	switch k := a.Key.Public().(type) {
	case ed25519.PublicKey:
		return append([]byte{0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21}, bytesOf(k)...)
	case *ecdsa.PublicKey:
		point, err := k.Bytes() // 04, x, y
		if err != nil {
			panic(err)
		}
		half := len(point) / 2
		key := append([]byte{0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21}, bytesOf(point[1:1+half])...)
		return append(append(key, 0x22), bytesOf(point[1+half:])...)
	case *rsa.PublicKey:
		key := append([]byte{0xa4, 1, 3, 3, 0x39, 1, 0, 0x20}, bytesOf(k.N.Bytes())...)
		return append(append(key, 0x21), bytesOf(big.NewInt(int64(k.E)).Bytes())...)
	}
	panic(fmt.Sprintf("no COSE key of %T", a.Key))
}

// text and bytesOf are strings in CBOR.
func text(s string) []byte { return append(head(0x60, len(s)), s...) }

func bytesOf(b []byte) []byte { return append(head(0x40, len(b)), b...) }

func head(major byte, n int) []byte {
	switch {
	case n < 24:
		return []byte{major | byte(n)}
	case n < 256:
		return []byte{major | 24, byte(n)}
	}
	return []byte{major | 25, byte(n >> 8), byte(n)}
}

func mustJSON(v any) []byte {
	doc, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return doc
}
