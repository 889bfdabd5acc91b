package authority

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
	"github.com/deedlog/deed/internal/web"
)

// complete signs the registration of a person who took the invitation.
func (p *personInvite) complete(cmd *cobra.Command, arg string) error {
	l, err := readLink(arg)
	if err != nil {
		return err
	}
	ctx, cl, done, err := p.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	signer, err := p.Administrator(&p.Connection)
	if err != nil {
		return err
	}
	if _, err := signer.Party(ctx, cl); err != nil {
		return err
	}
	h, s, err := p.checked(ctx, cl, l, signer)
	if err != nil {
		return err
	}
	if err := p.agree(cmd, s); err != nil {
		return err
	}
	envelope, err := signer.Seal(h.Payload)
	if err != nil {
		return err
	}
	return p.submit(cmd, envelope, h.Endorsement)
}

// submit connects anew: the administrator may have taken a while.
func (p *personInvite) submit(cmd *cobra.Command, e attest.Envelope, endorsement []byte) error {
	ctx, cl, done, err := p.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	r, denied := cl.Submit(ctx, e, [][]byte{endorsement})
	if r == nil {
		return denied
	}
	return errors.Join(register.PrintReceipt(cmd.OutOrStdout(), &p.Connection, p.Quiet, cl, r), denied)
}

// checked gets the person's half and holds it against the invitation: the page must
// not have registered anybody else, or for anything else.
func (p *personInvite) checked(ctx context.Context, cl *register.Client, l link, signer *signing.Credential) (*personHalf, *attest.Person, error) {
	i, err := attest.OpenInvitation(l.text, func(name string, id attest.Digest) (attest.Key, error) {
		if name != signer.Name || id != signer.KeyID {
			return nil, console.False("the invitation is %s's, and not by this key of %s", attest.Quote(name), signer.Name)
		}
		return signer.Public, nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("reading invitation: %w", err)
	}
	origin, err := cl.Origin(ctx)
	if err != nil {
		return nil, nil, err
	}
	h, err := l.half(ctx)
	if err != nil {
		return nil, nil, err
	}
	if h == nil {
		return nil, nil, console.Hint(fmt.Errorf("nothing was checked: %s has not answered the invitation yet", i.Person), "it ends "+console.Instant(i.Expires)+"; 'deed person invite --list' says how it stands")
	}
	s, err := heldAgainst(i, h, origin, time.Now().UnixMilli())
	if err != nil {
		return nil, nil, console.Hint(fmt.Errorf("nothing was signed: %w", err), "do not trust this page; ask its operator, and invite again")
	}
	return h, s, nil
}

// heldAgainst reads what the person signed, and checks that it is what the
// invitation is for.
func heldAgainst(i attest.Invitation, h *personHalf, origin string, now int64) (*attest.Person, error) {
	said, err := attest.ParsePayload(h.Payload)
	if err != nil {
		return nil, err
	}
	s, ok := said.(*attest.Person)
	if !ok || s.Passkey == nil {
		return nil, console.False("the page gave no registration of a passkey")
	}
	for _, c := range []struct{ field, want, got string }{
		{"name", i.Person, s.Name}, {"by", i.By, s.By}, {"log", i.Log, s.Log}, {"log", origin, s.Log}, {"reach", i.Reach, s.Reach},
		{"until", console.Instant(i.Until), console.Instant(s.Until)}, {"passkey.origins", i.Origin, strings.Join(s.Passkey.Origins, " ")},
	} {
		if c.want != c.got {
			return nil, console.False("the page gave %s %s, and the invitation says %s", c.field, attest.Quote(c.got), attest.Quote(c.want))
		}
	}
	if s.From > now+statement.Backdate.Milliseconds() || s.From >= i.Expires {
		return nil, console.False("the registration begins at %s", console.Instant(s.From))
	}
	e, err := attest.ParseEnvelope(h.Endorsement)
	if err != nil {
		return nil, err
	}
	if string(e.Payload) != string(h.Payload) {
		return nil, console.False("the passkey signed another registration")
	}
	signer, err := s.Credential().Signer(s.Name)
	if err != nil {
		return nil, err
	}
	parsed, err := attest.Parse(e)
	if err != nil {
		return nil, err
	}
	return s, parsed.VerifyEndorsement(signer)
}

// agree shows the registration, and has the code compared.
func (p *personInvite) agree(cmd *cobra.Command, s *attest.Person) error {
	code := web.Code(s)
	kept := "on one device, as it says"
	if s.Passkey.BackupEligible {
		kept = "on several devices, as it says"
	}
	err := console.PrintPairs(cmd.ErrOrStderr(), []console.Pair{
		{"person", s.Name}, {"reach", s.Reach}, {"passkey", console.Short(string(s.Credential().Digest())) + ", kept " + kept},
		{"pages", strings.Join(s.Passkey.Origins, " ")}, {"until", console.Instant(s.Until)}, {"code", code},
	})
	if err != nil {
		return err
	}
	if p.code == "" {
		return console.Confirm(cmd, p.yes, "Did "+s.Name+" read this code to you? Sign the registration?")
	}
	if normal(p.code) != normal(code) {
		return console.Hint(console.False("nothing was signed: the code is %s, not %s", code, attest.Quote(p.code)), "whoever took the invitation is not who read the code to you; invite again")
	}
	return nil
}

// normal is a code without what people put between its groups.
func normal(code string) string {
	return strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(code))
}
