package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/internal/admission"
)

// Limits of a warrant that is given here.
const (
	warrantLife = int64(24 * 3600 * 1000) // ms; the usual limit of a policy
	maxPurpose  = 128                     // bytes
)

type warrantPage struct {
	frame
	ID     attest.ID // of the instruction
	Agent  string
	Rows   []row
	Words  string
	Review *signing
}

// grantable reports whether the person may give a warrant for their instruction, and
// how they are registered to issue.
func (p *Page) grantable(v *visit, l *admission.Logged) (*attest.Issuer, bool, error) {
	i := statementOf[*attest.Instruction](l)
	if i == nil || i.RecordedBy != "" || !l.Allowed() || len(i.Requests) == 0 || p.now() >= i.Expires {
		return nil, false, nil
	}
	issuer, err := p.Log.Issuer(v.Context(), attest.Party{ID: v.session.person, Kind: attest.ByPerson})
	if err != nil || issuer == nil {
		return nil, false, err
	}
	ok := attest.In(p.now(), issuer.From, issuer.Until) && slices.Contains(issuer.Bases, attest.HumanInstruction)
	return issuer, ok, nil
}

// reviewWarrant shows the warrant for exactly what an instruction asks, to be signed.
func (p *Page) reviewWarrant(w http.ResponseWriter, v *visit) error {
	l, err := p.ownStatement(v)
	if err != nil {
		return err
	}
	issuer, ok, err := p.grantable(v, l)
	if err != nil {
		return err
	}
	if !ok {
		return refuse(http.StatusConflict, "Not so", "There is no warrant for you to give for this.")
	}
	purpose := strings.TrimSpace(v.fields["purpose"])
	if purpose == "" || len(purpose) > maxPurpose || !utf8.ValidString(purpose) {
		return refuse(http.StatusUnprocessableEntity, "What for?", fmt.Sprintf("Say what the warrant is for, in at most %d bytes. Go back and write it.", maxPurpose))
	}
	s, err := p.warrantFor(l, issuer, purpose, v.fields["pass"] == "yes")
	if err != nil {
		return err
	}
	page := warrantPage{frame: p.frame(v.Request, "Give a warrant"), ID: l.ID(), Agent: agentWords(s.Holder.SPIFFEID), Rows: warrantRows(s), Words: warrant.Describe(s)}
	if page.Review, err = p.propose(v, &draft{statement: s}, ""); err != nil {
		return p.refusedBy(err)
	}
	return p.render(w, http.StatusOK, "warrant", page)
}

// warrantFor is the root warrant for exactly what an instruction asks.
func (p *Page) warrantFor(l *admission.Logged, issuer *attest.Issuer, purpose string, pass bool) (*attest.Warrant, error) {
	i := statementOf[*attest.Instruction](l)
	nonce, err := p.nonce()
	if err != nil {
		return nil, err
	}
	task, err := p.nonce()
	if err != nil {
		return nil, err
	}
	s := &attest.Warrant{
		V: 1, Log: p.Log.Origin(), Nonce: nonce, Issuer: l.Verified.Signer().Party, Holder: attest.Holder{SPIFFEID: i.Addressee},
		Task:      attest.Task{ID: task, Instruction: l.ID(), Purpose: purpose},
		Root:      &attest.WarrantRoot{Accountable: issuer.Accountable, Basis: attest.HumanInstruction, Evidence: []attest.ID{l.ID()}},
		NotBefore: p.now(), Expires: min(i.Expires, p.now()+warrantLife),
	}
	if pass {
		s.MaxDepth = 1
	}
	for _, r := range i.Requests {
		s.Grants = append(s.Grants, r.Grant())
	}
	return s, nil
}

// warrantRows are what a warrant allows.
func warrantRows(s *attest.Warrant) []row {
	rows := []row{{Name: "Agent", Value: s.Holder.SPIFFEID, Code: true}, {Name: "Purpose", Value: s.Task.Purpose}}
	for _, g := range s.Grants {
		rows = append(rows, grantRows(g)...)
	}
	passes := "no"
	if s.MaxDepth > 0 {
		passes = "to another agent, once, and no more than this"
	}
	rows = append(rows, row{Name: "May pass it on", Value: passes}, row{Name: "Holds until", Value: moment(s.Expires)})
	if s.Root != nil {
		rows = append(rows, row{Name: "Accountable", Value: s.Root.Accountable})
	}
	return rows
}
