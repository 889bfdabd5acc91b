package server

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/deedlog/deed/ledger"
)

// maxStatements bounds the statements in check and in the queue. Calls that
// bring more are refused at once with a delay: a queue that grows only makes
// everyone wait longer for the same number of answers.
const maxStatements = 4096

// Bounds of the delay that is asked of those who are refused.
const (
	leastDelay = 50 * time.Millisecond
	mostDelay  = 4 * time.Second
)

// gate counts statements under way.
type gate struct {
	inside atomic.Int64
	pace   atomic.Int64 // how long calls took of late, in ns
}

// enter lets in as many of n statements as there is room for.
func (g *gate) enter(n int) int {
	for {
		inside := g.inside.Load()
		let := min(int64(n), max(0, maxStatements-inside))
		if let == 0 || g.inside.CompareAndSwap(inside, inside+let) {
			return int(let)
		}
	}
}

// leave ends n statements of one call.
func (g *gate) leave(n int, took time.Duration) {
	g.inside.Add(-int64(n))
	pace := g.pace.Load()
	g.pace.Store(pace + (int64(took)-pace)/8) // a lost update does no harm
}

// delay is when there should be room: those inside are through in the time that
// calls have taken of late, and others wait already. It is spread, so that those
// who were refused together do not come back together.
func (g *gate) delay() time.Duration {
	d := min(max(2*time.Duration(g.pace.Load()), leastDelay), mostDelay)
	return d + rand.N(d/2)
}

// shed refuses n statements for lack of room.
func (s *Server) shed(n int) error {
	err := &ledger.Overloaded{RetryAfter: s.gate.delay()}
	s.metrics.Shed(n)
	for range n {
		s.count(Receipt{}, err)
	}
	return err
}
