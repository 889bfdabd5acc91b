package authority

import (
	"context"
	"encoding/base64"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/web"
)

// standing is how an invitation stands, as --json prints it.
type standing struct {
	Person  string `json:"person"`
	By      string `json:"by"`
	Expires int64  `json:"expires"`
	State   string `json:"state"` // open, taken, expired
	Code    string `json:"code,omitempty"`
}

// stand says how invitations stand. It believes neither link nor page: what counts
// is checked when the registration is signed.
func (p *personInvite) stand(cmd *cobra.Command, args []string) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), p.Timeout)
	defer cancel()
	list := make([]standing, len(args))
	for n, arg := range args {
		var err error
		if list[n], err = standingOf(ctx, arg, time.Now().UnixMilli()); err != nil {
			return fmt.Errorf("invitation %d: %w", n+1, err)
		}
	}
	if p.JSON {
		return console.PrintJSON(cmd.OutOrStdout(), list)
	}
	rows := make([][]string, len(list))
	for n, s := range list {
		rows[n] = []string{s.Person, s.By, console.Instant(s.Expires), s.State, s.Code}
	}
	return console.PrintTable(cmd.OutOrStdout(), []string{"PERSON", "BY", "EXPIRES", "STATE", "CODE"}, rows)
}

func standingOf(ctx context.Context, arg string, now int64) (s standing, err error) {
	l, err := readLink(arg)
	if err != nil {
		return s, err
	}
	doc, err := base64.RawURLEncoding.DecodeString(l.text)
	if err != nil {
		return s, console.Usage("the link is not whole")
	}
	var said struct {
		Invitation attest.Invitation `json:"invitation"`
	}
	if err := json.Unmarshal(doc, &said); err != nil {
		return s, console.Usage("the link is not whole")
	}
	i := said.Invitation
	s = standing{Person: i.Person, By: i.By, Expires: i.Expires, State: "open"}
	h, err := l.half(ctx)
	if err != nil {
		return s, err
	}
	switch {
	case h != nil:
		s.State = "taken"
		if statement, err := attest.ParsePayload(h.Payload); err == nil {
			if person, ok := statement.(*attest.Person); ok && person.Passkey != nil {
				s.Code = web.Code(person)
			}
		}
	case now >= i.Expires:
		s.State = "expired"
	}
	return s, nil
}
