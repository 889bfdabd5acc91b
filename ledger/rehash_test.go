package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

// rehashed is a store with n entries, and a checkpoint of it.
func rehashed(t *testing.T, n int) (ledger.Store, ledger.Checkpoint) {
	t.Helper()
	c := config(t)
	c.Cosigner = nil
	l := storetest.Open(t, c)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if _, err := l.Append(ctx, storetest.Text(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	signed, err := ledger.ParseSignedCheckpoint(l.Checkpoint())
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	return c.Store, signed.Checkpoint
}

func faultsOf(t *testing.T, s ledger.Store, signed *ledger.Checkpoint) (places []string) {
	t.Helper()
	last := uint64(0)
	err := ledger.Rehash(ctx, s, signed, func(c *ledger.Corrupt) { places = append(places, c.Bucket+" "+c.Key) },
		func(bucket string, done, size uint64) {
			if bucket != "entries" || done > size || done < last {
				t.Errorf("%s: %d of %d done, after %d", bucket, done, size, last)
			}
			last = done
		})
	if err != nil {
		t.Error(err)
	}
	return places
}

// TestRehash: the root of a log of any size is that which was signed.
func TestRehash(t *testing.T) {
	for _, n := range []int{0, 1, 2, 3, 7, 8, 255, 1023, 1024, 1025, 2500} {
		store, signed := rehashed(t, n)
		if signed.Size != uint64(n) {
			t.Fatalf("%d entries are signed, want %d", signed.Size, n)
		}
		if found := faultsOf(t, store, &signed); len(found) > 0 {
			t.Errorf("%d entries: %v", n, found)
		}
		signed.Root[3] ^= 1
		if found := faultsOf(t, store, &signed); len(found) != 1 || found[0] != fmt.Sprint("head ", n) {
			t.Errorf("%d entries and another root that is signed: %v", n, found)
		}
		if found := faultsOf(t, store, nil); len(found) > 0 {
			t.Errorf("%d entries and nothing signed: %v", n, found)
		}
	}
}

// TestRehashFindsFaults: each lie of a store is found at its place.
func TestRehashFindsFaults(t *testing.T) {
	store, signed := rehashed(t, 2500)
	change := func(at uint64) liar {
		return liar{Store: store, entry: func(i uint64, e *ledger.Entry) {
			if i == at {
				e.Bytes[0] ^= 1
			}
		}}
	}
	older := signed
	older.Size, older.Root = 1000, ledger.Hash{}
	more := signed
	more.Size++
	for name, tt := range map[string]struct {
		store  ledger.Store
		signed *ledger.Checkpoint
		want   string
	}{
		"an entry":                {change(1500), nil, "[head 2500]"},
		"the last":                {change(2499), nil, "[head 2500]"},
		"with a checkpoint":       {change(0), &signed, "[head 2500 head 2500]"},
		"a checkpoint of before":  {store, &older, "[head 1000]"},
		"entries that are gone":   {store, &more, "[head 2500]"},
		"a head of too many":      {liar{Store: store, head: func(h *ledger.Head) { h.Size++ }}, nil, "[entries 2500]"},
		"a head of far too many":  {liar{Store: store, head: func(h *ledger.Head) { h.Size += 1024 }}, nil, "[entries 2500 entries 3072]"},
		"a head of another root":  {liar{Store: store, head: func(h *ledger.Head) { h.Root[0] ^= 1 }}, nil, "[head 2500]"},
		"a head of too few":       {liar{Store: store, head: func(h *ledger.Head) { h.Size-- }}, nil, "[head 2499]"},
		"an entry that is broken": {broken{store, 1500, false}, &signed, "[entries 1500]"},
		"one of unknown hash":     {broken{store, 1500, true}, nil, "[entries 1500]"},
	} {
		if found := fmt.Sprint(faultsOf(t, tt.store, tt.signed)); found != tt.want {
			t.Errorf("%s: found %s, want %s", name, found, tt.want)
		}
	}
}

// broken is a store that finds one entry damaged, as boltstore does.
type broken struct {
	ledger.Store
	at      uint64
	unknown bool // the stored leaf hash too
}

func (b broken) Entries(ctx context.Context, start, n uint64) ([]ledger.Entry, error) {
	entries, err := b.Store.Entries(ctx, start, n)
	if b.at < start || b.at-start >= uint64(len(entries)) {
		return entries, err
	}
	bad := &ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(b.at), Want: entries[b.at-start].Leaf.String(), Got: "x"}
	if b.unknown {
		bad.Want = "an entry"
	}
	return entries[:b.at-start], bad
}

// TestRehashStops: at the end of its context, and at an error that is no damage.
func TestRehashStops(t *testing.T) {
	store, _ := rehashed(t, 3000)
	ended, cancel := context.WithCancel(ctx)
	none := func(c *ledger.Corrupt) { t.Error(c) }
	err := ledger.Rehash(ended, store, nil, none, func(string, uint64, uint64) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("canceled after the first chunk: %v", err)
	}
	if err := ledger.Rehash(ended, store, nil, none, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled before: %v", err)
	}
	if err := ledger.Rehash(ctx, failing{store}, nil, none, nil); !errors.Is(err, errAway) {
		t.Errorf("a store that fails: %v", err)
	}
}

var errAway = errors.New("the disk is away")

type failing struct{ ledger.Store }

func (f failing) Entries(_ context.Context, start, _ uint64) ([]ledger.Entry, error) {
	return nil, errAway
}
