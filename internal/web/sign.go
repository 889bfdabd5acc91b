package web

import (
	"errors"
	"net/http"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/consent"
	"github.com/deedlog/deed/internal/passkey"
)

// sign takes the passkey's answer to a draft and submits the statement.
func (p *Page) sign(w http.ResponseWriter, v *visit) error {
	d := v.session.drafts.take(v.fields["draft"], p.now())
	if d == nil {
		return refuse(http.StatusConflict, "Not signed", "What you saw was signed already, or too long ago. Look again.")
	}
	answer, err := p.submit(v, d)
	if err != nil {
		p.count(kindOf(d), "refused")
		return err
	}
	if answer.Fault != nil {
		p.count(kindOf(d), "denied")
	} else {
		p.count(kindOf(d), "taken")
	}
	http.Redirect(w, v.Request, "/signed/"+string(answer.ID), http.StatusSeeOther)
	return nil
}

func kindOf(d *draft) string { return string(d.statement.Kind()) }

// submit makes an envelope of the answer, and has it logged.
func (p *Page) submit(v *visit, d *draft) (consent.Answer, error) {
	id, assertion, err := readAssertion(v.fields["answer"])
	if err != nil {
		return consent.Answer{}, err
	}
	envelope, err := passkey.Seal(v.person.Credential(), d.payload, id, assertion)
	if err != nil {
		return consent.Answer{}, p.refusedBy(err)
	}
	if err := p.stillWanted(v, d); err != nil {
		return consent.Answer{}, err
	}
	answer, err := p.Log.Submit(v.Context(), envelope, d.objects)
	if err != nil {
		return consent.Answer{}, p.unanswered(err)
	}
	v.session.remember(answer.ID, d.text)
	return answer, nil
}

// stillWanted looks again at what a decision is about: somebody may have been
// quicker, in another window too.
func (p *Page) stillWanted(v *visit, d *draft) error {
	if d.request == "" {
		return nil
	}
	one, err := p.asked(v, attest.ID(d.request))
	if err != nil {
		return err
	}
	why := one.closed
	if d.statement.Kind() == attest.KindRefusal {
		why = one.final
	}
	if why != "" {
		return refuse(http.StatusConflict, "Decided already", why)
	}
	return nil
}

// unanswered says what is known of a signature that the register has been given and
// did not answer for: with a fault it took nothing, nor when it was busy; else it may
// be in the log.
func (p *Page) unanswered(err error) error {
	switch {
	case attest.AsFault(err) != nil:
		return p.refusedBy(err)
	case errors.Is(err, consent.ErrBusy):
		return refuse(http.StatusServiceUnavailable, "Not signed", "The register has too much to do at this moment. Look again in a few seconds.")
	}
	p.Logger.Error("signature without an answer", "error", err)
	return refuse(http.StatusServiceUnavailable, "Not known", "The register has your signature and did not answer. It may be in the log, or come there: "+
		"look at what you signed, below the requests, before you sign it again.")
}

// refusedBy says why a signature was not taken.
func (p *Page) refusedBy(err error) error {
	if errors.Is(err, passkey.ErrOther) || errors.Is(err, passkey.ErrForm) {
		return refuse(http.StatusForbidden, "Not signed", "The answer is not one of your passkey. Look again.")
	}
	f := attest.AsFault(err)
	if f == nil {
		return err
	}
	p.Logger.Debug("signature refused", "error", f)
	status, info := http.StatusForbidden, attest.Faults[f.Code]
	if info.Handling == attest.Retryable {
		status = http.StatusServiceUnavailable
	}
	return refuse(status, "Not signed", "The register did not take it: "+info.Cause+" ("+f.Code+"). "+sentence(info.Fix))
}

// readAssertion reads what the script put into the form.
func readAssertion(text string) ([]byte, attest.Assertion, error) {
	if text == "" {
		return nil, attest.Assertion{}, refuse(http.StatusBadRequest, "Not signed", "Nothing came from the passkey. Signing needs the script of this page.")
	}
	id, a, err := passkey.ParseAssertion([]byte(text))
	if err != nil {
		return nil, a, refuse(http.StatusBadRequest, "Not signed", "The answer of the passkey cannot be read. Try again.")
	}
	return id, a, nil
}

type signedPage struct {
	frame
	What    string // what was done, as a title
	Index   uint64
	ID      attest.ID
	Denied  string // why the log denied it, or ""
	Next    string
	Request attest.ID // that it is about
	Text    string    // of an instruction, which the log does not have
	Rows    []row
	// Grantable: the person may give a warrant for this instruction.
	Grantable bool
}

// showSigned says what became of something that this person signed.
func (p *Page) showSigned(w http.ResponseWriter, v *visit) error {
	l, err := p.ownStatement(v)
	if err != nil {
		return err
	}
	page := signedPage{frame: p.frame(v.Request, ""), Index: l.Index, ID: l.ID(), Text: v.session.recall(l.ID())}
	page.describe(l)
	page.Title = page.What
	if _, page.Grantable, err = p.grantable(v, l); err != nil {
		return err
	}
	return p.render(w, http.StatusOK, "signed", page)
}

// ownStatement is a statement that the person signed, by the ID in the path.
func (p *Page) ownStatement(v *visit) (*admission.Logged, error) {
	id := attest.ID(v.PathValue("id"))
	if !id.Valid() {
		return nil, errNotFound
	}
	l, err := p.Log.Statement(v.Context(), id)
	if err != nil {
		return nil, notThere(err)
	}
	if l.Verified.Signer().Party != (attest.Party{ID: v.session.person, Kind: attest.ByPerson}) {
		return nil, errNotFound
	}
	return l, nil
}

// describe says what was signed, in words.
func (s *signedPage) describe(l *admission.Logged) {
	switch x := l.Verified.Statement().(type) {
	case *attest.Approval:
		s.What, s.Next = "You approved", "The agent may now do exactly this, once, until "+moment(x.Expires)+". It submits its request again by itself."
		s.Rows = approvalRows(x)
	case *attest.Refusal:
		s.What, s.Next = "You refused", "The action stays denied. The agent can ask again only for something else."
		s.Rows = refusalRows(x)
	case *attest.Warrant:
		s.What, s.Next = "You gave a warrant", "The agent may act under it until "+moment(x.Expires)+", naming it."
		s.Rows = warrantRows(x)
	case *attest.Instruction:
		s.What, s.Next = "You gave an instruction", "The agent acts on it under a warrant that names it."
		s.Rows = instructionRows(x)
	default:
		s.What = "You signed"
	}
	if !l.Allowed() {
		s.Denied, s.Next = consent.DenialWords(l), ""
	}
}
