package server_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
	"github.com/deedlog/deed/verifier"
)

// racers is how many goroutines submit at once.
const racers = 64

// race submits statements at once and returns what became of each.
func (w *world) race(statements []cast.Sent) []server.Receipt {
	w.Helper()
	receipts := make([]server.Receipt, len(statements))
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i, s := range statements {
		wait.Go(func() {
			<-start
			r, err := w.submit(s)
			if err != nil {
				w.Errorf("statement %d: %v", i, err)
			}
			receipts[i] = r
		})
	}
	close(start)
	wait.Wait()
	if w.Failed() {
		w.FailNow()
	}
	return receipts
}

// faults of a receipt's record, joined.
func (w *world) faults(r server.Receipt) string {
	return strings.Join(w.record(r).Decision.Faults, " ")
}

// consistent verifies the whole log offline, as somebody who has all of it: each
// decision and each thing read follows from the entries before it.
func (w *world) consistent() {
	w.Helper()
	c := verifier.Contents{Entries: map[uint64]verifier.Item{}}
	for i := range w.log.Size() {
		r, err := w.log.Receipt(context.Background(), i)
		w.Check(err)
		c.Entries[i] = verifier.Item{Entry: r.Entry, Proof: r.Proof}
		c.Subjects = append(c.Subjects, i)
	}
	objects, err := w.store.Objects(context.Background(), 0, math.MaxUint64)
	w.Check(err)
	for _, o := range objects {
		if o.Bytes != nil { // not of one that was erased
			c.Objects = append(c.Objects, o.Bytes)
		}
	}
	b, err := verifier.Build(c)
	w.Check(err)
	ed, _ := storetest.Keys(w)
	genesis := ledger.HashLeaf(c.Entries[0].Entry)
	files, err := verifier.TrustFiles(verifier.TrustSource{LogKey: ed.VKey().String(), Genesis: &genesis})
	w.Check(err)
	dir := fstest.MapFS{}
	for name, data := range files {
		dir[name] = &fstest.MapFile{Data: data}
	}
	trust, err := verifier.LoadTrust(dir)
	w.Check(err)
	replayed := 0
	for _, f := range verifier.Verify(b, trust, verifier.Options{AcceptLedgerRoots: true}).Findings {
		outside := strings.HasSuffix(f.Check, ".corroborated") || strings.HasPrefix(f.Check, "checkpoint.") || f.Check == "genesis.keys" ||
			f.Check == "approval.rate" || f.Check == "object.erasable" || f.Check == "object.erased" ||
			strings.HasPrefix(f.Check, "complete.") && f.Status == verifier.Unknown // nobody closes a session here, or countersigns
		if f.Status != verifier.Pass && !outside {
			w.Errorf("%s: %s", f.Status, f)
		}
		if f.Check == "record.recomputed" && f.Status == verifier.Pass {
			replayed = len(f.Where)
		}
	}
	if uint64(replayed) != w.log.Size() {
		w.Errorf("%d of %d entries were recomputed", replayed, w.log.Size())
	}
}

// TestRaceOneApproval: of many uses of one approval, and of many uses of two that a
// gate asks for, the first in the log is the only one.
func TestRaceOneApproval(t *testing.T) {
	for name, m := range map[string]int{"one": 1, "two": 2} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			a := w.Transfer(w.Payments, w.gated(m, w.Treasurer, w.Controller), "10.00")
			for _, p := range []*cast.Party{w.Treasurer, w.Controller}[:m] {
				a.Authority.Approvals = append(a.Authority.Approvals, w.allow(w.Sign(p, w.Approval(p, a))))
			}
			slices.Sort(a.Authority.Approvals)
			uses := make([]cast.Sent, racers)
			for i := range uses {
				use := *a
				use.Nonce, use.Session.ID = w.Random(), w.Random()
				uses[i] = w.Sign(w.Payments, &use)
			}
			receipts := w.race(uses)
			first := slices.MinFunc(receipts, func(a, b server.Receipt) int { return int(a.Index) - int(b.Index) })
			for _, r := range receipts {
				want := "approval.used gate.approvals"
				if r.Index == first.Index {
					want = ""
				}
				if got := w.faults(r); got != want {
					t.Errorf("entry %d, the first is %d: %q, want %q", r.Index, first.Index, got, want)
				}
			}
			w.consistent()
		})
	}
}

// TestRaceSiblings: two children of one warrant draw on one budget, each action
// through the gate of the warrant above. What is denied uses up no approval.
func TestRaceSiblings(t *testing.T) {
	w := newWorld(t)
	root := w.Warrant(w.Treasurer, w.Orchestrator, attest.HumanStanding, cast.Payments("50000.00"))
	root.Grants[0].Budget = &attest.Budget{Argument: "amount", Limit: attest.Amount{Decimal: "100.00", Unit: "EUR"}}
	root.Gates = []attest.WarrantGate{cast.Gate(1, w.Treasurer, w.Controller)}
	id := w.allow(w.Sign(w.Treasurer, root))
	var uses []cast.Sent
	var approvals []attest.ID
	for _, holder := range []*cast.Party{w.Payments, w.Buyer} {
		child := w.allow(w.Sign(w.Orchestrator, w.Child(root, id, w.Orchestrator, holder)))
		for range racers / 2 {
			a := w.Transfer(holder, child, "7.50")
			approvals = append(approvals, w.allow(w.Sign(w.Controller, w.Approval(w.Controller, a))))
			a.Authority.Approvals = approvals[len(approvals)-1:]
			uses = append(uses, w.Sign(holder, a))
		}
	}
	receipts := w.race(uses)
	order := make([]int, len(receipts))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int { return int(receipts[a].Index) - int(receipts[b].Index) })
	used := w.state()["used"]
	for n, i := range order {
		want := ""
		if n >= 13 { // of 7.50, 13 are in 100.00
			want = "d7.spent"
		}
		_, consumed := used[string(approvals[i])]
		if got := w.faults(receipts[i]); got != want || consumed != (want == "") {
			t.Errorf("use %d in the log: %q, want %q; its approval is used: %v", n, got, want, consumed)
		}
	}
	w.consistent()
}

// TestRaceRevocation: what is before the revocation in the log is allowed, what is
// after it is not.
func TestRaceRevocation(t *testing.T) {
	w := newWorld(t)
	root, id := w.standing(w.Orchestrator)
	child := w.allow(w.Sign(w.Orchestrator, w.Child(root, id, w.Orchestrator, w.Payments)))
	statements := []cast.Sent{w.Sign(w.Treasurer, w.Revocation(w.Treasurer, id))}
	for len(statements) < racers {
		statements = append(statements, w.Sign(w.Payments, w.Transfer(w.Payments, child, "1.00")))
	}
	slices.Reverse(statements[:racers/2+1]) // somewhere in the middle
	receipts := w.race(statements)
	revoked := receipts[racers/2].Index
	for i, r := range receipts {
		want := ""
		if r.Index > revoked {
			want = "warrant.revoked"
		}
		if got := w.faults(r); got != want {
			t.Errorf("statement %d, entry %d, revoked by %d: %q, want %q", i, r.Index, revoked, got, want)
		}
	}
	w.consistent()
}

// TestRaceRefusal: what was approved is used while its person refuses it: it is
// allowed if it is before the refusal in the log, and denied if after.
func TestRaceRefusal(t *testing.T) {
	w := newWorld(t)
	id := w.gated(1, w.Treasurer, w.Controller)
	const rounds = racers / 2
	uses, answers := make([]cast.Sent, rounds), make([]cast.Sent, 0, racers)
	for i := range uses { // approved before: the refusal races the use
		a := w.Transfer(w.Payments, id, fmt.Sprintf("10.%02d", i)) // no two are exactly the same action
		a.Authority.Approvals = []attest.ID{w.allow(w.Sign(w.Treasurer, w.Approval(w.Treasurer, a)))}
		uses[i] = w.Sign(w.Payments, a)
		answers = append(answers, w.Sign(w.Treasurer, w.Refusal(w.Treasurer, a)))
	}
	receipts := w.race(append(slices.Clone(uses), answers...))
	for i := range uses {
		use, refusal := receipts[i], receipts[rounds+i]
		want := ""
		if use.Index > refusal.Index {
			want = "approval.refused gate.approvals gate.refused"
		}
		if got := w.faults(use); got != want || w.faults(refusal) != "" {
			t.Errorf("use at %d, refused at %d: %q, want %q", use.Index, refusal.Index, got, want)
		}
	}
	w.lastWord(id)
	w.consistent()
}

// lastWord races an approval with a refusal of the same person, and acts then: the
// last word in the log counts.
func (w *world) lastWord(id attest.ID) {
	w.Helper()
	const rounds = racers / 2
	actions, both := make([]*attest.Action, rounds), make([]cast.Sent, racers)
	for i := range actions {
		a := w.Transfer(w.Payments, id, fmt.Sprintf("20.%02d", i))
		actions[i] = a
		both[2*i], both[2*i+1] = w.Sign(w.Controller, w.Approval(w.Controller, a)), w.Sign(w.Controller, w.Refusal(w.Controller, a))
		a.Authority.Approvals = []attest.ID{both[2*i].ID}
	}
	receipts := w.race(both)
	for i, a := range actions {
		yes, no := receipts[2*i].Index, receipts[2*i+1].Index
		r := w.logged(w.Sign(w.Payments, a))
		want := ""
		if no > yes {
			want = "approval.refused gate.approvals gate.refused"
		}
		if got := w.faults(r); got != want {
			w.Errorf("approved at %d, refused at %d: %q, want %q", yes, no, got, want)
		}
	}
}
