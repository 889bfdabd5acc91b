package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"github.com/deedlog/deed/ledger"
)

// A large log is made once, of short entries in order, and each round opens it
// in a process of its own, so that what is measured is the log's alone.
type large struct {
	*run
	path string
}

// told is what that process tells.
type told struct{ OpenMS, HeapMB, AnonMB, ProofUS float64 }

func (m *large) row(what string) string { return fmt.Sprintf("Deed, %s, %d leaves", what, m.leaves) }

const (
	proofWhat = "warm inclusion proof"
	heapWhat  = "heap of a log that is open"
	anonWhat  = "anonymous memory of its process"
	openWhat  = "cold open"
)

// prepare fills the log with whatever is fastest: large batches, one signature,
// names that ascend. What is measured does not depend on them.
func (m *large) prepare() error {
	m.path = m.run.path("large")
	log, err := openDeed(m.path, func(c *ledger.Config) {
		c.QueueLimit, c.MaxBatch, c.Linger, c.Cosigner = 4*block, block, -1, nil
	})
	if err != nil {
		return err
	}
	var before func() (ledger.Receipt, error) // of the last of the block before
	for at := uint64(0); at < m.leaves; {
		var wait func() (ledger.Receipt, error)
		for range min(block, m.leaves-at) {
			if wait, err = log.Begin(m.ctx, ascending(at)); err != nil {
				return err
			}
			at++
		}
		if before != nil {
			if _, err := before(); err != nil {
				return err
			}
		}
		before = wait
	}
	if _, err := before(); err != nil {
		return err
	}
	return log.close()
}

const block = 1 << 13

// ascending is an entry of 64 bytes whose ID is its number.
func ascending(i uint64) plainEntry {
	var e plainEntry
	binary.BigEndian.PutUint64(e.id[:], i)
	e.bytes = append(e.id[:], e.id[:]...)
	return e
}

func (m *large) round() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	child := exec.CommandContext(m.ctx, self, "-child", m.path, "-proofs", strconv.Itoa(m.sizes.proofs), fmt.Sprintf("-quick=%t", m.quick))
	child.Stderr = os.Stderr
	out, err := child.Output()
	if err != nil {
		return err
	}
	var t told
	if err := json.Unmarshal(out, &t); err != nil {
		return err
	}
	m.table.add(m.row(proofWhat), "us CPU", t.ProofUS)
	m.table.add(m.row(heapWhat), "MB", t.HeapMB)
	m.table.add(m.row(anonWhat), "MB", t.AnonMB)
	m.table.add(m.row(openWhat), "ms", t.OpenMS)
	return nil
}

// tellAbout is the process that opens a log.
func tellAbout(path string, proofs int, all bool) error {
	var t told
	if err := rehearse(filepath.Dir(path)); err != nil {
		return err
	}
	if _, err := forget(path, all); err != nil {
		return err
	}
	start := time.Now()
	log, err := openDeed(path, nil)
	if err != nil {
		return err
	}
	t.OpenMS = time.Since(start).Seconds() * 1000
	runtime.GC()
	var mem runtime.MemStats
	runtime.ReadMemStats(&mem)
	t.HeapMB = float64(mem.HeapInuse) / 1e6
	if t.AnonMB, err = anonymous(); err != nil {
		return err
	}
	if t.ProofUS, err = proofTime(log, path, proofs); err != nil {
		return err
	}
	if err := log.close(); err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(t)
}

// rehearse opens a log that is empty: its code is then in memory.
func rehearse(dir string) error {
	dir, err := os.MkdirTemp(dir, "rehearsal-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	log, err := openDeed(dir+"/log", nil)
	if err != nil {
		return err
	}
	return log.close()
}

// proofTime is the processor time of one proof of a random entry, with the file
// in memory.
func proofTime(log *deedLog, path string, proofs int) (float64, error) {
	if err := readFile(path); err != nil {
		return 0, err
	}
	size, random := log.Size(), rand.New(rand.NewPCG(1, 2))
	prove := func() error {
		for range proofs {
			if _, err := log.Inclusion(context.Background(), random.Uint64N(size), size); err != nil {
				return err
			}
		}
		return nil
	}
	if err := prove(); err != nil {
		return 0, err
	}
	took, err := measure(prove)
	return took.each(proofs), err
}
