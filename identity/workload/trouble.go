package workload

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
)

// trouble is go-spiffe's logger: it remembers the last error, because
// go-spiffe gives a caller that waited in vain only the end of its context.
type trouble struct {
	log *slog.Logger

	mu   sync.Mutex
	last error
}

func newTrouble(opts []Option) *trouble {
	o := options{log: slog.New(slog.DiscardHandler)}
	for _, opt := range opts {
		opt(&o)
	}
	return &trouble{log: o.log}
}

// explain adds the last error to the end of a context.
func (t *trouble) explain(err error) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil || !(errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled)) {
		return err
	}
	return fmt.Errorf("%w; the last attempt said: %w", err, t.last)
}

// Errorf implements go-spiffe's logger. Its errors are retried, so they are
// warnings here.
func (t *trouble) Errorf(format string, args ...any) {
	for _, arg := range args {
		if err, ok := arg.(error); ok {
			t.mu.Lock()
			t.last = err
			t.mu.Unlock()
		}
	}
	t.Warnf(format, args...)
}

// Warnf implements go-spiffe's logger.
func (t *trouble) Warnf(format string, args ...any) {
	t.log.Warn("workload_api", "message", fmt.Sprintf(format, args...))
}

// Infof implements go-spiffe's logger.
func (t *trouble) Infof(format string, args ...any) {
	t.log.Info("workload_api", "message", fmt.Sprintf(format, args...))
}

// Debugf implements go-spiffe's logger.
func (t *trouble) Debugf(format string, args ...any) {
	t.log.Debug("workload_api", "message", fmt.Sprintf(format, args...))
}
