//go:build torture

package torture

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"maps"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// rotReader reads a database with deed log check's code, and by itself.
type rotReader struct {
	config     setup.Config
	inspection setup.Inspection
	found      *finding
	bucket     string
	file       *os.File

	asked asked  // what is to be read beside entries, objects and tiles
	sound []byte // what comes of reading it all
}

// asked is a reader that notes which rows and cells it was asked for.
type asked struct {
	ledger.Reader
	rows  map[ledger.Row]bool
	cells map[[2]string]bool
}

// Get implements ledger.Reader.
func (a asked) Get(ctx context.Context, table, key string) ([]byte, error) {
	if table != ledger.ObjectTable {
		a.cells[[2]string{table, key}] = true
	}
	return a.Reader.Get(ctx, table, key)
}

// ScanRows implements ledger.Reader.
func (a asked) ScanRows(ctx context.Context, r ledger.Row, from uint64, newest bool, fn func(uint64) bool) error {
	a.rows[r] = true
	return a.Reader.ScanRows(ctx, r, from, newest, fn)
}

func newRotReader(t *testing.T, c setup.Config) *rotReader {
	t.Helper()
	r := &rotReader{config: c}
	r.inspection = setup.Inspection{Config: c, Remember: true, Report: func(bad *ledger.Corrupt) {
		if len(r.found.Faults) < 10 {
			r.found.Faults = append(r.found.Faults, place{bad.Bucket, bad.Key})
		}
	}, Progress: func(bucket string, _, _ uint64) {
		if bucket != r.bucket {
			r.bucket = bucket
			fmt.Println("at " + bucket)
		}
	}}
	r.learn(t)
	r.found = new(finding)
	if _, err := r.inspection.Run(t.Context()); err != nil || len(r.found.Faults) > 0 {
		t.Fatalf("the database is not sound before it is touched: %v, %v", err, r.found.Faults)
	}
	var err error
	if r.sound, err = r.fingerprint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if r.file, err = os.OpenFile(c.Store, os.O_RDWR, 0); err != nil {
		t.Fatal(err)
	}
	return r
}

// learn finds out which rows and cells there are.
func (r *rotReader) learn(t *testing.T) {
	t.Helper()
	store, err := boltstore.OpenReadOnly(r.config.Store)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	head, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r.asked = asked{Reader: store, rows: map[ledger.Row]bool{}, cells: map[[2]string]bool{}}
	b := server.Rebuild{Origin: r.config.Origin, Report: func(c *ledger.Corrupt) { t.Error(c) }}
	if err := b.Run(t.Context(), r.asked, head); err != nil {
		t.Fatal(err)
	}
	if len(r.asked.rows) < 10 || len(r.asked.cells) < 10 {
		t.Fatalf("%d rows and %d cells in a register of %d entries", len(r.asked.rows), len(r.asked.cells), head.Size)
	}
}

// read changes one bit, looks, and changes it back.
func (r *rotReader) read(t *testing.T, f flip) *finding {
	t.Helper()
	r.found, r.bucket = new(finding), ""
	r.flip(t, f)
	defer r.flip(t, f)
	if _, err := r.inspection.Run(t.Context()); err != nil {
		r.found.Error = err.Error()
	}
	if r.found.Error == "" && len(r.found.Faults) == 0 {
		sum, err := r.fingerprint(t.Context())
		r.found.Same = err == nil && bytes.Equal(sum, r.sound)
	}
	return r.found
}

func (r *rotReader) flip(t *testing.T, f flip) {
	t.Helper()
	var b [1]byte
	if _, err := r.file.ReadAt(b[:], f.Offset); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 1 << f.Bit
	if _, err := r.file.WriteAt(b[:], f.Offset); err != nil {
		t.Fatal(err)
	}
}

// fingerprint is the hash of everything that can be read, in every way in which
// it can be read. It shares nothing with the checks.
func (r *rotReader) fingerprint(ctx context.Context) ([]byte, error) {
	store, err := boltstore.OpenReadOnly(r.config.Store)
	if err != nil {
		return nil, err
	}
	p := &print{ctx: ctx, store: store, hash: sha256.New()}
	for _, part := range []func() error{p.entries, p.tiles, func() error { return p.tables(r.asked.cells) }, func() error { return p.rows(r.asked.rows) }} {
		if err := part(); err != nil {
			_ = store.Close()
			return nil, err
		}
	}
	return p.hash.Sum(nil), store.Close()
}

type print struct {
	ctx   context.Context
	store *boltstore.Store
	hash  hash.Hash
	head  ledger.Head
}

// put hashes parts with their lengths.
func (p *print) put(parts ...[]byte) {
	for _, b := range parts {
		_ = binary.Write(p.hash, binary.BigEndian, int64(len(b))) // a hash takes everything
		p.hash.Write(b)
	}
}

func (p *print) number(n uint64) { _ = binary.Write(p.hash, binary.BigEndian, n) }

func (p *print) entries() (err error) {
	if p.head, err = p.store.Load(p.ctx); err != nil {
		return err
	}
	stored, _ := p.head.AppendBinary(nil) // never fails
	p.put(stored)
	for _, step := range []uint64{1, 7, 300} {
		for at := uint64(0); at < p.head.Size+2; at += step { // a moment past the end too
			list, err := p.store.Entries(p.ctx, at, step)
			if err != nil {
				return err
			}
			for _, e := range list {
				p.put(e.ID[:], e.Bytes)
				index, found, err := p.store.Lookup(p.ctx, e.ID)
				if err != nil || !found {
					return fmt.Errorf("%s is not found: %w", e.ID, err)
				}
				p.number(index)
			}
		}
	}
	return nil
}

func (p *print) tiles() error {
	for level, n := 0, p.head.Size>>8; level < 4; level, n = level+1, n>>8 {
		for i := range n + 1 {
			data, err := p.store.Tile(p.ctx, level, i)
			if err != nil {
				return err
			}
			p.put(data)
		}
	}
	return nil
}

func (p *print) tables(cells map[[2]string]bool) error {
	objects, err := p.store.Objects(p.ctx, 0, math.MaxUint64)
	if err != nil {
		return err
	}
	for _, o := range objects {
		p.put(o.Digest[:], o.Bytes)
		one, err := p.store.Get(p.ctx, ledger.ObjectTable, o.Digest.String())
		if err != nil {
			return err
		}
		p.put(one)
	}
	tables := map[string]bool{}
	for c := range cells {
		tables[c[0]] = true
	}
	for _, table := range slices.Sorted(maps.Keys(tables)) {
		var failed error
		err := p.store.Scan(p.ctx, table, "", "", func(key string, value []byte) bool {
			p.put([]byte(key), value)
			one, err := p.store.Get(p.ctx, table, key)
			p.put(one)
			failed = err
			return err == nil
		})
		if err != nil || failed != nil {
			return fmt.Errorf("%s: %w, %w", table, err, failed)
		}
	}
	for _, c := range slices.SortedFunc(maps.Keys(cells), func(a, b [2]string) int { return slices.Compare(a[:], b[:]) }) {
		value, err := p.store.Get(p.ctx, c[0], c[1])
		if err != nil {
			return err
		}
		p.put(value)
	}
	return nil
}

func (p *print) rows(rows map[ledger.Row]bool) error {
	for _, row := range slices.SortedFunc(maps.Keys(rows), func(a, b ledger.Row) int {
		return slices.Compare([]string{a.Name, a.Key}, []string{b.Name, b.Key})
	}) {
		var all []uint64
		collect := func(i uint64) bool { p.number(i); all = append(all, i); return true }
		if err := p.store.ScanRows(p.ctx, row, 0, false, collect); err != nil {
			return err
		}
		if err := p.store.ScanRows(p.ctx, row, math.MaxUint64, true, collect); err != nil {
			return err
		}
		for i := uint64(0); i < p.head.Size; i += 5 { // pages that begin anywhere
			for _, newest := range []bool{false, true} {
				if err := p.store.ScanRows(p.ctx, row, i, newest, func(index uint64) bool { p.number(index); return false }); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
