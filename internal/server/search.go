package server

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sort"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// The names of search rows: one for every flag of deed search.
const (
	byAgent    = "agent"
	bySession  = "session"
	byPerson   = "person"
	byWarrant  = "warrant"
	byAction   = "action"
	byDecision = "decision"
	byClass    = "class"
	byKind     = "kind"
	byOf       = "of"
)

// rows are what an entry is found by. They are derived from the record and the
// statement alone, so that they can be rebuilt.
func rows(s attest.Statement, r *admission.Record) []ledger.Row {
	out := append(make([]ledger.Row, 0, 12),
		ledger.Row{Name: byKind, Key: string(r.Kind)}, ledger.Row{Name: byDecision, Key: string(r.Decision.Effect)})
	add := func(name, key string) {
		row := ledger.Row{Name: name, Key: key}
		if key != "" && !slices.Contains(out, row) {
			out = append(out, row)
		}
	}
	if r.Signer.Kind == attest.BySVID {
		add(byAgent, r.Signer.Name)
	} else if r.Signer.Kind == attest.ByPerson {
		add(byPerson, r.Signer.Name)
	}
	if a := r.Attribution; a != nil {
		add(byClass, string(a.Agency))
		add(byPerson, a.Authorizing)
		add(byPerson, a.Accountable)
	}
	for _, spent := range r.Read.Spent {
		add(byWarrant, string(spent.ID))
	}
	statementRows(s, r, add)
	return out
}

// statementRows adds what is found in the statement itself.
func statementRows(s attest.Statement, r *admission.Record, add func(name, key string)) {
	switch s := s.(type) {
	case *attest.Action:
		add(bySession, s.Session.ID)
		if s.Request != nil {
			add(byAction, s.Request.Action)
		}
		add(byOf, string(s.Intent))
		if s.Authority != nil {
			add(byWarrant, string(s.Authority.Warrant))
		}
	case *attest.Warrant:
		add(byWarrant, string(r.ID))
		add(byWarrant, string(s.Parent))
		add(byAgent, s.Holder.SPIFFEID)
	case *attest.Compromise:
		if s.Thing.Kind == attest.HumanKey {
			add(byPerson, s.Thing.ID)
		} else if s.Thing.Kind != attest.RootEntry {
			add(byAgent, s.Thing.ID)
		}
	case *attest.Revocation:
		add(byWarrant, string(s.Warrant))
	case *attest.Approval:
		add(byWarrant, string(s.Warrant))
		add(byAgent, s.Agent)
		add(byAction, s.Action)
	case *attest.Refusal:
		add(byWarrant, string(s.Warrant))
		add(byAgent, s.Agent)
		add(byAction, s.Action)
	case *attest.Instruction:
		add(byPerson, s.Person)
		add(byAgent, s.Addressee)
	case *attest.Countersignature:
		add(byOf, string(s.Of))
		add(byOf, string(s.Request))
		add(byAgent, s.Agent)
	case *attest.Person:
		add(byPerson, s.Name)
	case *attest.Issuer:
		add(byPerson, s.Accountable)
		if s.Issuer.Kind == attest.ByPerson {
			add(byPerson, s.Issuer.ID)
		} else {
			add(byAgent, s.Issuer.ID)
		}
	case *attest.Provider:
		for _, a := range s.Agents {
			add(byAgent, a.Agent)
		}
	case *attest.Account:
		add(byPerson, s.Name)
	case *attest.Token:
		add(byAgent, s.Agent)
	case *attest.Agent:
		add(byAgent, s.Agent)
		add(byPerson, s.Owner)
	}
}

// Query is what to search for; every condition that is given must hold.
type Query struct {
	Rows         []ledger.Row
	Since, Until int64  // ms; 0 is open
	Before       uint64 // only smaller indexes; 0 is all
	Limit        int
	Visits       int // entries that are opened at most; 0 is 4096
}

const usualVisits = 4096

// Page is an answer to a query. Next is the Before of the next page, 0 when
// there is none.
type Page struct {
	Found []Found
	Next  uint64
}

// Found is one result.
type Found struct {
	Index      uint64
	ReceivedAt int64
	Statement  attest.Statement
	Record     *admission.Record
}

// Search finds entries, newest first. It opens a bounded number of entries: a
// page may be short, or empty, and still have a next one.
func (s *Server) Search(ctx context.Context, q Query) (page Page, err error) {
	low, high, err := s.span(ctx, q)
	if err != nil || low >= high {
		return page, err
	}
	visits, last := 0, high
	most := q.Visits
	if most == 0 {
		most = usualVisits
	}
	visit := func(index uint64) bool {
		if index < low {
			return false
		}
		if len(page.Found) == q.Limit || visits == most {
			page.Next = last
			return false
		}
		visits, last = visits+1, index
		var f *Found
		if f, err = s.found(ctx, index, q); f != nil {
			page.Found = append(page.Found, *f)
		}
		return err == nil && ctx.Err() == nil
	}
	if scanErr := s.visit(ctx, q, high-1, visit); scanErr != nil {
		err = scanErr
	}
	return page, err
}

// visit walks the candidates downwards: the rows of the first condition, or
// every entry.
func (s *Server) visit(ctx context.Context, q Query, from uint64, fn func(uint64) bool) error {
	if len(q.Rows) > 0 {
		return s.register.store.ScanRows(ctx, q.Rows[0], from, true, fn)
	}
	for i := from; fn(i) && i > 0; i-- {
	}
	return ctx.Err()
}

// found reads one entry and checks every condition on it.
func (s *Server) found(ctx context.Context, index uint64, q Query) (*Found, error) {
	entry, err := s.log.Entry(ctx, index)
	if err != nil {
		return nil, err
	}
	e, err := admission.ParseEntry(entry.Bytes)
	if err != nil {
		return nil, fmt.Errorf("reading entry %d: %w", index, err)
	}
	l, err := s.register.Logged(e.Envelope)
	if err != nil || l == nil {
		return nil, fmt.Errorf("opening entry %d: %w", index, err)
	}
	have := rows(l.Verified.Statement(), l.Record)
	for _, want := range q.Rows {
		if !slices.Contains(have, want) {
			return nil, nil
		}
	}
	return &Found{Index: index, ReceivedAt: e.ReceivedAt, Statement: l.Verified.Statement(), Record: l.Record}, nil
}

// span turns times into indexes: received_at never decreases.
func (s *Server) span(ctx context.Context, q Query) (low, high uint64, err error) {
	size := s.log.Size()
	if low, err = s.firstAt(ctx, size, q.Since); err != nil {
		return 0, 0, err
	}
	high = size
	if q.Until != 0 {
		if high, err = s.firstAt(ctx, size, q.Until); err != nil {
			return 0, 0, err
		}
	}
	if q.Before != 0 {
		high = min(high, q.Before)
	}
	return low, high, nil
}

// firstAt is the first index received at or after a time.
func (s *Server) firstAt(ctx context.Context, size uint64, ms int64) (uint64, error) {
	if ms <= 0 {
		return 0, nil
	}
	if size > math.MaxInt {
		return 0, fmt.Errorf("searching %d entries: too many for this machine", size)
	}
	var failed error
	i := sort.Search(int(size), func(i int) bool {
		entry, err := s.log.Entry(ctx, uint64(i))
		if err != nil {
			failed = err
			return true
		}
		e, err := admission.ParseEntry(entry.Bytes)
		if err != nil {
			failed = err
			return true
		}
		return e.ReceivedAt >= ms
	})
	return uint64(i), failed
}
