//go:build torture

package flood

import (
	"context"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// sockets is how many a slow client keeps open.
const sockets = 3000

// few is honest traffic that leaves the machine some room, so that its latency
// says something.
const few = 16

// slowness is a way to be slow.
type slowness struct {
	name  string
	ways  []way         // in turn
	limit time.Duration // after which nothing of it is under way
}

// way is what one socket sends first, and then again and again.
type way struct{ first, more string }

// TestSlow has thousands of sockets that do next to nothing, and are opened again
// when they are closed. Honest traffic goes on, and when the slow ones no longer
// come back, all of theirs are closed.
func TestSlow(t *testing.T) {
	const (
		head = "Host: localhost\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n{"
		page = "GET /tile/entries/000 HTTP/1.1\r\nHost: localhost\r\n\r\n"
	)
	p := start(t)
	o := p.open()
	o.during(time.Second, writers, true).sound(p) // there is a full bundle to read
	for _, s := range []slowness{
		{"headers", []way{{"", ""}, {"POST / HTTP/1.1\r\nHost: localhost\r\n", "X-A: b\r\n"}}, 10 * time.Second},
		{"bodies", []way{{"POST /deed.v1.AttestationService/Submit HTTP/1.1\r\n" + head, " "}, {"POST /healthz HTTP/1.1\r\n" + head, " "}}, 15 * time.Second},
		{"reads", []way{{strings.Repeat(page, 20), page}}, 35 * time.Second},
	} {
		t.Run(s.name, func(t *testing.T) { s.run(t, o) })
	}
}

func (s slowness) run(t *testing.T, o *office) {
	p := o.p
	calm := o.during(long(2*time.Second, 30*time.Second), few, true)
	calm.sound(p)
	before := p.descriptors()
	ctx, cancel := context.WithCancel(t.Context())
	attack := s.begin(ctx, p)
	time.Sleep(time.Second)
	under := o.during(long(3*time.Second, 10*time.Minute), few, true)
	under.sound(p)
	open := p.descriptors() - before
	attack.stop.Store(true) // what is closed stays closed; the rest is held
	if s.limit > long(15*time.Second, time.Hour) {
		s.limit = 0
		t.Log("only the long run waits until all are gone")
	}
	begin := time.Now()
	for s.left(p, before) > few && time.Since(begin) < s.limit {
		time.Sleep(50 * time.Millisecond)
	}
	reaped := time.Since(begin)
	left := s.left(p, before)
	cancel()
	attack.wait.Wait()
	t.Logf("RESULT slow %s: %d opened, %d open at once; calm: %v; meanwhile: %v; all done with after %v",
		s.name, attack.opened.Load(), open, calm, under, reaped.Round(100*time.Millisecond))
	if left > few && s.limit > 0 {
		t.Errorf("%d are left after %v", left, s.limit)
	}
	// The attacker runs on the same two cores, and a writer that meets a full
	// server waits for its delay.
	if most := max(8*calm.quantile(.99), 2500*time.Millisecond); under.quantile(.99) > most {
		t.Errorf("p99 %v, at most %v", under.quantile(.99), most)
	}
	if under.rate() < calm.rate()/10 {
		t.Errorf("%.0f/s of %.0f/s", under.rate(), calm.rate())
	}
}

// left is how much of the attack the server still has. A connection whose
// requests were all answered may stay for a while, as others do.
func (s slowness) left(p *process, before int) int {
	if s.name == "reads" {
		return int(p.metric("deed_http_requests_open"))
	}
	return p.descriptors() - before
}

// attack is what slow clients have under way.
type attack struct {
	opened atomic.Int64
	stop   atomic.Bool
	wait   sync.WaitGroup
}

// begin opens all sockets, and keeps them open until ctx ends.
func (s slowness) begin(ctx context.Context, p *process) *attack {
	a := new(attack)
	for i := range sockets {
		a.wait.Go(func() {
			time.Sleep(time.Duration(i) * time.Second / sockets)
			for ctx.Err() == nil && !a.stop.Load() {
				a.opened.Add(1)
				s.ways[i%len(s.ways)].hold(ctx, p, a, s.name == "reads")
				select {
				case <-ctx.Done():
				case <-time.After(time.Second):
				}
			}
		})
	}
	return a
}

// hold is the life of one socket. blind never looks at what comes.
func (w way) hold(ctx context.Context, p *process, a *attack, blind bool) {
	conn, err := (&net.Dialer{Timeout: 5 * time.Second}).DialContext(ctx, "tcp", p.address)
	if err != nil {
		return
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	if blind {
		_ = conn.(*net.TCPConn).SetReadBuffer(4096)
	}
	_, err = io.WriteString(conn, w.first)
	for err == nil && ctx.Err() == nil {
		if blind {
			time.Sleep(time.Second)
		} else {
			_ = conn.SetReadDeadline(time.Now().Add(time.Second))
			if _, err := conn.Read(make([]byte, 1)); err == nil || !isTimeout(err) {
				return // an answer, or the end
			}
		}
		if !a.stop.Load() { // afterwards it is held, and no more is sent
			_, err = io.WriteString(conn, w.more)
		}
	}
}

func isTimeout(err error) bool {
	e, ok := err.(net.Error)
	return ok && e.Timeout()
}
