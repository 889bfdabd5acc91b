package server

import (
	"container/list"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// maxConnections is how many connections there may be. With each comes a file
// descriptor; if those run out, the head file cannot be written, and the log
// stops for good.
const maxConnections = 2048

// quiet is how long a connection may do nothing while others wait.
const quiet = time.Second

// sendBuffer is what the kernel holds for a client that does not read, in bytes.
const sendBuffer = 128 << 10

// Listener accepts a bounded number of connections. When there are too many,
// the one goes that has done nothing for longest: it sent no request, or only a
// part of one, or is idle between two. No connection is closed on which the
// server works.
type Listener struct {
	net.Listener

	mu      sync.Mutex
	open    int
	quiet   list.List // of *conn: those without work, longest first
	evicted uint64
}

// conn is a connection with what is under way on it.
type conn struct {
	net.Conn
	l        *Listener
	answered atomic.Bool // a call on it had the answer that was asked for

	// Guarded by l.mu.
	since  time.Time // of the last thing that happened
	work   int       // calls that the server works on
	place  *list.Element
	closed bool
}

// Accept implements net.Listener.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		c, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if t, ok := c.(*net.TCPConn); ok {
			_ = t.SetWriteBuffer(sendBuffer) // else the kernel takes megabytes for who does not read
		}
		if admitted := l.admit(c, time.Now()); admitted != nil {
			return admitted, nil
		}
		_ = c.Close() // all others are at work
	}
}

// admit takes a connection in, or returns nil.
func (l *Listener) admit(c net.Conn, now time.Time) net.Conn {
	l.mu.Lock()
	var quietest *conn
	if l.open >= maxConnections {
		first := l.quiet.Front()
		l.evicted++
		if first == nil || now.Sub(first.Value.(*conn).since) < quiet {
			l.mu.Unlock()
			return nil
		}
		quietest = first.Value.(*conn)
		l.remove(quietest)
	}
	in := &conn{Conn: c, l: l, since: now}
	in.place = l.quiet.PushBack(in)
	l.open++
	l.mu.Unlock()
	if quietest != nil {
		_ = quietest.Conn.Close() // its server notices, and calls Close again
	}
	return in
}

func (l *Listener) remove(c *conn) {
	if c.closed {
		return
	}
	c.closed = true
	l.open--
	if c.place != nil {
		l.quiet.Remove(c.place)
		c.place = nil
	}
}

// Connections says how many are open, and how many were closed or not accepted
// because there were too many.
func (l *Listener) Connections() (open int, evicted uint64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open, l.evicted
}

// Close implements net.Conn.
func (c *conn) Close() error {
	c.l.mu.Lock()
	c.l.remove(c)
	c.l.mu.Unlock()
	return c.Conn.Close()
}

// known reports whether somebody is behind the connection who knows what to say.
func (c *conn) known() bool { return c != nil && c.answered.Load() }

// CloseWrite lets net/http end an answer before it closes the connection.
func (c *conn) CloseWrite() error {
	if half, ok := c.Conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return errors.ErrUnsupported
}

// touch says that something happened on the connection, and how many more or
// fewer calls are worked on. A nil connection is one of a test.
func (c *conn) touch(now time.Time, work int) {
	if c == nil {
		return
	}
	c.l.mu.Lock()
	defer c.l.mu.Unlock()
	if c.closed {
		return
	}
	c.since = now
	c.work += work
	switch {
	case c.work > 0 && c.place != nil:
		c.l.quiet.Remove(c.place)
		c.place = nil
	case c.work == 0 && c.place == nil:
		c.place = c.l.quiet.PushBack(c)
	case c.place != nil:
		c.l.quiet.MoveToBack(c.place)
	}
}

type connKey struct{}

// withConn lets the requests of a connection find it; it is an
// [http.Server.ConnContext].
func withConn(ctx context.Context, c net.Conn) context.Context {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	if in, ok := c.(*conn); ok {
		return context.WithValue(ctx, connKey{}, in)
	}
	return ctx
}

func connOf(ctx context.Context) *conn {
	c, _ := ctx.Value(connKey{}).(*conn)
	return c
}
