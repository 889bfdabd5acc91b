package authority

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

// NewPerson makes deed person, a group.
func NewPerson() *cobra.Command {
	return console.Group("person", "People and their keys", newPersonAdd(), newPersonInvite(), newPersonList())
}

const personAddLong = `Register a person's key. An administrator signs, and the person proves to have
the key by endorsing the same statement: --person-key does this here. To replace a
key takes the old one or a quorum of administrators besides: --also.

Where the key is elsewhere, sign a person statement with 'deed sign person', have
the person run 'deed sign --endorse', and submit both: see 'deed sign --help'.

A passkey is always elsewhere. --passkey takes what the browser gave when it was
made, writes the signed statement to --out and prints what to ask the passkey
for; 'deed sign --request --assertion' makes the endorsement of the answer, and
'deed submit' takes both.

Who signs with a tool of their own is registered in the same two steps, with
--ssh-key, --x509-root or --fulcio-root: --pae writes what the tool has to sign,
'deed sign --request --signature' makes the endorsement of its result.`

type personAdd struct {
	statement.Submitter
	personKey, reach string
	passkey, out     string
	origins          []string
	ownPerson
}

func newPersonAdd() *cobra.Command {
	p := &personAdd{}
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Register a person's key",
		Long:  personAddLong,
		Example: "deed key new maria.key\ndeed person add maria --person-key maria.key --dir acme\n" +
			"deed person add maria --passkey create.json --out maria.dsse --dir acme > request.json\n" +
			"deed person add maria --ssh-key maria.pub --out maria.dsse --pae maria.pae > request.json",
		Args: console.Takes(1, 1),
		RunE: p.run,
	}
	cmd.Flags().StringVar(&p.personKey, "person-key", "", "the person's private key, PEM `FILE`")
	cmd.Flags().StringVar(&p.reach, "reach", "", "how to `REACH` the person, such as an address")
	cmd.Flags().StringVar(&p.passkey, "passkey", "", "the person's passkey as navigator.credentials.create() gave it, JSON `FILE`")
	cmd.Flags().StringSliceVar(&p.origins, "origin", nil, "further `ORIGIN` of a page on which the passkey may sign")
	cmd.Flags().StringVar(&p.out, "out", "", "where the key is elsewhere, write the signed statement to `FILE`")
	cmd.Flags().StringSliceVar(&p.Also, "also", nil, "private key of another administrator, or the one that this replaces, which endorses, PEM `FILE`")
	p.ownPerson.flags(cmd)
	p.Submitter.Flags(cmd)
	return cmd
}

func (p *personAdd) run(cmd *cobra.Command, args []string) error {
	if (p.passkey != "" || p.ownPerson.there()) && len(p.Also) > 0 {
		return console.Usage("--also endorses what is submitted here; where the key is elsewhere, each of them runs 'deed sign --endorse'")
	}
	if p.passkey != "" {
		return p.addPasskey(cmd, args[0])
	}
	if p.ownPerson.there() {
		return p.addOwn(cmd, args[0])
	}
	if p.personKey == "" {
		return console.Usage("want the person's key: --person-key, --passkey, --ssh-key, --x509-root or --fulcio-root")
	}
	person, err := signing.ReadKey(p.personKey)
	if err != nil {
		return err
	}
	return p.Put(cmd, &attest.Person{Name: args[0], Key: person.Public, Reach: p.reach}, nil, person.Endorse)
}

// signsWith says how a person signs, for a table.
func signsWith(p *attest.Person) string {
	switch p.Form() {
	case attest.KeyForm:
		return console.Short(string(p.Key.Digest()))
	case attest.X509Form:
		return "x509 " + p.X509.Root + ": " + p.X509.Name()
	case attest.FulcioForm:
		return "fulcio " + p.Fulcio.Root + ": " + p.Fulcio.Identity
	}
	return string(p.Form()) + " " + console.Short(string(p.Key.Digest()))
}

func newPersonList() *cobra.Command {
	c := &register.Connection{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the people in force",
		Args:  console.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			key := func(p *attest.Person) string { return p.Name }
			return register.List(cmd, c, attest.KindPerson, key, []string{"NAME", "KEY", "FROM", "UNTIL", "REACH", "INDEX"},
				func(l register.Listed[*attest.Person]) []string {
					p := l.Statement
					return []string{p.Name, signsWith(p), console.Instant(p.From), console.Instant(p.Until), p.Reach, fmt.Sprint(l.Index)}
				})
		},
	}
	c.Flags(cmd)
	return cmd
}
