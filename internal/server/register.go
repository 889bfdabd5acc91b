package server

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// Register is the log as [admission.InForce]: the statements that slots point
// to, statements by name, objects by digest. Statements are opened once and
// remembered; they never change.
type Register struct {
	store  ledger.Reader
	origin string

	mu     sync.RWMutex
	opened map[attest.ID]*admission.Logged
	most   int
	held   int // bytes of the payloads in opened

	objects remembered[attest.Digest, []byte]
	slots   remembered[admission.Slot, *admission.Logged]

	withdrawn sync.Map // trust domain -> struct{}

	steady admission.Steady // for placing
}

// maxPayloads bounds the payloads that are remembered, in bytes. Opened they take
// several times as much.
const maxPayloads = 16 << 20

// NewRegister reads a store. It remembers at most n opened statements.
func NewRegister(store ledger.Reader, origin string, n int) *Register {
	return &Register{store: store, origin: origin, opened: map[attest.ID]*admission.Logged{}, most: n}
}

// Origin implements admission.InForce.
func (r *Register) Origin() string { return r.origin }

// Current implements admission.InForce. What it remembers may be a moment old:
// the sequencer compares every slot again.
func (r *Register) Current(slot admission.Slot) (*admission.Logged, error) {
	if domain, ok := strings.CutPrefix(string(slot), string(admission.RootSlot(""))); ok {
		if _, gone := r.withdrawn.Load(domain); gone {
			return nil, nil
		}
	}
	return r.inSlot(slot)
}

// inSlot is Current for bundles that are withdrawn too.
func (r *Register) inSlot(slot admission.Slot) (*admission.Logged, error) {
	return r.slots.get(slot, func() (*admission.Logged, int, error) {
		ref, err := admission.InSlot(storeView{r.store}, slot)
		if err != nil || ref.ID == "" {
			return nil, len(slot), err
		}
		l, err := r.Logged(ref.ID)
		if l == nil {
			return nil, never, err
		}
		return l, len(slot) + len(l.Verified.Envelope().Payload), nil
	})
}

// Withdraw makes every SVID of a trust domain unprovable until its next bundle
// is logged: whoever served the bundle does not serve it any more, or not yet.
func (r *Register) Withdraw(trustDomain string) { r.withdrawn.Store(trustDomain, struct{}{}) }

// Changed says that slots may point elsewhere from now on.
func (r *Register) Changed() { r.slots.forget() }

// Logged implements admission.InForce.
func (r *Register) Logged(id attest.ID) (*admission.Logged, error) {
	r.mu.RLock()
	l := r.opened[id]
	r.mu.RUnlock()
	if l != nil {
		return l, nil
	}
	sum, ok := id.Sum()
	if !ok {
		return nil, attest.Refuse("statement.field", "", "id: and 64 hex digits", string(id))
	}
	index, found, err := r.store.Lookup(context.Background(), sum)
	if err != nil || !found {
		return nil, err
	}
	if l, err = r.At(index); err != nil {
		return nil, err
	}
	r.remember(id, l)
	return l, nil
}

// At opens the statement of an entry.
func (r *Register) At(index uint64) (*admission.Logged, error) {
	entries, err := r.store.Entries(context.Background(), index, 1)
	if err != nil || len(entries) == 0 {
		return nil, fmt.Errorf("reading entry %d: %w", index, err)
	}
	return admission.Reopen(index, entries[0].Bytes, r.need)
}

// Object implements admission.InForce. The caller must not change the bytes.
func (r *Register) Object(d attest.Digest) ([]byte, error) {
	return r.objects.get(d, func() ([]byte, int, error) {
		b, err := r.store.Get(context.Background(), ledger.ObjectTable, d.Hex())
		if b == nil {
			return nil, never, err // it may come
		}
		return b, len(b), err
	})
}

// need is Object for what the log must have.
func (r *Register) need(d attest.Digest) ([]byte, error) {
	b, err := r.Object(d)
	if err == nil && b == nil {
		err = fmt.Errorf("object %s is not in the store", d)
	}
	return b, err
}

// remember keeps an opened statement. When the map is full it starts again:
// what is in use comes back at once.
func (r *Register) remember(id attest.ID, l *admission.Logged) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.opened[id]; ok {
		return
	}
	size := len(l.Verified.Envelope().Payload)
	if len(r.opened) >= r.most || r.held+size > maxPayloads {
		clear(r.opened)
		r.held = 0
	}
	r.opened[id] = l
	r.held += size
}

// statements says how many opened statements are remembered.
func (r *Register) statements() int {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return len(r.opened)
}

// storeView reads state outside the sequencer.
type storeView struct{ store ledger.Reader }

// Get implements admission.View.
func (v storeView) Get(table, key string) ([]byte, error) {
	return v.store.Get(context.Background(), table, key)
}

// Size is not used for looking up slots.
func (v storeView) Size() uint64 { return 0 }
