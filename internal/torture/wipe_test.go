//go:build torture

package torture

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/internal/torture/crashfs"
	"github.com/deedlog/deed/ledger/boltstore"
)

// personal is what a person was shown, so often that it takes one page, a part of
// one, or many.
func personal(what string, size int) []byte {
	text := what + ", which nobody may read any more; "
	return []byte(strings.Repeat(text, size/len(text)+1))
}

// confide logs an approval with an object, and returns the erasure of it.
func (w *world) confide(t *testing.T, by *worker, display []byte) (agent.Receipt, *attest.Erasure) {
	t.Helper()
	now, origin, d := time.Now(), by.client.Origin(), attest.DigestOf(display)
	receipt, err := w.administer(t, by, &attest.Approval{
		Action: "reports.reconcile", Agent: by.id, Arguments: []attest.NamedValue{}, At: now.UnixMilli(), Display: d,
		Expires: now.Add(time.Minute).UnixMilli(), Log: origin, Nonce: nonce(), Person: "admin", Request: d,
		Resource: attest.Resource{Kind: "ledger", ID: "books/2026"}, V: 1, Warrant: w.warrant,
	}, display)
	if err != nil {
		t.Fatal(err)
	}
	return receipt, &attest.Erasure{
		Basis: attest.ConsentWithdrawn, By: "admin", Log: origin, Nonce: nonce(), Reason: "asked for", V: 1,
		Objects: []attest.ErasedObject{{Digest: d, Statements: []attest.ID{receipt.ID}}},
	}
}

// TestWipe kills deed serve in the middle of an erasure, and lets its writes fail.
// Once it runs again and the erasure is in the log, nothing of what was erased is
// in the database or the head file; all else is there.
func TestWipe(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "deed")
	build(t, binary, "-tags", "torture")
	m := &matrix{world: newWorldOf(t, binary)}
	p := m.run(t)
	p.ready(t)
	m.register(t)
	p.kill(t)
	var receipts []agent.Receipt
	for i, point := range []string{
		"before-wipe:kill:1", "during-wipe:kill:1", "during-wipe:kill:3", "before-wipe-sync:kill:1", "during-wipe:error:2", "before-wipe-sync:error:1",
	} {
		for _, size := range []int{100, 400_000} {
			start := time.Now()
			receipts = append(receipts, m.interrupted(t, point, fmt.Sprintf("text number %d of %d bytes", i, size), size)...)
			t.Logf("%s, %d bytes: %.1f s", point, size, time.Since(start).Seconds())
		}
	}
	m.verify(t, receipts, nil)
}

// interrupted erases something while the server runs into a fault, and then without.
func (m *matrix) interrupted(t *testing.T, point, what string, size int) []agent.Receipt {
	t.Helper()
	display := personal(what, size)
	p := m.run(t, "DEED_FAILPOINT="+point)
	p.ready(t)
	approval, erasure := m.confide(t, m.agents[0], display)
	answer, failed := make(chan agent.Receipt, 1), make(chan error, 1)
	go func() {
		r, err := m.administer(t, m.agents[0], erasure) // until it is answered
		answer <- r
		failed <- err
	}()
	p.end(t)
	m.hit(t, p, point)
	p = m.run(t)
	p.ready(t)
	receipts := []agent.Receipt{approval, <-answer}
	if err := <-failed; err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{m.database(), m.instance.Config.Head} {
		if b, err := os.ReadFile(path); err != nil || bytes.Contains(b, []byte(what)) {
			t.Errorf("%s: %s is in %s, %v", point, what, filepath.Base(path), err)
		}
	}
	p.kill(t)
	return receipts
}

// erased is an object of a record that was erased.
type erased struct {
	Text  string // is in it, and nowhere else
	Key   string // its digest
	Marks int    // acknowledgements up to that of the erasure
}

// recordErasures records a server that erases objects of several sizes between
// other statements, and is killed and started again between two of them.
func recordErasures(t *testing.T, binary, mutant string) *recording {
	t.Helper()
	r := begin(t, binary, mutant, 2, 0)
	note := func(receipt agent.Receipt) {
		r.acks = append(r.acks, acknowledgement(t, receipt))
		r.fs.Mark()
	}
	p := r.run(t)
	for i, size := range []int{60, 9_000, 150_000} {
		what := fmt.Sprintf("text number %d", i)
		display := personal(what, size)
		receipt, erasure := r.confide(t, r.agents[0], display)
		note(receipt)
		r.submit(t, len(r.acks)-r.before+6, r.fs.Mark)
		receipt, err := r.administer(t, r.agents[0], erasure)
		if err != nil {
			t.Fatal(err)
		}
		note(receipt)
		r.erased = append(r.erased, erased{what, attest.DigestOf(display).Hex(), len(r.acks)})
		if i == 1 {
			p.kill(t)
			r.restarts = append(r.restarts, r.fs.Place())
			p = r.run(t)
		}
	}
	r.submit(t, len(r.acks)-r.before+6, r.fs.Mark)
	p.kill(t)
	r.end(t)
	return r
}

// acknowledged: of an erasure that was acknowledged nothing is left, even before a
// start.
func (j *job) acknowledged(marks int) error {
	for _, e := range j.Erased {
		if err := j.lacks(e.Text); marks >= e.Marks && err != nil {
			return fmt.Errorf("after an acknowledged erasure: %w", err)
		}
	}
	return nil
}

// wiped: of what the log has an erasure of, nothing is left after a start.
func (j *job) wiped() (err error) {
	if len(j.Erased) == 0 {
		return nil
	}
	s, err := boltstore.OpenReadOnly(filepath.Join(j.Dir, recordedStore))
	if err != nil {
		return err
	}
	defer s.Close()
	for _, e := range j.Erased {
		by, err := s.Get(context.Background(), "erased", e.Key)
		if err != nil {
			return err
		}
		if by == nil {
			continue // it is not erased yet, or has not come
		}
		if err := j.lacks(e.Text); err != nil {
			return fmt.Errorf("after a start: %w", err)
		}
	}
	return nil
}

func (j *job) lacks(text string) error {
	for _, name := range []string{recordedStore, recordedHead} {
		b, err := os.ReadFile(filepath.Join(j.Dir, name))
		if err != nil {
			return err
		}
		if bytes.Contains(b, []byte(text)) {
			return fmt.Errorf("%s still has %q, which was erased", name, text)
		}
	}
	return nil
}

// TestReplayErasures opens the states in which a loss of power could have left the
// files of a server that erases. A wipe may not take anything that is needed, and
// what a start finds of an erasure it ends.
func TestReplayErasures(t *testing.T) {
	states := 3_000
	if os.Getenv("DEED_LONG") != "" {
		states = 60_000
	}
	needFUSE(t)
	binary := filepath.Join(t.TempDir(), "deed")
	build(t, binary, "-tags", "torture")
	s := seed(t)
	r := recordErasures(t, binary, "")
	r.replay(t, r.whole(), crashfs.Plan{Seed: s, Share: r.share(r.whole(), states)}, nil).sound(t, states)
	for mutant, finding := range map[string]string{
		"unwiped":        "after an acknowledged erasure: .* still has",
		"wipe-forgotten": "after a start: .* still has",
	} {
		t.Run(mutant, func(t *testing.T) {
			r := recordErasures(t, binary, mutant)
			r.catches(t, r.whole(), crashfs.Plan{Seed: s, Share: 12}, regexp.MustCompile(finding))
		})
	}
}
