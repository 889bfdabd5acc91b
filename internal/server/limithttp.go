package server

import (
	"container/list"
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/ledger"
)

// Limits of all requests together. A connection may have 250 streams and a
// process many connections, so what one connection may do bounds nothing.
const (
	maxWrites = 512      // calls that submit, under way
	maxReads  = 128      // all other requests; an answer is up to a few MiB
	maxBodies = 32 << 20 // bytes of bodies held; in memory they become several times as much
	maxBody   = maxMessage + 64
	// patience is what a slow client has while others wait. One that has never
	// had an answer has less, if another has.
	patience      = 2 * time.Second
	shortPatience = 250 * time.Millisecond
)

// crowd are the requests of one sort that are under way: readers must not keep
// writers out, nor the other way round. When there are too many, the one goes that
// has been sending its body, or taking its answer, for longest: honest clients
// are done with that in milliseconds. Nobody is sent away whose statement is
// being worked on.
type crowd struct {
	most int
	mu   sync.Mutex
	open int
	slow list.List // of *guest: those that wait for their client, longest first
}

// guest is a request under way.
type guest struct {
	crowd   *crowd
	control *http.ResponseController
	conn    *conn // nil in tests without a network

	// Guarded by crowd.mu.
	since time.Time
	place *list.Element // in crowd.slow
	out   bool          // left, or evicted

	called bool  // the handler of a call has run
	held   int64 // bytes of the body
}

// admit lets a request in, or returns nil. evicted says that another one went.
func (c *crowd) admit(w http.ResponseWriter, r *http.Request, now time.Time) (g *guest, evicted bool) {
	g = &guest{crowd: c, control: http.NewResponseController(w), conn: connOf(r.Context()), since: now}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.open >= c.most {
		slowest := c.slowest(now, g.conn.known())
		if slowest == nil {
			return nil, false
		}
		c.remove(slowest)
		// With mu held, so that its handler is not done. Both calls fail only
		// where there is no network under the request.
		_ = slowest.control.SetReadDeadline(now)
		_ = slowest.control.SetWriteDeadline(now)
		evicted = true
	}
	c.open++
	g.place = c.slow.PushBack(g)
	g.conn.touch(now, 0)
	return g, evicted
}

// slowest is who has to go, if anybody has to, for a request on a connection that
// is known.
func (c *crowd) slowest(now time.Time, known bool) *guest {
	first := c.slow.Front()
	if first == nil {
		return nil
	}
	g, has := first.Value.(*guest), patience
	if known && !g.conn.known() {
		has = shortPatience
	}
	if now.Sub(g.since) < has {
		return nil
	}
	return g
}

// remove takes a request out of the count.
func (c *crowd) remove(g *guest) {
	if g.out {
		return
	}
	g.out = true
	c.open--
	if g.place != nil {
		c.slow.Remove(g.place)
		g.place = nil
	}
}

// work says that the server works on the request, whose client is not slow.
func (g *guest) work() {
	if g == nil {
		return
	}
	g.called = true
	g.crowd.mu.Lock()
	if g.place != nil {
		g.crowd.slow.Remove(g.place)
		g.place = nil
	}
	g.crowd.mu.Unlock()
	g.conn.touch(time.Now(), 1)
}

// answer says that the client is to take its answer now, and whether it is the
// one that was asked for.
func (g *guest) answer(good bool) {
	if g == nil {
		return
	}
	now := time.Now()
	if good && g.conn != nil {
		g.conn.answered.Store(true)
	}
	g.crowd.mu.Lock()
	if !g.out {
		g.since, g.place = now, g.crowd.slow.PushBack(g)
	}
	g.crowd.mu.Unlock()
	g.conn.touch(now, -1)
}

func (g *guest) leave() {
	g.crowd.mu.Lock()
	g.crowd.remove(g)
	g.crowd.mu.Unlock()
	g.conn.touch(time.Now(), 0)
}

func (c *crowd) size() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.open
}

type guestKey struct{}

func guestOf(ctx context.Context) *guest {
	g, _ := ctx.Value(guestKey{}).(*guest)
	return g
}

// body is a request's body within the limits. Its errors are answers.
type body struct {
	io.ReadCloser
	s *Server
	g *guest
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.g.held += int64(n)
	if b.s.bodies.Add(int64(n)) > maxBodies {
		b.s.metrics.ShedRequest()
		return 0, answer(b.s.logger, b.s.overloaded())
	}
	if b.g.held > maxBody {
		return 0, connect.NewError(connect.CodeResourceExhausted, errors.New("the message is larger than 1 MiB"))
	}
	return n, err
}

func (s *Server) overloaded() error { return &ledger.Overloaded{RetryAfter: s.gate.delay()} }

// limited counts requests and bounds them. Probes are let in always.
func (s *Server) limited(next http.Handler) http.Handler {
	refuse := connect.NewErrorWriter()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Err() != nil {
			return // reset before it began
		}
		route, procedure := routeOf(r.URL.Path)
		s.metrics.Request(route)
		if route == routeProbe {
			next.ServeHTTP(w, r)
			return
		}
		crowd := &s.reads
		if writes(procedure) {
			crowd = &s.writes
		}
		g, evicted := crowd.admit(w, r, time.Now())
		if evicted {
			s.metrics.Evicted()
		}
		if g == nil {
			s.turnAway(w, r, refuse, procedure)
			return
		}
		defer func() { g.leave(); s.bodies.Add(-g.held) }()
		r = r.WithContext(context.WithValue(r.Context(), guestKey{}, g))
		if r.Body != nil && r.Body != http.NoBody {
			r.Body = &body{r.Body, s, g}
		}
		next.ServeHTTP(w, r)
		if procedure != "" && !g.called {
			s.metrics.Unread(procedure, codeUnread)
		}
	})
}

// turnAway refuses a request before anything of it is read.
func (s *Server) turnAway(w http.ResponseWriter, r *http.Request, refuse *connect.ErrorWriter, procedure string) {
	s.metrics.ShedRequest()
	e := answer(s.logger, s.overloaded())
	if procedure != "" && refuse.IsSupported(r) {
		s.metrics.Unread(procedure, e.Code().String())
		_ = refuse.Write(w, r, e) // a client that left is no error of ours
		return
	}
	w.Header().Set("Retry-After", retryAfterHeader(s.gate.delay()))
	w.Header().Set("Cache-Control", cacheNothing)
	http.Error(w, "too many requests under way; come back later", http.StatusServiceUnavailable)
}

// retryAfterHeader is a delay in whole seconds, at least one.
func retryAfterHeader(d time.Duration) string {
	return strconv.FormatInt(int64((d+time.Second-1)/time.Second), 10)
}
