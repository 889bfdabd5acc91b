package agent

import (
	"context"
	"net/http"

	"github.com/deedlog/deed/attest"
)

// Seen is what a service or a gateway saw of an agent's action. Of or Request
// names the action; both come with the call (see [ActionOf]).
type Seen struct {
	Agent      string // SPIFFE ID, as the service saw it: of its own connection
	Of         attest.ID
	Request    attest.Digest
	Role       attest.Role
	Status     string // done | failed | refused | unknown
	Target     *attest.Target
	Credential *attest.Credential // committed to under the agent's seed
	Ref        attest.Digest      // of the service's own note
}

// Countersign attests what this workload saw of another's action: the client is
// that of the service or gateway, with its own SVID. It is tried again as every
// statement is; a *Denied means that the register does not take this workload's
// word, and has logged that it was given.
func (c *Client) Countersign(ctx context.Context, seen Seen) (Receipt, error) {
	st, err := c.blank()
	if err != nil {
		return Receipt{}, err
	}
	return c.Submit(ctx, &attest.Countersignature{
		Agent: seen.Agent, At: st.ClaimedAt, By: st.Agent, Credential: seen.Credential, Log: st.Log, Nonce: st.Nonce, Of: seen.Of,
		Ref: seen.Ref, Request: seen.Request, Role: seen.Role, Status: seen.Status, Target: seen.Target, V: 1,
	})
}

// Announce names an action in the headers of the call that it is, so that the
// service can countersign it and its log can be reconciled.
func Announce(h http.Header, intent attest.ID, request attest.ActionRequest) {
	h.Set(attest.IntentHeader, string(intent))
	h.Set(attest.ActionDigestHeader, string(request.Digest()))
}

// ActionOf reads what [Announce] wrote. What is not in form is left out: it is the
// caller's word and nothing more.
func ActionOf(h http.Header) (intent attest.ID, request attest.Digest) {
	if id := attest.ID(h.Get(attest.IntentHeader)); id.Valid() {
		intent = id
	}
	if d := attest.Digest(h.Get(attest.ActionDigestHeader)); d.Valid() {
		request = d
	}
	return intent, request
}
