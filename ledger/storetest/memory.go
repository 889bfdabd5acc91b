package storetest

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/deedlog/deed/ledger"
)

// Memory is a Store that lasts as long as the process. Its zero value is empty
// and ready.
type Memory struct {
	mu sync.RWMutex
	st state
}

type state struct {
	head    ledger.Head
	entries []ledger.Entry
	tiles   map[tileKey][]byte
	ids     map[ledger.Hash]uint64
	tables  map[string]map[string][]byte
	objects []ledger.Object
	rows    map[ledger.Row][]uint64
}

type tileKey struct {
	level int
	index uint64
}

// Load implements ledger.Store.
func (m *Memory) Load(context.Context) (ledger.Head, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	if m.st.head.Size == 0 {
		return ledger.EmptyHead(), nil
	}
	h := m.st.head
	h.Edge = slices.Clone(h.Edge)
	return h, nil
}

// Commit implements ledger.Store.
func (m *Memory) Commit(ctx context.Context, expect ledger.Head, d ledger.Delta) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.st.head.Size != expect.Size || m.st.head.Size > 0 && m.st.head.Root != expect.Root {
		return fmt.Errorf("committing to memory: %w", ledger.ErrConflict)
	}
	m.st.apply(d)
	return nil
}

func (s *state) apply(d ledger.Delta) {
	if s.tables == nil {
		s.tiles, s.ids = make(map[tileKey][]byte), make(map[ledger.Hash]uint64)
		s.tables, s.rows = make(map[string]map[string][]byte), make(map[ledger.Row][]uint64)
	}
	for _, e := range d.Entries {
		s.ids[e.ID] = uint64(len(s.entries))
		s.entries = append(s.entries, ledger.Entry{ID: e.ID, Leaf: e.Leaf, Bytes: slices.Clone(e.Bytes)})
	}
	for _, t := range d.Tiles {
		s.tiles[tileKey{t.Level, t.Index}] = slices.Clone(t.Data)
	}
	for _, o := range d.Objects {
		if key := o.Digest.String(); s.tables[ledger.ObjectTable][key] == nil {
			o.Bytes = append([]byte{}, o.Bytes...)
			s.put(ledger.ObjectTable, key, o.Bytes)
			s.objects = append(s.objects, o)
		}
	}
	for _, e := range d.Erase {
		delete(s.tables[ledger.ObjectTable], e.String())
		for i := range s.objects {
			if s.objects[i].Digest == e {
				s.objects[i].Bytes = nil
			}
		}
	}
	for _, c := range d.Cells {
		if c.Value == nil {
			delete(s.tables[c.Table], c.Key)
			continue
		}
		s.put(c.Table, c.Key, append([]byte{}, c.Value...))
	}
	for _, r := range d.Rows {
		have := s.rows[r.Row]
		if at, found := slices.BinarySearch(have, r.Index); !found {
			s.rows[r.Row] = slices.Insert(have, at, r.Index)
		}
	}
	s.head = d.Head
	s.head.Edge = slices.Clone(d.Head.Edge)
}

func (s *state) put(table, key string, value []byte) {
	if s.tables[table] == nil {
		s.tables[table] = make(map[string][]byte)
	}
	s.tables[table][key] = value
}

// Close implements ledger.Store.
func (m *Memory) Close() error { return nil }

// Get implements ledger.Reader.
func (m *Memory) Get(_ context.Context, table, key string) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	v := m.st.tables[table][key]
	if v == nil {
		return nil, nil
	}
	if table == ledger.ObjectTable {
		if got := ledger.Hash(sha256.Sum256(v)).String(); got != key {
			return nil, &ledger.Corrupt{Bucket: "objects", Key: key, Want: key, Got: got}
		}
	}
	return append([]byte{}, v...), nil
}

// Scan implements ledger.Reader.
func (m *Memory) Scan(ctx context.Context, table, prefix, after string, fn func(string, []byte) bool) error {
	for _, k := range m.keys(table, prefix, after) {
		v, err := m.Get(ctx, table, k)
		if err != nil {
			return err
		}
		if v != nil && !fn(k, v) {
			return nil
		}
	}
	return nil
}

func (m *Memory) keys(table, prefix, after string) []string {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var keys []string
	for k := range m.st.tables[table] {
		keys = append(keys, k)
	}
	keys = slices.DeleteFunc(keys, func(k string) bool { return !strings.HasPrefix(k, prefix) || k <= after })
	slices.Sort(keys)
	return keys
}

// ScanRows implements ledger.Reader.
func (m *Memory) ScanRows(_ context.Context, r ledger.Row, from uint64, newest bool, fn func(uint64) bool) error {
	m.mu.RLock()
	have := slices.Clone(m.st.rows[r])
	m.mu.RUnlock()
	if newest {
		slices.Reverse(have)
	}
	for _, i := range have {
		if i == from || (i > from) != newest {
			if !fn(i) {
				return nil
			}
		}
	}
	return nil
}

// Entries implements ledger.Reader.
func (m *Memory) Entries(_ context.Context, start, n uint64) ([]ledger.Entry, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	size := uint64(len(m.st.entries))
	var list []ledger.Entry
	for i := start; i < size && i-start < n; i++ {
		e := m.st.entries[i]
		list = append(list, ledger.Entry{ID: e.ID, Leaf: e.Leaf, Bytes: slices.Clone(e.Bytes)})
	}
	return list, nil
}

// Objects implements ledger.Reader.
func (m *Memory) Objects(_ context.Context, start, n uint64) ([]ledger.Object, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var list []ledger.Object
	for i := start; i < uint64(len(m.st.objects)) && i-start < n; i++ {
		o := m.st.objects[i]
		list = append(list, ledger.Object{Digest: o.Digest, Bytes: slices.Clone(o.Bytes)}) // nil stays nil
	}
	return list, nil
}

// Tile implements ledger.Reader.
func (m *Memory) Tile(_ context.Context, level int, index uint64) ([]byte, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return slices.Clone(m.st.tiles[tileKey{level, index}]), nil
}

// Lookup implements ledger.Reader.
func (m *Memory) Lookup(_ context.Context, id ledger.Hash) (uint64, bool, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	index, ok := m.st.ids[id]
	return index, ok, nil
}

// MemoryHead is a HeadFile in memory. Its zero value has no checkpoint.
type MemoryHead struct {
	mu   sync.Mutex
	text []byte
}

// Load implements ledger.HeadFile.
func (h *MemoryHead) Load() ([]byte, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.text), nil
}

// Save implements ledger.HeadFile.
func (h *MemoryHead) Save(text []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = slices.Clone(text)
	return nil
}
