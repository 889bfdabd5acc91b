package authority

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

// NewAccount makes deed account, a group.
func NewAccount() *cobra.Command {
	return console.Group("account", "Whose account of an identity provider a subject is", newAccountAdd(), newAccountList())
}

const accountAddLong = `Say which person a subject of an identity provider is: what its tokens have as
iss and sub. An administrator signs. A person who has a key in this register
agrees with it (--person-key), or a quorum of administrators signs (--also); so it
does where the account was another person's. The subject is in the statement, and not
in the public tree.

--end ends the account now, by an administrator alone.`

type accountAdd struct {
	statement.Submitter
	issuer, subject, personKey string
	end                        bool
}

func newAccountAdd() *cobra.Command {
	a := &accountAdd{}
	cmd := &cobra.Command{
		Use:     "add PERSON",
		Short:   "Say whose account a subject is",
		Long:    accountAddLong,
		Example: "deed account add maria --issuer https://login.acme.example --subject 248289761001",
		Args:    console.Takes(1, 1),
		RunE:    a.run,
	}
	f := cmd.Flags()
	f.StringVar(&a.issuer, "issuer", "", "`ISSUER` of the tokens")
	f.StringVar(&a.subject, "subject", "", "`SUBJECT` of the tokens")
	f.StringVar(&a.personKey, "person-key", "", "the person's private key, PEM `FILE`, to agree with")
	f.BoolVar(&a.end, "end", false, "end the account now")
	a.QuorumFlags(cmd)
	a.Submitter.Flags(cmd)
	return cmd
}

func (a *accountAdd) run(cmd *cobra.Command, args []string) error {
	if a.issuer == "" || a.subject == "" {
		return console.Usage("want whose account it is: --issuer ISSUER and --subject SUBJECT")
	}
	s := &attest.Account{Issuer: a.issuer, Name: args[0], Subject: a.subject}
	if a.end {
		s.Until = time.Now().Add(-time.Second).UnixMilli()
		s.From = s.Until - 1
	}
	var agree func([]byte) ([][]byte, error)
	if a.personKey != "" {
		person, err := signing.ReadKey(a.personKey)
		if err != nil {
			return err
		}
		agree = person.Endorse
	}
	err := a.Put(cmd, s, nil, agree)
	if f := attest.AsFault(err); f != nil && f.Code == "control.quorum" && a.personKey == "" {
		return errors.Join(console.Hint(err, "a person who has a key agrees with it: --person-key FILE"))
	}
	return err
}

func newAccountList() *cobra.Command {
	c := &register.Connection{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the accounts in force",
		Args:  console.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			key := func(a *attest.Account) string { return a.Issuer + " " + a.Subject }
			return register.List(cmd, c, attest.KindAccount, key, []string{"PERSON", "ISSUER", "SUBJECT", "FROM", "UNTIL", "INDEX"},
				func(l register.Listed[*attest.Account]) []string {
					a := l.Statement
					return []string{a.Name, a.Issuer, a.Subject, console.Instant(a.From), console.Instant(a.Until), fmt.Sprint(l.Index)}
				})
		},
	}
	c.Flags(cmd)
	return cmd
}
