package verifier_test

import (
	"bytes"
	"crypto"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/testkit/pki"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/verifier"
)

// authorities of a world, from an hour before it.
func authority(w *register.World, name string) *pki.Issued {
	return pki.Authority(name, w.Clock.Now().UTC().Add(-time.Hour).Truncate(time.Second))
}

func addRoot(w *register.World, of attest.RootType, name string, a *pki.Issued) {
	w.AddBy("root "+name, w.Server, &attest.Root{
		At: w.Now(), Bundle: attest.DigestOf(a.PEM()), Log: register.Origin, Name: name, Nonce: w.Nonce(), Source: "people.pem", Type: of, V: 1,
	}, a.PEM())
}

// approvedBy is a log in which maria approves an action, however she signs.
func approvedBy(t *testing.T, w *register.World, person *attest.Person, sign func(payload []byte, keyID attest.Digest) (attest.Envelope, error)) (index uint64) {
	t.Helper()
	person.By, person.From, person.Log, person.Name, person.Nonce, person.V = "carol", w.Now(), register.Origin, "maria", w.Nonce(), 1
	by := func(s attest.Statement) attest.Envelope {
		payload, err := attest.Payload(s)
		if err != nil {
			t.Fatal(err)
		}
		e, err := sign(payload, person.Credential().Digest())
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	w.AddBy("person maria", w.Carol, person, by(person).JSON())
	action := w.Action(w.Payments, attest.Intent, w.IDs["warrant without instruction"], "20.00")
	consent := w.Approval(w.Alice, action)
	consent.Person = "maria"
	action.Authority.Approvals = []attest.ID{w.Add("consent", by(consent), []byte("what was shown")).ID}
	return w.AddAs("approved", w.NewAgent(w.Payments.ID), newSession(w, action)).Index
}

type signedWorld struct {
	*register.World
	person *attest.Person
	index  uint64
	roots  map[string]*pki.Issued // by directory, such as x509/acme
}

func sshWorld(t *testing.T, application string) signedWorld {
	w := register.NewWorld(t, "ssh")
	s := pki.SSH{Type: "ssh-ed25519", Key: pki.Key("ssh of maria")}
	if application != "" {
		s.Type, s.Application, s.Flags, s.Counter = "sk-ssh-ed25519@openssh.com", application, 1, 12
	}
	key, ssh, err := attest.NewSSH(s.Line())
	if err != nil {
		t.Fatal(err)
	}
	person := &attest.Person{Key: key, SSH: &ssh}
	index := approvedBy(t, w, person, func(payload []byte, keyID attest.Digest) (attest.Envelope, error) {
		return attest.SealSigned(payload, keyID, s.Sign(attest.SigningBytes(payload)))
	})
	return signedWorld{w, person, index, nil}
}

func x509World(t *testing.T) signedWorld {
	w := register.NewWorld(t, "x509")
	people := authority(w, "Acme people")
	addRoot(w, attest.RootX509, "acme", people)
	leaf := people.Person("Maria Muster", "maria@acme.example")
	person := &attest.Person{X509: &attest.X509{Email: "maria@acme.example", Root: "acme"}}
	index := approvedBy(t, w, person, func(payload []byte, keyID attest.Digest) (attest.Envelope, error) {
		return attest.SealSigned(payload, keyID, pki.Signature{Signer: leaf, Content: attest.SigningBytes(payload)}.DER())
	})
	return signedWorld{w, person, index, map[string]*pki.Issued{"x509/acme": people}}
}

func fulcioWorld(t *testing.T) signedWorld {
	const provider = "https://accounts.acme.example"
	w := register.NewWorld(t, "fulcio")
	fulcio, tsa := authority(w, "Fulcio"), authority(w, "Time")
	addRoot(w, attest.RootFulcio, "sigstore", fulcio)
	addRoot(w, attest.RootTSA, "time", tsa)
	at := w.Clock.Now().UTC().Truncate(time.Second)
	leaf, stamper := fulcio.Keyless("maria@acme.example", provider, at.Add(-time.Minute)), tsa.Stamper()
	person := &attest.Person{Fulcio: &attest.Fulcio{Identity: "maria@acme.example", Issuer: provider, Root: "sigstore", TSA: "time"}}
	index := approvedBy(t, w, person, func(payload []byte, keyID attest.Digest) (attest.Envelope, error) {
		sig, err := leaf.Key.Sign(nil, attest.SigningBytes(payload), crypto.Hash(0))
		if err != nil {
			return attest.Envelope{}, err
		}
		token := pki.Token{Signer: stamper, Stamped: sig, Time: at, Accuracy: 1}.DER()
		return attest.SealFulcio(payload, keyID, attest.FulcioProof{Certificates: leaf.Raw, Signature: sig, TSAToken: token})
	})
	return signedWorld{w, person, index, map[string]*pki.Issued{"fulcio/sigstore": fulcio, "tsa/time": tsa}}
}

// own is the trust directory of a reader who has people and authorities from
// elsewhere.
func (s signedWorld) own(t *testing.T) map[string][]byte {
	files := knows(t, s.TrustFiles(t), verifier.NewTrustPerson(s.person))
	for dir, a := range s.roots {
		files[dir+"/1.pem"] = authority(s.World, "an older one").PEM()
		files[dir+"/2.pem"] = a.PEM()
	}
	return files
}

func words(v *verifier.Verdict) string { return strings.Join(strings.Fields(verifier.Text(v)), " ") }

// TestSignatures: an auditor checks the signature again, offline, with authorities
// of their own, and reads in fixed words what signed and what that does not show.
func TestSignatures(t *testing.T) {
	for name, c := range map[string]struct {
		make func(t *testing.T) signedWorld
		says []string
	}{
		"ssh": {func(t *testing.T) signedWorld { return sshWorld(t, "") }, []string{
			"maria, SSH key sha256:",
			"signed by an SSH key, for the namespace deed",
		}},
		"security key": {func(t *testing.T) signedWorld { return sshWorld(t, "ssh:") }, []string{
			"signed by an SSH key in a security key, for the namespace deed",
			"the security key reported that its user touched it, and did not report that it verified its user; signature counter 12",
			"This does not show on which page or in which program the user of a security key was asked to touch it: an SSH signature names none.",
		}},
		"x509": {x509World, []string{
			`signed by a certificate of "maria@acme.example, SERIALNUMBER=PNODE-Maria Muster,CN=Maria Muster,C=DE", number `,
			`issued by "CN=Acme people"`,
			"by the authorities x509:acme valid when the register checked it; whether it had been revoked was not looked at",
			"This does not show that the certificate behind a signature had not been revoked: neither OCSP nor revocation lists were looked at, by the register or here.",
		}},
		"fulcio": {fulcioWorld, []string{
			`the identity provider that the certificate names: "https://accounts.acme.example"`,
			`by the authorities fulcio:sigstore and tsa:time`,
			`, give or take 1s, while the certificate was valid, by a time stamp of "CN=stamps of Time"`,
			"This does not show that the identity provider of a sigstore signature logged in the right person, or a person at all and not a program, nor that its certificate is in a public log: a certificate timestamp (SCT) was not asked for.",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := c.make(t)
			contents := s.Contents(t, s.index, s.Entries["person maria"])
			v := verifier.Verify(build(t, contents), load(t, s.own(t)), verifier.Options{})
			if v.ExitCode() != 0 {
				t.Fatal(v.Failure())
			}
			a := v.Subjects[0].Attribution
			if v.Subjects[0].Attribution == nil {
				a = v.Subjects[1].Attribution
			}
			if a.Agency != agency.HumanDirected || a.Key != agency.K3 || a.Binding != agency.B4 || a.Authorizing != "maria" {
				t.Errorf("%+v", a)
			}
			text := words(v)
			for _, want := range append(c.says, "a signature by a private key that is registered or certified as this person's") {
				if !strings.Contains(text, want) {
					t.Errorf("no %q in the verdict:\n%s", want, verifier.Text(v))
				}
			}
			for i, o := range contents.Objects { // the credential is evidence: without it nothing is shown
				if bytes.Equal(o, s.person.Credential()) {
					contents.Objects = append(contents.Objects[:i:i], contents.Objects[i+1:]...)
					break
				}
			}
			if v := verifier.Verify(build(t, contents), load(t, s.own(t)), verifier.Options{}); v.ExitCode() != 2 {
				t.Errorf("without the credential: exit code %d", v.ExitCode())
			}
		})
	}
}

// TestOwnAuthorities: a signature leads to the reader's own authorities, or is
// false; without own ones it could not be checked, or is the operator's word.
func TestOwnAuthorities(t *testing.T) {
	for name, make := range map[string]func(*testing.T) signedWorld{"x509": x509World, "fulcio": fulcioWorld} {
		s := make(t)
		contents := s.Contents(t, s.index)
		verdict := func(files map[string][]byte, o verifier.Options) *verifier.Verdict {
			return verifier.Verify(build(t, contents), load(t, files), o)
		}
		for dir := range s.roots {
			none, strangers := s.own(t), s.own(t)
			delete(none, dir+"/1.pem")
			delete(none, dir+"/2.pem")
			strangers[dir+"/2.pem"] = authority(s.World, "strangers").PEM()
			if v := verdict(strangers, verifier.Options{}); v.ExitCode() != 1 || !strings.Contains(v.Failure(), "root.corroborated") {
				t.Errorf("%s, strangers in %s: %d %s", name, dir, v.ExitCode(), v.Failure())
			}
			if v := verdict(strangers, verifier.Options{AcceptLedgerRoots: true}); v.ExitCode() != 1 {
				t.Errorf("%s, strangers in %s, whatever is accepted: %d", name, dir, v.ExitCode())
			}
			if v := verdict(none, verifier.Options{}); v.ExitCode() != 2 || !strings.Contains(v.Failure(), dir) {
				t.Errorf("%s, none in %s: %d %s", name, dir, v.ExitCode(), v.Failure())
			}
			v := verdict(none, verifier.Options{AcceptLedgerRoots: true})
			if v.ExitCode() != 0 || len(v.OperatorTrusted) != 1 || !strings.Contains(v.OperatorTrusted[0], strings.Replace(dir, "/", ":", 1)) {
				t.Errorf("%s, none in %s, the log's accepted: %d %v", name, dir, v.ExitCode(), v.OperatorTrusted)
			}
			if a := v.Subjects[0].Attribution; a.Agency != agency.HumanDelegated || a.Binding != agency.B2 { // by the root, with a key that is known
				t.Errorf("%s, none in %s, the log's accepted: %s at B%d", name, dir, a.Agency, a.Binding)
			}
		}
		stranger := *s.person
		if stranger.X509 != nil {
			stranger.X509 = &attest.X509{Email: "other@acme.example", Root: "acme"}
		} else {
			other := *stranger.Fulcio
			other.Issuer = "https://other.example"
			stranger.Fulcio = &other
		}
		files := s.own(t)
		files["people.json"] = s.TrustFiles(t)["people.json"]
		if v := verdict(knows(t, files, verifier.NewTrustPerson(&stranger)), verifier.Options{}); v.ExitCode() != 1 || !strings.Contains(v.Failure(), "people.corroborated") {
			t.Errorf("%s, another identity: %d %s", name, v.ExitCode(), v.Failure())
		}
	}
}

// TestTrustNamed: what a trust directory does not take.
func TestTrustNamed(t *testing.T) {
	w := register.NewWorld(t, "trust")
	a := authority(w, "people")
	for name, c := range map[string]struct{ file, doc string }{
		"another name":   {"x509/acme/people.pem", string(a.PEM())},
		"another ending": {"x509/acme/1.crt", string(a.PEM())},
		"no name":        {"x509/1.pem", string(a.PEM())},
		"a bad name":     {"x509/Acme/1.pem", string(a.PEM())},
		"another type":   {"x510/acme/1.pem", string(a.PEM())},
		"no authority":   {"tsa/acme/1.pem", string(a.Person("x", "x@acme.example").PEM())},
		"key and x509":   {"people.json", `[{"key":"AAAA","name":"x","x509":{"email":"x@acme.example","root":"a"}}]`},
		"half an x509":   {"people.json", `[{"name":"x","x509":{"root":"a"}}]`},
		"neither":        {"people.json", `[{"name":"x"}]`},
		"both":           {"people.json", `[{"fulcio":{"identity":"x@a","issuer":"https://a","root":"a","tsa":"a"},"name":"x","x509":{"email":"x@acme.example","root":"a"}}]`},
		"twice":          {"people.json", `[{"name":"x","x509":{"email":"x@acme.example","root":"a"}},{"name":"x","x509":{"email":"x@acme.example","root":"a"}}]`},
	} {
		files := w.TrustFiles(t)
		files[c.file] = []byte(c.doc)
		if _, err := verifier.LoadTrust(dir(files)); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
