package web

import (
	"net/http"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/consent"
)

// maxReason bounds the reason of a refusal, in bytes.
const maxReason = 256

type refusePage struct {
	frame
	ID       attest.ID
	Action   string
	Resource string
	Rows     []row
	Reason   string
	Words    string
	Refuse   *signing
}

// reviewRefusal shows the refusal of an action, to be signed.
func (p *Page) reviewRefusal(w http.ResponseWriter, v *visit) error {
	reason := strings.TrimSpace(v.fields["reason"])
	if len(reason) > maxReason || !utf8.ValidString(reason) {
		return refuse(http.StatusUnprocessableEntity, "Too long", "A reason has at most "+strconv.Itoa(maxReason)+" bytes of text. Go back and shorten it.")
	}
	one, err := p.asked(v, attest.ID(v.PathValue("id")))
	if err != nil {
		return err
	}
	if one.final != "" {
		return refuse(http.StatusConflict, "Decided already", one.final)
	}
	as, err := p.approval(v, one)
	if err != nil {
		return err
	}
	a := one.Action
	page := refusePage{
		frame: p.frame(v.Request, "Refuse"), ID: one.Logged.ID(), Action: a.Request.Action, Resource: resourceWords(a.Request.Resource),
		Rows: argumentRows(a), Reason: reason, Words: one.RefusalWords(as, reason),
	}
	as.Display = attest.DigestOf([]byte(page.Words))
	d := &draft{statement: consent.Refusal(as, reason), objects: [][]byte{[]byte(page.Words)}, request: string(page.ID)}
	if page.Refuse, err = p.propose(v, d, page.Words); err != nil {
		return p.refusedBy(err)
	}
	return p.render(w, http.StatusOK, "refuse", page)
}

// refusedWords say who refused, and why.
func refusedWords(s *attest.Refusal) string {
	text := s.Person + ", " + moment(s.At)
	if s.Reason != "" {
		text += ": " + attest.Quote(s.Reason)
	}
	return text
}
