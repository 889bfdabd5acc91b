package server_test

import (
	"context"
	"crypto"
	"crypto/x509"
	"maps"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/pki"
)

func init() { maps.Copy(faultCases, signatureCases) }

// signs has a person instruct an agent, wrongly and then rightly.
func signs(enrol func(w *world) *cast.Party, spoil func(w *world, p *cast.Party)) faultCase {
	return faultCase{try: func(w *world) trial {
		p := enrol(w)
		w.allow(w.Endorsed(w.Sign(w.Admin, w.Registration(p)), p))
		say := w.Instruction(p, w.Payments)
		right := w.Sign(p, say)
		spoil(w, p)
		return trial{wrong: w.Sign(p, say), right: right}
	}}
}

func sshCase(spoil func(*pki.SSH)) faultCase {
	return signs(func(w *world) *cast.Party { return w.SSHHolder("maria", "ssh:") }, func(_ *world, p *cast.Party) { spoil(p.SSH) })
}

// logNamed has the register log a set of authorities.
func (w *world) logNamed(of attest.RootType, name string, a *pki.Issued) {
	w.Helper()
	_, err := w.server.LogNamedRoot(context.Background(), server.NamedRoot{NamedRoot: attest.NamedRoot{Type: of, Name: name}, Source: "test", Document: a.PEM()})
	w.Check(err)
}

func x509Case(spoil func(w *world, c *cast.Certified)) faultCase {
	return signs(func(w *world) *cast.Party {
		people := w.Authority("people")
		w.logNamed(attest.RootX509, cast.PeopleRoot, people)
		return w.CertificateHolder("maria", people)
	}, func(w *world, p *cast.Party) { spoil(w, p.Certified) })
}

func cmsCase(spoil func(*pki.Signature)) faultCase {
	return x509Case(func(_ *world, c *cast.Certified) { c.Sign = spoil })
}

// issued signs with another certificate of the address.
func issued(by string, template x509.Certificate) faultCase {
	return x509Case(func(w *world, c *cast.Certified) {
		if template.EmailAddresses == nil {
			template.EmailAddresses = c.Leaf.EmailAddresses
		}
		c.Leaf = w.Authority(by).Issue(template, pki.Key("another"))
	})
}

func keylessCase(spoil func(w *world, c *cast.Certified)) faultCase {
	return signs(func(w *world) *cast.Party {
		fulcio, tsa := w.Authority("fulcio"), w.Authority("time")
		w.logNamed(attest.RootFulcio, cast.FulcioRoot, fulcio)
		w.logNamed(attest.RootTSA, cast.TimeRoot, tsa)
		return w.KeylessHolder("maria", fulcio, tsa)
	}, func(w *world, p *cast.Party) { spoil(w, p.Certified) })
}

func stampCase(spoil func(*pki.Token)) faultCase {
	return keylessCase(func(_ *world, c *cast.Certified) { c.Stamp = spoil })
}

// bare signs with the key itself, where something else is registered.
func bare(c faultCase) faultCase {
	return faultCase{try: func(w *world) trial {
		t := c.try(w)
		t.wrong.Envelope.Signature = []byte("no such form")
		return t
	}}
}

func later(d time.Duration) func(*pki.Token) {
	return func(t *pki.Token) { t.Time = t.Time.Add(d) }
}

var signatureCases = map[string]faultCase{
	"ssh.form":      bare(sshCase(func(*pki.SSH) {})),
	"ssh.key":       sshCase(func(s *pki.SSH) { s.Application = "ssh:other" }),
	"ssh.namespace": sshCase(func(s *pki.SSH) { s.Namespace = "git" }),
	"ssh.hash":      sshCase(func(s *pki.SSH) { s.Hash = "sha384" }),
	"ssh.presence":  sshCase(func(s *pki.SSH) { s.Flags = 0 }),

	"cms.form":        bare(cmsCase(func(*pki.Signature) {})),
	"cms.algorithm":   cmsCase(func(s *pki.Signature) { s.Hash = crypto.SHA256 }),
	"cms.certificate": cmsCase(func(s *pki.Signature) { s.Certificates = []*x509.Certificate{} }),
	"cms.digest":      cmsCase(func(s *pki.Signature) { s.Content = []byte("another") }),

	"certificate.chain":         issued("strangers", x509.Certificate{}),
	"certificate.expired":       issued("people", x509.Certificate{NotAfter: time.Date(2025, 12, 31, 23, 30, 0, 0, time.UTC)}),
	"certificate.not_yet_valid": issued("people", x509.Certificate{NotBefore: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC)}),
	"certificate.subject":       issued("people", x509.Certificate{EmailAddresses: []string{"eve@acme.example"}}),
	"certificate.usage":         issued("people", x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}),

	"fulcio.form": bare(keylessCase(func(*world, *cast.Certified) {})),
	"fulcio.certificate": faultCase{try: func(w *world) trial {
		t := keylessCase(func(*world, *cast.Certified) {}).try(w)
		var p attest.FulcioProof
		w.Check(attest.Decode(t.wrong.Envelope.Signature, &p))
		p.Certificates = append(p.Certificates, 0)
		e, err := attest.SealFulcio(t.wrong.Envelope.Payload, t.wrong.Envelope.KeyID, p)
		w.Check(err)
		t.wrong.Envelope = e
		return t
	}},
	"fulcio.issuer": keylessCase(func(w *world, c *cast.Certified) {
		c.Leaf = w.Authority("fulcio").Keyless(c.Fulcio.Identity, "https://other.example", c.Leaf.NotBefore)
	}),

	"tsa.form":    stampCase(func(t *pki.Token) { t.Info = func([]byte) []byte { return nil } }),
	"tsa.imprint": stampCase(func(t *pki.Token) { t.Stamped = []byte("another") }),
	"tsa.usage": keylessCase(func(w *world, c *cast.Certified) {
		c.Stamper = w.Authority("time").Person("x", "x@acme.example")
	}),
	"tsa.chain":         keylessCase(func(w *world, c *cast.Certified) { c.Stamper = w.Authority("strangers").Stamper() }),
	"tsa.expired":       stampCase(later(2 * 366 * 24 * time.Hour)),
	"tsa.not_yet_valid": stampCase(later(-24 * time.Hour)),
	"tsa.later":         stampCase(later(2 * time.Minute)),

	"signer.no_root": {try: func(w *world) trial {
		people := w.Authority("people")
		p := w.CertificateHolder("maria", people)
		return trial{wrong: w.Endorsed(w.Sign(w.Admin, w.Registration(p)), p), mend: func() [][]byte {
			w.logNamed(attest.RootX509, cast.PeopleRoot, people)
			return nil
		}}
	}},
}
