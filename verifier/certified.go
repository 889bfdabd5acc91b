package verifier

import (
	"fmt"
	"strings"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/attest/cms"
)

// certified proves a person's certificate a second time, from the reader's own
// authorities, at the time of the check.
func (v *verification) certified(i *item) {
	const check = "root.corroborated"
	where, signer := entryName(i.index), i.logged.Verified.Signer()
	sets, missing := v.ownSets(signer)
	if len(missing) > 0 && !v.options.AcceptLedgerRoots {
		v.unknown(check, where, "authorities in "+dirOf(missing[0])+" in the trust directory", "no such directory")
		return
	}
	for _, name := range missing {
		v.take("the roots " + name.String())
		v.weak[i.entry.Envelope] = agency.K1
		v.open(check, where, "authorities in "+dirOf(name)+" in the trust directory", "taken from the bundle")
	}
	if len(missing) == len(signer.Roots()) {
		return
	}
	if err := again(i, signer.Anchor(sets, i.record.CheckedAt)); err != nil {
		v.fail(check, where, "a certificate that leads to the reader's own authorities", err.Error()+"; if they were replaced, add that version")
		return
	}
	v.pass(check, where)
}

// ownSets are the reader's own sets, all versions of each as one. Of a set that the
// reader has none of, nothing is asked a second time.
func (v *verification) ownSets(s attest.Signer) (sets map[attest.NamedRoot]*attest.Roots, missing []attest.NamedRoot) {
	sets = map[attest.NamedRoot]*attest.Roots{}
	for _, name := range s.Roots() {
		own := v.trust.named[name]
		if len(own) == 0 {
			sets[name] = cms.Unproven()
			missing = append(missing, name)
			continue
		}
		sets[name] = cms.NewRoots(own...)
	}
	return sets, missing
}

func dirOf(r attest.NamedRoot) string { return string(r.Type) + "/" + r.Name }

// again checks the signature of an entry with another signer.
func again(i *item, s attest.Signer) error {
	parsed, err := attest.Parse(i.logged.Verified.Envelope())
	if err != nil {
		return err
	}
	_, err = parsed.Verify(s)
	return err
}

// What a signature by certificate or by an SSH key does not show, in fixed words.
const (
	revocationLimit = "This does not show that the certificate behind a signature had not been revoked: neither OCSP nor revocation lists were looked at, by the register or here."
	keylessLimit    = "This does not show that the identity provider of a sigstore signature logged in the right person, or a person at all and not a program, nor that its certificate is in a public log: a certificate timestamp (SCT) was not asked for."
	securityLimit   = "This does not show on which page or in which program the user of a security key was asked to touch it: an SSH signature names none."
)

// signatureLimits are the limits of the signatures of a subject and of what it
// relies on.
func (v *verification) signatureLimits(i *item) []string {
	var revocation, keyless, security bool
	for _, n := range append([]*item{i}, v.reliedOn(i)...) {
		if n.statement() == nil {
			continue
		}
		f, form := n.logged.Verified.Sighted(), n.logged.Verified.Signer().Form()
		revocation = revocation || form == attest.X509Form
		keyless = keyless || form == attest.FulcioForm
		security = security || f.SSH != nil && f.SSH.Hardware
	}
	var out []string
	for _, l := range []struct {
		there bool
		words string
	}{{revocation, revocationLimit}, {keyless, keylessLimit}, {security, securityLimit}} {
		if l.there {
			out = append(out, l.words)
		}
	}
	return out
}

// reliedOn are the statements that an entry names.
func (v *verification) reliedOn(i *item) []*item {
	var out []*item
	for _, ref := range i.record.Read.Statements {
		out = append(out, v.byID[ref.ID])
	}
	return out
}

// signatureLines say what signed a statement, where that is no plain key: facts
// that decide nothing beyond the key that is counted.
func signatureLines(v attest.Verified) []string {
	f := v.Sighted()
	switch {
	case f.SSH != nil:
		return sshLines(f.SSH)
	case f.Certificate != nil:
		return certificateLines(v.Signer(), f.Certificate)
	}
	return passkeyLines(v)
}

func sshLines(f *attest.SSHFacts) []string {
	if !f.Hardware {
		return []string{"signed by an SSH key, for the namespace " + attest.SSHNamespace}
	}
	user := "did not report that it verified its user"
	if f.Verified {
		user = "reported that it verified its user"
	}
	return []string{
		"signed by an SSH key in a security key, for the namespace " + attest.SSHNamespace,
		fmt.Sprintf("the security key reported that its user touched it, and %s; signature counter %d", user, f.Counter),
	}
}

func certificateLines(s attest.Signer, f *attest.CertificateFacts) []string {
	roots := make([]string, len(s.Roots()))
	for i, r := range s.Roots() {
		roots[i] = r.String()
	}
	c := f.Leaf
	lines := []string{
		"signed by a certificate of " + attest.Quote(cms.NameOf(c)) + ", number " + c.SerialNumber.Text(16) + ", issued by " + attest.Quote(cms.DNText(c.RawIssuer)),
		"valid from " + instant(c.NotBefore.UnixMilli()) + " to " + instant(c.NotAfter.UnixMilli()) + ", by the authorities " + strings.Join(roots, " and "),
	}
	if f.Authority == nil {
		return append(lines, "valid when the register checked it; whether it had been revoked was not looked at")
	}
	for _, provider := range cms.ProvidersOf(c) {
		lines = append(lines, "the identity provider that the certificate names: "+attest.Quote(provider))
	}
	within := ""
	if f.Accuracy > 0 {
		within = ", give or take " + f.Accuracy.Round(time.Millisecond).String()
	}
	return append(lines, "the signature existed at "+instant(f.SignedBy.UnixMilli())+within+", while the certificate was valid, by a time stamp of "+attest.Quote(cms.DNText(f.Authority.RawSubject)))
}
