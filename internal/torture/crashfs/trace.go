package crashfs

import (
	"fmt"
	"slices"
)

// Kind says what an operation does.
type Kind uint8

// The operations.
const (
	Write    Kind = iota // Data at Off of File
	Truncate             // File to Off bytes
	Sync                 // fsync or fdatasync of File
	Create               // Name, as the new and empty File
	Rename               // Name to To
	Unlink               // Name
	SyncDir              // fsync of the directory
	Mark                 // by the harness, which counts its marks
)

var kindNames = [...]string{"write", "truncate", "sync", "create", "rename", "unlink", "syncdir", "mark"}

// String names the kind.
func (k Kind) String() string { return kindNames[k] }

// Op is one operation. Files have numbers, because names pass from one to
// another; see [Trace.File].
type Op struct {
	Kind     Kind
	File     int
	Name, To string
	Off      int64
	Data     []byte
}

// String describes the operation.
func (o Op) String() string {
	switch o.Kind {
	case Write:
		return fmt.Sprintf("write %d bytes at %d of file %d", len(o.Data), o.Off, o.File)
	case Truncate:
		return fmt.Sprintf("truncate file %d to %d", o.File, o.Off)
	case Sync:
		return fmt.Sprintf("sync file %d", o.File)
	case Create, Rename, Unlink:
		return fmt.Sprintf("%s %s %s", o.Kind, o.Name, o.To)
	}
	return o.Kind.String()
}

// Trace is all that was done to a directory.
type Trace struct {
	// Base is the directory as it was before, all of it durable.
	Base map[string][]byte
	Ops  []Op
}

// File returns the number that a file of Base has.
func (t *Trace) File(name string) (int, bool) {
	return slices.BinarySearch(t.names(), name)
}

// names lists the files of Base in the order of their numbers.
func (t *Trace) names() []string {
	var names []string
	for name := range t.Base {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
