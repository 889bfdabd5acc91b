package crashfs

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
)

const (
	pageSize   = 4 << 10
	sectorSize = 512
)

// Plan says which states to draw.
type Plan struct {
	Seed uint64
	// Share is how many states there are, on average, for each place in the
	// trace at which something is not durable.
	Share float64
	// Lose makes a sync at a place of the trace do nothing: for the proof that
	// this is found. Nil loses none.
	Lose func(place int, op Op) bool
}

// State is a directory after a crash.
type State struct {
	Place   int    // operations of the trace before the crash
	Marks   int    // marks among them
	Variant string // what was drawn, for people

	names   map[string]int
	keep    map[int][]Op // of each file, what is not durable but there
	disk    *disk
	buffers map[int][]byte
	scratch []byte
}

// String says how to find the state again, given trace and plan.
func (s *State) String() string {
	return fmt.Sprintf("after %d operations and %d marks, %s", s.Place, s.Marks, s.Variant)
}

// build makes the bytes of a file.
func (s *State) build(number int) []byte {
	b := append(s.buffers[number][:0], s.disk.files[number].durable...)
	for _, op := range s.keep[number] {
		b = op.apply(b)
	}
	s.buffers[number] = b
	return b
}

// Rich counts the places after from and up to to from which several states can
// be drawn.
func (t *Trace) Rich(from, to int, p Plan) (n int) {
	pending, renames := map[int]int{}, 0
	for i, op := range t.Ops[:to] {
		switch op.Kind {
		case Write, Truncate:
			pending[op.File]++
		case Create, Rename, Unlink:
			renames++
		case Sync:
			if !p.lost(i, op) {
				delete(pending, op.File)
			}
		case SyncDir:
			if !p.lost(i, op) {
				renames = 0
			}
		}
		if i >= from && (len(pending) > 0 || renames > 0) {
			n++
		}
	}
	return n
}

func (p Plan) lost(place int, op Op) bool {
	return p.Lose != nil && (op.Kind == Sync || op.Kind == SyncDir) && p.Lose(place, op)
}

// Walk draws states for the places after from and up to to, and calls fn with
// each. What is drawn depends on trace and plan alone, not on the range, except
// for how many states a place has. The state is valid during the call.
func (t *Trace) Walk(from, to int, p Plan, fn func(*State) error) error {
	w := &walk{plan: p, fn: fn, state: State{disk: newDisk(t), buffers: map[int][]byte{}}}
	for i, op := range t.Ops[:to] {
		w.state.disk.step(op, p.lost(i, op))
		if op.Kind == Mark {
			w.state.Marks++
		}
		if i < from {
			continue
		}
		// What a crash leaves if it takes all that it may is another state after
		// a sync, and has more to answer for after a mark.
		w.fresh = w.fresh || op.Kind == Sync || op.Kind == SyncDir || op.Kind == Mark
		w.state.Place = i + 1
		if err := w.place(); err != nil {
			return err
		}
	}
	return nil
}

type walk struct {
	plan  Plan
	fn    func(*State) error
	state State
	owed  float64 // states that places before could not give
	fresh bool    // nothing was drawn yet that leaves nothing
}

// place draws the states of one place.
func (w *walk) place() error {
	units := w.state.disk.units()
	if len(units) == 0 && len(w.state.disk.renames) == 0 {
		// All is durable, which is one state, and a new one only now.
		w.fresh = false
		return w.emit(draw{variant: "all is durable"})
	}
	w.owed += w.plan.Share
	done := map[string]bool{}
	for tries, n := 0, 0; w.owed >= 1 && tries < 16*(n+1); tries++ {
		d := w.draw(units, tries)
		if key := d.key(); !done[key] {
			done[key] = true
			w.owed--
			n++
			if err := w.emit(d); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walk) emit(d draw) error {
	s := &w.state
	s.Variant, s.names, s.keep = d.variant, s.disk.namesAfter(d.names), d.keep
	return w.fn(s)
}

// unit is the smallest thing that a crash takes or leaves: what one write does
// to one page of 4 KiB, or a truncation.
type unit struct {
	op    Op
	write int // which pending operation it is part of
}

// units lists what is not durable of all files, each in order.
func (d *disk) units() (list []unit) {
	write := 0
	for _, number := range slices.Sorted(maps.Keys(d.files)) {
		for _, op := range d.files[number].pending {
			for _, part := range op.split() {
				list = append(list, unit{part, write})
			}
			write++
		}
	}
	return list
}

// split cuts a write at the borders of pages.
func (o Op) split() (parts []Op) {
	if o.Kind == Truncate {
		return []Op{o}
	}
	for rest := o; len(rest.Data) > 0; {
		n := min(len(rest.Data), pageSize-int(rest.Off%pageSize))
		part := rest
		part.Data = rest.Data[:n]
		parts = append(parts, part)
		rest.Off, rest.Data = rest.Off+int64(n), rest.Data[n:]
	}
	return parts
}

// draw is what a crash leaves of what was not durable.
type draw struct {
	variant string
	mask    []byte // of units, for key
	names   int
	keep    map[int][]Op
}

func (d draw) key() string { return fmt.Sprintf("%d %s", d.names, d.mask) }

// draw makes the nth draw of a place: nothing, where that is a state not had yet;
// else half of the time everything, as after a kill, and half of the time what
// else a crash may leave.
func (w *walk) draw(units []unit, nth int) draw {
	random := rand.New(rand.NewPCG(w.plan.Seed, uint64(w.state.Place)<<16|uint64(nth)))
	changes := len(w.state.disk.renames)
	d := draw{mask: make([]byte, len(units)), names: random.IntN(changes + 1), keep: map[int][]Op{}}
	mode := modes[random.IntN(len(modes))]
	switch {
	case w.fresh:
		mode, d.names, w.fresh = none, 0, false
	case random.IntN(2) == 0:
		mode, d.names = all, changes
	}
	chosen := -1
	if len(units) > 0 {
		chosen = random.IntN(len(units))
	}
	mode.choose(d.mask, units, chosen, random)
	cut := 0
	if mode.torn && chosen >= 0 {
		cut = d.tear(units, chosen, random)
	}
	d.keepUnits(units, chosen, cut)
	d.variant = fmt.Sprintf("draw %d: %s, %d of %d changes of names, unit %d of %d", nth, mode.name, d.names, changes, chosen, len(units))
	return d
}

// mode is a way of choosing units.
type mode struct {
	name   string
	choose func(mask []byte, units []unit, chosen int, random *rand.Rand)
	torn   bool
}

var (
	all  = mode{name: "all", choose: each(func(i, chosen int, _ *rand.Rand) bool { return true })}
	none = mode{name: "none", choose: each(func(i, chosen int, _ *rand.Rand) bool { return false })}

	modes = []mode{
		{name: "one alone", choose: each(func(i, chosen int, _ *rand.Rand) bool { return i == chosen })},
		{name: "all but one", choose: each(func(i, chosen int, _ *rand.Rand) bool { return i != chosen })},
		{name: "one file alone", choose: func(mask []byte, units []unit, chosen int, _ *rand.Rand) {
			for i, u := range units {
				mask[i] = '0'
				if u.op.File == units[chosen].op.File {
					mask[i] = '1'
				}
			}
		}},
		{name: "any", choose: each(func(_, _ int, random *rand.Rand) bool { return random.IntN(2) == 0 })},
		{name: "torn after all before", torn: true, choose: each(func(i, chosen int, _ *rand.Rand) bool { return i < chosen })},
		{name: "torn among any", torn: true, choose: each(func(_, _ int, random *rand.Rand) bool { return random.IntN(2) == 0 })},
		{name: "torn among all", torn: true, choose: each(func(i, chosen int, _ *rand.Rand) bool { return true })},
	}
)

func each(keep func(i, chosen int, random *rand.Rand) bool) func([]byte, []unit, int, *rand.Rand) {
	return func(mask []byte, units []unit, chosen int, random *rand.Rand) {
		for i := range units {
			mask[i] = '0'
			if keep(i, chosen, random) {
				mask[i] = '1'
			}
		}
	}
}

// tear keeps the first sectors of the write that the chosen unit belongs to: the
// units before it, and of it the number of bytes that is returned.
func (d draw) tear(units []unit, chosen int, random *rand.Rand) int {
	for i, u := range units {
		if u.write == units[chosen].write {
			d.mask[i] = '0'
			if i < chosen {
				d.mask[i] = '1'
			}
		}
	}
	sectors := len(units[chosen].op.Data) / sectorSize
	if sectors == 0 {
		return 0
	}
	cut := random.IntN(sectors)
	d.mask[chosen] = byte('a' + cut)
	return cut * sectorSize
}

func (d draw) keepUnits(units []unit, chosen, cut int) {
	for i, u := range units {
		op := u.op
		switch {
		case i == chosen && cut > 0:
			op.Data = op.Data[:cut]
		case d.mask[i] != '1':
			continue
		}
		d.keep[op.File] = append(d.keep[op.File], op)
	}
}
