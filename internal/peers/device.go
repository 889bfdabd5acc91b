package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"syscall"
	"time"
)

const syncRow = "append of 4 KiB and fdatasync"

// device measures the disk: an append of 4 KiB and fdatasync, one after the
// other.
func (r *run) device() error {
	took, err := r.appendAndSync(r.syncs, 4<<10)
	if err != nil {
		return err
	}
	r.addWaits(syncRow, took)
	return nil
}

// appendAndSync appends to a new file n times and syncs each time.
func (r *run) appendAndSync(n, size int) ([]time.Duration, error) {
	file, err := os.Create(r.path("raw"))
	if err != nil {
		return nil, err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	block := make([]byte, size)
	for i := range block {
		block[i] = noise[i%len(noise)]
	}
	return crowd(1, n, func(uint64) error {
		if _, err := file.Write(block); err != nil {
			return err
		}
		return syscall.Fdatasync(int(file.Fd()))
	})
}

// raw measures what the disk can do with entries of 2 KiB and nothing else.
func (r *run) raw() error {
	for _, batch := range []int{1, 64, 256} {
		n := max(r.records/batch, 10)
		took, err := measure(func() error {
			_, err := r.appendAndSync(n, batch*entrySize)
			return err
		})
		if err != nil {
			return err
		}
		r.table.add(fmt.Sprintf("append of 2 KiB entries and fdatasync, batch %d%s", batch, rateRow), "/s", took.rate(n*batch))
	}
	return nil
}

// chained measures a file of JSON lines, each with the hash of the one before,
// synced after each: what most projects for receipts do.
func (r *run) chained() error {
	file, err := os.Create(r.path("jsonl"))
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	defer file.Close()
	var last [sha256.Size]byte
	text := hex.EncodeToString(noise)[:entrySize-100]
	took, err := measure(func() error {
		_, err := crowd(1, r.records, func(i uint64) error {
			line := fmt.Appendf(nil, `{"index":%d,"prev":"%x","record":"%s"}`+"\n", i, last, text)
			last = sha256.Sum256(line)
			if _, err := file.Write(line); err != nil {
				return err
			}
			return file.Sync()
		})
		return err
	})
	if err != nil {
		return err
	}
	r.table.add("hash-chained JSONL, fsync per record"+rateRow, "/s", took.rate(r.records))
	r.table.add("hash-chained JSONL, fsync per record"+cpuRow, "us CPU", took.each(r.records))
	return nil
}
