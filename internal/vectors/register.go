package vectors

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// Register is a register in memory: an [admission.InForce] and an
// [admission.View]. One goroutine uses it.
type Register struct {
	origin  string
	cache   *admission.Cache
	entries [][]byte
	byID    map[attest.ID]*admission.Logged
	objects map[attest.Digest][]byte
	cells   map[[2]string][]byte
	last    attest.Digest
}

// NewRegister returns an empty register. The cache may be nil.
func NewRegister(origin string, cache *admission.Cache) *Register {
	return &Register{
		origin: origin, cache: cache, byID: map[attest.ID]*admission.Logged{},
		objects: map[attest.Digest][]byte{}, cells: map[[2]string][]byte{},
	}
}

// Fork returns a register that goes on from here by itself.
func (r *Register) Fork() *Register {
	f := *r
	f.entries, f.byID, f.objects, f.cells = slices.Clip(r.entries), maps.Clone(r.byID), maps.Clone(r.objects), maps.Clone(r.cells)
	return &f
}

// Admit checks a statement at one time and logs it at another, both in ms. An
// error refuses it.
func (r *Register) Admit(e attest.Envelope, objects [][]byte, at, received int64) (*admission.Record, error) {
	sent, err := admission.NewSubmission(e, objects, admission.Anonymous)
	if err != nil {
		return nil, err
	}
	checked, err := admission.Check(sent, r, r.cache, at)
	if err != nil {
		return nil, err
	}
	read, err := checked.Read(r)
	if err != nil {
		return nil, err
	}
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("deed vectors"), r.Size()))
	result, err := checked.Decide(read, received, seed)
	if err != nil {
		return nil, err
	}
	return result.Parsed, r.write(checked, &result)
}

func (r *Register) write(c *admission.Checked, result *admission.Result) error {
	for _, o := range result.Objects {
		r.objects[o.Digest] = o.Bytes
	}
	for _, c := range result.Cells {
		r.cells[[2]string{c.Table, c.Key}] = c.Value
	}
	for _, d := range result.Erase {
		delete(r.objects, d)
	}
	r.byID[c.Verified().ID()] = &admission.Logged{Index: r.Size(), Verified: c.Verified(), Record: result.Parsed}
	r.entries = append(r.entries, result.Entry)
	all := slices.Clone(result.Entry)
	for _, c := range result.Cells {
		all = fmt.Appendf(all, "%q %q %q", c.Table, c.Key, c.Value)
	}
	r.last = attest.DigestOf(all)
	return nil
}

// Entries are the entries so far. The caller must not change them.
func (r *Register) Entries() [][]byte { return r.entries }

// Last names the last entry and what it left behind, by their bytes.
func (r *Register) Last() attest.Digest { return r.last }

// Origin implements [admission.InForce].
func (r *Register) Origin() string { return r.origin }

// Current implements [admission.InForce].
func (r *Register) Current(slot admission.Slot) (*admission.Logged, error) {
	ref, err := admission.InSlot(r, slot)
	if err != nil || ref.ID == "" {
		return nil, err
	}
	return r.byID[ref.ID], nil
}

// Logged implements [admission.InForce].
func (r *Register) Logged(id attest.ID) (*admission.Logged, error) { return r.byID[id], nil }

// Object implements [admission.InForce].
func (r *Register) Object(d attest.Digest) ([]byte, error) { return r.objects[d], nil }

// Size implements [admission.View].
func (r *Register) Size() uint64 { return uint64(len(r.entries)) }

// Get implements [admission.View].
func (r *Register) Get(table, key string) ([]byte, error) { return r.cells[[2]string{table, key}], nil }

// Remember replaces the cache, which may be nil.
func (r *Register) Remember(c *admission.Cache) { r.cache = c }
