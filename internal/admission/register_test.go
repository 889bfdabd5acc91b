package admission_test

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger/storetest"
)

// A register is what a register does with this package, and nothing else: no
// tree, no network, no disk. It keeps what came in, so that it can be admitted
// again.
type register struct {
	*cast.Cast
	cache *admission.Cache

	mu      sync.RWMutex
	admit   sync.Mutex // held over Read, Decide and write: the order of the log
	entries []admitted
	byID    map[attest.ID]*admission.Logged
	objects map[attest.Digest][]byte
	cells   map[[2]string][]byte
	steady  admission.Steady
}

// An admitted statement, as it came in and what became of it.
type admitted struct {
	sub      admission.Submission
	received int64
	seed     [32]byte
	result   admission.Result
}

func newRegister(t testing.TB) *register {
	t.Helper()
	r := newEmptyRegister(t)
	for _, s := range r.Begin() {
		r.allow(s)
	}
	return r
}

func newEmptyRegister(t testing.TB) *register {
	return &register{
		Cast: cast.New(t), cache: admission.NewCache(100), byID: map[attest.ID]*admission.Logged{},
		objects: map[attest.Digest][]byte{}, cells: map[[2]string][]byte{},
	}
}

// Origin implements admission.InForce.
func (r *register) Origin() string { return storetest.Origin }

// Current implements admission.InForce.
func (r *register) Current(slot admission.Slot) (*admission.Logged, error) {
	ref, err := admission.InSlot(r, slot)
	if err != nil || ref.ID == "" {
		return nil, err
	}
	return r.Logged(ref.ID)
}

// Logged implements admission.InForce.
func (r *register) Logged(id attest.ID) (*admission.Logged, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.byID[id], nil
}

// Object implements admission.InForce.
func (r *register) Object(d attest.Digest) ([]byte, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.objects[d], nil
}

// Size implements admission.View.
func (r *register) Size() uint64 {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return uint64(len(r.entries))
}

// Get implements admission.View.
func (r *register) Get(table, key string) ([]byte, error) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.cells[[2]string{table, key}], nil
}

// try admits a statement, or says why not.
func (r *register) try(s cast.Sent) (*admission.Record, error) {
	sub, err := admission.NewSubmission(s.Envelope, s.Objects, admission.Anonymous)
	if err != nil {
		return nil, err
	}
	at := r.Now()
	checked, err := admission.Check(sub, r, r.cache, at)
	if err != nil {
		return nil, err
	}
	r.admit.Lock()
	defer r.admit.Unlock()
	read, err := r.read(checked)
	if err != nil {
		return nil, err
	}
	a := admitted{sub: sub, received: at + 3, seed: r.Seed()}
	if a.result, err = checked.Decide(read, a.received, a.seed); err != nil {
		return nil, err
	}
	return a.result.Parsed, r.write(a)
}

// read reads the state, and again through what is remembered of it.
func (r *register) read(c *admission.Checked) (admission.Read, error) {
	read, err := c.Read(r)
	view, viewErr := r.steady.View(r)
	if viewErr != nil {
		return read, viewErr
	}
	again, againErr := c.Read(view)
	if fmt.Sprint(err) != fmt.Sprint(againErr) || !reflect.DeepEqual(read, again) {
		return read, fmt.Errorf("read %v, %v, and by what is remembered %v, %v", read, err, again, againErr)
	}
	return read, err
}

func (r *register) write(a admitted) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, o := range a.result.Objects {
		r.objects[o.Digest] = o.Bytes
	}
	for _, c := range a.result.Cells {
		r.cells[[2]string{c.Table, c.Key}] = c.Value
	}
	l, err := admission.Reopen(uint64(len(r.entries)), a.result.Entry, func(d attest.Digest) ([]byte, error) { return r.objects[d], nil })
	if err != nil {
		return fmt.Errorf("opening again: %w", err)
	}
	r.entries = append(r.entries, a)
	r.byID[l.ID()] = l
	return nil
}

// log admits a statement that must be logged.
func (r *register) log(s cast.Sent) *admission.Record {
	r.Helper()
	record, err := r.try(s)
	r.Check(err)
	return record
}

// allow admits a statement that must be allowed.
func (r *register) allow(s cast.Sent) attest.ID {
	r.Helper()
	if record := r.log(s); len(record.Decision.Faults) > 0 {
		r.Fatalf("denied: %v", record.Decision.Faults)
	}
	return s.ID
}

// deny admits a statement that must be denied by exactly these rules.
func (r *register) deny(s cast.Sent, codes ...string) attest.ID {
	r.Helper()
	if got := r.log(s).Decision.Faults; !slices.Equal(got, codes) {
		r.Fatalf("faults %v, want %v", got, codes)
	}
	return s.ID
}

// found is what a record finds of an action, in short.
type found struct {
	class               agency.Class
	authorizing, faults string
	flags               string
}

func (r *register) find(s cast.Sent) (found, *agency.Attribution) {
	r.Helper()
	record := r.log(s)
	a := record.Attribution
	if a == nil {
		r.Fatal("no attribution")
	}
	return found{a.Agency, a.Authorizing, join(record.Decision.Faults), join(a.Flags)}, a
}

func join(list []string) string {
	return string(bytes.TrimSuffix(bytes.TrimPrefix(fmt.Append(nil, list), []byte("[")), []byte("]")))
}

func (r *register) move(d time.Duration) { r.Clock.Move(d) }
