package ledger

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// ScrubConfig says what a scrub reads and how fast. Reader, Head and Now are
// required.
type ScrubConfig struct {
	// Reader is the store, which may be appended to meanwhile.
	Reader Reader
	// Head tells how much of it a pass covers, and to which root that hashes.
	Head func(context.Context) (size uint64, root Hash, err error)
	// Now is the clock.
	Now func() time.Time
	// Interval is from the end of a pass to the start of the next.
	Interval time.Duration
	// Delay is how long the first pass waits, so that a start is not slowed.
	Delay time.Duration
	// Rate bounds what is read, in bytes per second; 0 is no bound.
	Rate int64
	// Report is called for every fault. It may be nil.
	Report func(*Corrupt)
	// Progress is called now and then. It may be nil.
	Progress Progress
	// Failed is called when a pass could not go on. It may be nil.
	Failed func(error)
}

// Scrub reads a log again and again at a bounded rate, so that damage is found
// while there still are copies that are sound. A pass hashes every entry and
// object, rebuilds tiles and root from the entries and follows the identities;
// it does not stop anything. Its methods may be called concurrently.
type Scrub struct {
	config ScrubConfig
	pass   sync.Mutex // held by the pass that is under way

	mu     sync.Mutex
	status ScrubStatus
}

// ScrubCount is what a pass has read.
type ScrubCount struct {
	Entries uint64 `json:"entries"`
	Objects uint64 `json:"objects"`
	Tiles   uint64 `json:"tiles"`
	Bytes   uint64 `json:"bytes"`
}

// ScrubStatus is the last pass that came to its end, and whether one is under
// way.
type ScrubStatus struct {
	Running  bool      // a pass is under way
	Passes   uint64    // that came to their end
	Started  time.Time // of the last one
	Finished time.Time // zero: none has finished yet
	Size     uint64    // of the log that it covered
	ScrubCount
	Faults uint64 // that it found
	// Total counts the faults of all passes, of an unfinished one too.
	Total uint64
	// Err is why the newest pass could not go on, nil if it could.
	Err error
}

// NewScrub returns a scrub that has read nothing yet.
func NewScrub(c ScrubConfig) *Scrub {
	if c.Report == nil {
		c.Report = func(*Corrupt) {}
	}
	if c.Failed == nil {
		c.Failed = func(error) {}
	}
	return &Scrub{config: c}
}

// Status returns what the last pass found.
func (s *Scrub) Status() ScrubStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.status
}

// Run makes a pass after the delay and then after every interval, until ctx
// ends. Without an interval it makes none.
func (s *Scrub) Run(ctx context.Context) {
	if s.config.Interval <= 0 {
		return
	}
	for wait := s.config.Delay; ; wait = s.config.Interval {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
		if _, err := s.Pass(ctx); err != nil && ctx.Err() == nil {
			s.config.Failed(err)
		}
	}
}

// Pass reads the log once. The error is nil if all of it was read, whether or
// not there were faults.
func (s *Scrub) Pass(ctx context.Context) (ScrubStatus, error) {
	s.pass.Lock()
	defer s.pass.Unlock()
	started := s.config.Now()
	s.change(func(st *ScrubStatus) { st.Running = true })
	faults, size, read, err := s.read(ctx, started)
	s.change(func(st *ScrubStatus) {
		st.Running, st.Err = false, err
		if err == nil {
			st.Passes++
			st.Started, st.Finished, st.Size, st.ScrubCount, st.Faults = started, s.config.Now(), size, read, faults
		}
	})
	return s.Status(), err
}

func (s *Scrub) change(f func(*ScrubStatus)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f(&s.status)
}

func (s *Scrub) read(ctx context.Context, started time.Time) (faults, size uint64, read ScrubCount, err error) {
	size, root, err := s.config.Head(ctx)
	if err != nil {
		return 0, 0, read, fmt.Errorf("scrubbing: %w", err)
	}
	c := &checker{ctx: ctx, reader: s.config.Reader, progress: s.config.Progress, tree: new(tree), size: size, report: func(bad *Corrupt) {
		faults++
		s.change(func(st *ScrubStatus) { st.Total++ })
		s.config.Report(bad)
	}}
	c.pace = func(int) error { return s.wait(ctx, started, c.read.Bytes) }
	more, err := c.all()
	if err == nil && more && c.tree.head(0).Root != root {
		c.report(&Corrupt{Bucket: "head", Key: fmt.Sprint(size), Want: root.String(), Got: c.tree.head(0).Root.String()})
	}
	if err == nil {
		err = c.objects()
	}
	if err != nil {
		err = fmt.Errorf("scrubbing: %w", errors.Join(err, ctx.Err()))
	}
	return faults, size, c.read, err
}

// wait sleeps until so much may have been read.
func (s *Scrub) wait(ctx context.Context, started time.Time, bytes uint64) error {
	if s.config.Rate <= 0 {
		return ctx.Err()
	}
	due := started.Add(time.Duration(float64(bytes) / float64(s.config.Rate) * float64(time.Second)))
	early := due.Sub(s.config.Now())
	if early <= 0 {
		return ctx.Err()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(early):
		return nil
	}
}
