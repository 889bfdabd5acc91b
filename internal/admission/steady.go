package admission

import (
	"bytes"
	"slices"
	"sync"
)

// Steady remembers that part of the register's state which only control entries
// change: the slots, the revocations and what is compromised, also that there is none. The running
// hash over the control entries is its version: under the same hash the same
// control entries were made, and they left the same state. So it need not know
// what was committed and what was not, and holds for every View of one log. It
// is safe for concurrent use; its zero value remembers nothing yet.
type Steady struct {
	mu      sync.Mutex
	control []byte // the state value that all of it was read under
	cells   map[steadyKey][]byte
	size    int
}

type steadyKey struct{ table, key string }

// maxSteady bounds what is remembered, in bytes of keys and values. When it is
// full it starts again.
const maxSteady = 16 << 20

// View returns a view of the same state that asks v only for what is not
// remembered. It is valid as long as v.
func (s *Steady) View(v View) (View, error) {
	control, err := v.Get(logTable, "control")
	if err != nil || control == nil {
		return v, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !bytes.Equal(s.control, control) {
		s.control, s.cells, s.size = bytes.Clone(control), map[steadyKey][]byte{}, 0
	}
	return &steadyView{View: v, steady: s, control: control}, nil
}

// look returns what is remembered under a control hash.
func (s *Steady) look(k steadyKey, control []byte) (value []byte, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !bytes.Equal(s.control, control) {
		return nil, false
	}
	value, ok = s.cells[k]
	return value, ok
}

func (s *Steady) keep(k steadyKey, value, control []byte) {
	const overhead = 128 // of an entry of the map
	s.mu.Lock()
	defer s.mu.Unlock()
	if !bytes.Equal(s.control, control) {
		return
	}
	value = bytes.Clone(value) // a view's bytes are the view's
	size := len(k.key) + len(value) + overhead
	if s.size += size; s.size > maxSteady {
		s.cells, s.size = map[steadyKey][]byte{}, size
	}
	s.cells[k] = value
}

// steadyTables are those that only control entries write.
var steadyTables = []string{bundleTable, compromisedTable, erasedTable, forceTable, revokedTable}

// steadyView is a view whose control hash is known.
type steadyView struct {
	View
	steady  *Steady
	control []byte
}

// Get implements View.
func (v *steadyView) Get(table, key string) ([]byte, error) {
	switch {
	case table == logTable && key == "control":
		return v.control, nil
	case !slices.Contains(steadyTables, table):
		return v.View.Get(table, key)
	}
	k := steadyKey{table, key}
	if value, ok := v.steady.look(k, v.control); ok {
		return value, nil
	}
	value, err := v.View.Get(table, key)
	if err == nil {
		v.steady.keep(k, value, v.control)
	}
	return value, err
}
