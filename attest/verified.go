package attest

import (
	"crypto"
	"crypto/sha256"
	"strconv"

	"github.com/deedlog/deed/attest/sshsig"
	"github.com/deedlog/deed/attest/webauthn"
)

// Signer is a key together with whom it is known to belong to. The caller has
// established that: package identity for a workload, the register for people
// and the server.
type Signer struct {
	Party
	Key    crypto.PublicKey
	KeyID  Digest // what the envelope's keyid must be: chain digest or key digest
	KeySum Digest // digest of the SubjectPublicKeyInfo

	// How a person signs whose key itself does not; at most one of them.
	passkey   *webauthn.Credential
	ssh       *sshsig.Key
	certified *certified
}

// Form says how the signer signs: a workload, the server and most people with a
// key itself.
func (s Signer) Form() Form {
	switch {
	case s.passkey != nil:
		return PasskeyForm
	case s.ssh != nil:
		return SSHForm
	case s.certified == nil:
		return KeyForm
	case s.certified.x509 != nil:
		return X509Form
	}
	return FulcioForm
}

// IsPasskey reports whether the key is in an authenticator.
func (s Signer) IsPasskey() bool { return s.passkey != nil }

// CredentialID is by what the authenticator finds the key; nil without one.
func (s Signer) CredentialID() []byte {
	if s.passkey == nil {
		return nil
	}
	return s.passkey.ID
}

// Verified is a statement whose signature was checked. Only [Parsed.Verify]
// makes one; later stages take a Verified, not bytes.
type Verified struct {
	id        ID
	envelope  Envelope
	signer    Signer
	statement Statement
	sighted   Sighted
}

// Passkey is what the authenticator reported, or nil where none signed. The
// caller must not change it.
func (v Verified) Passkey() *PasskeyFacts { return v.sighted.Passkey }

// Sighted is what the signature showed beside that it is one.
func (v Verified) Sighted() Sighted { return v.sighted }

// Until is the last ms at which the certificates hold that the signature rests on;
// 0 where it rests on none, or on ones of another time.
func (v Verified) Until() int64 {
	if c := v.sighted.Certificate; c != nil && !c.NotAfter.IsZero() {
		return c.NotAfter.UnixMilli()
	}
	return 0
}

// ID names the statement.
func (v Verified) ID() ID { return v.id }

// Envelope returns the signed bytes. The caller must not change them.
func (v Verified) Envelope() Envelope { return v.envelope }

// Signer returns who signed.
func (v Verified) Signer() Signer { return v.signer }

// Statement returns what was signed. The caller must not change it.
func (v Verified) Statement() Statement { return v.statement }

// IsZero reports whether v was never verified.
func (v Verified) IsZero() bool { return v.statement == nil }

// Parsed is a well-formed envelope whose signature has not been checked. It
// says whom it claims to be from, so that the key can be looked up.
type Parsed struct {
	envelope  Envelope
	statement Statement
}

// Parse checks the form of an envelope and of the statement in it. Faults:
// those of [ParseEnvelope] that are about limits, and of [ParsePayload].
func Parse(e Envelope) (Parsed, error) {
	if err := e.check(); err != nil {
		return Parsed{}, err
	}
	s, err := ParsePayload(e.Payload)
	if err != nil {
		return Parsed{}, err
	}
	return Parsed{envelope: e, statement: s}, nil
}

// Statement returns the statement, not yet known to be signed by anyone.
func (p Parsed) Statement() Statement { return p.statement }

// Envelope returns the envelope.
func (p Parsed) Envelope() Envelope { return p.envelope }

// Verify checks the signature with the signer's key, and that the signer is
// the party the statement names. Faults: d0.signer, envelope.keyid,
// envelope.signature, key.algorithm; of a passkey those of passkey. as well, of an
// SSH key those of ssh., of certificates those of cms., certificate., fulcio., tsa.
// and signer.no_root.
func (p Parsed) Verify(s Signer) (Verified, error) {
	if named := p.statement.SignedBy(); named != s.Party {
		return Verified{}, Refuse("d0.signer", "signer", named.Name(), s.Name())
	}
	return p.verifyAs(s)
}

// VerifyEndorsement checks another party's signature over the same payload: an
// administrator of the quorum, or a person proving possession of a key. It makes
// no Verified, because an endorser is not who the statement names.
func (p Parsed) VerifyEndorsement(s Signer) error {
	_, err := p.EndorsedBy(s)
	return err
}

// EndorsedBy is VerifyEndorsement, and says with which key.
func (p Parsed) EndorsedBy(s Signer) (key Digest, err error) {
	v, err := p.verifyAs(s)
	return v.signer.KeySum, err
}

func (p Parsed) verifyAs(s Signer) (Verified, error) {
	if p.envelope.KeyID != s.KeyID {
		return Verified{}, Refuse("envelope.keyid", "keyid", string(s.KeyID), string(p.envelope.KeyID))
	}
	sum := p.envelope.sum()
	v := Verified{id: idOf(sum, s.Name()), envelope: p.envelope, signer: s, statement: p.statement}
	if err := v.check(sum); err != nil {
		return Verified{}, err
	}
	return v, nil
}

// check verifies the signature by what is registered, never by what was sent. sum
// is the SHA-256 of what is signed.
func (v *Verified) check(sum [sha256.Size]byte) (err error) {
	s, sig := &v.signer, v.envelope.Signature
	if s.certified != nil {
		v.sighted.Certificate, err = s.certified.verify(sig, v.envelope.pae())
		if err == nil {
			s.Key, s.KeySum = v.sighted.Certificate.Leaf.PublicKey, keySum(v.sighted.Certificate.Leaf.PublicKey)
		}
		return err
	}
	if len(sig) > maxBareSignature {
		return Refuse("envelope.signatures", "signatures", "a signature of at most 2048 bytes", strconv.Itoa(len(sig)))
	}
	switch {
	case s.passkey != nil:
		v.sighted.Passkey, err = checkAssertion(s.passkey, sig, v.envelope.pae())
	case s.ssh != nil:
		v.sighted.SSH, err = checkSSH(s.ssh, sig, v.envelope.pae())
	default:
		err = checkEnvelope(s.Key, v.envelope, sum)
	}
	return err
}

// Open parses and verifies in one step, when the signer is known beforehand.
func Open(e Envelope, s Signer) (Verified, error) {
	p, err := Parse(e)
	if err != nil {
		return Verified{}, err
	}
	return p.Verify(s)
}

// KeySigner returns the signer for a person's or the server's registered key.
// Faults: key.algorithm.
func KeySigner(kind SignerKind, name string, key Key) (Signer, error) {
	pub, err := key.Parse()
	if err != nil {
		return Signer{}, err
	}
	return Signer{Party: Party{ID: name, Kind: kind}, Key: pub, KeyID: key.Digest(), KeySum: key.Digest()}, nil
}
