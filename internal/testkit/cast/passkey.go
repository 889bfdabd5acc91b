package cast

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/authenticator"
)

// The relying party of all passkeys, and its page.
const (
	RPID   = "acme.example"
	Origin = "https://deed.acme.example"
)

// PasskeyHolder makes a person with a passkey (ES256), whom nothing registers
// yet.
func (c *Cast) PasskeyHolder(name string) *Party {
	c.Helper()
	scalar := make([]byte, 32)
	_, err := io.ReadFull(c.Rand, scalar[1:]) // below the order for sure
	c.Check(err)
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	c.Check(err)
	p := &Party{Party: attest.Party{ID: name, Kind: attest.ByPerson}, Key: key, Passkey: authenticator.New(key, RPID, Origin)}
	reg := c.Registration(p)
	p.KeyID = reg.Credential().Digest()
	return p
}

// passkey is what a registration says of a party's passkey, or nil.
func (p *Party) passkey() *attest.Passkey {
	if p.Passkey == nil {
		return nil
	}
	return &attest.Passkey{
		BackupEligible: p.Passkey.Flags&authenticator.BackupEligible != 0,
		Credential:     p.Passkey.ID, Origins: []string{Origin}, RPID: RPID,
	}
}

func (p *Party) seal(payload []byte) (attest.Envelope, error) {
	switch {
	case p.SSH != nil:
		return attest.SealSigned(payload, p.KeyID, p.SSH.Sign(attest.SigningBytes(payload)))
	case p.Certified != nil:
		return p.Certified.seal(payload, p.KeyID)
	case p.Passkey == nil:
		return p.sign(payload)
	}
	challenge := attest.Challenge(payload)
	data, client, sig := p.Passkey.Get(challenge[:])
	return attest.SealAssertion(payload, p.KeyID, attest.Assertion{AuthenticatorData: data, ClientData: client, Signature: sig})
}

// sign is [attest.Seal], but that an ECDSA signature is that of RFC 6979, the
// same each time.
func (p *Party) sign(payload []byte) (attest.Envelope, error) {
	key, ok := p.Key.(*ecdsa.PrivateKey)
	if !ok || key.Curve != elliptic.P256() {
		return attest.Seal(payload, p.Key, p.KeyID)
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(attest.PayloadType), attest.PayloadType, len(payload), payload))
	sig, err := key.Sign(nil, sum[:], crypto.SHA256)
	return attest.Envelope{Payload: payload, KeyID: p.KeyID, Signature: sig}, err
}
