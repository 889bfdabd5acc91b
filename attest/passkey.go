package attest

import (
	"crypto"
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
	pub, err := k.parseAny()
	if err != nil {
		return nil, err
	}
	return pub, passkeyFault(webauthn.Allowed(pub), "")
}

func (s Signer) withPasskey(o credentialObject) (Signer, error) {
	pub, err := o.Key.ParsePasskey()
	if err != nil {
		return Signer{}, err
	}
	p := o.Passkey
	s.Key = pub
	s.passkey = &webauthn.Credential{ID: p.Credential, Key: pub, RPID: p.RPID, Origins: p.Origins, BackupEligible: p.BackupEligible}
	return s, nil
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
