package server

import (
	"sync"
	"sync/atomic"
	"testing"
)

// TestRemembered: after forget returns, nobody gets what was true before it,
// however many are reading.
func TestRemembered(t *testing.T) {
	var m remembered[string, int64]
	var truth atomic.Int64
	read := func() (int64, int, error) { return truth.Load(), 1, nil }
	var wait sync.WaitGroup
	stop := make(chan struct{})
	for range 4 {
		wait.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, _ = m.get("slot", read)
				}
			}
		})
	}
	for i := range int64(2000) {
		truth.Store(i)
		m.forget()
		if got, _ := m.get("slot", read); got != i {
			t.Errorf("got %d after %d was forgotten for it", got, i)
			break
		}
	}
	close(stop)
	wait.Wait()
}

// TestRememberedBounds: the map starts again when it is full, and keeps nothing
// that is not to be kept.
func TestRememberedBounds(t *testing.T) {
	var m remembered[int, []byte]
	reads := 0
	get := func(key, size int) {
		_, _ = m.get(key, func() ([]byte, int, error) { reads++; return nil, size, nil })
	}
	for key := range 40 {
		get(key, 1<<20)
	}
	if m.size > maxRemembered || len(m.items) == 0 {
		t.Errorf("%d bytes in %d items", m.size, len(m.items))
	}
	get(99, never)
	get(99, never)
	if reads != 42 {
		t.Errorf("%d reads", reads)
	}
}
