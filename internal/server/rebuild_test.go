package server_test

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

// rebuild computes again what a store holds, and returns what is not the same.
func rebuild(t testing.TB, store ledger.Reader, head ledger.Head) (faults []*ledger.Corrupt) {
	t.Helper()
	b := server.Rebuild{Origin: storetest.Origin, Report: func(c *ledger.Corrupt) { faults = append(faults, c) }}
	if err := b.Run(context.Background(), store, head); err != nil {
		t.Fatal(err)
	}
	return faults
}

// rebuilt tests, when a test is over, that its register can be computed again
// from its entries: state, search rows and records.
func (w *world) rebuilt(store ledger.Store) {
	if _, bench := w.TB.(*testing.B); bench {
		return
	}
	w.Cleanup(func() {
		_ = w.log.Close() // what callers have left behind is finished
		head, err := store.Load(context.Background())
		if err != nil || w.Failed() {
			return
		}
		for _, c := range rebuild(w, store, head) {
			w.Error(c)
		}
	})
}

// changed is a store in which something is otherwise.
type changed struct {
	ledger.Reader
	get  func(table, key string, value []byte) []byte
	rows func(r ledger.Row, index uint64) uint64
	id   func(index uint64, e *ledger.Entry)
}

// Get implements ledger.Reader.
func (c changed) Get(ctx context.Context, table, key string) ([]byte, error) {
	v, err := c.Reader.Get(ctx, table, key)
	if c.get != nil && v != nil {
		v = c.get(table, key, v)
	}
	return v, err
}

// Scan implements ledger.Reader.
func (c changed) Scan(ctx context.Context, table, prefix, after string, fn func(string, []byte) bool) error {
	return c.Reader.Scan(ctx, table, prefix, after, func(key string, v []byte) bool {
		if c.get != nil {
			if v = c.get(table, key, v); v == nil {
				return true
			}
		}
		return fn(key, v)
	})
}

// ScanRows implements ledger.Reader.
func (c changed) ScanRows(ctx context.Context, r ledger.Row, from uint64, newest bool, fn func(uint64) bool) error {
	return c.Reader.ScanRows(ctx, r, from, newest, func(i uint64) bool {
		if c.rows != nil {
			i = c.rows(r, i)
		}
		return fn(i)
	})
}

// Entries implements ledger.Reader.
func (c changed) Entries(ctx context.Context, start, n uint64) ([]ledger.Entry, error) {
	list, err := c.Reader.Entries(ctx, start, n)
	for i := range list {
		if c.id != nil {
			c.id(start+uint64(i), &list[i])
		}
	}
	return list, err
}

// TestRebuild changes one thing at a time that no hash covers, and looks for its
// place.
func TestRebuild(t *testing.T) {
	w := newWorld(t)
	w.allow(w.pay())
	_, id := w.standing(w.Payments)
	w.allow(w.Sign(w.Treasurer, w.Revocation(w.Treasurer, id)))
	w.deny(w.Sign(w.Payments, w.Transfer(w.Payments, id, "1.00")), "warrant.revoked")
	head, err := w.store.Load(context.Background())
	w.Check(err)
	if faults := rebuild(t, w.store, head); len(faults) > 0 {
		t.Fatalf("a sound register: %v", faults)
	}
	cell := func(table string) func(*changed) {
		return func(c *changed) {
			c.get = func(in, _ string, v []byte) []byte {
				if in == table {
					v = bytes.Clone(v)
					v[len(v)-2] ^= 1
				}
				return v
			}
		}
	}
	tests := map[string]struct {
		change      func(*changed)
		head        func(*ledger.Head)
		bucket, key string
	}{
		"denied":  {cell("denied"), nil, "cell/denied", `"spiffe`},
		"force":   {cell("force"), nil, "cell/force", `"`},
		"control": {cell("log"), nil, "cell/log", `"control"`},
		"revoked": {cell("revoked"), nil, "cell/revoked", `"id:`},
		"session": {cell("session"), nil, "cell/session", `"spiffe`},
		"spent":   {cell("spent"), nil, "cell/spent", `"id:`},
		"cell gone": {func(c *changed) {
			c.get = func(table, key string, v []byte) []byte {
				if table == "force" && key == "policy" {
					return nil
				}
				return v
			}
		}, nil, "cell/force", `"policy"`},
		"object gone": {func(c *changed) {
			c.get = func(table, _ string, v []byte) []byte {
				if table == ledger.ObjectTable && bytes.HasPrefix(v, []byte(`{"attribution"`)) {
					return nil
				}
				return v
			}
		}, nil, "objects", ""},
		"row": {func(c *changed) {
			c.rows = func(r ledger.Row, i uint64) uint64 {
				if r == (ledger.Row{Name: "decision", Key: "deny"}) {
					return i - 1
				}
				return i
			}
		}, nil, "rows", `decision "deny"`},
		"identity": {func(c *changed) {
			c.id = func(i uint64, e *ledger.Entry) {
				if i == 2 {
					e.ID[3] ^= 1
				}
			}
		}, nil, "entries", "2"},
		"time": {func(*changed) {}, func(h *ledger.Head) { h.Time++ }, "head", "time"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			store, head := changed{Reader: w.store}, head
			tt.change(&store)
			if tt.head != nil {
				tt.head(&head)
			}
			faults := rebuild(t, store, head)
			if len(faults) == 0 || faults[0].Bucket != tt.bucket || !strings.HasPrefix(faults[0].Key, tt.key) {
				t.Errorf("faults %v, want %s %s", faults, tt.bucket, tt.key)
			}
		})
	}
}
