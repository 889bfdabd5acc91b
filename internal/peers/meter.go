package main

import (
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// A span is what something took: on the clock, and of the processors, by the
// whole process, user and system.
type span struct{ wall, cpu time.Duration }

// each is the processor time of one of n, in microseconds.
func (s span) each(n int) float64 { return s.cpu.Seconds() * 1e6 / float64(n) }

// rate is how many of n there were in a second.
func (s span) rate(n int) float64 { return float64(n) / s.wall.Seconds() }

func measure(f func() error) (span, error) {
	cpu, start := processorTime(), time.Now()
	err := f()
	return span{time.Since(start), processorTime() - cpu}, err
}

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err) // of a constant that every Unix knows
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// crowd calls do n times, with 0 to n-1, from a number of callers at once. It
// returns how long each call took, ascending, and the first error.
func crowd(callers, n int, do func(i uint64) error) ([]time.Duration, error) {
	var (
		next  atomic.Int64
		once  sync.Once
		first error
		wait  sync.WaitGroup
		took  = make([]time.Duration, n)
	)
	for range callers {
		wait.Go(func() {
			for i := next.Add(1) - 1; i < int64(n); i = next.Add(1) - 1 {
				start := time.Now()
				if err := do(uint64(i)); err != nil {
					once.Do(func() { first = err })
					next.Store(int64(n))
					return
				}
				took[i] = time.Since(start)
			}
		})
	}
	wait.Wait()
	slices.Sort(took)
	return took, first
}

// percentile of ascending times, in milliseconds.
func percentile(sorted []time.Duration, p int) float64 {
	return sorted[min(len(sorted)-1, len(sorted)*p/100)].Seconds() * 1000
}

// median of figures in any order.
func median(values []float64) float64 {
	s := slices.Sorted(slices.Values(values))
	if len(s)%2 == 0 {
		return (s[len(s)/2-1] + s[len(s)/2]) / 2
	}
	return s[len(s)/2]
}
