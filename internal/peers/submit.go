package main

import (
	"fmt"
	"os"
	"syscall"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// submitting measures [server.Server.Submit] in the process, from as many
// callers as there are agents, beside the ceiling on the same payloads.
type submitting struct {
	*run
	policies int
	world    *world
	refused  error // of the policy: then nothing is measured
}

func (m *submitting) row() string { return fmt.Sprintf("Deed submit, %d policies", m.policies) }

func (m *submitting) loop() string {
	return fmt.Sprintf("verify only, payloads of %d policies", m.policies)
}

// prepare makes the register. A policy that the register refuses is told of in
// the table, and there is no ratio then.
func (m *submitting) prepare() error {
	if m.world != nil {
		return nil
	}
	err := attempt(func() error {
		m.world = newWorld(m.path("register"), newOrganisation(m.policies, m.agents))
		m.undo = append(m.undo, m.world.close)
		return nil
	})
	if f := attest.AsFault(err); f != nil && f.Code == "policy.invalid" {
		m.refused = err
		m.table.note("%s: not measured, the register refuses the policy: %v", m.row(), err)
		m.say("the register refuses %d policies: %v", m.policies, err)
		return nil
	}
	return err
}

func (m *submitting) round() error {
	if m.refused != nil {
		return nil
	}
	w := m.world
	work := w.sign(w.agents, m.actions)
	list := signedOf(w.agents, work)
	if err := m.ceiling(m.loop(), list); err != nil {
		return err
	}
	before, err := m.stored()
	if err != nil {
		return err
	}
	took, err := m.measure(fmt.Sprint("submit-", m.policies), func() error { return w.submitAll(work) })
	if err != nil {
		return err
	}
	m.table.add(m.row()+cpuRow, "us CPU", took.each(len(list)))
	m.table.add(m.row()+rateRow, "/s", took.rate(len(list)))
	return m.disk(before, len(list))
}

// submitAll lets every agent submit its statements one after the other.
func (w *world) submitAll(work [][]cast.Sent) error {
	_, err := crowd(len(work), len(work), func(i uint64) error {
		for _, s := range work[i] {
			if err := w.submit(s); err != nil {
				return err
			}
		}
		return nil
	})
	return err
}

// stored is what the register has on disk, and how much of it are records.
type stored struct{ file, records int64 }

func (m *submitting) stored() (s stored, err error) {
	if m.policies != 10 {
		return s, nil
	}
	if s.file, err = allocated(m.world.path); err != nil {
		return s, err
	}
	s.records, err = m.world.recordBytes(m.ctx)
	return s, err
}

// disk adds what the file grew by and what was recorded, per action.
func (m *submitting) disk(before stored, actions int) error {
	after, err := m.stored()
	if err != nil || m.policies != 10 {
		return err
	}
	m.table.add(fileRow, "B", float64(after.file-before.file)/float64(actions))
	m.table.add(recordRow, "B", float64(after.records-before.records)/float64(actions))
	return nil
}

const (
	fileRow   = "Deed file, per action"
	recordRow = "Deed entry and evidence, per action"
)

// allocated is what a file takes on the disk, without its holes.
func allocated(path string) (int64, error) {
	info, err := os.Stat(path)
	if err != nil {
		return 0, err
	}
	return info.Sys().(*syscall.Stat_t).Blocks * 512, nil
}
