package authority

import (
	"crypto/x509"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
)

// ownPerson holds the flags of a person who signs with a tool of their own.
type ownPerson struct {
	sshKey                   string
	x509Root, email, subject string
	fulcioRoot, tsaRoot      string
	identity, provider       string
	own                      signing.OwnTool
}

func (o *ownPerson) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.sshKey, "ssh-key", "", "the person's SSH public key, .pub `FILE`")
	f.StringVar(&o.x509Root, "x509-root", "", "the person signs with certificates of this root of deed.yaml, `NAME`")
	f.StringVar(&o.email, "email", "", "with --x509-root, the address that the certificates have")
	f.StringVar(&o.subject, "subject", "", "with --x509-root instead, a certificate with the whole name that they have, PEM `FILE`")
	f.StringVar(&o.fulcioRoot, "fulcio-root", "", "the person signs by way of sigstore, with this root of deed.yaml, `NAME`")
	f.StringVar(&o.tsaRoot, "tsa-root", "", "with --fulcio-root, the root of the time-stamping authorities, `NAME`")
	f.StringVar(&o.identity, "identity", "", "with --fulcio-root, the person's address or URI at the identity provider, `ID`")
	f.StringVar(&o.provider, "oidc-issuer", "", "with --fulcio-root, the identity provider, `URL`")
	f.StringVar(&o.own.PAE, "pae", "", "with one of these, write what the person has to sign to show possession to `FILE`")
}

// there reports whether one of the forms is asked for.
func (o *ownPerson) there() bool { return o.sshKey != "" || o.x509Root != "" || o.fulcioRoot != "" }

// person is the statement as far as the flags make it.
func (o *ownPerson) person(name, reach string) (*attest.Person, error) {
	p := &attest.Person{Name: name, Reach: reach}
	switch {
	case o.sshKey != "":
		line, err := os.ReadFile(o.sshKey)
		if err != nil {
			return nil, fmt.Errorf("reading SSH key: %w", err)
		}
		key, ssh, err := attest.NewSSH(string(line))
		if err != nil {
			return nil, console.Hint(fmt.Errorf("reading %s: %w", o.sshKey, err), "give the public key: the .pub file beside the private one")
		}
		p.Key, p.SSH = key, &ssh
	case o.x509Root != "":
		p.X509 = &attest.X509{Email: o.email, Root: o.x509Root}
		if o.subject == "" {
			break
		}
		der, err := signing.ReadCertificates(o.subject)
		if err != nil {
			return nil, err
		}
		list, err := x509.ParseCertificates(der)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", o.subject, err)
		}
		p.X509.Subject = list[0].RawSubject
	default:
		p.Fulcio = &attest.Fulcio{Identity: o.identity, Issuer: o.provider, Root: o.fulcioRoot, TSA: o.tsaRoot}
	}
	return p, nil
}

// addOwn signs the registration of a person who signs with a tool of their own,
// and prints what it takes to have possession shown with it.
func (p *personAdd) addOwn(cmd *cobra.Command, name string) error {
	if p.personKey != "" || p.passkey != "" || p.out == "" || p.ownPerson.own.PAE == "" {
		return console.Usage("want --out FILE and --pae FILE, and one way to sign")
	}
	s, err := p.ownPerson.person(name, p.reach)
	if err != nil {
		return err
	}
	ctx, cl, done, err := p.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	envelope, err := p.register(ctx, cl, s)
	if err != nil {
		return err
	}
	return p.ownPerson.own.Ask(ctx, cmd, s.Credential(), envelope.Payload, cl)
}
