package web

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/consent"
)

// Limits of the list.
const (
	listBack   = int64(7 * 24 * 3600 * 1000) // ms: how far back it looks
	listMost   = 100                         // actions that ask
	listOfOne  = 20                          // of one agent
	listPages  = 16                          // of a thousand denied actions
	signedMost = 10                          // of the person's own
)

type listPage struct {
	frame
	Asks   []askRow
	More   bool // there may be others, which are not looked at
	Signed []signedRow
}

// askRow is one action that asks, in a few words.
type askRow struct {
	ID        attest.ID
	Action    string
	Resource  string
	Arguments []row
	Agent     string
	Purpose   string
	Asked     string
	Ends      string
	Why       string // it concerns the person
	Differs   bool   // from the instruction
	Approved  int
}

// signedRow is something that the person signed.
type signedRow struct {
	ID    attest.ID
	What  string
	When  string
	index uint64
}

// decisions are the kinds of what people sign here.
var decisions = []attest.Kind{attest.KindApproval, attest.KindRefusal, attest.KindInstruction, attest.KindWarrant}

// list shows what asks for this person's approval, and what they signed lately.
func (p *Page) list(w http.ResponseWriter, v *visit) error {
	now := p.now()
	found, more, err := consent.Pending(v.Context(), p.Log, consent.Search{Since: now - listBack, Now: now, Most: listMost, OfAgent: listOfOne, Pages: listPages})
	if err != nil {
		return err
	}
	page := listPage{frame: p.frame(v.Request, "Requests"), More: more}
	for i := range found {
		row, err := p.askRow(v, &found[i])
		if err != nil {
			return err
		}
		if row != nil {
			page.Asks = append(page.Asks, *row)
		}
	}
	if page.Signed, err = p.signedLately(v); err != nil {
		return err
	}
	return p.render(w, http.StatusOK, "list", page)
}

// askRow is nil of an action that does not concern the person, or that they decided.
func (p *Page) askRow(v *visit, a *consent.Asked) (*askRow, error) {
	for _, g := range a.Approved {
		if g.Statement.Person == v.session.person {
			return nil, nil
		}
	}
	for _, r := range a.Refused {
		if r.Statement.Person == v.session.person {
			return nil, nil
		}
	}
	view, err := consent.Look(v.Context(), p.Log, a, p.now())
	if err != nil || view.Hopeless() != nil {
		return nil, err
	}
	people, err := view.People(v.Context(), p.Log)
	if err != nil {
		return nil, err
	}
	why := people.Concern(v.session.person)
	if why == "" {
		return nil, nil
	}
	out := &askRow{
		ID: a.Logged.ID(), Action: a.Action.Request.Action, Resource: resourceWords(a.Action.Request.Resource),
		Arguments: argumentRows(a.Action), Agent: agentWords(a.Action.Agent), Purpose: a.Warrant.Task.Purpose,
		Asked: ago(p.now() - a.Received), Ends: moment(a.Warrant.Expires), Why: why, Approved: len(a.Approved),
	}
	for _, remark := range view.Compared() {
		out.Differs = out.Differs || remark.Differs
	}
	return out, nil
}

// signedLately is what the person signed last, newest first.
func (p *Page) signedLately(v *visit) (out []signedRow, err error) {
	for _, kind := range decisions {
		page, err := p.Log.Search(v.Context(), consent.Query{Kind: kind, Person: v.session.person, Limit: signedMost})
		if err != nil {
			return nil, err
		}
		for _, f := range page.Found {
			l, err := p.Log.Statement(v.Context(), f.ID)
			if err != nil {
				return nil, err
			}
			if l.Verified.Signer().Party != (attest.Party{ID: v.session.person, Kind: attest.ByPerson}) {
				continue
			}
			out = append(out, signedRow{ID: f.ID, What: signedWords(l), When: moment(f.Received), index: f.Index})
		}
	}
	slices.SortFunc(out, func(a, b signedRow) int { return cmp.Compare(b.index, a.index) })
	return out[:min(len(out), signedMost)], nil
}

// signedWords say what somebody signed, in one line.
func signedWords(l *admission.Logged) string {
	text := string(l.Record.Kind)
	switch s := l.Verified.Statement().(type) {
	case *attest.Approval:
		text = "Approved " + s.Action + " on " + resourceWords(s.Resource)
	case *attest.Refusal:
		text = "Refused " + s.Action + " on " + resourceWords(s.Resource)
	case *attest.Warrant:
		text = "Gave " + agentWords(s.Holder.SPIFFEID) + " a warrant, for " + attest.Quote(s.Task.Purpose)
	case *attest.Instruction:
		text = "Instructed " + agentWords(s.Addressee)
	}
	if !l.Allowed() {
		text += " (denied: " + strings.Join(l.Record.Decision.Faults, ", ") + ")"
	}
	return text
}
