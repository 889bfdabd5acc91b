package web

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/passkey"
)

type invitationPage struct {
	frame
	Invitation attest.Invitation
	Until      string // of the invitation
	Path       string // of this invitation
	Step       string // create, prove, wait, done
	Options    passkeyOptions
	Prove      *signing
	Rows       []row
	Code       string
	Replaces   bool // the person has a key already
}

// invited is a request that has an invitation.
type invited struct {
	*http.Request
	attest.Invitation
	text string
}

// open reads the invitation of a request.
func (p *Page) open(r *http.Request) (*invited, error) {
	text := r.PathValue("text")
	i, err := attest.OpenInvitation(text, p.Log.AdministratorKey)
	switch f := attest.AsFault(err); {
	case f != nil:
		p.Logger.Debug("invitation refused", "error", f)
		return nil, refuse(http.StatusNotFound, "No invitation", "This is no invitation of an administrator of this register. Is the link whole?")
	case err != nil:
		return nil, err
	case i.Log != p.Log.Origin() || i.Origin != p.Origin:
		return nil, refuse(http.StatusNotFound, "No invitation", "This invitation is for another page, "+i.Origin+".")
	}
	return &invited{r, i, text}, nil
}

// live refuses an invitation that has expired.
func (p *Page) liveInvitation(i *invited) error {
	if p.now() >= i.Expires {
		return refuse(http.StatusGone, "Expired", "This invitation has expired. Ask "+i.By+" for a new one.")
	}
	return nil
}

// showInvitation shows the step that an invitation is at.
func (p *Page) showInvitation(w http.ResponseWriter, r *http.Request) error {
	i, err := p.open(r)
	if err != nil {
		return err
	}
	page := invitationPage{
		frame: p.frame(r, "Invitation"), Invitation: i.Invitation, Until: moment(i.Expires), Path: "/invitation/" + i.text,
	}
	held, err := p.Log.Person(i.Person)
	if err != nil {
		return err
	}
	page.Replaces = held != nil
	if h := p.invitations.find(i.text); h != nil {
		return p.showHalf(w, page, h, held)
	}
	if err := p.liveInvitation(i); err != nil {
		return err
	}
	user := sha256.Sum256([]byte(i.Log + "\x00" + i.Person))
	page.Options = passkeyOptions{RPID: p.RPID, User: user[:], Name: i.Person, Challenge: p.mac("create", i.text)}
	if d := p.invitations.begun(i.text, p.now()); d != nil {
		return p.showProve(w, page, d)
	}
	page.Step = "create"
	return p.render(w, http.StatusOK, "invitation", page)
}

// showProve asks for the proof of possession: an assertion over the registration.
func (p *Page) showProve(w http.ResponseWriter, page invitationPage, d *half) error {
	person, err := d.person()
	if err != nil {
		return err
	}
	page.Step, page.Rows = "prove", personRows(person)
	page.Prove = &signing{Payload: string(d.Payload), Options: passkeyOptions{RPID: person.Passkey.RPID, Credential: person.Passkey.Credential}}
	return p.render(w, http.StatusOK, "invitation", page)
}

// showHalf says that the administrator has to sign, or has.
func (p *Page) showHalf(w http.ResponseWriter, page invitationPage, d *half, held *attest.Person) error {
	person, err := d.person()
	if err != nil {
		return err
	}
	page.Step, page.Rows, page.Code = "wait", personRows(person), Code(person)
	if held != nil && held.Credential().Digest() == person.Credential().Digest() {
		page.Step = "done"
	}
	return p.render(w, http.StatusOK, "invitation", page)
}

// takePasskey composes the registration of a new passkey.
func (p *Page) takePasskey(w http.ResponseWriter, r *http.Request) error {
	i, err := p.open(r)
	if err == nil {
		err = p.liveInvitation(i)
	}
	if err != nil {
		return err
	}
	fields, err := form(r)
	if err != nil {
		return err
	}
	key, k, err := passkey.ParseRegistration([]byte(fields["answer"]))
	if err != nil {
		p.Logger.Debug("passkey refused", "error", err)
		return refuse(http.StatusUnprocessableEntity, "Not taken", "The passkey was not taken. It must verify who you are, by PIN, finger or face, and have a key of a kind that the register knows. Try again.")
	}
	if k.RPID != p.RPID || len(k.Origins) != 1 || k.Origins[0] != p.Origin {
		return refuse(http.StatusUnprocessableEntity, "Not taken", "The passkey was made on another page.")
	}
	nonce, err := p.nonce()
	if err != nil {
		return err
	}
	s := &attest.Person{
		V: 1, Log: i.Log, Nonce: nonce, By: i.By, Name: i.Person, Key: key, Passkey: k, Reach: i.Reach, From: p.now(), Until: i.Until,
	}
	payload, err := attest.Payload(s)
	if err != nil {
		return p.refusedBy(err)
	}
	if !p.invitations.begin(i.text, &half{Payload: payload, Expires: i.Expires}, p.now()) {
		return refuse(http.StatusServiceUnavailable, "Busy", "Too many people are registering. Try again later.")
	}
	http.Redirect(w, r, "/invitation/"+i.text, http.StatusSeeOther)
	return nil
}

// takeProof keeps the person's half: the registration and the endorsement of it.
func (p *Page) takeProof(w http.ResponseWriter, r *http.Request) error {
	i, err := p.open(r)
	if err == nil {
		err = p.liveInvitation(i)
	}
	if err != nil {
		return err
	}
	fields, err := form(r)
	if err != nil {
		return err
	}
	d := p.invitations.begun(i.text, p.now())
	if d == nil {
		return refuse(http.StatusConflict, "Not taken", "This invitation was used already, or its passkey was made too long ago. Open the link again.")
	}
	if err := p.prove(d, fields["answer"]); err != nil {
		p.count("person", "refused")
		return err
	}
	if err := p.invitations.keep(i.text, d, p.now()); err != nil {
		if errors.Is(err, errUsed) {
			return refuse(http.StatusConflict, "Used", "This invitation was used already.")
		}
		return err
	}
	p.count("person", "taken")
	http.Redirect(w, r, "/invitation/"+i.text, http.StatusSeeOther)
	return nil
}

// prove checks that the new passkey signed its own registration.
func (p *Page) prove(d *half, answer string) error {
	id, assertion, err := readAssertion(answer)
	if err != nil {
		return err
	}
	person, err := d.person()
	if err != nil {
		return err
	}
	envelope, err := passkey.Seal(person.Credential(), d.Payload, id, assertion)
	if err != nil {
		return p.refusedBy(err)
	}
	d.Endorsement = envelope.JSON()
	return nil
}

// giveAnswer gives the person's half to whoever has the invitation: the
// administrator.
func (p *Page) giveAnswer(w http.ResponseWriter, r *http.Request) error {
	i, err := p.open(r)
	if err != nil {
		return err
	}
	d := p.invitations.find(i.text)
	if d == nil {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusNoContent)
		return nil
	}
	doc, err := d.json()
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, err = w.Write(doc)
	return err
}

// Code is what a person reads to the administrator, so that both know that it is
// the person's own key: 60 bits of the digest of the credential, in base32.
func Code(s *attest.Person) string {
	sum := sha256.Sum256(s.Credential())
	text := base32.StdEncoding.EncodeToString(sum[:10])[:12]
	return strings.Join([]string{text[:4], text[4:8], text[8:12]}, "-")
}

// personRows are what a registration says.
func personRows(s *attest.Person) []row {
	rows := []row{
		{Name: "Name", Value: s.Name}, {Name: "Log", Value: s.Log}, {Name: "Registered by", Value: s.By},
		{Name: "Passkey", Value: base64.RawURLEncoding.EncodeToString(s.Passkey.Credential), Code: true},
		{Name: "For pages of", Value: s.Passkey.RPID},
	}
	if s.Passkey.BackupEligible {
		rows = append(rows, row{Name: "Kept", Value: "on several devices, as the device says"})
	} else {
		rows = append(rows, row{Name: "Kept", Value: "on this device only, as it says"})
	}
	if s.Until != 0 {
		rows = append(rows, row{Name: "Ends", Value: moment(s.Until)})
	}
	return rows
}
