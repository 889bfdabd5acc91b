package ledger

import (
	"context"
	"runtime"
	"sync"
)

// ordered calls do for 0 to n-1 on all cores, and take with the results in
// that order. It is never more than a few results ahead, and stops at the first
// error or at the end of ctx. When it returns, no call is under way.
func ordered[T any](ctx context.Context, n uint64, do func(i uint64) T, take func(T) error) error {
	var wait sync.WaitGroup
	defer wait.Wait()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	turns := make(chan chan T, runtime.GOMAXPROCS(0))
	wait.Go(func() {
		defer close(turns)
		for i := range n {
			turn := make(chan T, 1)
			select {
			case turns <- turn: // full: whoever takes has to come first
			case <-ctx.Done():
				return
			}
			wait.Go(func() { turn <- do(i) })
		}
	})
	for turn := range turns {
		made := <-turn
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := take(made); err != nil {
			return err
		}
	}
	return ctx.Err()
}
