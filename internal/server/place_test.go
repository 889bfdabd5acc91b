package server_test

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger"
)

// still is a register that does not move: a View that remembers what it read.
type still struct {
	store ledger.Reader
	size  uint64
	cells map[[2]string][]byte
	batch [][]byte // entries that are not in the store
}

// Size implements ledger.View.
func (v *still) Size() uint64 { return v.size }

// Get implements ledger.View.
func (v *still) Get(table, key string) ([]byte, error) {
	if value, ok := v.cells[[2]string{table, key}]; ok {
		return value, nil
	}
	value, err := v.store.Get(context.Background(), table, key)
	v.cells[[2]string{table, key}] = value
	return value, err
}

// Entry implements ledger.View.
func (v *still) Entry(index uint64) ([]byte, error) {
	if stored := v.size - uint64(len(v.batch)); index >= stored {
		return v.batch[index-stored], nil
	}
	list, err := v.store.Entries(context.Background(), index, 1)
	if err != nil {
		return nil, err
	}
	return list[0].Bytes, nil
}

// with is the view of an entry that comes after p in the same batch.
func (v *still) with(p ledger.Placement) *still {
	next := &still{store: v.store, size: v.size + 1, cells: maps.Clone(v.cells), batch: append(slices.Clone(v.batch), p.Entry)}
	for _, o := range p.Objects {
		next.cells[[2]string{ledger.ObjectTable, o.Digest.String()}] = o.Bytes
	}
	for _, c := range p.Cells {
		next.cells[[2]string{c.Table, c.Key}] = c.Value
	}
	return next
}

// prepared checks a statement and makes of it what Submit puts into the queue.
func (w *world) prepared(s cast.Sent) ledger.Submission {
	w.Helper()
	sub, err := admission.NewSubmission(s.Envelope, s.Objects, admission.Anonymous)
	w.Check(err)
	checked, err := admission.Check(sub, w.server.Register(), admission.NewCache(100), w.Now())
	w.Check(err)
	p, err := w.server.Prepare(checked)
	w.Check(err)
	return p
}

// view is of the register as it is.
func (w *world) view() *still {
	return &still{store: w.server.Register().Reader(), size: w.log.Size(), cells: map[[2]string][]byte{}}
}

// placed places a statement and returns the faults that its record has.
func (w *world) placed(p ledger.Submission, v ledger.View) (ledger.Placement, []string) {
	w.Helper()
	out, err := p.Place(v, time.UnixMilli(w.Now()+3))
	w.Check(err)
	record, err := admission.ParseRecord(out.Objects[0].Bytes)
	w.Check(err)
	return out, record.Decision.Faults
}

// TestPlaceTogether places statements after each other in one batch, and again
// in one that does not have the first of them: what is remembered of the state
// is neither older nor newer than the entry's place.
func TestPlaceTogether(t *testing.T) {
	w := newWorld(t)
	_, warrant := w.standing(w.Payments)
	pay := w.prepared(w.Sign(w.Payments, w.Transfer(w.Payments, warrant, "100.00")))
	revocation := w.prepared(w.Sign(w.Treasurer, w.Revocation(w.Treasurer, warrant)))
	own := w.Agents("/agent")
	own.Agent, own.Prefix = w.Payments.ID, false
	registration := w.prepared(w.Sign(w.Admin, own))
	for range 3 {
		alone := w.view()
		if _, faults := w.placed(pay, alone); len(faults) > 0 {
			t.Errorf("alone it is denied: %v", faults)
		}
		revoked, faults := w.placed(revocation, alone)
		if len(faults) > 0 {
			t.Fatalf("the revocation is denied: %v", faults)
		}
		if _, faults := w.placed(pay, alone.with(revoked)); !slices.Equal(faults, []string{"warrant.revoked"}) {
			t.Errorf("after the revocation: %v", faults)
		}
		registered, faults := w.placed(registration, alone)
		if len(faults) > 0 {
			t.Fatalf("the registration is denied: %v", faults)
		}
		_, err := pay.Place(alone.with(registered), time.UnixMilli(w.Now()+3))
		if f := attest.AsFault(err); f == nil || f.Code != "trust.changed" {
			t.Errorf("after another registration: %v", err)
		}
	}
}

// TestPlaceErasure: what came into the same batch before an erasure, and names its
// object, has to be listed; what is erased in it is not erased again.
func TestPlaceErasure(t *testing.T) {
	w := newWorld(t)
	first, d := w.consent("shown")
	id := w.allow(first)
	again, _ := w.consent("shown")
	other, _ := w.consent("shown to another")
	erasure := func() ledger.Submission { return w.prepared(w.Endorsed(w.Sign(w.Admin, w.Erasure(d, id)), w.Second)) }
	rival, neighbour, one, two := w.prepared(again), w.prepared(other), erasure(), erasure()
	alone := w.view()
	beside, _ := w.placed(neighbour, alone)
	taken, faults := w.placed(one, alone.with(beside))
	if len(faults) > 0 || len(taken.Erase) != 1 {
		t.Fatalf("after another statement: %v, erases %v", faults, taken.Erase)
	}
	for code, before := range map[string]struct {
		what ledger.Submission
		view *still
	}{
		"erasure.unlisted": {one, alone.with(placedOf(w, rival, alone))},
		"erasure.known":    {two, alone.with(taken)},
		"object.erased":    {rival, alone.with(taken)},
	} {
		_, err := before.what.Place(before.view, time.UnixMilli(w.Now()+3))
		if f := attest.AsFault(err); f == nil || f.Code != code {
			t.Errorf("%v, want %s", err, code)
		}
	}
}

func placedOf(w *world, p ledger.Submission, v ledger.View) ledger.Placement {
	out, _ := w.placed(p, v)
	return out
}

// TestPlaceRepeatable: a batch that is placed again says the same, byte for byte.
func TestPlaceRepeatable(t *testing.T) {
	w := newWorld(t)
	p, view := w.prepared(w.pay()), w.view()
	first, _ := w.placed(p, view)
	for range 3 {
		if again, _ := w.placed(p, view); !reflect.DeepEqual(first, again) {
			t.Fatalf("placed again:\n%s\nnot\n%s", again.Entry, first.Entry)
		}
	}
}

// BenchmarkPlace is the part of admission that runs in the sequencer: an action
// under three warrants, the second of its session, over state in memory.
func BenchmarkPlace(tb *testing.B) {
	b := newBench(tb)
	first := b.Transfer(b.Payments, b.leaf, "1.00")
	id := b.allow(b.Sign(b.Payments, first))
	second := b.Sign(b.Payments, b.After(first, id, b.Transfer(b.Payments, b.leaf, "2.00")))
	p, view := b.prepared(second), b.view()
	at := time.UnixMilli(b.Now() + 3)
	tb.ReportAllocs()
	for tb.Loop() {
		if _, err := p.Place(view, at); err != nil {
			tb.Fatal(err)
		}
	}
}
