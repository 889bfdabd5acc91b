package attest

import (
	"bytes"
	"crypto"
	"crypto/x509"
	"errors"

	"github.com/deedlog/deed/attest/sshsig"
)

// SSHNamespace is the namespace of every signature by an SSH key:
// `ssh-keygen -Y sign -n deed`. Git and others have their own, so that none of
// their signatures is one of a statement.
const SSHNamespace = "deed"

// SSH says that a person signs with a key in OpenSSH's form.
type SSH struct {
	Application string `json:"application,omitzero"` // of a security key, such as ssh:
	Type        string `json:"type"`                 // as OpenSSH names it, such as ssh-ed25519
}

// SSHFacts is what a security key reported. None of it decides anything.
type SSHFacts = sshsig.Facts

// NewSSH reads the line of a .pub file. Faults: ssh.key, key.algorithm.
func NewSSH(line string) (Key, SSH, error) {
	k, err := sshsig.ParseLine(line)
	if err != nil {
		return nil, SSH{}, sshFault(err, "")
	}
	key, err := KeyOf(k.Public)
	return key, SSH{Application: k.Application, Type: k.Type}, err
}

// UnarmorSSH takes the signature out of the file that ssh-keygen -Y sign writes.
// Fault: ssh.form.
func UnarmorSSH(file []byte) ([]byte, error) {
	b, err := sshsig.Unarmor(file)
	return b, sshFault(err, "signatures")
}

func (c *checker) ssh(key Key, s *SSH) {
	if _, err := s.parse(key); err != nil && c.err == nil {
		c.err = err
	}
}

// parse puts the key and what SSH says of it together.
func (s *SSH) parse(key Key) (sshsig.Key, error) {
	pub, err := key.parseAny()
	if err != nil {
		return sshsig.Key{}, err
	}
	k, err := sshsig.NewKey(s.Type, pub, s.Application)
	return k, sshFault(err, "ssh.type")
}

// parseAny returns the public key, of whatever kind, in its one DER form. Fault:
// key.algorithm.
func (k Key) parseAny() (crypto.PublicKey, error) {
	pub, err := x509.ParsePKIXPublicKey(k)
	if err != nil {
		return nil, Refuse("key.algorithm", "", "a SubjectPublicKeyInfo", err.Error())
	}
	if der, err := x509.MarshalPKIXPublicKey(pub); err != nil || !bytes.Equal(der, k) {
		return nil, Refuse("key.algorithm", "", "the DER form of the key", "another encoding")
	}
	return pub, nil
}

// ParsePerson returns a public key that a person may have in one form or another:
// Ed25519, ECDSA P-256 and P-384, RSA of 2,048 to 4,096 bits. Fault:
// key.algorithm.
func (k Key) ParsePerson() (crypto.PublicKey, error) {
	pub, err := k.parseAny()
	if err != nil {
		return nil, err
	}
	_, err = hashFor(pub)
	return pub, err
}

func (s Signer) withSSH(o credentialObject) (Signer, error) {
	k, err := o.SSH.parse(o.Key)
	if err != nil {
		return Signer{}, err
	}
	s.Key, s.ssh = k.Public, &k
	return s, nil
}

// SealSigned makes an envelope of a signature over [SigningBytes] that was made
// elsewhere: a blob of SSH, or CMS in DER. It does not check it.
func SealSigned(payload []byte, keyID Digest, sig []byte) (Envelope, error) {
	e := Envelope{Payload: payload, KeyID: keyID, Signature: sig}
	return e, e.check()
}

func checkSSH(k *sshsig.Key, sig, pae []byte) (*SSHFacts, error) {
	facts, err := k.Verify(sig, SSHNamespace, pae)
	if err != nil {
		return nil, sshFault(err, "signatures")
	}
	return &facts, nil
}

// sshFault turns sshsig's answer into a fault; its checks are codes.
func sshFault(err error, field string) error {
	if e, ok := errors.AsType[*sshsig.Error](err); ok {
		return Refuse(e.Check, field, e.Expected, e.Found)
	}
	return err
}
