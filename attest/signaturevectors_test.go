package attest_test

import (
	"crypto"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/binary"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/pki"
	"github.com/go-json-experiment/json/jsontext"
)

type signatureVector struct {
	Name     string         `json:"name"`
	Object   jsontext.Value `json:"object"` // that the keyid names
	Envelope jsontext.Value `json:"envelope"`
	Code     string         `json:"code,omitzero"` // of the refusal
}

type signatureVectors struct {
	Signer    string            `json:"signer"`     // who is registered so
	CheckedAt int64             `json:"checked_at"` // ms
	Roots     map[string]string `json:"roots"`      // PEM
	Cases     []signatureVector `json:"cases"`
}

// signing is one case in the making: what is registered, and how it is signed.
type signing struct {
	name, code string
	person     *attest.Person
	sign       func(message []byte) []byte // the envelope's signature
}

// signingWorld is what people sign with in the vectors.
type signingWorld struct {
	start                time.Time
	people, fulcio, tsa  *pki.Issued
	maria, minutes, time *pki.Issued
}

func newSigningWorld() signingWorld {
	w := signingWorld{start: time.UnixMilli(moment).UTC().Truncate(time.Second).Add(-time.Hour)}
	w.people, w.fulcio, w.tsa = pki.Authority("people", w.start), pki.Authority("fulcio", w.start), pki.Authority("time", w.start)
	w.maria, w.time = w.people.Person("Maria", "maria@acme.example"), w.tsa.Stamper()
	w.minutes = w.fulcio.Keyless("maria@acme.example", "https://accounts.acme.example", w.start.Add(50*time.Minute))
	return w
}

// now is when the time stamps are made.
func (w signingWorld) now() time.Time { return w.start.Add(55 * time.Minute) }

func (w signingWorld) ssh(t *testing.T) []signing {
	file := pki.SSH{Type: "ssh-ed25519", Key: edKey("vector ssh")}
	hardware := pki.SSH{Type: "sk-ssh-ed25519@openssh.com", Key: edKey("vector sk"), Application: "ssh:", Flags: 1, Counter: 12}
	make := func(name, code string, s pki.SSH, spoil func(*pki.SSH)) signing {
		person := sshDoc(t, s)
		spoil(&s)
		return signing{name, code, person, s.Sign}
	}
	return []signing{
		make("ssh: right", "", file, func(*pki.SSH) {}),
		make("ssh: with SHA-256", "", file, func(s *pki.SSH) { s.Hash = "sha256" }),
		make("ssh: a security key", "", hardware, func(*pki.SSH) {}),
		make("ssh: a security key that verified its user", "", hardware, func(s *pki.SSH) { s.Flags = 5 }),
		make("ssh: another namespace", "ssh.namespace", file, func(s *pki.SSH) { s.Namespace = "git" }),
		make("ssh: another hash", "ssh.hash", file, func(s *pki.SSH) { s.Hash = "sha1" }),
		make("ssh: something reserved", "ssh.form", file, func(s *pki.SSH) { s.Reserved = "x" }),
		make("ssh: another version", "ssh.form", file, func(s *pki.SSH) { s.Version = 2 }),
		make("ssh: another algorithm", "ssh.form", file, func(s *pki.SSH) { s.Algorithm = "ssh-rsa" }),
		make("ssh: another key", "ssh.key", file, func(s *pki.SSH) { s.Key = edKey("another") }),
		make("ssh: another key under its name", "envelope.signature", file, func(s *pki.SSH) { s.Public, s.Key = s.Blob(), edKey("another") }),
		make("ssh: not touched", "ssh.presence", hardware, func(s *pki.SSH) { s.Flags = 4 }),
		make("ssh: for another application", "ssh.key", hardware, func(s *pki.SSH) { s.Application = "ssh:other" }),
	}
}

// sshForms are signatures that verify, in bytes that they may not be written in:
// each has one form.
func (w signingWorld) sshForms(t *testing.T) []signing {
	file := pki.SSH{Type: "ssh-ed25519", Key: edKey("vector ssh")}
	hardware := pki.SSH{Type: "sk-ssh-ed25519@openssh.com", Key: edKey("vector sk"), Application: "ssh:", Flags: 1, Counter: 12}
	curve := pki.SSH{Type: "ecdsa-sha2-nistp256", Key: ecKey(t, elliptic.P256(), "vector ssh P-256")}
	blob := func(name, code string, s pki.SSH, spoil func([]byte) []byte) signing {
		return signing{name, code, sshDoc(t, s), func(m []byte) []byte { return spoil(s.Sign(m)) }}
	}
	inner := func(name, code string, s pki.SSH, spoil func(*pki.SSH)) signing {
		person := sshDoc(t, s)
		spoil(&s)
		return signing{name, code, person, s.Sign}
	}
	numbers := func(name, code string, spoil func(r, rest []byte) []byte) signing {
		return inner(name, code, curve, func(s *pki.SSH) {
			s.Numbers = func(b []byte) []byte { n := 4 + int(b[3]); return spoil(b[4:n], b[n:]) }
		})
	}
	number := func(b ...byte) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...) }
	const bad = "envelope.signature"
	return []signing{
		blob("ssh: without its magic", "ssh.form", file, func(b []byte) []byte { return b[6:] }),
		blob("ssh: cut after the version", "ssh.form", file, func(b []byte) []byte { return b[:10] }),
		blob("ssh: a byte more", "ssh.form", file, func(b []byte) []byte { return append(b, 0) }),
		inner("ssh: a byte more inside", "ssh.form", file, func(s *pki.SSH) { s.Tail = []byte{0} }),
		blob("ssh: a security key without its flags", "ssh.form", hardware, func(b []byte) []byte {
			b[len(b)-104] -= 5 // of 103 bytes inside
			return b[:len(b)-5]
		}),
		numbers("ssh: P-256", "", func(r, rest []byte) []byte { return append(number(r...), rest...) }),
		numbers("ssh: P-256 and a byte more", bad, func(r, rest []byte) []byte { return append(append(number(r...), rest...), 0) }),
		numbers("ssh: P-256 with a zero more", bad, func(r, rest []byte) []byte { return append(number(append([]byte{0}, r...)...), rest...) }),
		numbers("ssh: P-256 with a number below zero", bad, func(r, rest []byte) []byte {
			if r[0] != 0 {
				t.Fatal("the first number needs no zero: take another key")
			}
			return append(number(r[1:]...), rest...)
		}),
		numbers("ssh: P-256 with an empty number", bad, func(_, rest []byte) []byte { return append(number(), rest...) }),
		numbers("ssh: P-256 with the number zero", bad, func(_, rest []byte) []byte { return append(number(0), rest...) }),
	}
}

func (w signingWorld) x509() []signing {
	make := func(name, code string, spoil func(*pki.Signature)) signing {
		return signing{name, code, certifiedDoc(), func(message []byte) []byte {
			s := pki.Signature{Signer: w.maria, Content: message}
			spoil(&s)
			return s.DER()
		}}
	}
	by := func(c *pki.Issued) func(*pki.Signature) { return func(s *pki.Signature) { s.Signer = c } }
	leaf := func(c x509.Certificate) func(*pki.Signature) {
		if c.EmailAddresses == nil {
			c.EmailAddresses = w.maria.EmailAddresses
		}
		return by(w.people.Issue(c, pki.Key("leaf")))
	}
	named := signing{"x509: by the whole name", "", certifiedDoc(), make("", "", func(*pki.Signature) {}).sign}
	named.person.X509.Email, named.person.X509.Subject = "", w.maria.RawSubject
	return []signing{
		make("x509: right", "", func(*pki.Signature) {}), named,
		make("x509: by the subject key identifier", "", func(s *pki.Signature) { s.BySubjectKey = true }),
		make("x509: a renewed certificate", "", leaf(x509.Certificate{})),
		make("x509: attached", "cms.form", func(s *pki.Signature) { s.Attached = true }),
		make("x509: two signers", "cms.form", func(s *pki.Signature) { s.Twice = true }),
		make("x509: with CRLs", "cms.form", func(s *pki.Signature) { s.CRLs = true }),
		make("x509: no content type", "cms.form", func(s *pki.Signature) {
			s.Attributes = func(a []pki.Attribute) []pki.Attribute { return a[1:] }
		}),
		make("x509: Ed25519 with SHA-256", "cms.algorithm", func(s *pki.Signature) { s.Hash = crypto.SHA256 }),
		make("x509: SHA-1", "cms.algorithm", func(s *pki.Signature) { s.Hash = crypto.SHA1 }),
		make("x509: no certificates", "cms.certificate", func(s *pki.Signature) { s.Certificates = []*x509.Certificate{} }),
		make("x509: over other bytes", "cms.digest", func(s *pki.Signature) { s.Content = []byte("pay 10000") }),
		make("x509: by another key", "envelope.signature", by(&pki.Issued{Certificate: w.maria.Certificate, Key: pki.Key("thief")})),
		make("x509: of another authority", "certificate.chain", by(pki.Authority("strangers", w.start).Person("Maria", "maria@acme.example"))),
		make("x509: of another person", "certificate.subject", by(w.people.Person("Bob", "bob@acme.example"))),
		make("x509: ended", "certificate.expired", leaf(x509.Certificate{NotAfter: w.start.Add(time.Minute)})),
		make("x509: not begun", "certificate.not_yet_valid", leaf(x509.Certificate{NotBefore: w.start.Add(2 * time.Hour)})),
		make("x509: for servers", "certificate.usage", leaf(x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})),
		make("x509: for encryption", "certificate.usage", leaf(x509.Certificate{KeyUsage: x509.KeyUsageKeyEncipherment})),
	}
}

func (w signingWorld) keyless(t *testing.T) []signing {
	make := func(name, code string, leaf *pki.Issued, spoil func(*pki.Token)) signing {
		return signing{name, code, fulcioDoc(), func(message []byte) []byte {
			sig, err := leaf.Key.Sign(nil, message, crypto.Hash(0))
			if err != nil {
				t.Fatal(err)
			}
			token := pki.Token{Signer: w.time, Stamped: sig, Time: w.now()}
			spoil(&token)
			doc, err := attest.Encode(attest.FulcioProof{Certificates: leaf.Raw, Signature: sig, TSAToken: token.DER()})
			if err != nil {
				t.Fatal(err)
			}
			return doc
		}}
	}
	right := func(*pki.Token) {}
	at := func(d time.Duration) func(*pki.Token) { return func(k *pki.Token) { k.Time = k.Time.Add(d) } }
	issued := func(by *pki.Issued, identity, provider string) *pki.Issued {
		return by.Keyless(identity, provider, w.minutes.NotBefore)
	}
	const provider = "https://accounts.acme.example"
	return []signing{
		make("fulcio: right", "", w.minutes, right),
		make("fulcio: give or take a second", "", w.minutes, func(k *pki.Token) { k.Accuracy = 1 }),
		make("fulcio: of another identity", "certificate.subject", issued(w.fulcio, "eve@acme.example", provider), right),
		make("fulcio: of another provider", "fulcio.issuer", issued(w.fulcio, "maria@acme.example", "https://evil.example"), right),
		make("fulcio: of another authority", "certificate.chain", issued(w.people, "maria@acme.example", provider), right),
		make("fulcio: stamped too early", "certificate.not_yet_valid", w.minutes, at(-6*time.Minute)),
		make("fulcio: stamped in the certificate's first second, give or take one", "", w.minutes, func(k *pki.Token) { k.Time, k.Accuracy = w.minutes.NotBefore, 1 }),
		make("fulcio: perhaps not stamped too early", "certificate.not_yet_valid", w.minutes, func(k *pki.Token) { k.Time, k.Accuracy = w.minutes.NotBefore.Add(-time.Second), 2 }),
		make("fulcio: stamped too late", "certificate.expired", w.minutes, at(5*time.Minute+time.Second)),
		make("fulcio: perhaps stamped too late", "certificate.expired", w.minutes, func(k *pki.Token) { k.Time, k.Accuracy = k.Time.Add(5*time.Minute), 1 }),
		make("fulcio: stamped in the time to come", "tsa.later", w.minutes, at(7*time.Minute)),
		make("fulcio: another's token", "tsa.imprint", w.minutes, func(k *pki.Token) { k.Stamped = []byte("another") }),
		make("fulcio: stamped by a stranger", "tsa.chain", w.minutes, func(k *pki.Token) { k.Signer = pki.Authority("strangers", w.start).Stamper() }),
		make("fulcio: stamped by a person", "tsa.usage", w.minutes, func(k *pki.Token) { k.Signer = w.maria }),
		make("fulcio: a token that names no certificate", "tsa.form", w.minutes, func(k *pki.Token) {
			k.Sign = func(s *pki.Signature) { s.Attributes = nil }
		}),
	}
}

// One instruction signed as it should be, and once for each way in which it
// should not, by people who sign with SSH keys, certificates and sigstore.
func TestSignatureVectors(t *testing.T) {
	w := newSigningWorld()
	out := signatureVectors{Signer: "treasurer", CheckedAt: moment, Roots: map[string]string{}}
	sets := map[attest.NamedRoot]*attest.Roots{}
	for of, a := range map[attest.NamedRoot]*pki.Issued{
		{Type: attest.RootX509, Name: "acme-people"}: w.people, {Type: attest.RootFulcio, Name: "sigstore"}: w.fulcio, {Type: attest.RootTSA, Name: "acme-time"}: w.tsa,
	} {
		set, err := attest.ParseRoots(a.PEM())
		if err != nil {
			t.Fatal(err)
		}
		sets[of], out.Roots[of.String()] = set, string(a.PEM())
	}
	payload := payloadOf(t, ownInstruction())
	for _, c := range slices.Concat(w.ssh(t), w.sshForms(t), w.x509(), w.keyless(t)) {
		object := c.person.Credential()
		signer, err := object.Signer("treasurer")
		if err != nil {
			t.Fatal(err)
		}
		e, err := attest.SealSigned(payload, signer.KeyID, c.sign(attest.SigningBytes(payload)))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if _, err := attest.Open(e, signer.Anchor(sets, moment)); codeOf(err) != c.code {
			t.Errorf("%s: %v, want %q", c.name, err, c.code)
		}
		out.Cases = append(out.Cases, signatureVector{c.name, jsontext.Value(object), e.JSON(), c.code})
	}
	golden(t, "signatures/cases.json", out)
}
