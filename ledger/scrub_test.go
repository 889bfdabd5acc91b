package ledger_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

// scrubbed is a log of n entries and a scrub over a store that may lie.
func scrubbed(t *testing.T, n int, lie func(*liar), change func(*ledger.ScrubConfig)) *ledger.Scrub {
	t.Helper()
	c := config(t)
	c.Cosigner = nil
	l := storetest.Open(t, c)
	for i := range n {
		if _, err := l.Append(ctx, storetest.Text(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	store := liar{Store: c.Store}
	lie(&store)
	sc := ledger.ScrubConfig{Reader: store, Now: time.Now, Head: func(ctx context.Context) (uint64, ledger.Hash, error) {
		h, err := c.Store.Load(ctx)
		return h.Size, h.Root, err
	}}
	change(&sc)
	return ledger.NewScrub(sc)
}

func TestScrub(t *testing.T) {
	tests := []struct {
		name string
		lie  func(*liar)
		want string // bucket of the first fault; none if empty
	}{
		{"sound", func(*liar) {}, ""},
		{"entry", func(l *liar) {
			l.entry = func(i uint64, e *ledger.Entry) {
				if i == 7 {
					e.Bytes[0] ^= 1
				}
			}
		}, "tiles"},
		{"tile", func(l *liar) {
			l.tile = func(_ int, _ uint64, d []byte) []byte { d[9] ^= 1; return d }
		}, "tiles"},
		{"identity", func(l *liar) { l.lookup = func(i uint64) (uint64, bool) { return i / 2, true } }, "ids"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var faults []*ledger.Corrupt
			s := scrubbed(t, 300, tt.lie, func(c *ledger.ScrubConfig) {
				c.Report = func(bad *ledger.Corrupt) { faults = append(faults, bad) }
			})
			status, err := s.Pass(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if status.Entries != 300 || status.Objects != 300 || status.Tiles != 1 || status.Passes != 1 || status.Running || status.Finished.IsZero() {
				t.Errorf("status %+v", status)
			}
			switch {
			case status.Faults != uint64(len(faults)) || (tt.want == "") != (len(faults) == 0):
				t.Errorf("faults %v, status %+v", faults, status)
			case tt.want != "" && faults[0].Bucket != tt.want:
				t.Errorf("first fault %v, want one in %s", faults[0], tt.want)
			}
		})
	}
}

// TestScrubRuns tests delay, interval, pace and end.
func TestScrubRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := scrubbed(t, 20, func(*liar) {}, func(c *ledger.ScrubConfig) {
			c.Delay, c.Interval, c.Rate = time.Minute, time.Hour, 100
		})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { s.Run(ctx); close(done) }()
		time.Sleep(time.Minute + time.Second)
		if st := s.Status(); !st.Running || st.Passes != 0 {
			t.Errorf("a second after the delay: %+v, want a pass under way", st)
		}
		time.Sleep(30 * time.Minute)
		st := s.Status()
		if took := st.Finished.Sub(st.Started); st.Passes != 1 || took < time.Duration(st.Bytes/100)*time.Second || took > time.Duration(st.Bytes/50)*time.Second {
			t.Errorf("after half an hour: %+v, took %v at 100 bytes a second", st, took)
		}
		time.Sleep(time.Hour)
		if st := s.Status(); st.Passes != 2 {
			t.Errorf("after the interval: %+v", st)
		}
		stop()
		<-done
	})
}

// TestScrubStops tests that the end of the context, or a store that cannot be
// read, is no finished pass.
func TestScrubStops(t *testing.T) {
	s := scrubbed(t, 20, func(*liar) {}, func(c *ledger.ScrubConfig) {
		c.Head = func(context.Context) (uint64, ledger.Hash, error) { return 0, ledger.Hash{}, errors.New("no head") }
	})
	if st, err := s.Pass(ctx); err == nil || st.Passes != 0 || st.Err == nil {
		t.Errorf("%+v, %v, want an error and no pass", st, err)
	}
	s = scrubbed(t, 20, func(*liar) {}, func(c *ledger.ScrubConfig) { c.Rate = 1 })
	ctx, stop := context.WithTimeout(ctx, 20*time.Millisecond)
	defer stop()
	if st, err := s.Pass(ctx); !errors.Is(err, context.DeadlineExceeded) || st.Passes != 0 || st.Running {
		t.Errorf("%+v, %v, want the context's error and no pass", st, err)
	}
}
