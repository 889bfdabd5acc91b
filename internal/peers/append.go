package main

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

// appends measures how many entries become durable per second, from 2048 adders.
// Deed's answer holds the proof of inclusion in a signed checkpoint; Tessera's
// is the index, and the checkpoint comes later.
func (r *run) appends() error {
	path := r.path("log")
	log, err := openDeed(path, nil)
	if err != nil {
		return err
	}
	took, err := r.measure("append", func() error {
		_, err := crowd(manyAdders, r.entries, func(i uint64) error { return log.add(r.ctx, i) })
		return err
	})
	if err != nil {
		return err
	}
	r.table.add(deedRow+rateRow, "/s", took.rate(r.entries))
	r.table.add(deedRow+cpuRow, "us CPU", took.each(r.entries))
	if err := log.close(); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	for _, s := range throughput {
		if err := r.tesseraAppends(s); err != nil {
			return fmt.Errorf("%v: %w", s, err)
		}
	}
	return nil
}

const deedRow = "Deed append, 2048 adders"

func tesseraRow(s setting) string { return s.String() + ", 2048 adders" }

func (r *run) tesseraAppends(s setting) error {
	dir := r.path("tessera")
	log, err := openTessera(r.ctx, dir, s)
	if err != nil {
		return err
	}
	took, err := r.measure("tessera", func() error {
		_, err := crowd(manyAdders, r.entries, func(i uint64) error { return log.add(r.ctx, i) })
		return err
	})
	if err != nil {
		return err
	}
	r.table.add(tesseraRow(s)+rateRow, "/s", took.rate(r.entries))
	r.table.add(tesseraRow(s)+cpuRow, "us CPU", took.each(r.entries))
	if err := log.close(r.ctx); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

// bestTessera is the row of the setting with the most entries per second.
func bestTessera(t *table) string {
	best, most := "", 0.0
	for _, s := range throughput {
		row := tesseraRow(s) + rateRow
		if v := t.values(row); len(v) > 0 && median(v) > most {
			best, most = row, median(v)
		}
	}
	return best
}

// waits measures how long 64 adders wait for the proof of inclusion of each of
// their entries, and in the same breath how long the disk takes for 4 KiB.
func (r *run) waits() error {
	if err := r.device(); err != nil {
		return err
	}
	path := r.path("log")
	log, err := openDeed(path, nil)
	if err != nil {
		return err
	}
	runtime.GC()
	took, err := crowd(fewAdders, r.sizes.waits, func(i uint64) error { return log.add(r.ctx, i) })
	if err != nil {
		return err
	}
	r.addWaits(deedWait, took)
	if err := log.close(); err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return r.tesseraWaits()
}

const (
	deedWait    = "Deed, proof in hand, 64 adders"
	tesseraWait = "Tessera, checkpoint 100ms, proof in hand, 64 adders"
	p50, p99    = ", p50", ", p99"
)

func (r *run) tesseraWaits() error {
	dir := r.path("tessera")
	log, err := openTessera(r.ctx, dir, fastest)
	if err != nil {
		return err
	}
	runtime.GC()
	took, err := crowd(fewAdders, r.sizes.tessera, func(i uint64) error { return log.prove(r.ctx, i) })
	if err != nil {
		return err
	}
	r.addWaits(tesseraWait, took)
	if err := log.close(r.ctx); err != nil {
		return err
	}
	return os.RemoveAll(dir)
}

func (r *run) addWaits(row string, sorted []time.Duration) {
	r.table.add(row+p50, "ms", percentile(sorted, 50))
	r.table.add(row+p99, "ms", percentile(sorted, 99))
}
