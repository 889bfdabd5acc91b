package crashfs

import (
	"maps"
	"slices"
)

// disk is the directory at a place in the trace: what is durable, and what is not
// yet, in order.
type disk struct {
	files   map[int]*content
	names   map[string]int
	renames []Op // and creations and removals of names
}

type content struct {
	durable []byte
	pending []Op // writes and truncations
}

func newDisk(t *Trace) *disk {
	d := &disk{files: map[int]*content{}, names: map[string]int{}}
	for i, name := range t.names() {
		d.files[i] = &content{durable: slices.Clone(t.Base[name])}
		d.names[name] = i
	}
	return d
}

// step does an operation. A lost one is a sync that syncs nothing.
func (d *disk) step(op Op, lost bool) {
	f := d.files[op.File]
	switch op.Kind {
	case Write, Truncate:
		if f != nil { // else it has no name any more, and is open
			f.pending = append(f.pending, op)
		}
	case Create, Rename, Unlink:
		if op.Kind == Create {
			d.files[op.File] = new(content)
		}
		d.renames = append(d.renames, op)
	case Sync:
		if f != nil && !lost {
			f.sync()
		}
	case SyncDir:
		if !lost {
			d.syncNames()
		}
	}
}

func (f *content) sync() {
	for _, op := range f.pending {
		f.durable = op.apply(f.durable)
	}
	f.pending = nil
}

// syncNames makes the names durable, and forgets files that have none.
func (d *disk) syncNames() {
	d.names = d.namesAfter(len(d.renames))
	d.renames = nil
	for number := range d.files {
		if !slices.Contains(slices.Collect(maps.Values(d.names)), number) {
			delete(d.files, number)
		}
	}
}

// namesAfter are the names after the first n changes.
func (d *disk) namesAfter(n int) map[string]int {
	names := maps.Clone(d.names)
	for _, op := range d.renames[:n] {
		switch op.Kind {
		case Create:
			names[op.Name] = op.File
		case Rename:
			names[op.To] = names[op.Name]
			delete(names, op.Name)
		case Unlink:
			delete(names, op.Name)
		}
	}
	return names
}

// apply changes the bytes of a file, in place where they have room.
func (o Op) apply(b []byte) []byte {
	if o.Kind == Truncate {
		return resize(b, int(o.Off))
	}
	if end := int(o.Off) + len(o.Data); end > len(b) {
		b = resize(b, end)
	}
	copy(b[o.Off:], o.Data)
	return b
}

// resize cuts, or adds zeros.
func resize(b []byte, n int) []byte {
	if n <= len(b) {
		return b[:n]
	}
	old := len(b)
	b = slices.Grow(b, n-old)[:n]
	clear(b[old:])
	return b
}

// End returns the directory as it was in the end, for the one who did not crash.
func (t *Trace) End() map[string][]byte {
	d := newDisk(t)
	for _, op := range t.Ops {
		d.step(op, false)
	}
	d.syncNames()
	files := map[string][]byte{}
	for name, number := range d.names {
		d.files[number].sync()
		files[name] = d.files[number].durable
	}
	return files
}
