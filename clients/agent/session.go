package agent

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"sync"

	"github.com/deedlog/deed/attest"
)

// Session is a run of one agent: its statements are numbered without gaps, and
// each names the one before. Calls are made one after the other.
type Session struct {
	client *Client
	id     string

	mu      sync.Mutex
	seq     int64
	prev    attest.ID
	actions int64              // intents and records, allowed or denied
	open    map[attest.ID]bool // allowed intents without an outcome
}

// Act is what an agent is about to do, or did.
type Act struct {
	Action    string
	Resource  attest.Resource
	Arguments map[string]attest.Value
	// Sealed names arguments whose value stays with the agent.
	Sealed []string
	// Warrant is what the agent acts under; Grant the index of its grant.
	Warrant   attest.ID
	Grant     int
	Approvals []attest.ID
	// RootWarrant adds the agent's own commitments to the public entry.
	RootWarrant attest.ID
	Target      *attest.Target
	Credential  *attest.Credential
	Software    *attest.Software
	Reversible  bool
	// Claim is who set the agent off, in its own words; "unknown" if empty.
	Claim   string
	Trigger attest.ID
	// ParallelOf is the intent or record of this session that fanned out into
	// this action and others.
	ParallelOf attest.ID
	Instance   string
	Trace      string
}

// Result is what came of an action.
type Result struct {
	Status string // done | failed | timed_out | unknown | reverted
	// Value is committed to, not shown; nil is no result.
	Value *attest.Value
}

// Session starts a new session with a random ID.
func (c *Client) Session() (*Session, error) {
	id, err := c.random()
	if err != nil {
		return nil, err
	}
	return &Session{client: c, id: id, open: map[attest.ID]bool{}}, nil
}

// ID names the session.
func (s *Session) ID() string { return s.id }

// Intent asks before acting. On success the agent may act, and should then
// report the outcome; a *Denied means that it must not act.
func (s *Session) Intent(ctx context.Context, a Act) (Receipt, error) {
	return s.act(ctx, a, attest.Intent, nil)
}

// Record attests an action and its result in one statement, after the fact.
func (s *Session) Record(ctx context.Context, a Act, r Result) (Receipt, error) {
	return s.act(ctx, a, attest.Record, &r)
}

func (s *Session) act(ctx context.Context, a Act, phase attest.Phase, r *Result) (Receipt, error) {
	p, err := s.client.Prepare(a)
	if err != nil {
		return Receipt{}, err
	}
	return s.Send(ctx, p, phase, r)
}

// Send submits a prepared action as an intent, or as a record with its result.
func (s *Session) Send(ctx context.Context, p *Prepared, phase attest.Phase, r *Result) (Receipt, error) {
	st := p.statement
	st.Phase = phase
	objects := p.objects
	if r != nil {
		outcome, object, err := s.client.result(*r)
		if err != nil {
			return Receipt{}, err
		}
		st.Outcome = outcome
		objects = append(slices.Clone(objects), object...)
	}
	return s.submit(ctx, &st, func() error { return s.client.commitFields(&st, p) }, objects)
}

// Outcome reports what came of an intent.
func (s *Session) Outcome(ctx context.Context, intent Receipt, r Result) (Receipt, error) {
	st, err := s.client.blank()
	if err != nil {
		return Receipt{}, err
	}
	outcome, objects, err := s.client.result(r)
	if err != nil {
		return Receipt{}, err
	}
	st.Phase, st.Intent, st.Outcome = attest.Outcome, intent.ID, outcome
	return s.submit(ctx, st, nil, objects)
}

// submit numbers a statement and submits it. The session moves on when the
// statement is in the log, allowed or denied.
func (s *Session) submit(ctx context.Context, st *attest.Action, finish func() error, objects [][]byte) (Receipt, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st.Session = attest.Session{ID: s.id, ParallelOf: st.Session.ParallelOf, Prev: s.prev, Seq: s.seq}
	if finish != nil {
		if err := finish(); err != nil {
			return Receipt{}, err
		}
	}
	receipt, err := s.client.Submit(ctx, st, objects...)
	if receipt.ID != "" && !slices.Contains(receipt.Faults, "session.fork") {
		s.seq, s.prev = s.seq+1, receipt.ID
		s.count(st, receipt.ID, err == nil)
	}
	return receipt, err
}

// Prepared is an action with its arguments committed to: what an approval is of.
type Prepared struct {
	statement attest.Action
	objects   [][]byte
	root      attest.ID
	fieldSeed [32]byte
}

// Request is what is to be done; its Digest is what an approval names.
func (p *Prepared) Request() attest.ActionRequest { return *p.statement.Request }

// Arguments are the values in plain, as an approval shows them.
func (p *Prepared) Arguments() []attest.NamedValue {
	out := make([]attest.NamedValue, len(p.statement.Open))
	for i, o := range p.statement.Open {
		out[i] = attest.NamedValue{Name: o.Name, Value: o.Value}
	}
	return out
}

// Approve adds an approval that is in the log.
func (p *Prepared) Approve(id attest.ID) {
	p.statement.Authority.Approvals = append(p.statement.Authority.Approvals, id)
	slices.Sort(p.statement.Authority.Approvals)
}

// Prepare commits to the arguments of an action under a fresh seed.
func (c *Client) Prepare(a Act) (*Prepared, error) {
	st, err := c.blank()
	if err != nil {
		return nil, err
	}
	seed, err := c.seed()
	if err != nil {
		return nil, err
	}
	if st.Open, st.Sealed, err = commit(seed, a); err != nil {
		return nil, err
	}
	root, err := attest.ArgumentsRoot(st.Open, st.Sealed)
	if err != nil {
		return nil, err
	}
	st.Request = &attest.ActionRequest{
		Action: a.Action, Arguments: root, Count: len(a.Arguments), Resource: a.Resource, Reversible: a.Reversible,
	}
	if a.Warrant != "" {
		st.Authority = &attest.Authority{Approvals: slices.Clone(a.Approvals), Grant: a.Grant, Warrant: a.Warrant}
		slices.Sort(st.Authority.Approvals)
	}
	if a.Claim != "" {
		st.Initiator.Claim = a.Claim
	}
	st.Initiator.Trigger, st.Session.ParallelOf = a.Trigger, a.ParallelOf
	st.Target, st.Credential, st.Software, st.Instance, st.Trace = a.Target, a.Credential, a.Software, a.Instance, a.Trace
	p := &Prepared{statement: *st, root: a.RootWarrant}
	if a.RootWarrant != "" {
		if p.fieldSeed, err = c.seed(); err != nil {
			return nil, err
		}
		p.objects = [][]byte{attest.SeedObject(p.fieldSeed)}
	}
	return p, nil
}

// commit opens the arguments, except those that stay sealed.
func commit(seed [32]byte, a Act) ([]attest.Opening, []attest.Sealed, error) {
	var names []string
	var values []attest.Value
	var sealed []attest.Sealed
	for _, name := range slices.Sorted(maps.Keys(a.Arguments)) {
		v := a.Arguments[name]
		if !slices.Contains(a.Sealed, name) {
			names, values = append(names, name), append(values, v)
			continue
		}
		doc, err := v.Canonical()
		if err != nil {
			return nil, nil, fmt.Errorf("encoding argument %s: %w", name, err)
		}
		c := attest.CommitField(attest.Salt(seed, name), name, doc)
		sealed = append(sealed, attest.Sealed{Commitment: hex.EncodeToString(c[:]), Name: name})
	}
	return attest.OpenValues(seed, names, values), sealed, nil
}

// commitFields makes the agent's own commitments, once the session is known.
func (c *Client) commitFields(st *attest.Action, p *Prepared) error {
	if p.root == "" {
		return nil
	}
	st.Fields = &attest.Commitment{
		Root: attest.Commit(p.fieldSeed, attest.AgentFields(st, p.root)),
		Seed: attest.DigestOf(attest.SeedObject(p.fieldSeed)),
	}
	return nil
}

// blank is an action with what every one has.
func (c *Client) blank() (*attest.Action, error) {
	svid, err := c.source.SVID()
	if err != nil {
		return nil, fmt.Errorf("fetching SVID: %w", err)
	}
	nonce, err := c.random()
	if err != nil {
		return nil, err
	}
	return &attest.Action{
		Agent: svid.ID.String(), ClaimedAt: c.options.Now().UnixMilli(), Initiator: attest.Initiator{Claim: "unknown"},
		Log: c.origin, Nonce: nonce, V: 1,
	}, nil
}

func (c *Client) result(r Result) (*attest.Result, [][]byte, error) {
	out := &attest.Result{Status: r.Status}
	if r.Value == nil {
		return out, nil, nil
	}
	seed, err := c.seed()
	if err != nil {
		return nil, nil, err
	}
	doc, err := r.Value.Canonical()
	if err != nil {
		return nil, nil, fmt.Errorf("encoding result: %w", err)
	}
	object := attest.SeedObject(seed)
	out.Result = &attest.Commitment{
		Root: attest.Commit(seed, []attest.Field{{Name: "result", Value: doc}}), Seed: attest.DigestOf(object),
	}
	return out, [][]byte{object}, nil
}

func (c *Client) seed() (seed [32]byte, err error) {
	if _, err = io.ReadFull(c.options.Rand, seed[:]); err != nil {
		err = fmt.Errorf("drawing a seed: %w", err)
	}
	return seed, err
}

// random is 16 random bytes in hex.
func (c *Client) random() (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(c.options.Rand, b[:]); err != nil {
		return "", fmt.Errorf("drawing a nonce: %w", err)
	}
	return hex.EncodeToString(b[:]), nil
}
