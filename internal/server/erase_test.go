package server_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

func init() { maps.Copy(faultCases, erasureCases) }

// consent is an approval that brings what was shown.
func (w *world) consent(display string) (cast.Sent, attest.Digest) {
	w.Helper()
	_, id := w.standing(w.Payments)
	a := w.Approval(w.Treasurer, w.Transfer(w.Payments, id, "1.00"))
	a.Display = attest.DigestOf([]byte(display))
	return w.Sign(w.Treasurer, a, []byte(display)), a.Display
}

var erasureCases = map[string]faultCase{
	"erasure.object": {try: func(w *world) trial {
		s, d := w.consent("shown")
		id := w.allow(s)
		say := func(d attest.Digest) cast.Sent {
			return w.Endorsed(w.Sign(w.Admin, w.Erasure(d, id)), w.Second)
		}
		return trial{wrong: say(attest.DigestOf([]byte("another"))), right: say(d)}
	}},
	"erasure.unlisted": {try: func(w *world) trial {
		one, d := w.consent("shown")
		two, _ := w.consent("shown")
		ids := []attest.ID{w.allow(one), w.allow(two)}
		return trial{
			wrong: w.Endorsed(w.Sign(w.Admin, w.Erasure(d, ids[0])), w.Second),
			right: w.Endorsed(w.Sign(w.Admin, w.Erasure(d, ids...)), w.Second),
		}
	}},
	"erasure.known": {try: func(w *world) trial {
		one, d := w.consent("shown")
		id := w.allow(one)
		first := w.Endorsed(w.Sign(w.Admin, w.Erasure(d, id)), w.Second)
		w.allow(first)
		other, o := w.consent("shown later")
		return trial{
			wrong: w.Endorsed(w.Sign(w.Admin, w.Erasure(d, id)), w.Second),
			right: w.Endorsed(w.Sign(w.Admin, w.Erasure(o, w.allow(other))), w.Second),
		}
	}},
	"approval.erased": {try: func(w *world) trial {
		root := w.Warrant(w.Treasurer, w.Payments, attest.HumanStanding, cast.Payments("50000.00"))
		root.Gates = []attest.WarrantGate{{Approvers: []string{w.Treasurer.ID}, Display: true, M: 1, When: attest.When{Always: true}}}
		a := w.Transfer(w.Payments, w.allow(w.Sign(w.Treasurer, root)), "10.00")
		yes := w.Approval(w.Treasurer, a)
		yes.Display = attest.DigestOf([]byte("shown"))
		id := w.allow(w.Sign(w.Treasurer, yes, []byte("shown")))
		a.Authority.Approvals = []attest.ID{id}
		w.allow(w.Endorsed(w.Sign(w.Admin, w.Erasure(yes.Display, id)), w.Second))
		return trial{wrong: w.Sign(w.Payments, a)}
	}},
	"object.erased": {try: func(w *world) trial {
		s, d := w.consent("shown")
		w.allow(w.Endorsed(w.Sign(w.Admin, w.Erasure(d, w.allow(s))), w.Second))
		wrong, _ := w.consent("shown")
		right, _ := w.consent("shown later")
		return trial{wrong: wrong, right: right}
	}},
}

// TestEraseToken: the register goes on without a token that was erased, and can be
// computed again, which its world does when the test is over: what rested on the
// token is there as it was found.
func TestEraseToken(t *testing.T) {
	w := newWorld(t)
	p := cast.IdP()
	w.provide(p)
	w.allow(w.Endorsed(w.Sign(w.Admin, w.Issuer(w.Desk, w.Controller, cast.Payments("1000.00"), attest.HumanStanding, attest.OrgStanding)), w.Second))
	raw := p.Token(attest.AccessToken, w.Claims(p, w.Treasurer, attest.AccessToken, cast.Actor(w.Payments)))
	token := w.allow(w.Sign(w.Desk, w.Token(w.Desk, attest.AccessToken, raw), raw))
	root := func() cast.Sent {
		warrant := w.Warrant(w.Desk, w.Payments, attest.HumanStanding, cast.Payments("100.00"))
		warrant.Root.Evidence = []attest.ID{token}
		return w.Sign(w.Desk, warrant)
	}
	id := w.allow(root())
	act := func() cast.Sent { return w.Sign(w.Payments, w.Transfer(w.Payments, id, "1.00")) }
	if a := w.record(w.logged(act())).Attribution; a.Agency != agency.HumanDelegated {
		t.Fatalf("before: %+v", a)
	}
	waiting := w.prepared(act())
	w.allow(w.Endorsed(w.Sign(w.Admin, w.Erasure(attest.DigestOf(raw), token)), w.Second))
	_, err := waiting.Place(w.view(), time.UnixMilli(w.Now()+3))
	if code(err) != "trust.changed" {
		t.Errorf("checked with the token and placed after it was erased: %v", err)
	}
	if a := w.record(w.logged(act())).Attribution; a.Agency != agency.Indeterminate || !slices.Equal(a.Missing, []string{string(token)}) {
		t.Errorf("after: %+v", a)
	}
	w.deny(root(), "d11.root")
	again := w.Sign(w.Desk, w.Token(w.Desk, attest.AccessToken, raw), raw)
	if _, err := w.submit(again); code(err) != "object.erased" {
		t.Errorf("brought again: %v", err)
	}
}

// TestRaceErasure: statements that were all checked, each against the same register,
// come into the log in any order, erasures and what brings their objects again. Who
// comes before an erasure is listed by it, or it is refused; who comes after it is
// refused.
func TestRaceErasure(t *testing.T) {
	w := newWorld(t)
	const rivals = 3
	type race struct {
		erasure ledger.Submission
		others  [rivals]ledger.Submission
		taken   [rivals + 1]error
	}
	races := make([]race, racers/(rivals+1))
	for i := range races {
		first, d := w.consent(fmt.Sprint("shown ", i))
		races[i].erasure = w.prepared(w.Endorsed(w.Sign(w.Admin, w.Erasure(d, w.allow(first))), w.Second))
		for n := range rivals {
			again, _ := w.consent(fmt.Sprint("shown ", i))
			races[i].others[n] = w.prepared(again)
		}
	}
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i := range races {
		for n, s := range append(races[i].others[:], races[i].erasure) {
			wait.Go(func() {
				<-start
				_, races[i].taken[n] = w.log.Append(context.Background(), s)
			})
		}
	}
	close(start)
	wait.Wait()
	erased := 0
	for i, r := range races {
		want := "object.erased"
		if first := r.taken[rivals]; first == nil {
			erased++
		} else if want = ""; code(first) != "erasure.unlisted" {
			t.Errorf("erasure %d: %v", i, first)
		}
		for _, err := range r.taken[:rivals] {
			if code(err) != want {
				t.Errorf("beside erasure %d: %v, want %q", i, err, want)
			}
		}
	}
	if erased == 0 || erased == len(races) {
		t.Logf("%d of %d erasures were taken: this run shows one side only", erased, len(races))
	}
	w.consistent()
}

// code is that of a fault; "" of no error.
func code(err error) string {
	switch f := attest.AsFault(err); {
	case f != nil:
		return f.Code
	case err != nil:
		return err.Error()
	}
	return ""
}

// TestErase: the object is gone with the entry, from the store and from what is
// remembered; the statement that named it still is proven, and the register can
// still be computed again, which its world does when the test is over.
func TestErase(t *testing.T) {
	w := newWorld(t)
	s, d := w.consent("shown to the person")
	id := w.allow(s)
	get := func() error {
		client := deedv1connect.NewEvidenceServiceClient(handlerClient{w.handler}, "http://localhost")
		_, err := client.GetObject(context.Background(), &deedv1.GetObjectRequest{Digest: string(d)})
		return err
	}
	if err := get(); err != nil {
		t.Fatal(err)
	}
	w.allow(w.Endorsed(w.Sign(w.Admin, w.Erasure(d, id)), w.Second))
	if err := get(); connect.CodeOf(err) != connect.CodeNotFound || !strings.Contains(err.Error(), "was erased by entry") {
		t.Errorf("the object after it: %v", err)
	}
	if v, err := w.store.Get(context.Background(), ledger.ObjectTable, d.Hex()); v != nil || err != nil {
		t.Errorf("in the store: %q, %v", v, err)
	}
	if again, err := w.submit(s); err != nil || again.ID != id {
		t.Errorf("the same statement again is %s, %v", again.ID, err)
	}
	var faults []*ledger.Corrupt
	if err := ledger.Check(context.Background(), w.store, func(c *ledger.Corrupt) { faults = append(faults, c) }, nil); err != nil || len(faults) > 0 {
		t.Errorf("%v, %v", faults, err)
	}
}
