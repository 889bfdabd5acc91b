package statement

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/consent"
)

// Again makes the action that was denied under this ID once more, to the salt, as an
// approval of it is of nothing else. It goes on where its session is now, or in the
// --session that is given, and names the approvals of --approval, or those that are
// there: of each person the newest.
func Again(ctx context.Context, f *Members, id string, signer *signing.Credential, cl *register.Client) (*Draft, error) {
	if f.act.given() || f.warrant != "" || f.status != "" || f.outcomeOf != "" || f.parallelOf != "" || f.end != "" || f.heartbeat {
		return nil, console.Usage("--again takes the action as it was denied: besides --approval and --session nothing can be given")
	}
	l, _, err := cl.Logged(ctx, id)
	if err != nil {
		return nil, err
	}
	denied, ok := l.Verified.Statement().(*attest.Action)
	switch {
	case !ok || denied.Request == nil || denied.Authority == nil:
		return nil, console.Usage("--again: want an intent or record under a warrant, %s is none", id)
	case l.Allowed():
		return nil, console.False("%s was allowed: there is nothing to ask again", id)
	}
	again := *denied
	again.Nonce, again.ClaimedAt = "", 0
	again.Session = attest.Session{ID: denied.Session.ID, ParallelOf: denied.Session.ParallelOf}
	if f.session != "" && f.session != denied.Session.ID {
		again.Session, again.Fields = attest.Session{ID: f.session}, nil // they commit to the session
	}
	again.Authority = &attest.Authority{Grant: denied.Authority.Grant, Warrant: denied.Authority.Warrant}
	if len(f.approvals) == 0 {
		if again.Authority.Approvals, err = given(ctx, cl, l, denied); err != nil {
			return nil, err
		}
	}
	return NewDraft(ctx, f, &again, signer, cl)
}

// given are the approvals of an action that are there: of each person the newest,
// as an older one may have been used.
func given(ctx context.Context, cl *register.Client, l *admission.Logged, a *attest.Action) (ids []attest.ID, err error) {
	asked := &consent.Asked{Action: a, Logged: l}
	done, err := consent.Done(ctx, cl.Consent(), asked)
	if err != nil {
		return nil, fmt.Errorf("looking for approvals: %w", err)
	}
	if done {
		return nil, console.False("the same request was allowed since: there is nothing to ask again")
	}
	if err := consent.Complete(ctx, cl.Consent(), asked, time.Now().UnixMilli()); err != nil {
		return nil, fmt.Errorf("looking for approvals: %w", err)
	}
	var people []string
	for _, yes := range asked.Approved { // newest first
		if person := yes.Statement.Person; !slices.Contains(people, person) && len(ids) < attest.MaxApprovals {
			people, ids = append(people, person), append(ids, yes.ID)
		}
	}
	if len(ids) == 0 {
		return nil, &console.Failure{
			Code: console.ExitFalse, Err: errors.New("nothing was submitted: nobody has approved this action, or what was approved has expired or was taken back"),
			Hint: "see how it stands with 'deed approve --list'",
		}
	}
	return ids, nil
}
