// Package reconcile compares the log of a service with the actions of a register:
// what both have, what only one of them has, and what cannot be told. It is the
// only part of Deed that can show an action that was never submitted, and it
// shows one only where the service wrote a line.
//
//	join := reconcile.New(actions, reconcile.Options{Since: since, Until: until, Slack: 300_000})
//	err := join.Read(file, reconcile.Vault, nil)
//	report := join.Report()
//
// A line names its action by the request digest that came with the call, in the
// header X-Action-Digest (docs/operating.md, "Finding what is missing"). Without
// one it is joined by the credential that was used, where the agent handed over
// the seed of its commitment (docs/spec/bytes.md, "Credentials").
//
// # Reading order
//
// [Line] is what is taken of a line; vault.go, access.go and fields.go read them;
// join.go joins; report.go is what comes out.
//
// # Caveats
//
// A service's log is as good as whoever keeps it: nothing signs it. That the log
// and the register agree shows that nobody told the two stories differently.
package reconcile

import "github.com/deedlog/deed/attest"

// Action is an action of the register, as far as it is compared.
type Action struct {
	Agent      string        `json:"agent"`
	Allowed    bool          `json:"allowed"`
	At         int64         `json:"at"` // ms: when it was logged
	Commitment attest.Digest `json:"-"`  // to the credential that was used
	Endpoint   string        `json:"endpoint,omitzero"`
	ID         attest.ID     `json:"id"`
	Index      uint64        `json:"index"`
	Kind       string        `json:"-"` // of the credential
	Name       string        `json:"action"`
	Request    attest.Digest `json:"request"` // request digest
}

// ActionOf is what is compared of a logged statement; ok is false for everything
// but intents and records.
func ActionOf(s attest.Statement, id attest.ID, index uint64, at int64, allowed bool) (out Action, ok bool) {
	a, ok := s.(*attest.Action)
	if !ok || !a.Phase.Asks() {
		return Action{}, false
	}
	out = Action{Agent: a.Agent, Allowed: allowed, At: at, ID: id, Index: index, Name: a.Request.Action, Request: a.Request.Digest()}
	if a.Target != nil {
		out.Endpoint = a.Target.Endpoint
	}
	if a.Credential != nil {
		out.Commitment, out.Kind = a.Credential.Commitment, a.Credential.Kind
	}
	return out, true
}

// Opening is a seed under which credentials were committed to.
type Opening struct {
	ID   string // of the credential; "" where any is looked for
	Kind string
	Seed [32]byte
}

// Options say what is compared. Times are in ms; 0 is open.
type Options struct {
	Since, Until int64
	// Slack is how far the clocks of the two may be apart, and how long a call
	// may take: nothing that is nearer to the ends of the window is missed.
	Slack int64
	// Endpoint is the target of the actions that the service has to have a line of;
	// "" is any. Lines are compared with all actions.
	Endpoint string
	// Paths are beginnings of the paths that are looked at; none is all.
	Paths    []string
	Openings []Opening
	Calls    int64 // that one action makes; 0 is 1. More of them are repeated
	List     int   // most items of each list; 0 is 1000
}

const usualList = 1000

// inside reports whether a time is in the window; one that is not known is.
func (o Options) inside(at int64) bool {
	return at == 0 || at >= o.Since && (o.Until == 0 || at < o.Until)
}

// near is inside with the slack.
func (o Options) near(at int64) bool {
	return at == 0 || at >= o.Since-o.Slack && (o.Until == 0 || at < o.Until+o.Slack)
}
