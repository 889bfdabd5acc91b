package web

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/consent"
)

// approvalLife is how long an approval holds, in ms.
const approvalLife = int64(3600 * 1000)

// asked is one action as a person sees it.
type asked struct {
	*consent.View
	why    string // it concerns the person
	closed string // why the person cannot approve it, or ""
	final  string // why the person cannot refuse it either, or ""
}

// asked finds an action that concerns the person.
func (p *Page) asked(v *visit, id attest.ID) (*asked, error) {
	if !id.Valid() {
		return nil, errNotFound
	}
	ctx, now := v.Context(), p.now()
	one, err := consent.Find(ctx, p.Log, id, now)
	if err != nil {
		return nil, notThere(err)
	}
	view, err := consent.Look(ctx, p.Log, one, now)
	if err != nil {
		return nil, err
	}
	people, err := view.People(ctx, p.Log)
	if err != nil {
		return nil, err
	}
	out := &asked{View: view, why: people.Concern(v.session.person)}
	if out.why == "" {
		return nil, errNotFound
	}
	done, err := consent.Done(ctx, p.Log, one)
	out.decide(v.session.person, done)
	return out, err
}

// decide says what there is to decide for a person.
func (a *asked) decide(person string, done bool) {
	for _, r := range a.Refused {
		if r.Statement.Person == person {
			a.final = "You refused this, " + moment(r.Statement.At) + ". An approval would take that back."
		}
	}
	if h := a.Hopeless(); h != nil {
		a.closed = "No approval can let this pass: " + h.What + " (" + h.Fault.Code + ")."
	}
	for _, g := range a.Approved {
		if g.Statement.Person == person {
			a.closed = "You approved exactly this already. That holds until " + moment(g.Statement.Expires) + ", unless you refuse it now."
		}
	}
	if done {
		a.closed = "It was allowed since. There is nothing to decide any more."
		a.final = a.closed
	}
}

// notThere hides whether something is in the log from those whom it does not concern.
func notThere(err error) error {
	if errors.Is(err, consent.ErrNotAsked) || errors.Is(err, consent.ErrNotFound) {
		return errNotFound
	}
	return err
}

type requestPage struct {
	frame
	ID        attest.ID
	Action    string
	Resource  string
	Arguments []row
	Agent     string
	AgentID   string
	Why       string
	Purpose   string
	Facts     []row
	Authority []row
	Remarks   []consent.Remark
	Differs   bool
	Against   string   // what it was compared with
	Notes     []string // why there is less to decide
	Gates     []row
	Words     string
	Approve   *signing
	Until     string
	Refusable bool
}

// showRequest shows one action in words, with the statement that approves it.
func (p *Page) showRequest(w http.ResponseWriter, v *visit) error {
	id := attest.ID(v.PathValue("id"))
	one, err := p.asked(v, id)
	if err != nil {
		return err
	}
	a := one.Action
	page := requestPage{
		frame: p.frame(v.Request, a.Request.Action), ID: id, Action: a.Request.Action, Resource: resourceWords(a.Request.Resource),
		Arguments: argumentRows(a), Agent: agentWords(a.Agent), AgentID: a.Agent, Why: one.why, Purpose: one.Warrant.Task.Purpose,
		Facts: p.factRows(one), Authority: p.authorityRows(one.View), Gates: gateRows(one.View), Remarks: one.Compared(), Refusable: one.final == "",
	}
	if one.Instruction != nil {
		page.Against = fmt.Sprintf("the instruction of %s, entry %d", one.Instruction.Person, one.Instructed.Index)
		page.Remarks = page.Remarks[1:] // which says the same
	}
	for _, r := range page.Remarks {
		page.Differs = page.Differs || r.Differs
		for i := range page.Arguments {
			page.Arguments[i].Warn = page.Arguments[i].Warn || r.Argument == page.Arguments[i].Name
		}
	}
	for _, note := range []string{one.closed, one.final} {
		if note != "" && !slices.Contains(page.Notes, note) {
			page.Notes = append(page.Notes, note)
		}
	}
	if one.closed == "" {
		if err := p.proposeApproval(v, one, &page); err != nil {
			return err
		}
	}
	return p.render(w, http.StatusOK, "request", page)
}

// proposeApproval composes the approval of what is shown. Its display is the words
// on the page.
func (p *Page) proposeApproval(v *visit, one *asked, page *requestPage) error {
	s, err := p.approval(v, one)
	if err != nil {
		return err
	}
	page.Words, page.Until = one.View.Words(s), moment(s.Expires)
	s.Display = attest.DigestOf([]byte(page.Words))
	d := &draft{statement: s, objects: [][]byte{[]byte(page.Words)}, request: string(page.ID)}
	page.Approve, err = p.propose(v, d, page.Words)
	return err
}

// approval is one of exactly this action; its display is missing.
func (p *Page) approval(v *visit, one *asked) (*attest.Approval, error) {
	now := p.now()
	nonce, err := p.nonce()
	if err != nil {
		return nil, err
	}
	s := &attest.Approval{
		V: 1, Log: p.Log.Origin(), Nonce: nonce, Person: v.session.person,
		At: now, Expires: p.until(one, now),
	}
	return s, consent.Check(s, one.Action)
}

// until is when an approval given now ends, in ms: with the warrant at the latest.
func (p *Page) until(one *asked, now int64) int64 {
	return max(now+1, min(now+approvalLife, one.Warrant.Expires))
}

// nonce is 16 random bytes in hex.
func (p *Page) nonce() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(p.Rand, b[:]); err != nil {
		return "", fmt.Errorf("drawing a nonce: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}

// factRows are what is known of the request besides its arguments.
func (p *Page) factRows(one *asked) []row {
	a := one.Action
	rows := []row{
		{Name: "Agent", Value: a.Agent, Code: true},
		{Name: "Goes to", Value: consent.TargetWords(a.Target)},
		{Name: "Can be undone", Value: "yes, says the agent"},
		{Name: "Asked", Value: moment(one.Received) + ", " + ago(p.now()-one.Received)},
		{Name: "Stopped by", Value: consent.DenialWords(one.Logged)},
	}
	if !a.Request.Reversible {
		rows[2].Value, rows[2].Warn = "no, or not said", true
	}
	if one.closed == "" {
		rows = append(rows, row{Name: "If you approve", Value: "it may be done once, until " + moment(p.until(one, p.now()))})
	}
	for _, g := range one.Approved {
		rows = append(rows, row{Name: "Approved by", Value: g.Statement.Person + ", until " + moment(g.Statement.Expires)})
	}
	for _, r := range one.Refused {
		rows = append(rows, row{Name: "Refused by", Value: refusedWords(r.Statement), Warn: true})
	}
	return rows
}

// authorityRows are the warrant that the request falls under.
func (p *Page) authorityRows(v *consent.View) []row {
	leaf, root := v.Chain.Leaf(), v.Chain.Root()
	rows := []row{
		{Name: "Purpose", Value: leaf.Task.Purpose},
		{Name: "Given by", Value: leaf.Issuer.ID},
		{Name: "Holds until", Value: moment(leaf.Expires)},
	}
	if grant := v.Action.Authority.Grant; grant >= 0 && grant < len(leaf.Grants) {
		rows = append(rows, grantRows(leaf.Grants[grant])...)
	}
	if root.Root != nil {
		rows = append(rows,
			row{Name: "Rests on", Value: basisWords(root.Root.Basis) + " of " + root.Issuer.ID},
			row{Name: "Accountable", Value: root.Root.Accountable})
	}
	switch {
	case v.Outside != nil:
		rows = append(rows, row{Name: "Within it", Value: "no: " + v.Outside.Error(), Warn: true})
	case len(v.ChainFaults) == 0:
		rows = append(rows, row{Name: "Within it", Value: "yes, every limit of every warrant"})
	}
	for _, f := range v.ChainFaults {
		rows = append(rows, row{Name: "Does not hold", Value: f.Error(), Warn: true})
	}
	return rows
}
