package attest_test

import (
	"bytes"
	"crypto/elliptic"
	"crypto/x509/pkix"
	"encoding/asn1"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/authenticator"
	"github.com/deedlog/deed/internal/testkit/pki"
)

// sshDoc registers an SSH key.
func sshDoc(t testing.TB, s pki.SSH) *attest.Person {
	t.Helper()
	key, ssh, err := attest.NewSSH(s.Line())
	if err != nil {
		t.Fatal(err)
	}
	return &attest.Person{By: "alice", From: moment, Key: key, Log: origin, Name: "treasurer", Nonce: nonce("ssh"), SSH: &ssh, V: 1}
}

// certifiedDoc registers a name of certificates.
func certifiedDoc() *attest.Person {
	return &attest.Person{By: "alice", From: moment, Log: origin, Name: "treasurer", Nonce: nonce("x509"), V: 1,
		X509: &attest.X509{Email: "maria@acme.example", Root: "acme-people"}}
}

func fulcioDoc() *attest.Person {
	return &attest.Person{By: "alice", From: moment, Log: origin, Name: "treasurer", Nonce: nonce("fulcio"), V: 1,
		Fulcio: &attest.Fulcio{Identity: "maria@acme.example", Issuer: "https://accounts.acme.example", Root: "sigstore", TSA: "acme-time"}}
}

// TestCredentials: each form is written, read and told from the others, and no
// statement has two.
func TestCredentials(t *testing.T) {
	passkey := personDoc(t, authenticator.New(edKey("passkey"), rpID, webURL))
	ssh := sshDoc(t, pki.SSH{Type: "ssh-ed25519", Key: edKey("passkey")})
	plain := *ssh
	plain.SSH = nil
	seen := map[attest.Digest]attest.Form{}
	for form, p := range map[attest.Form]*attest.Person{
		attest.KeyForm: &plain, attest.PasskeyForm: passkey, attest.SSHForm: ssh, attest.X509Form: certifiedDoc(), attest.FulcioForm: fulcioDoc(),
	} {
		again, err := attest.ParsePayload(payloadOf(t, p))
		if err != nil {
			t.Fatalf("%s: %v", form, err)
		}
		k := again.(*attest.Person).Credential()
		got, err := k.Form()
		signer, signerErr := k.Signer("treasurer")
		if err != nil || signerErr != nil || got != form || p.Form() != form || signer.Form() != form || signer.KeyID != k.Digest() || k.IsPasskey() != (form == attest.PasskeyForm) {
			t.Errorf("%s is %s, %s, %s: %v %v", form, got, p.Form(), signer.Form(), err, signerErr)
		}
		if other, ok := seen[k.Digest()]; ok {
			t.Errorf("%s and %s have one keyid", form, other)
		}
		seen[k.Digest()] = form
	}
	both := *certifiedDoc()
	both.Key = plain.Key
	two := *fulcioDoc()
	two.X509 = certifiedDoc().X509
	three := *ssh
	three.Passkey = passkey.Passkey
	keyless := *ssh
	keyless.Key = nil
	for name, p := range map[string]*attest.Person{"a key with x509": &both, "two identities": &two, "passkey and ssh": &three, "ssh without a key": &keyless} {
		if _, err := attest.Payload(p); codeOf(err) != "statement.field" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestCredentialMembers: one member wrong.
func TestCredentialMembers(t *testing.T) {
	dn, err := asn1.Marshal(pkix.Name{CommonName: "Maria", SerialNumber: "7"}.ToRDNSequence())
	if err != nil {
		t.Fatal(err)
	}
	x := func(change func(*attest.X509)) *attest.Person {
		p := certifiedDoc()
		change(p.X509)
		return p
	}
	f := func(change func(*attest.Fulcio)) *attest.Person {
		p := fulcioDoc()
		change(p.Fulcio)
		return p
	}
	s := func(change func(*attest.Person)) *attest.Person {
		p := sshDoc(t, pki.SSH{Type: "sk-ssh-ed25519@openssh.com", Key: edKey("sk"), Application: "ssh:"})
		change(p)
		return p
	}
	p384, err := attest.KeyOf(ecKey(t, elliptic.P384(), "p384").Public())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, want string
		doc        *attest.Person
	}{
		{"by a name in DER", "", x(func(x *attest.X509) { x.Email, x.Subject = "", dn })},
		{"both", "statement.field", x(func(x *attest.X509) { x.Subject = dn })},
		{"neither", "statement.field", x(func(x *attest.X509) { x.Email = "" })},
		{"no root", "statement.field", x(func(x *attest.X509) { x.Root = "" })},
		{"a root of a type", "statement.field", x(func(x *attest.X509) { x.Root = "x509:acme" })},
		{"no address", "statement.field", x(func(x *attest.X509) { x.Email = "maria" })},
		{"two addresses", "statement.field", x(func(x *attest.X509) { x.Email = "a@b@c" })},
		{"a long address", "statement.field", x(func(x *attest.X509) { x.Email = strings.Repeat("a", 250) + "@b.de" })},
		{"an address with a space", "statement.field", x(func(x *attest.X509) { x.Email = "a b@c" })},
		{"no name", "statement.field", x(func(x *attest.X509) { x.Email, x.Subject = "", []byte{0x30, 0} })},
		{"a name and a tail", "statement.field", x(func(x *attest.X509) { x.Email, x.Subject = "", append(bytes.Clone(dn), 0) })},

		{"a URI", "", f(func(f *attest.Fulcio) { f.Identity = "https://github.com/acme/x@refs/heads/main" })},
		{"no identity", "statement.field", f(func(f *attest.Fulcio) { f.Identity = "" })},
		{"a name alone", "statement.field", f(func(f *attest.Fulcio) { f.Identity = "maria" })},
		{"an issuer without a scheme", "statement.field", f(func(f *attest.Fulcio) { f.Issuer = "accounts.acme.example" })},
		{"an issuer in the clear", "statement.field", f(func(f *attest.Fulcio) { f.Issuer = "http://accounts.acme.example" })},
		{"no authority", "statement.field", f(func(f *attest.Fulcio) { f.Root = "" })},
		{"no authority of time", "statement.field", f(func(f *attest.Fulcio) { f.TSA = "" })},

		{"a security key", "", s(func(*attest.Person) {})},
		{"another kind of key", "key.algorithm", s(func(p *attest.Person) { p.Key = p384 })},
		{"a security key without an application", "key.algorithm", s(func(p *attest.Person) { p.SSH.Application = "" })},
		{"another type", "key.algorithm", s(func(p *attest.Person) { p.SSH.Type = "ssh-dss" })},
		{"an application of a key that is in a file", "key.algorithm", s(func(p *attest.Person) { p.SSH.Type = "ssh-ed25519" })},
		{"a key with a tail", "key.algorithm", s(func(p *attest.Person) { p.Key = append(p.Key[:len(p.Key):len(p.Key)], 0) })},
	} {
		if _, err := attest.Payload(c.doc); codeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if _, err := c.doc.Credential().Signer("treasurer"); codeOf(err) != c.want {
			t.Errorf("%s, as an object: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestAnchors: certificates prove nothing until somebody says where they have to
// lead, and say when they end.
func TestAnchors(t *testing.T) {
	start := time.UnixMilli(moment).UTC().Truncate(time.Second).Add(-time.Hour)
	ca := pki.Authority("people", start)
	leaf := ca.Person("Maria", "maria@acme.example")
	signer, err := certifiedDoc().Credential().Signer("treasurer")
	if err != nil {
		t.Fatal(err)
	}
	payload := payloadOf(t, ownInstruction())
	e, err := attest.SealSigned(payload, signer.KeyID, pki.Signature{Signer: leaf, Content: attest.SigningBytes(payload)}.DER())
	if err != nil {
		t.Fatal(err)
	}
	roots, err := attest.ParseRoots(ca.PEM())
	if err != nil {
		t.Fatal(err)
	}
	root := attest.NamedRoot{Type: attest.RootX509, Name: "acme-people"}
	for name, c := range map[string]struct {
		signer attest.Signer
		want   string
	}{
		"not anchored":     {signer, "signer.no_root"},
		"nowhere":          {signer.Anchor(nil, moment), "signer.no_root"},
		"elsewhere":        {signer.Anchor(map[attest.NamedRoot]*attest.Roots{{Type: attest.RootX509, Name: "other"}: roots}, moment), "certificate.chain"},
		"at another time":  {signer.Anchor(map[attest.NamedRoot]*attest.Roots{root: roots}, moment-2*3_600_000), "certificate.not_yet_valid"},
		"anchored":         {signer.Anchor(map[attest.NamedRoot]*attest.Roots{root: roots}, moment), ""},
		"opened once more": {signer.Reopened(), ""},
	} {
		v, err := attest.Open(e, c.signer)
		if codeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
		if err != nil {
			continue
		}
		if key, _ := attest.KeyOf(leaf.Key.Public()); v.Signer().KeySum != key.Digest() || v.Sighted().Certificate == nil || v.Passkey() != nil {
			t.Errorf("%s: %+v", name, v.Signer())
		}
		if until := v.Until(); until != leaf.NotAfter.UnixMilli() && name == "anchored" {
			t.Errorf("%s: until %d", name, until)
		}
	}
}

// A signature as large as certificates make it is nobody's who has none.
func TestLargeSignature(t *testing.T) {
	key := edKey("plain")
	public, err := attest.KeyOf(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	signer, err := attest.KeySigner(attest.ByPerson, "treasurer", public)
	if err != nil {
		t.Fatal(err)
	}
	e, err := attest.SealSigned(payloadOf(t, ownInstruction()), signer.KeyID, make([]byte, 2049))
	if err != nil {
		t.Fatal(err)
	}
	_, err = attest.Open(e, signer)
	wantCode(t, err, "envelope.signatures")
	if _, err := attest.ParseEnvelope(e.JSON()); err != nil {
		t.Error(err)
	}
	e.Signature = make([]byte, 16<<10)
	e.Payload = bytes.Repeat([]byte("x"), attest.MaxPayload)
	if again, err := attest.ParseEnvelope(e.JSON()); err != nil || len(again.Signature) != 16<<10 {
		t.Errorf("the largest envelope: %v", err)
	}
}

func TestPayloadOf(t *testing.T) {
	for _, payload := range []string{"x", "{}", strings.Repeat("9 ", 500), "5 hello"} {
		if got, ok := attest.PayloadOf(attest.SigningBytes([]byte(payload))); !ok || string(got) != payload {
			t.Errorf("%.20q comes back as %.20q", payload, got)
		}
	}
	for _, pae := range []string{"", "x", "DSSEv1 28 application/vnd.in-toto+json 6 hello", "DSSEv1 4 text 5 hello"} {
		if _, ok := attest.PayloadOf([]byte(pae)); ok {
			t.Errorf("%q is taken", pae)
		}
	}
}

// FuzzCredential: no bytes are two credentials, and what is read is written again
// as it was.
func FuzzCredential(f *testing.F) {
	f.Add([]byte(certifiedDoc().Credential()))
	f.Add([]byte(fulcioDoc().Credential()))
	f.Add([]byte(sshDoc(f, pki.SSH{Type: "ssh-ed25519", Key: edKey("ssh")}).Credential()))
	f.Add([]byte(personDoc(f, authenticator.New(edKey("passkey"), rpID, webURL)).Credential()))
	f.Fuzz(func(t *testing.T, object []byte) {
		k := attest.PersonKey(object)
		form, err := k.Form()
		signer, signerErr := k.Signer("x")
		if (err == nil) != (signerErr == nil) || err == nil && (signer.Form() != form || signer.KeyID != attest.DigestOf(object)) {
			t.Errorf("%q: %s %v, %s %v", object, form, err, signer.Form(), signerErr)
		}
	})
}
