package attest

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/deedlog/deed/attest/webauthn"
)

// Passkey says that a person's key is held by an authenticator, and where it may
// be used: what a WebAuthn registration gave besides the key.
type Passkey struct {
	BackupEligible bool     `json:"backup_eligible,omitzero"` // the key may be on several devices
	Credential     []byte   `json:"credential"`               // by which the authenticator finds the key
	Origins        []string `json:"origins"`
	RPID           string   `json:"rp_id"`
}

func (c *checker) passkey(field string, p *Passkey) {
	n := len(p.Credential)
	c.that(n >= 1 && n <= webauthn.MaxCredentialID, field+".credential", "1 to 1023 bytes", strconv.Itoa(n))
	c.that(ValidHost(p.RPID), field+".rp_id", "a host", p.RPID)
	n = len(p.Origins)
	c.that(n >= 1 && n <= 8, field+".origins", "1 to 8", strconv.Itoa(n))
	for i, o := range p.Origins {
		ok := ValidWebOrigin(o, p.RPID) && (i == 0 || p.Origins[i-1] < o)
		c.that(ok, field+".origins", "https origins of rp_id or of hosts below it, ascending, each once", o)
	}
}

// ValidWebOrigin reports whether s is the origin of a page that may use
// credentials of rpID, as a browser writes it. On a machine of one's own it need
// not be https. rpID "" is the host of s.
func ValidWebOrigin(s, rpID string) bool {
	u, err := url.Parse(s)
	if err != nil || len(s) > 255 || u.Scheme+"://"+u.Host != s {
		return false
	}
	host := u.Hostname()
	if port := u.Port(); u.Host != host {
		n, err := strconv.Atoi(port)
		standard := u.Scheme == "https" && n == 443 || u.Scheme == "http" && n == 80 // a browser leaves it out
		if err != nil || n < 1 || n > 65535 || strconv.Itoa(n) != port || standard || u.Host != host+":"+port {
			return false
		}
	}
	if rpID == "" {
		rpID = host
	}
	secure := u.Scheme == "https" || u.Scheme == "http" && host == "localhost"
	return secure && ValidHost(host) && (host == rpID || strings.HasSuffix(host, "."+rpID))
}

// ParsePasskey returns the public key of a passkey. Allowed are P-256, Ed25519,
// and RSA of 2048 to 4096 bits, which an authenticator may have and a person's
// own software may not. Faults: key.algorithm.
func (k Key) ParsePasskey() (crypto.PublicKey, error) {
	pub, err := x509.ParsePKIXPublicKey(k)
	if err != nil {
		return nil, Refuse("key.algorithm", "", "a SubjectPublicKeyInfo", err.Error())
	}
	if der, err := x509.MarshalPKIXPublicKey(pub); err != nil || !bytes.Equal(der, k) {
		return nil, Refuse("key.algorithm", "", "the DER form of the key", "another encoding")
	}
	return pub, passkeyFault(webauthn.Allowed(pub), "")
}

// PersonKey is the object that the keyid of a person's envelope names: a key as
// it is, or a [Passkey] with its key. No bytes are both.
type PersonKey []byte

// passkeyObject is a PersonKey that is a passkey, in the strict profile.
type passkeyObject struct {
	Key     Key     `json:"key"`
	Passkey Passkey `json:"passkey"`
}

// Digest is the keyid.
func (k PersonKey) Digest() Digest { return DigestOf(k) }

// IsPasskey reports whether k is a passkey; it may still be malformed.
func (k PersonKey) IsPasskey() bool { return len(k) > 0 && k[0] == '{' } // DER starts with another byte

// passkey reads a passkey.
func (k PersonKey) passkey() (o passkeyObject, err error) {
	if err := Decode(k, &o); err != nil {
		return o, err
	}
	c := &checker{}
	c.passkey("passkey", &o.Passkey)
	return o, c.err
}

// Signer returns the signer for a person's registered key or passkey. Faults:
// key.algorithm, and for a passkey those of [Decode] and statement.field.
func (k PersonKey) Signer(name string) (Signer, error) {
	if !k.IsPasskey() {
		return KeySigner(ByPerson, name, Key(k))
	}
	o, err := k.passkey()
	if err != nil {
		return Signer{}, err
	}
	pub, err := o.Key.ParsePasskey()
	if err != nil {
		return Signer{}, err
	}
	p := o.Passkey
	return Signer{
		Party: Party{ID: name, Kind: ByPerson}, Key: pub, KeyID: k.Digest(), KeySum: o.Key.Digest(),
		passkey: &webauthn.Credential{ID: p.Credential, Key: pub, RPID: p.RPID, Origins: p.Origins, BackupEligible: p.BackupEligible},
	}, nil
}

// Credential is the key that the statement registers, as the object that the
// person's envelopes name.
func (p *Person) Credential() PersonKey {
	if p.Passkey == nil {
		return PersonKey(p.Key)
	}
	object, err := Encode(passkeyObject{Key: p.Key, Passkey: *p.Passkey})
	if err != nil {
		return nil // no statement that is valid has one
	}
	return object
}

// credential checks the key by what it is.
func (p *Person) credential(c *checker) {
	if p.Passkey == nil {
		c.key("key", p.Key)
		return
	}
	_, err := p.Key.ParsePasskey()
	if err != nil && c.err == nil {
		c.err = err
	}
	c.passkey("passkey", p.Passkey)
}

// NewPasskey reads the answer of navigator.credentials.create(): its attestation
// object and client data. The caller may add origins. Faults:
// passkey.registration, key.algorithm, and others of passkeys.
func NewPasskey(attestationObject, clientData []byte) (Key, Passkey, error) {
	c, err := webauthn.ParseRegistration(attestationObject, clientData)
	if err != nil {
		return nil, Passkey{}, passkeyFault(err, "")
	}
	key, err := KeyOf(c.Key)
	if err != nil {
		return nil, Passkey{}, err
	}
	p := Passkey{BackupEligible: c.BackupEligible, Credential: c.ID, Origins: slices.Clone(c.Origins), RPID: c.RPID}
	check := &checker{}
	check.passkey("passkey", &p)
	return key, p, check.err
}

// passkeyFault turns webauthn's answer into a fault; its checks are codes.
func passkeyFault(err error, field string) error {
	if e, ok := errors.AsType[*webauthn.Error](err); ok {
		return Refuse(e.Check, field, e.Expected, e.Found)
	}
	return err
}
