package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

const (
	rehashRow = "Deed, root recomputed from the entries"
	checkRow  = "Deed, ledger.Check of everything"
	fsckRow   = "Tessera fsck"
	scanRow   = "Deed, cold scan of all entries"
	readRow   = "sequential read of the same cold file"
)

// offline measures reading a log of 2 KiB entries again, warm and cold, and
// Tessera's fsck over the same entries.
func (r *run) offline() error {
	path, err := r.fill()
	if err != nil {
		return err
	}
	defer os.Remove(path)
	for _, reading := range []struct {
		row  string
		read func(*boltstore.Store) error
	}{
		{rehashRow, func(s *boltstore.Store) error { return rehash(r.ctx, s) }},
		{checkRow, func(s *boltstore.Store) error { return checkStore(r.ctx, s) }},
	} {
		took, err := r.reading(path, reading.read)
		if err != nil {
			return fmt.Errorf("%s: %w", reading.row, err)
		}
		r.table.add(reading.row+cpuRow, "us CPU", took.each(r.entries))
		r.table.add(reading.row+rateRow, "/s", took.rate(r.entries))
	}
	if err := r.cold(path); err != nil {
		return err
	}
	return r.fsck()
}

// fill makes a log and closes it.
func (r *run) fill() (path string, err error) {
	path = r.path("log")
	log, err := openDeed(path, nil)
	if err != nil {
		return "", err
	}
	if _, err := crowd(manyAdders, r.entries, func(i uint64) error { return log.add(r.ctx, i) }); err != nil {
		return "", err
	}
	return path, log.close()
}

// reading times f with the store open, and the opening too.
func (r *run) reading(path string, f func(*boltstore.Store) error) (span, error) {
	return r.measure("offline", func() error {
		store, err := boltstore.OpenReadOnly(path)
		if err != nil {
			return err
		}
		return errors.Join(f(store), store.Close())
	})
}

// rehash recomputes the root of a log from its entries and nothing else, as "deed
// log check --depth root" does.
func rehash(ctx context.Context, store *boltstore.Store) error {
	progress, stop := store.ReadAhead(ctx, nil)
	defer stop()
	var fault error
	err := ledger.Rehash(ctx, store, nil, func(c *ledger.Corrupt) { fault = c }, progress)
	return errors.Join(err, fault)
}

func checkStore(ctx context.Context, store *boltstore.Store) error {
	progress, stop := store.ReadAhead(ctx, nil)
	defer stop()
	var fault error
	err := ledger.Check(ctx, store, func(c *ledger.Corrupt) { fault = c }, progress)
	return errors.Join(err, fault)
}

// cold measures a scan of the store and a read of its file, each with nothing of
// it in memory.
func (r *run) cold(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	megabytes := float64(info.Size()) / 1e6
	for _, one := range []struct {
		row string
		do  func() error
	}{
		{readRow, func() error { return readFile(path) }},
		{scanRow, func() error { return scan(r.ctx, path) }},
	} {
		how, err := forget(path, !r.quick)
		if err != nil {
			return err
		}
		r.table.note("cold: %s", how)
		runtime.GC()
		start := time.Now()
		if err := one.do(); err != nil {
			return err
		}
		r.table.add(one.row, "MB of the file/s", megabytes/time.Since(start).Seconds())
	}
	return nil
}

// scan reads and hashes all entries.
func scan(ctx context.Context, path string) error {
	store, err := boltstore.OpenReadOnly(path)
	if err != nil {
		return err
	}
	return errors.Join(rehash(ctx, store), store.Close())
}

func readFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{file}, make([]byte, 1<<20))
	return err
}

// fsck measures Tessera's own check of as many entries, warm.
func (r *run) fsck() error {
	dir := r.path("tessera")
	log, err := openTessera(r.ctx, dir, setting{1024, throughputAge, 100 * time.Millisecond})
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if _, err := crowd(manyAdders, r.entries, func(i uint64) error { return log.add(r.ctx, i) }); err != nil {
		return err
	}
	if err := log.published(r.ctx, uint64(r.entries)); err != nil {
		return err
	}
	if err := log.close(r.ctx); err != nil {
		return err
	}
	took, err := r.measure("fsck", func() error { return log.check(r.ctx) })
	if err != nil {
		return err
	}
	r.table.add(fsckRow+cpuRow, "us CPU", took.each(r.entries))
	r.table.add(fsckRow+rateRow, "/s", took.rate(r.entries))
	return nil
}
