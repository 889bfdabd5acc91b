package attest

import "crypto"

// PersonKey is the object that the keyid of a person's envelope names: a key as
// it is; or, in the strict profile, a [Passkey] or an [SSH] key with its key, or
// the [X509] or [Fulcio] identity that certificates have to be of. No bytes are
// two of these.
type PersonKey []byte

// credentialObject is a PersonKey that is not a bare key. Exactly one of the
// forms is there; Key goes with the first two.
type credentialObject struct {
	Fulcio  *Fulcio  `json:"fulcio,omitzero"`
	Key     Key      `json:"key,omitempty"`
	Passkey *Passkey `json:"passkey,omitzero"`
	SSH     *SSH     `json:"ssh,omitzero"`
	X509    *X509    `json:"x509,omitzero"`
}

// Form says how a person signs.
type Form string

// The forms of a person's credential.
const (
	KeyForm     Form = "key"
	PasskeyForm Form = "passkey"
	SSHForm     Form = "ssh"
	X509Form    Form = "x509"
	FulcioForm  Form = "fulcio"
)

// form is the one form of the object; ok is false where there is not exactly one,
// or a key where none belongs, or none where one does.
func (o *credentialObject) form() (f Form, ok bool) {
	n, keyed := 0, false
	take := func(there bool, form Form, key bool) {
		if there {
			n, f, keyed = n+1, form, key
		}
	}
	take(o.Passkey != nil, PasskeyForm, true)
	take(o.SSH != nil, SSHForm, true)
	take(o.X509 != nil, X509Form, false)
	take(o.Fulcio != nil, FulcioForm, false)
	if n == 0 {
		f, n, keyed = KeyForm, 1, true
	}
	return f, n == 1 && keyed == (len(o.Key) > 0)
}

// check checks the object by what it is.
func (o *credentialObject) check(c *checker) Form {
	f, ok := o.form()
	c.that(ok, "key", "a key, with passkey or ssh or neither; or one of x509 and fulcio, without a key", "another set of members")
	switch {
	case !ok:
	case f == KeyForm:
		c.key("key", o.Key)
	case f == PasskeyForm:
		if _, err := o.Key.ParsePasskey(); err != nil && c.err == nil {
			c.err = err
		}
		c.passkey("passkey", o.Passkey)
	case f == SSHForm:
		c.ssh(o.Key, o.SSH)
	case f == X509Form:
		c.x509("x509", o.X509)
	case f == FulcioForm:
		c.fulcio("fulcio", o.Fulcio)
	}
	return f
}

// Digest is the keyid.
func (k PersonKey) Digest() Digest { return DigestOf(k) }

// isObject reports whether k is more than a bare key; it may still be malformed.
func (k PersonKey) isObject() bool { return len(k) > 0 && k[0] == '{' } // DER starts with another byte

// object reads a PersonKey that is not a bare key.
func (k PersonKey) object() (o credentialObject, f Form, err error) {
	if err := Decode(k, &o); err != nil {
		return o, "", err
	}
	c := &checker{}
	f = o.check(c)
	c.that(f != KeyForm, "passkey", "one of passkey, ssh, x509 and fulcio", "none")
	return o, f, c.err
}

// Form says how whoever holds k signs. Faults: those of [PersonKey.Signer].
func (k PersonKey) Form() (Form, error) {
	if !k.isObject() {
		_, err := Key(k).Parse()
		return KeyForm, err
	}
	_, f, err := k.object()
	return f, err
}

// IsPasskey reports whether k is a passkey.
func (k PersonKey) IsPasskey() bool {
	f, err := k.Form()
	return err == nil && f == PasskeyForm
}

// Signer returns the signer for a person's registered credential. One that is
// certified needs roots before anything verifies: [Signer.Anchor]. Faults:
// key.algorithm, and where it is not a bare key those of [Decode] and
// statement.field.
func (k PersonKey) Signer(name string) (Signer, error) {
	if !k.isObject() {
		return KeySigner(ByPerson, name, Key(k))
	}
	o, f, err := k.object()
	if err != nil {
		return Signer{}, err
	}
	s := Signer{Party: Party{ID: name, Kind: ByPerson}, KeyID: k.Digest()}
	if len(o.Key) > 0 {
		s.KeySum = o.Key.Digest()
	}
	switch f {
	case PasskeyForm:
		return s.withPasskey(o)
	case SSHForm:
		return s.withSSH(o)
	default:
		s.certified = &certified{x509: o.X509, fulcio: o.Fulcio}
		return s, nil
	}
}

// Credential is what the statement registers, as the object that the person's
// envelopes name.
func (p *Person) Credential() PersonKey {
	o := p.object()
	if f, _ := o.form(); f == KeyForm {
		return PersonKey(p.Key)
	}
	object, err := Encode(o)
	if err != nil {
		return nil // no statement that is valid has one
	}
	return object
}

func (p *Person) object() credentialObject {
	return credentialObject{Fulcio: p.Fulcio, Key: p.Key, Passkey: p.Passkey, SSH: p.SSH, X509: p.X509}
}

// Form says how the person signs.
func (p *Person) Form() Form {
	o := p.object()
	f, _ := o.form()
	return f
}

// Identity is what is this person's alone: the digest of the key, whatever holds
// it; or of the object that says whose certificates sign.
func (p *Person) Identity() Digest {
	if len(p.Key) > 0 {
		return p.Key.Digest()
	}
	return p.Credential().Digest()
}

// Sighted is what a signature showed beside that it is one. At most one of the
// three is there. The caller must not change it.
type Sighted struct {
	Passkey     *PasskeyFacts
	SSH         *SSHFacts
	Certificate *CertificateFacts
}

// keySum is the digest of a public key; "" of one that has none.
func keySum(pub crypto.PublicKey) Digest {
	key, err := KeyOf(pub)
	if err != nil {
		return ""
	}
	return key.Digest()
}
