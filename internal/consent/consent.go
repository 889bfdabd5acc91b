// Package consent finds what asks for a person's approval and says it in words: the
// action, the warrant it falls under, and what differs from what was asked for. The
// command line and the approval page show the same words, and the words are what
// the approval's display names (docs/spec/statements.md, "approval").
//
// # Reading order
//
// pending.go finds what asks; view.go gathers what a person needs to decide, and
// words.go says it; approval.go makes the statement of it; chain.go checks the
// warrants.
//
//	list, more, err := consent.Pending(ctx, register, consent.Search{Since: since, Now: now})
//	view, err := consent.Look(ctx, register, &list[0], now)
//	s, err := consent.Approval(list[0].Action, attest.Approval{Person: "maria", ...})
//	shown := view.Words(s)
//
// # Caveats
//
// The register keeps no list of what waits: it follows from denied actions and from
// what came after them. Nothing here decides: the register checks an approval again.
package consent

import (
	"context"
	"errors"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// Register is what is read of a register. Its methods may be called concurrently.
type Register interface {
	// Statement opens a logged statement and checks its signature. That it is not
	// in the log is an error, such as [ErrNotFound].
	Statement(ctx context.Context, id attest.ID) (*admission.Logged, error)
	// Object returns the bytes with this digest. That there are none is [ErrNotFound].
	Object(ctx context.Context, d attest.Digest) ([]byte, error)
	// Search finds entries, newest first. A page may be empty and have a next one.
	Search(ctx context.Context, q Query) (Page, error)
	// Issuer returns the registration in force of who issues root warrants, or nil.
	Issuer(ctx context.Context, p attest.Party) (*attest.Issuer, error)
}

// ErrNotFound is of a statement or an object that is not in the log.
var ErrNotFound = errors.New("it is not in the log")

// ErrBusy is of a statement that was not taken for lack of room: it can be submitted
// again.
var ErrBusy = errors.New("the register is busy")

// Answer is what became of a submitted statement.
type Answer struct {
	Index uint64
	ID    attest.ID
	Fault *attest.Fault // why it was logged as denied, or nil
}

// Query is what to search for; every condition that is given must hold.
type Query struct {
	Kind     attest.Kind
	Decision admission.Effect
	Agent    string // SPIFFE ID
	Person   string
	Action   string
	Warrant  attest.ID
	Since    int64  // ms: received at or after
	Before   uint64 // only smaller indexes; 0 is all
	Limit    int
}

// Page is an answer to a query. Next is the Before of the next page, 0 when there is
// none.
type Page struct {
	Found []Found
	Next  uint64
}

// Found is one result.
type Found struct {
	ID       attest.ID
	Index    uint64
	Received int64 // ms
	Faults   []string
}

// Asked is an action that an approval could let pass.
type Asked struct {
	Action   *attest.Action
	Logged   *admission.Logged // nil: a draft that is not in the log yet
	Received int64             // ms, 0 of a draft
	Warrant  *attest.Warrant   // it falls under; of those that Pending found
	Approved []Given
	Refused  []Refused // of each person the newest, unless an approval came after it

	undoable bool // the policy in force says that such an action can be undone
}

// Given is an approval in the log that has not expired and that its person did not
// take back.
type Given struct {
	ID        attest.ID
	Index     uint64
	Statement *attest.Approval
	Unseen    bool // what was shown is not there: it was never sent, or was erased
}

// Complete adds the approvals and refusals that are there. Errors: [ErrIncomplete], and those of
// the register.
func Complete(ctx context.Context, r Register, a *Asked, now int64) (err error) {
	if a.Action.Request == nil || a.Action.Authority == nil {
		return ErrIncomplete
	}
	if a.Approved, err = approvals(ctx, r, a.Action, now); err != nil {
		return err
	}
	if a.Refused, err = refusals(ctx, r, a.Action); err != nil {
		return err
	}
	a.lastWords()
	if err := a.look(ctx, r); err != nil {
		return err
	}
	if a.Action.Request.Reversible { // else what the policy says changes nothing
		a.undoable, err = undoable(ctx, r, a.Action.Request.Action)
	}
	return err
}

// look says of each approval whether what was shown is there.
func (a *Asked) look(ctx context.Context, r Register) error {
	for i := range a.Approved {
		_, err := r.Object(ctx, a.Approved[i].Statement.Display)
		if a.Approved[i].Unseen = errors.Is(err, ErrNotFound); err != nil && !a.Approved[i].Unseen {
			return err
		}
	}
	return nil
}

// approvals are those of exactly this request that have not expired. Whether one
// was used is known when it is: the register denies it then.
func approvals(ctx context.Context, r Register, a *attest.Action, now int64) (out []Given, err error) {
	want := a.Request.Digest()
	err = each(ctx, r, like(attest.KindApproval, a), func(l *admission.Logged) {
		s, ok := l.Verified.Statement().(*attest.Approval)
		if ok && s.Request == want && now < s.Expires {
			out = append(out, Given{ID: l.ID(), Index: l.Index, Statement: s})
		}
	})
	return out, err
}

// pageSize is how much is asked for at a time.
const pageSize = 1000

// like finds the allowed entries of a kind that are about the same agent, action
// and warrant.
func like(kind attest.Kind, a *attest.Action) Query {
	return Query{
		Kind: kind, Decision: admission.Allow, Agent: a.Agent, Action: a.Request.Action,
		Warrant: a.Authority.Warrant, Limit: pageSize,
	}
}

// each calls do for everything that a search finds, newest first.
func each(ctx context.Context, r Register, q Query, do func(*admission.Logged)) error {
	for {
		page, err := r.Search(ctx, q)
		if err != nil {
			return err
		}
		for _, f := range page.Found {
			l, err := r.Statement(ctx, f.ID)
			if err != nil {
				return err
			}
			do(l)
		}
		if q.Before = page.Next; q.Before == 0 {
			return nil
		}
	}
}
