package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/consent"
	"github.com/deedlog/deed/ledger"
)

// Desk is the register for who serves people from the same process: the approval
// page. It implements [consent.Register] and more. Its methods may be called
// concurrently.
type Desk struct{ s *Server }

// Desk returns the register as a [Desk].
func (s *Server) Desk() Desk { return Desk{s} }

// Origin names the log.
func (d Desk) Origin() string { return d.s.register.Origin() }

// Statement implements consent.Register.
func (d Desk) Statement(_ context.Context, id attest.ID) (*admission.Logged, error) {
	l, err := d.s.register.Logged(id)
	if err == nil && l == nil {
		err = consent.ErrNotFound
	}
	return l, err
}

// Object implements consent.Register.
func (d Desk) Object(_ context.Context, digest attest.Digest) ([]byte, error) {
	b, err := d.s.register.Object(digest)
	if err == nil && b == nil {
		err = consent.ErrNotFound
	}
	return b, err
}

// Issuer implements consent.Register.
func (d Desk) Issuer(_ context.Context, p attest.Party) (*attest.Issuer, error) {
	l, err := d.s.register.Current(admission.IssuerSlot(p))
	if err != nil || l == nil {
		return nil, err
	}
	issuer, _ := l.Verified.Statement().(*attest.Issuer)
	return issuer, nil
}

// Search implements consent.Register.
func (d Desk) Search(ctx context.Context, q consent.Query) (consent.Page, error) {
	found, err := d.s.Search(ctx, Query{Rows: conditions(q), Since: q.Since, Before: q.Before, Limit: min(max(q.Limit, 1), maxPage)})
	page := consent.Page{Next: found.Next}
	for _, f := range found.Found {
		page.Found = append(page.Found, consent.Found{ID: f.Record.ID, Index: f.Index, Received: f.ReceivedAt, Faults: f.Record.Decision.Faults})
	}
	return page, err
}

// conditions are the rows of a query, in the order of how much each narrows.
func conditions(q consent.Query) (rows []ledger.Row) {
	for _, c := range [...]ledger.Row{
		{Name: byWarrant, Key: string(q.Warrant)}, {Name: byAgent, Key: q.Agent}, {Name: byPerson, Key: q.Person},
		{Name: byAction, Key: q.Action}, {Name: byKind, Key: string(q.Kind)}, {Name: byDecision, Key: string(q.Decision)},
	} {
		if c.Key != "" {
			rows = append(rows, c)
		}
	}
	return rows
}

// Person returns the registration of a person that is in force now, or nil.
func (d Desk) Person(name string) (*attest.Person, error) {
	l, err := d.s.register.Current(admission.PersonSlot(name))
	if err != nil || l == nil {
		return nil, err
	}
	p, ok := l.Verified.Statement().(*attest.Person)
	if !ok || !attest.In(d.s.now().UnixMilli(), p.From, p.Until) {
		return nil, nil
	}
	return p, nil
}

// Compromised reports whether what the person signs with is declared compromised.
func (d Desk) Compromised(p *attest.Person) (bool, error) {
	return admission.Compromised(storeView{d.s.register.store}, p)
}

// AdministratorKey returns the key with this digest that an administrator signs
// with, or nil.
func (d Desk) AdministratorKey(name string, keyID attest.Digest) (attest.Key, error) {
	l, err := d.s.register.Current(admission.AdministratorsSlot)
	if err != nil {
		return nil, err
	}
	for _, a := range admission.AdministratorsOf(l) {
		if a.Name == name && a.Key.Digest() == keyID {
			return a.Key, nil
		}
	}
	return nil, nil
}

// Submit has a statement checked and logged, and is let in like anybody from the
// network: when there is too much under way, it is to come again. A denial is no
// error.
func (d Desk) Submit(ctx context.Context, e attest.Envelope, objects [][]byte) (consent.Answer, error) {
	sub, err := admission.NewSubmission(e, objects, admission.Anonymous)
	if err != nil {
		return consent.Answer{}, err
	}
	r, err := d.s.letIn(ctx, sub)
	return consent.Answer{Index: r.Index, ID: r.ID, Fault: r.Fault}, busy(err)
}

// busy says of an error in the words of package consent that nothing was taken.
func busy(err error) error {
	if errors.Is(err, ledger.ErrOverloaded) {
		return fmt.Errorf("%w: %w", consent.ErrBusy, err)
	}
	return err
}
