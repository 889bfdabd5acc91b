package cast

import (
	"crypto"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/pki"
	"github.com/deedlog/deed/ledger/storetest"
)

// Names of the roots that people's certificates lead to.
const (
	PeopleRoot = "acme-people"
	FulcioRoot = "sigstore"
	TimeRoot   = "acme-time"
	// Provider is the OpenID provider of people who sign by way of Fulcio.
	Provider = "https://accounts.acme.example"
)

// Certified is a person who signs with certificates. A test may put another
// certificate in, or spoil what is signed.
type Certified struct {
	X509   *attest.X509
	Fulcio *attest.Fulcio

	Leaf    *pki.Issued
	Stamper *pki.Issued // with Fulcio
	At      time.Time   // of the time stamp
	Sign    func(*pki.Signature)
	Stamp   func(*pki.Token)
}

// Authority is an authority of a test, from an hour ago, the same by its name in
// every test.
func (c *Cast) Authority(name string) *pki.Issued {
	return pki.Authority(name, c.Clock.Now().UTC().Add(-time.Hour).Truncate(time.Second))
}

// SSHHolder makes a person with an SSH key, in a security key if it has an
// application. Nothing registers it yet.
func (c *Cast) SSHHolder(name, application string) *Party {
	c.Helper()
	key := pki.Key("ssh of " + name)
	p := &Party{Party: attest.Party{ID: name, Kind: attest.ByPerson}, Key: key, SSH: &pki.SSH{Type: "ssh-ed25519", Key: key}}
	if application != "" {
		p.SSH.Type, p.SSH.Application, p.SSH.Flags, p.SSH.Counter = "sk-ssh-ed25519@openssh.com", application, 1, 12
	}
	p.KeyID = c.Registration(p).Credential().Digest()
	return p
}

// CertificateHolder makes a person with a certificate of an authority, who is
// registered by an address.
func (c *Cast) CertificateHolder(name string, by *pki.Issued) *Party {
	c.Helper()
	email := name + "@" + Domain
	return c.certified(name, &Certified{X509: &attest.X509{Email: email, Root: PeopleRoot}, Leaf: by.Person(name, email)})
}

// KeylessHolder makes a person who signs by way of Fulcio, with time stamps of an
// authority.
func (c *Cast) KeylessHolder(name string, fulcio, tsa *pki.Issued) *Party {
	c.Helper()
	email, now := name+"@"+Domain, c.Clock.Now().UTC().Truncate(time.Second)
	return c.certified(name, &Certified{
		Fulcio: &attest.Fulcio{Identity: email, Issuer: Provider, Root: FulcioRoot, TSA: TimeRoot},
		Leaf:   fulcio.Keyless(email, Provider, now.Add(-time.Minute)), Stamper: tsa.Stamper(), At: now,
	})
}

func (c *Cast) certified(name string, how *Certified) *Party {
	p := &Party{Party: attest.Party{ID: name, Kind: attest.ByPerson}, Key: how.Leaf.Key, Certified: how}
	p.KeyID = c.Registration(p).Credential().Digest()
	return p
}

func (h *Certified) seal(payload []byte, keyID attest.Digest) (attest.Envelope, error) {
	message := attest.SigningBytes(payload)
	if h.Fulcio == nil {
		s := pki.Signature{Signer: h.Leaf, Content: message}
		if h.Sign != nil {
			h.Sign(&s)
		}
		return attest.SealSigned(payload, keyID, s.DER())
	}
	sig, err := h.Leaf.Key.Sign(nil, message, crypto.Hash(0))
	if err != nil {
		return attest.Envelope{}, err
	}
	t := pki.Token{Signer: h.Stamper, Stamped: sig, Time: h.At}
	if h.Stamp != nil {
		h.Stamp(&t)
	}
	return attest.SealFulcio(payload, keyID, attest.FulcioProof{Certificates: h.Leaf.Raw, Signature: sig, TSAToken: t.DER()})
}

// NamedRoot brings a set of authorities.
func (c *Cast) NamedRoot(of attest.RootType, name string, doc []byte) *attest.Root {
	return &attest.Root{At: c.Now(), Bundle: attest.DigestOf(doc), Log: storetest.Origin, Name: name, Nonce: c.Random(), Source: "test", Type: of, V: 1}
}
