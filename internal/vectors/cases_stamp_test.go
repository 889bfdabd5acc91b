package vectors_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha512"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net/url"
	"slices"
	"time"

	"github.com/deedlog/deed/internal/testkit/pki"
)

// proofCase is a proof that is right but for one thing: by another leaf, with
// another token.
type proofCase struct {
	name, code string
	leaf       *pki.Issued
	token      func(*pki.Token)
	change     func(*proofForm)
}

// proofs are signatures by certificates of Fulcio that are valid for the ten minutes
// before now, stamped in the middle.
func (w *certifying) proofs() {
	begin := w.now().Add(-10 * time.Minute)
	for _, c := range append(w.identities(begin), w.moments(begin)...) {
		v := proofForm{Name: c.name, Certificates: c.leaf.Raw, Signature: signBare(c.leaf.Key, w.file.Message)}
		token := pki.Token{Signer: w.stamper, Stamped: v.Signature, Time: begin.Add(5 * time.Minute)}
		if c.token != nil {
			c.token(&token)
		}
		v.Token = token.DER()
		if c.change != nil {
			c.change(&v)
		}
		v = w.file.proof(v)
		w.gives(c.name, v.Code, c.code)
		w.file.Proofs = append(w.file.Proofs, v)
	}
}

// signBare signs without a form around it, with the hash that goes with the key.
func signBare(key crypto.Signer, message []byte) []byte {
	hash := crypto.SHA256
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		if k.Curve == elliptic.P384() {
			hash = crypto.SHA384
		}
	case *pki.RSA:
	default:
		hash = 0
	}
	digest := message
	if hash != 0 {
		h := hash.New()
		h.Write(message)
		digest = h.Sum(nil)
	}
	sig, err := key.Sign(nil, digest, hash)
	if err != nil {
		panic(err)
	}
	return sig
}

// minutes is a certificate as Fulcio issues it, changed.
func (w *certifying) minutes(key crypto.Signer, begin time.Time, change func(*x509.Certificate)) *pki.Issued {
	c := x509.Certificate{
		NotBefore: begin, NotAfter: begin.Add(10 * time.Minute), EmailAddresses: []string{w.file.Identity},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, ExtraExtensions: []pkix.Extension{pki.Provider(w.file.Issuer)},
	}
	change(&c)
	return w.fulcio.Issue(c, key)
}

// identities are who a certificate is of, and by which provider.
func (w *certifying) identities(begin time.Time) []proofCase {
	with := func(change func(*x509.Certificate)) *pki.Issued { return w.minutes(pki.Key("minutes"), begin, change) }
	by := func(key crypto.Signer) *pki.Issued { return w.minutes(key, begin, asItIs) }
	provided := func(list ...pkix.Extension) *pki.Issued {
		return with(func(c *x509.Certificate) { c.ExtraExtensions = list })
	}
	old, issuer := pki.OldProvider(w.file.Issuer), pki.Provider(w.file.Issuer)
	longer, octets := issuer, issuer
	longer.Value = append(bytes.Clone(issuer.Value), 5, 0)
	octets.Value = append([]byte{4}, issuer.Value[1:]...)
	right := by(pki.Key("minutes"))
	return []proofCase{
		{"Ed25519", "", right, nil, nil},
		{"P-256", "", by(pki.Curve(elliptic.P256(), "minutes")), nil, nil},
		{"P-384", "", by(pki.Curve(elliptic.P384(), "minutes")), nil, nil},
		{"RSA of 3482 bits", "", by(pki.Mersenne(1279, 2203)), nil, nil},
		{"RSA of 1886 bits", "key.algorithm", by(pki.Mersenne(607, 1279)), nil, nil},
		{"no certificate", "fulcio.certificate", right, nil, func(v *proofForm) { v.Certificates = nil }},
		{"bytes after the certificate", "fulcio.certificate", right, nil, func(v *proofForm) { v.Certificates = append(bytes.Clone(v.Certificates), 0) }},
		{"nine certificates", "fulcio.certificate", right, nil, func(v *proofForm) { v.Certificates = bytes.Repeat(v.Certificates, 9) }},
		{"over other bytes", "envelope.signature", right, func(k *pki.Token) { k.Stamped = signBare(right.Key, []byte("pay 10000")) }, func(v *proofForm) { v.Signature = signBare(right.Key, []byte("pay 10000")) }},
		{"the older extension alone", "", provided(old), nil, nil},
		{"both extensions", "", provided(issuer, old), nil, nil},
		{"two extensions that differ", "fulcio.issuer", provided(issuer, pki.OldProvider("https://x.example")), nil, nil},
		{"two extensions that differ, the older first", "fulcio.issuer", provided(pki.OldProvider("https://x.example"), issuer), nil, nil},
		{"no provider", "fulcio.issuer", provided(), nil, nil},
		{"no letter of a provider", "fulcio.issuer", provided(pki.OldProvider("")), nil, nil},
		{"a provider and more", "fulcio.issuer", provided(longer), nil, nil},
		{"a provider in another kind of text", "fulcio.issuer", provided(octets), nil, nil},
		{"another provider", "fulcio.issuer", provided(pki.Provider("https://evil.example")), nil, nil},
		{"another identity", "certificate.subject", with(func(c *x509.Certificate) { c.EmailAddresses[0] = "bob@acme.example" }), nil, nil},
		{"two addresses", "certificate.subject", with(func(c *x509.Certificate) { c.EmailAddresses = []string{w.file.Identity, "bob@acme.example"} }), nil, nil},
		{"an address and a URI", "certificate.subject", with(func(c *x509.Certificate) { c.URIs = []*url.URL{{Scheme: "https", Host: "x.example"}} }), nil, nil},
		{"an address and a host", "certificate.subject", with(func(c *x509.Certificate) { c.DNSNames = []string{"x.example"} }), nil, nil},
		{"no name", "certificate.subject", with(func(c *x509.Certificate) { c.EmailAddresses = nil }), nil, nil},
		{"for e-mail", "certificate.usage", with(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }), nil, nil},
		{"for encryption", "certificate.usage", with(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), nil, nil},
		{"of another authority", "certificate.chain", w.people.Keyless(w.file.Identity, w.file.Issuer, begin), nil, nil},
	}
}

// moments are when a proof was stamped, and by whom.
func (w *certifying) moments(begin time.Time) []proofCase {
	right := w.minutes(pki.Key("minutes"), begin, asItIs)
	at := func(d time.Duration, accuracy int64) func(*pki.Token) {
		return func(k *pki.Token) { k.Time, k.Accuracy = begin.Add(d), accuracy }
	}
	hour := w.minutes(pki.Key("minutes"), begin, func(c *x509.Certificate) { c.NotAfter = begin.Add(time.Hour) })
	return []proofCase{
		{"give or take three seconds", "", right, at(5*time.Minute, 3), nil},
		{"in the certificate's last second", "", right, at(10*time.Minute, 0), nil},
		{"before the certificate", "certificate.not_yet_valid", right, at(-time.Second, 0), nil},
		{"after the certificate", "certificate.expired", right, at(10*time.Minute+time.Second, 0), nil},
		{"perhaps before the certificate", "", right, at(time.Second, 2), nil},
		{"perhaps after the certificate", "certificate.expired", right, at(10*time.Minute, 1), nil},
		{"a minute to come", "", hour, at(11*time.Minute, 0), nil},
		{"more than a minute to come", "tsa.later", hour, at(11*time.Minute+time.Second, 0), nil},
		{"perhaps a minute to come", "", hour, at(11*time.Minute+time.Second, 1), nil},
		{"no token", "tsa.form", right, nil, func(v *proofForm) { v.Token = nil }},
		{"a token of the message", "tsa.imprint", right, func(k *pki.Token) { k.Stamped = w.file.Message }, nil},
		{"a token by a stranger", "tsa.chain", right, func(k *pki.Token) { k.Signer = stamperOf(pki.Authority("strangers", w.start)) }, nil},
	}
}

// stampCase is a token that is right but for one thing.
type stampCase struct {
	name, code string
	change     func(*pki.Token)
}

// tokens are time stamps of the message.
func (w *certifying) tokens() {
	for _, c := range slices.Concat(w.stampers(), w.infos(), accuracies(), w.commitments()) {
		token := pki.Token{Signer: w.stamper, Stamped: w.file.Message, Time: w.now().Add(-time.Hour)}
		c.change(&token)
		v := w.file.token(tokenForm{Name: c.name, DER: token.DER()})
		w.gives(c.name, v.Code, c.code)
		w.file.Tokens = append(w.file.Tokens, v)
	}
}

// stamperOf is an authority of time below another.
func stamperOf(by *pki.Issued) *pki.Issued {
	return by.Issue(x509.Certificate{
		Subject: pkix.Name{CommonName: "stamps of " + by.Subject.CommonName}, NotAfter: by.NotAfter,
		ExtraExtensions: []pkix.Extension{pki.StampsAlone(true)},
	}, p256("stamper"))
}

// stampers are who signs a token, and how.
func (w *certifying) stampers() []stampCase {
	sign := func(change func(*pki.Signature)) func(*pki.Token) {
		return func(k *pki.Token) { k.Sign = change }
	}
	by := func(change func(*x509.Certificate)) func(*pki.Token) {
		c := x509.Certificate{Subject: pkix.Name{CommonName: "stamps"}, ExtraExtensions: []pkix.Extension{pki.StampsAlone(true)}}
		change(&c)
		return func(k *pki.Token) { k.Signer = w.time.Issue(c, p256("stamps")) }
	}
	usage := func(list ...asn1.ObjectIdentifier) func(*pki.Token) {
		return by(func(c *x509.Certificate) { c.ExtraExtensions[0] = pki.UsedFor(true, list...) })
	}
	stamps, code, all := asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 8}, asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 3}, asn1.ObjectIdentifier{2, 5, 29, 37, 0}
	sub := func(change func(*x509.Certificate)) func(*pki.Token) {
		return func(k *pki.Token) {
			by := below(w.time, "sub", pki.Key("sub"), change)
			k.Signer = stamperOf(by)
			k.Sign = func(s *pki.Signature) { s.Certificates = []*x509.Certificate{by.Certificate, k.Signer.Certificate} }
		}
	}
	return []stampCase{
		{"right", "", func(*pki.Token) {}},
		{"below an authority that is sent along", "", sub(asItIs)},
		{"below an authority for code", "tsa.usage", sub(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} })},
		{"of another authority", "tsa.chain", func(k *pki.Token) { k.Signer = stamperOf(pki.Authority("strangers", w.start)) }},
		{"of an authority of people", "tsa.chain", func(k *pki.Token) { k.Signer = stamperOf(w.people) }},
		{"before the authority", "tsa.not_yet_valid", func(k *pki.Token) { k.Time = w.start.Add(-time.Second) }},
		{"after the authority", "tsa.expired", func(k *pki.Token) { k.Time = w.time.NotAfter.Add(time.Second) }},
		{"for time stamps and code", "tsa.usage", usage(stamps, code)},
		{"for time stamps and something unknown", "tsa.usage", usage(stamps, asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 2})},
		{"for anything", "tsa.usage", usage(all)},
		{"for time stamps, not critical", "tsa.usage", by(func(c *x509.Certificate) { c.ExtraExtensions[0] = pki.StampsAlone(false) })},
		{"for time stamps and encryption", "tsa.usage", by(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment })},
		{"by an authority", "tsa.usage", by(func(c *x509.Certificate) {
			c.IsCA, c.KeyUsage = true, x509.KeyUsageDigitalSignature|x509.KeyUsageCertSign
		})},
		{"by another key", "tsa.form", sign(func(s *pki.Signature) { s.Signer = &pki.Issued{Certificate: w.stamper.Certificate, Key: p256("thief")} })},
		{"without its certificate", "tsa.form", sign(func(s *pki.Signature) { s.Certificates = []*x509.Certificate{} })},
		{"detached", "tsa.form", sign(func(s *pki.Signature) { s.Attached = false })},
		{"detached, over nothing", "tsa.form", func(k *pki.Token) {
			k.Info = func([]byte) []byte { return nil }
			k.Sign = func(s *pki.Signature) { s.Attached = false }
		}},
		{"of another content type", "tsa.form", sign(func(s *pki.Signature) { s.ContentType = pki.OIDData })},
		{"more than its content", "tsa.form", sign(func(s *pki.Signature) { s.Spoil = func(n *pki.Node) { signedDataOf(n).At(2).Add(pki.Null()) } })},
		{"two contents", "tsa.form", sign(func(s *pki.Signature) { s.Spoil = func(n *pki.Node) { signedDataOf(n).At(2, 1).Add(pki.Null()) } })},
		{"with bytes left over", "tsa.form", sign(func(s *pki.Signature) { s.Raw = func(der []byte) []byte { return append(der, 0) } })},
	}
}

// infos are what TSTInfo may look like.
func (w *certifying) infos() []stampCase {
	info := func(change func(*pki.Node)) func(*pki.Token) { return func(k *pki.Token) { k.Change = change } }
	moment := func(text string) func(*pki.Token) {
		return info(func(n *pki.Node) { n.At(4).Bytes = []byte(text) })
	}
	imprint := func(oid byte, sum func([]byte) []byte) func(*pki.Token) {
		return func(k *pki.Token) {
			k.Change = func(n *pki.Node) { n.At(2, 0, 0).Bytes[8], n.At(2, 1).Bytes = oid, sum(k.Stamped) }
		}
	}
	ordering, nonce := &pki.Node{Tag: 1, Bytes: []byte{0xff}}, &pki.Node{Tag: 2, Bytes: []byte{7}}
	name := &pki.Node{Tag: 0xa0, Nodes: []*pki.Node{{Tag: 0xa4, Nodes: []*pki.Node{pki.Tree(w.stamper.RawSubject)}}}} // [0] directoryName
	return []stampCase{
		{"with ordering, nonce and name", "", info(func(n *pki.Node) { n.Add(ordering, nonce, name) })},
		{"of SHA-384", "", imprint(2, func(b []byte) []byte { h := sha512.Sum384(b); return h[:] })},
		{"of SHA-512", "", imprint(3, func(b []byte) []byte { h := sha512.Sum512(b); return h[:] })},
		{"of a hash that is not allowed", "tsa.form", imprint(4, func(b []byte) []byte { h := sha512.Sum512_256(b); return h[:28] })},
		{"of another hash than it says", "tsa.imprint", imprint(2, func(b []byte) []byte { h := sha512.Sum512(b); return h[:48] })},
		{"of other bytes", "tsa.imprint", func(k *pki.Token) { k.Stamped = []byte("another") }},
		{"without content", "tsa.form", func(k *pki.Token) { k.Info = func([]byte) []byte { return nil } }},
		{"more than TSTInfo", "tsa.form", func(k *pki.Token) { k.Info = func(b []byte) []byte { return append(b, 5, 0) } }},
		{"of version 2", "tsa.form", info(func(n *pki.Node) { n.At(0).Bytes[0] = 2 })},
		{"without a policy", "tsa.form", info(func(n *pki.Node) { n.Remove(1) })},
		{"without a digest", "tsa.form", info(func(n *pki.Node) { n.At(2).Remove(1) })},
		{"two digests", "tsa.form", info(func(n *pki.Node) { n.At(2).Add(pki.Null()) })},
		{"without a serial number", "tsa.form", info(func(n *pki.Node) { n.Remove(3) })},
		{"without a time", "tsa.form", info(func(n *pki.Node) { n.Remove(4) })},
		{"with an extension", "tsa.form", info(func(n *pki.Node) { n.Add(&pki.Node{Tag: 0xa1, Nodes: []*pki.Node{{Tag: 0x30}}}) })},
		{"with a nonce before the ordering", "tsa.form", info(func(n *pki.Node) { n.Add(nonce, ordering) })},
		{"at half a second", "", moment("20260301110000.5Z")},
		{"at a nanosecond", "", moment("20260301110000.000000001Z")},
		{"at less than a nanosecond", "tsa.form", moment("20260301110000.0000000001Z")},
		{"with a zero that nothing asks for", "tsa.form", moment("20260301110000.50Z")},
		{"with a point alone", "tsa.form", moment("20260301110000.Z")},
		{"with a comma", "tsa.form", moment("20260301110000,5Z")},
		{"without seconds", "tsa.form", moment("202603011100Z")},
		{"in another zone", "tsa.form", moment("20260301110000+0100")},
		{"no time at all", "tsa.form", moment("yesterday")},
		{"on a day that is none", "tsa.form", moment("20260230110000Z")},
	}
}

// accuracies are how exactly a time is said to be known.
func accuracies() []stampCase {
	of := func(parts ...*pki.Node) func(*pki.Token) {
		return func(k *pki.Token) { k.Change = func(n *pki.Node) { n.Add(&pki.Node{Tag: 0x30, Nodes: parts}) } }
	}
	part := func(tag byte, number ...byte) *pki.Node { return &pki.Node{Tag: tag, Bytes: number} }
	const seconds, millis, micros = 0x02, 0x80, 0x81
	return []stampCase{
		{"to the second", "", of(part(seconds, 1))},
		{"to nothing that is said", "", of()},
		{"to the millisecond", "", of(part(millis, 1))},
		{"to the microsecond", "", of(part(micros, 1))},
		{"the least exact", "", of(part(seconds, 60), part(millis, 3, 0xe7), part(micros, 3, 0xe7))},
		{"to 61 seconds", "tsa.form", of(part(seconds, 61))},
		{"to less than no seconds", "tsa.form", of(part(seconds, 0xff))},
		{"to 1000 milliseconds", "tsa.form", of(part(millis, 3, 0xe8))},
		{"to less than no milliseconds", "tsa.form", of(part(millis, 0xff))},
		{"to 1000 microseconds", "tsa.form", of(part(micros, 3, 0xe8))},
		{"to less than no microseconds", "tsa.form", of(part(micros, 0xff))},
		{"milliseconds before the seconds", "tsa.form", of(part(millis, 1), part(seconds, 1))},
		{"more in the accuracy", "tsa.form", of(part(seconds, 1), pki.Null())},
		{"seconds in more than 64 bits", "tsa.form", of(part(seconds, 1, 0, 0, 0, 0, 0, 0, 0, 1))},
	}
}

// commitments are how a token names its certificate.
func (w *certifying) commitments() []stampCase {
	stamper := w.stamper
	spoil := func(change func(*pki.Node)) func(*pki.Token) {
		return func(k *pki.Token) { k.Commit = change }
	}
	twin := w.time.Issue(x509.Certificate{Subject: pkix.Name{CommonName: "again"}, ExtraExtensions: []pkix.Extension{pki.StampsAlone(true)}}, stamper.Key)
	sum := sha512.Sum512(stamper.Raw)
	sha := func(last byte) *pki.Node {
		return &pki.Node{Tag: 0x30, Nodes: []*pki.Node{{Tag: 6, Bytes: []byte{0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, last}}}}
	}
	old := func(change func(*pki.Node)) func(*pki.Token) {
		return func(k *pki.Token) { k.V1, k.Commit = true, change }
	}
	return []stampCase{
		{"by SHA-512", "", spoil(func(n *pki.Node) {
			n.At(0, 0).Insert(0, sha(3))
			n.At(0, 0, 1).Bytes = sum[:]
		})},
		{"by a hash that is not allowed", "tsa.form", spoil(func(n *pki.Node) { n.At(0, 0).Insert(0, sha(4)) })},
		{"by SHA-1, in the older attribute", "", old(func(*pki.Node) {})},
		{"by SHA-1 of another certificate", "tsa.form", old(func(n *pki.Node) { n.At(0, 0, 0).Bytes[0] ^= 1 })},
		{"by a hash that is named in the older attribute", "tsa.form", old(func(n *pki.Node) { n.At(0, 0).Insert(0, sha(1)) })},
		{"no certificate named", "tsa.form", func(k *pki.Token) { k.Sign = func(s *pki.Signature) { s.Attributes = nil } }},
		{"no certificate in the list", "tsa.form", spoil(func(n *pki.Node) { n.At(0).Nodes = nil })},
		{"another certificate of the same key", "tsa.form", func(k *pki.Token) {
			k.Sign = func(s *pki.Signature) { s.Signer, s.Certificates = twin, []*x509.Certificate{twin.Certificate} }
		}},
		{"its own certificate second", "tsa.form", spoil(func(n *pki.Node) {
			n.At(0).Insert(0, &pki.Node{Tag: 0x30, Nodes: []*pki.Node{{Tag: 4, Bytes: make([]byte, 32)}}})
		})},
		{"two lists of certificates", "tsa.form", func(k *pki.Token) {
			k.Sign = func(s *pki.Signature) {
				with := s.Attributes
				s.Attributes = func(a []pki.Attribute) []pki.Attribute {
					a = with(a)
					a[2].Value = append(bytes.Clone(a[2].Value), a[2].Value...)
					return a
				}
			}
		}},
		{"no list, and the older attribute", "tsa.form", func(k *pki.Token) {
			k.V1 = true
			k.Sign = func(s *pki.Signature) {
				with := s.Attributes
				s.Attributes = func(a []pki.Attribute) []pki.Attribute { return append(with(a), pki.Attribute{OID: pki.OIDSigningV2}) }
			}
		}},
	}
}

// answers are what a time-stamping authority may answer.
func (w *certifying) answers() {
	token := pki.Token{Signer: w.stamper, Stamped: w.file.Message, Time: w.now()}.DER()
	answer := func(status byte, more ...*pki.Node) *pki.Node {
		return &pki.Node{Tag: 0x30, Nodes: append([]*pki.Node{{Tag: 0x30, Nodes: []*pki.Node{{Tag: 2, Bytes: []byte{status}}}}}, more...)}
	}
	unsaid := answer(0, pki.Tree(token))
	unsaid.At(0).Nodes = nil
	for _, c := range []struct {
		name, code string
		der        []byte
	}{
		{"granted", "", answer(0, pki.Tree(token)).DER()},
		{"granted with modifications", "", answer(1, pki.Tree(token)).DER()},
		{"a token", "", token},
		{"rejected", "tsa.form", answer(2).DER()},
		{"rejected, with a token", "tsa.form", answer(2, pki.Tree(token)).DER()},
		{"without a status", "tsa.form", unsaid.DER()},
		{"granted, and no token", "tsa.form", answer(0).DER()},
		{"granted, and something else", "tsa.form", answer(0, pki.Null()).DER()},
		{"two tokens", "tsa.form", answer(0, pki.Tree(token), pki.Tree(token)).DER()},
		{"bytes left over", "tsa.form", append(answer(0, pki.Tree(token)).DER(), 0)},
		{"a token and bytes left over", "tsa.form", append(bytes.Clone(token), 0)},
		{"nothing", "tsa.form", nil},
	} {
		v := w.file.answer(answerForm{Name: c.name, DER: c.der})
		w.gives(c.name, v.Code, c.code)
		w.file.Answers = append(w.file.Answers, v)
	}
}

// completions are tokens without a certificate.
func (w *certifying) completions() {
	stamper := w.stamper
	stamp := func(change func(*pki.Signature)) []byte {
		return pki.Token{Signer: stamper, Stamped: w.file.Message, Time: w.now(), Sign: change}.DER()
	}
	bare := func(s *pki.Signature) { s.Certificates = []*x509.Certificate{} }
	other := func(change func(*x509.Certificate)) []byte {
		c := x509.Certificate{Subject: pkix.Name{CommonName: "again"}, ExtraExtensions: []pkix.Extension{pki.StampsAlone(true)}}
		change(&c)
		return w.time.Issue(c, stamper.Key).Raw
	}
	sameNumber := other(func(c *x509.Certificate) { c.SerialNumber = stamper.SerialNumber })
	for _, v := range []completionForm{
		{"it has none", "", stamp(bare), slices.Concat(sameNumber, other(asItIs), stamper.Raw), nil},
		{"it has an empty list", "", stamp(func(s *pki.Signature) {
			bare(s)
			s.Spoil = func(n *pki.Node) { signedDataOf(n).Insert(3, &pki.Node{Tag: 0xa0}) }
		}), stamper.Raw, nil},
		{"it has one, and stays as it is", "", stamp(func(*pki.Signature) {}), sameNumber, nil},
		{"nobody is known", "tsa.form", stamp(bare), nil, nil},
		{"another certificate of the same number", "tsa.form", stamp(bare), sameNumber, nil},
		{"its own certificate under another number", "tsa.form", stamp(func(s *pki.Signature) {
			bare(s)
			s.Spoil = func(n *pki.Node) { signedDataOf(n).At(3, 0, 1, 1).Bytes[0] ^= 1 }
		}), stamper.Raw, nil},
		{"bytes left over", "tsa.form", append(stamp(bare), 0), stamper.Raw, nil},
		{"nothing", "tsa.form", nil, stamper.Raw, nil},
	} {
		got := w.file.complete(v)
		w.gives(v.Name, got.Code, v.Code)
		w.file.Completions = append(w.file.Completions, got)
	}
}
