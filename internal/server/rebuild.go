package server

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// Rebuild computes again what a register keeps beside its tree: the state cells
// and the search rows. It goes through the entries in log order, lets
// internal/admission check and decide every statement anew on what its record
// read, and compares record, entry, cells and rows with the stored ones. So a
// changed bit is found where no hash covers it.
//
// What is computed of one entry depends on its bytes alone, and on objects that
// their digests name. With Remember, those results are used again in the next
// run. State and rows are held in memory while a run lasts. A Rebuild is not for
// concurrent use.
type Rebuild struct {
	Origin   string
	Report   func(*ledger.Corrupt)
	Progress ledger.Progress // may be nil
	Remember bool

	cache *admission.Cache
	known map[ledger.Hash]*remade
}

// rebuildChunk is how many entries are checked side by side.
const rebuildChunk = 256

// remade is one entry, computed again.
type remade struct {
	prepared *admission.Prepared
	objects  []attest.Digest // all that it needs
	read     []byte          // what its record says that it read
	received int64
	denied   string // the signer, of a denied statement
	cells    []ledger.Cell
	rows     []ledger.Row
	id       ledger.Hash
}

// Run reads the first entries of a store. The error is nil if all was read,
// whether or not there were faults; of an entry that cannot be computed again
// the fault says so, and then what follows from all of them is not compared.
func (b *Rebuild) Run(ctx context.Context, store ledger.Reader, head ledger.Head) error {
	if b.cache == nil || !b.Remember {
		b.cache, b.known = admission.NewCache(4096), map[ledger.Hash]*remade{}
	}
	r := &rebuilding{Rebuild: b, ctx: ctx, store: store, size: head.Size,
		cells: map[cellName]*cellValue{}, rows: map[ledger.Row]*rowList{}, opened: map[attest.ID]*admission.Logged{}}
	whole := true
	for at := uint64(0); at < head.Size; {
		n, sound, err := r.chunk(at)
		if err != nil {
			return err
		}
		whole = whole && sound
		at += n
		r.say("state", at)
	}
	if !whole {
		b.Report(&ledger.Corrupt{Bucket: "state", Key: "(all)", Want: "all entries, to compute state and search rows from", Got: "some that are damaged"})
		return ctx.Err()
	}
	if head.Size > 0 && r.last != head.Time {
		b.Report(&ledger.Corrupt{Bucket: "head", Key: "time", Want: fmt.Sprint(r.last, ", that of the last entry"), Got: fmt.Sprint(head.Time)})
	}
	return r.compare()
}

// rebuilding is one run.
type rebuilding struct {
	*Rebuild
	ctx    context.Context
	store  ledger.Reader
	size   uint64
	cells  map[cellName]*cellValue
	rows   map[ledger.Row]*rowList
	last   int64 // time of the last entry
	mu     sync.Mutex
	opened map[attest.ID]*admission.Logged // as far as others name them
	next   func(Derived) error             // gets what is derived; nil: it is compared in the end
	gone   map[attest.Digest]struct{}      // with next: objects that are not there
}

func (r *rebuilding) say(bucket string, done uint64) {
	if r.Progress != nil {
		r.Progress(bucket, done, r.size)
	}
}

// fault reports damage and goes on; any other error ends the run.
func (r *rebuilding) fault(bucket, key, want string, err error) error {
	var bad *ledger.Corrupt
	switch {
	case errors.As(err, &bad) && bad.Bucket != "file":
		r.Report(bad)
	case bad != nil:
		r.Report(&ledger.Corrupt{Bucket: bucket, Key: key, Want: want, Got: bad.Got})
	case err != nil && r.ctx.Err() == nil:
		r.Report(&ledger.Corrupt{Bucket: bucket, Key: key, Want: want, Got: err.Error()})
	}
	return r.ctx.Err()
}

// chunk computes the next entries again, side by side, and then what they leave
// behind, in order.
func (r *rebuilding) chunk(at uint64) (n uint64, sound bool, err error) {
	entries, err := r.store.Entries(r.ctx, at, min(rebuildChunk, r.size-at))
	n, sound = uint64(len(entries)), true
	if err != nil || n == 0 {
		sound = false
		if err == nil {
			err = errors.New("none")
		}
		if err := r.fault("entries", fmt.Sprint(at+n), "an entry", err); err != nil {
			return 0, false, err
		}
		n++ // past the damaged one
	}
	made := r.remake(at, entries)
	for i, m := range made {
		if m == nil {
			sound = false
			continue
		}
		if err := r.apply(at+uint64(i), entries[i], m); err != nil {
			return 0, false, err
		}
	}
	return n, sound, r.ctx.Err()
}

// remake computes entries again on as many cores as there are; nil is one whose
// fault was reported.
func (r *rebuilding) remake(at uint64, entries []ledger.Entry) []*remade {
	made, errs := make([]*remade, len(entries)), make([]error, len(entries))
	next := make(chan int, len(entries))
	for i := range entries {
		next <- i
	}
	close(next)
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(entries)) {
		wait.Go(func() {
			for i := range next {
				made[i], errs[i] = r.one(at+uint64(i), entries[i].Bytes)
			}
		})
	}
	wait.Wait()
	for i, err := range errs {
		if err != nil {
			made[i] = nil
			_ = r.fault("entries", fmt.Sprint(at+uint64(i)), "an entry that the rules give", fmt.Errorf("entry %d: %w", at+uint64(i), err)) // the end of ctx is seen by the caller
		}
	}
	return made
}

// one computes an entry again, or finds it among the known; its objects have to
// be there in either case.
func (r *rebuilding) one(index uint64, doc []byte) (m *remade, err error) {
	defer func() { // here is nobody above that would
		if p := recover(); p != nil {
			m, err = nil, fmt.Errorf("panic: %v", p)
		}
	}()
	leaf := ledger.HashLeaf(doc)
	r.mu.Lock()
	m = r.known[leaf]
	r.mu.Unlock()
	if m != nil {
		for _, d := range m.objects {
			if _, err := r.object(index, d); err != nil && !r.erased(d) {
				return nil, err
			}
		}
		return m, nil
	}
	if m, err = r.decide(index, doc); err == nil && r.Remember {
		r.mu.Lock()
		r.known[leaf] = m
		r.mu.Unlock()
	}
	return m, err
}

// object reads an object that an entry names.
func (r *rebuilding) object(index uint64, d attest.Digest) ([]byte, error) {
	b, err := r.store.Get(r.ctx, ledger.ObjectTable, d.Hex())
	if err == nil && b == nil {
		err = &ledger.Corrupt{Bucket: "objects", Key: d.Hex(), Want: fmt.Sprint("an object of entry ", index), Got: "none"}
	}
	return b, err
}

// erased reports whether an erasure destroyed an object, as the state says. That
// an erasure of the log put it there is what comparing the state shows. Where the
// state is derived, an object that is not there is taken for erased until the end,
// when the state says it.
func (r *rebuilding) erased(d attest.Digest) bool {
	if r.next != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.gone[d] = struct{}{}
		return true
	}
	_, ok, err := admission.ErasedBy(storeView{r.store}, d)
	return ok && err == nil
}

// decide runs the register's own functions on what the record says that they
// read, and wants the same record and the same entry.
func (r *rebuilding) decide(index uint64, doc []byte) (*remade, error) {
	in := &recordedInput{rebuilding: r, index: index}
	entry, recordDoc, err := in.open(doc)
	if err != nil {
		return nil, err
	}
	if in.record.Rules != admission.Rules {
		return nil, fmt.Errorf("its rules are of version %d, this program has %d", in.record.Rules, admission.Rules)
	}
	checked, result, err := in.again(entry, recordDoc, doc)
	if err != nil && in.blind() { // tokens may have been erased since
		in.sent.Recorded = in.record
		checked, result, err = in.again(entry, recordDoc, doc)
	}
	if err != nil {
		return nil, err
	}
	return in.remade(checked, result, entry)
}
