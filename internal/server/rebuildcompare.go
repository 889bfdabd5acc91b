package server

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

type cellName struct{ table, key string }

type cellValue struct {
	bytes []byte
	seen  bool
}

// rowList is ascending indexes, as differences: a large register has many.
type rowList struct {
	n, last uint64
	deltas  []byte
}

func (l *rowList) add(index uint64) {
	l.deltas = binary.AppendUvarint(l.deltas, index-l.last)
	l.last = index
	l.n++
}

func (l *rowList) all() []uint64 {
	list, at := make([]uint64, 0, l.n), uint64(0)
	for d := l.deltas; len(d) > 0; {
		delta, n := binary.Uvarint(d)
		at, d = at+delta, d[n:]
		list = append(list, at)
	}
	return list
}

// tables are all tables of state that a register writes.
func tables() []string { return append(admission.Tables(), deniedTable) }

// compare compares what is stored with what was computed.
func (r *rebuilding) compare() error {
	for _, table := range tables() {
		if err := r.compareTable(table); err != nil {
			return err
		}
	}
	names := slices.SortedFunc(maps.Keys(r.cells), func(a, b cellName) int {
		return cmp.Or(cmp.Compare(a.table, b.table), cmp.Compare(a.key, b.key))
	})
	for i, k := range names {
		if i%rebuildChunk == 0 {
			r.say("cells", r.size)
		}
		if err := r.compareCell(k, r.cells[k]); err != nil {
			return err
		}
	}
	return r.compareRows()
}

func cellBucket(table string) string { return "cell/" + table }

// compareTable looks for cells that no entry gives.
func (r *rebuilding) compareTable(table string) error {
	err := r.store.Scan(r.ctx, table, "", "", func(key string, value []byte) bool {
		c := r.cells[cellName{table, key}]
		switch {
		case c == nil:
			r.Report(&ledger.Corrupt{Bucket: cellBucket(table), Key: fmt.Sprintf("%q", key), Want: "no such key", Got: fmt.Sprintf("%.100q", value)})
		case bytes.Equal(c.bytes, value):
			c.seen = true
		}
		return r.ctx.Err() == nil
	})
	if err != nil {
		return r.fault(cellBucket(table), "(all)", "a table that can be read", err)
	}
	return r.ctx.Err()
}

// compareCell looks for one cell by its key, as the register does.
func (r *rebuilding) compareCell(k cellName, c *cellValue) error {
	got, err := r.store.Get(r.ctx, k.table, k.key)
	key := fmt.Sprintf("%q", k.key)
	switch {
	case err != nil:
		return r.fault(cellBucket(k.table), key, "a value that can be read", err)
	case !bytes.Equal(got, c.bytes) || got == nil:
		r.Report(&ledger.Corrupt{Bucket: cellBucket(k.table), Key: key, Want: fmt.Sprintf("%.200q", c.bytes), Got: fmt.Sprintf("%.200q", got)})
	case !c.seen:
		r.Report(&ledger.Corrupt{Bucket: cellBucket(k.table), Key: key, Want: "the same value in a row as alone", Got: "another, or none"})
	}
	return nil
}

func (r *rebuilding) compareRows() error {
	names := slices.SortedFunc(maps.Keys(r.rows), func(a, b ledger.Row) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Key, b.Key))
	})
	for _, row := range names {
		r.say("rows", r.size)
		if err := r.compareRow(row, r.rows[row].all()); err != nil {
			return err
		}
	}
	return r.ctx.Err()
}

// enterEvery is how often a long row is entered in its middle: each time costs as
// much as to read a page of it.
const enterEvery = 16

// compareRow reads a row in both directions, and enters it in the middle, as a
// page of a search does.
func (r *rebuilding) compareRow(row ledger.Row, want []uint64) error {
	up, err := r.row(row, 0, false, math.MaxInt)
	if err != nil || !r.sameRow(row, want, up) {
		return err
	}
	down, err := r.row(row, math.MaxUint64, true, math.MaxInt)
	slices.Reverse(down)
	if err != nil || !r.sameRow(row, want, down) {
		return err
	}
	step := 1
	if len(want) > 4*enterEvery {
		step = enterEvery
	}
	for at := 0; at < len(want); at += step {
		index := want[at]
		for _, newest := range []bool{false, true} {
			first, err := r.row(row, index, newest, 1)
			if err != nil || !r.sameRow(row, []uint64{index}, first) {
				return err
			}
		}
	}
	return nil
}

func (r *rebuilding) row(row ledger.Row, from uint64, newest bool, most int) (list []uint64, err error) {
	err = r.store.ScanRows(r.ctx, row, from, newest, func(index uint64) bool {
		if index < r.size {
			list = append(list, index)
		}
		return len(list) < most && r.ctx.Err() == nil
	})
	if err != nil {
		return nil, r.fault("rows", rowKey(row), "a row that can be read", err)
	}
	return list, r.ctx.Err()
}

// sameRow reports the first entry in which two lists differ.
func (r *rebuilding) sameRow(row ledger.Row, want, got []uint64) bool {
	if slices.Equal(want, got) {
		return true
	}
	at := 0
	for at < len(want) && at < len(got) && want[at] == got[at] {
		at++
	}
	entry := func(list []uint64) string {
		if at == len(list) {
			return "no more"
		}
		return fmt.Sprint("entry ", list[at])
	}
	r.Report(&ledger.Corrupt{Bucket: "rows", Key: rowKey(row), Want: entry(want), Got: entry(got)})
	return false
}

func rowKey(row ledger.Row) string { return fmt.Sprintf("%s %q", row.Name, row.Key) }
