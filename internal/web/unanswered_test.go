package web_test

import (
	"context"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/consent"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/ledger"
)

// unanswering is a register that takes what it is given, or not, and answers with an
// error.
type unanswering struct {
	server.Desk
	takes bool
	err   error
}

func (u unanswering) Submit(ctx context.Context, e attest.Envelope, objects [][]byte) (consent.Answer, error) {
	if u.takes {
		if _, err := u.Desk.Submit(ctx, e, objects); err != nil {
			return consent.Answer{}, err
		}
	}
	return consent.Answer{}, u.err
}

// The page does not say that nothing was signed where it cannot know: a time that
// ran out does not take back what is in the register's queue.
func TestUnanswered(t *testing.T) {
	for name, tt := range map[string]struct {
		log    unanswering
		says   string
		signed string
	}{
		"too slow":           {unanswering{takes: true, err: context.DeadlineExceeded}, "It may be in the log", "Approved payments.transfer"},
		"a log that stopped": {unanswering{takes: true, err: ledger.ErrStopped}, "It may be in the log", "Approved payments.transfer"},
		"busy":               {unanswering{err: consent.ErrBusy}, "too much to do", "waits for your decision"},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.asks("12500.00")
			tt.log.Desk = w.server.Desk()
			w.openOn(tt.log)
			v := w.signedIn(w.maria)
			w.Check(v.Open("/request/" + string(id)))
			w.Check(v.Sign("/sign"))
			w.shows(v, 503, tt.says)
			w.Check(v.Open("/"))
			w.shows(v, 200, tt.signed)
		})
	}
}
