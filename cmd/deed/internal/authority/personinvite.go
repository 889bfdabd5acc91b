package authority

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
	"github.com/deedlog/deed/internal/setup"
)

const personInviteLong = `Invite somebody to register a passkey of their own at the approval page, and finish
the registration when they have.

deed person invite NAME prints a link, signed with the administrator's key. It is
for that person alone: send it where nobody else reads. It works once, until --for
has passed. The person makes a passkey there, proves to have it by signing their
own registration, and is shown a code.

deed person invite --finish LINK gets what they signed, checks it against the
invitation, shows it with its code, and asks: have the person read the code to you,
by telephone or in person, or give it with --code. Then your key signs the person
statement, knowing the passkey, and it is submitted. LINK may be a file with it.

--list LINK... says how invitations stand. Nothing is in the log before --finish,
and the link alone registers nobody.`

type personInvite struct {
	statement.Submitter
	finish, list bool
	page, reach  string
	life         time.Duration
	until        string
	code         string
	yes          bool
}

func newPersonInvite() *cobra.Command {
	p := &personInvite{}
	cmd := &cobra.Command{
		Use:   "invite NAME | --finish LINK | --list LINK...",
		Short: "Invite a person to register a passkey",
		Long:  personInviteLong,
		Example: "deed person invite maria --page https://deed.acme.example > maria.link\n" +
			"deed person invite --list maria.link\ndeed person invite --finish maria.link --code K7QD-2M5P-XH4T",
		Args: console.Takes(1, 64),
		RunE: p.run,
	}
	f := cmd.Flags()
	f.BoolVar(&p.finish, "finish", false, "sign the registration of a person who took the invitation")
	f.BoolVar(&p.list, "list", false, "say how invitations stand")
	f.StringVar(&p.page, "page", "", "`ORIGIN` of the approval page (default: that of --dir)")
	f.StringVar(&p.reach, "reach", "", "how to `REACH` the person, such as an address")
	f.DurationVar(&p.life, "for", 72*time.Hour, "how long the invitation holds")
	f.StringVar(&p.until, "until", "", "`TIME` when the registration ends (default: never)")
	f.StringVar(&p.code, "code", "", "with --finish, the `CODE` that the person read to you")
	f.BoolVar(&p.yes, "yes", false, "do not ask")
	p.Submitter.Flags(cmd)
	return cmd
}

func (p *personInvite) run(cmd *cobra.Command, args []string) error {
	switch {
	case p.finish && p.list:
		return console.Usage("want --finish or --list")
	case p.list:
		return p.stand(cmd, args)
	case len(args) != 1:
		return console.Usage("want one NAME, or one LINK")
	case p.finish:
		return p.complete(cmd, args[0])
	case p.life <= 0:
		return console.Usage("--for: want a length of time above 0, such as 72h")
	}
	return p.invite(cmd, args[0])
}

// invite prints a link.
func (p *personInvite) invite(cmd *cobra.Command, name string) error {
	ctx, cl, done, err := p.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	i := attest.Invitation{V: 1, Person: name, Reach: p.reach, Expires: time.Now().Add(p.life).UnixMilli()}
	if i.Origin, err = p.origin(); err != nil {
		return err
	}
	if p.until != "" {
		if i.Until, err = console.ParseTime("--until", p.until, time.Now()); err != nil {
			return err
		}
		if i.Until <= i.Expires {
			return console.Usage("--until: want a time after the invitation ends")
		}
	}
	signer, err := p.Administrator(&p.Connection)
	if err != nil {
		return err
	}
	by, err := signer.Party(ctx, cl)
	if err != nil {
		return err
	}
	if err := mayInvite(ctx, cl, by.ID, signer); err != nil {
		return err
	}
	i.By = by.ID
	if i.Log, err = cl.Origin(ctx); err != nil {
		return err
	}
	if i.Nonce, err = setup.Random16(rand.Reader); err != nil {
		return err
	}
	text, err := i.Seal(signer.Key, signer.KeyID)
	if err != nil {
		return fmt.Errorf("making invitation: %w", err)
	}
	return console.Print(cmd.OutOrStdout(), i.Origin+invitationPath+text+"\n")
}

// mayInvite refuses to sign what the page would take from an administrator alone.
func mayInvite(ctx context.Context, cl *register.Client, name string, signer *signing.Credential) error {
	_, now, err := cl.Administrators(ctx)
	if err != nil {
		return err
	}
	for _, a := range now {
		if a.Name == name && a.Key.Digest() == signer.KeyID {
			return nil
		}
	}
	return console.Hint(fmt.Errorf("%s is no administrator with this key", name), "give --key FILE of one: 'deed admin list' names them")
}

// origin is where the page is.
func (p *personInvite) origin() (string, error) {
	if p.page != "" {
		return strings.TrimSuffix(p.page, "/"), nil
	}
	if p.Dir != "" {
		config, err := setup.ReadConfig(filepath.Join(p.Dir, setup.ConfigFile))
		if err != nil {
			return "", err
		}
		if config.Web.Origin != "" {
			return config.Web.Origin, nil
		}
	}
	return "", console.Hint(errors.New("it is not known where the approval page is"), "give --page ORIGIN, or web in deed.yaml of --dir")
}
