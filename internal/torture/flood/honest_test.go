//go:build torture

package flood

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"connectrpc.com/connect"

	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// traffic is what honest writers saw.
type traffic struct {
	mu      sync.Mutex
	took    time.Duration
	acked   int
	checked int
	shed    int
	broken  int // calls without an answer, sent again
	delays  time.Duration
	latency []time.Duration // of those that were acknowledged, with all their retries
	wrong   []error
	last    []*receipt
}

// receipt is what to look for in the log afterwards.
type receipt struct {
	index uint64
	entry string
}

// honest lets n writers submit one statement after the other until ctx ends.
// They do what clients have to: after a delay, or a connection that broke, they
// send the same bytes again. patient is false for those who ignore the delay.
func (o *office) honest(ctx context.Context, t *traffic, n int, patient bool) {
	var wait sync.WaitGroup
	client := o.attestation()
	for i := range n {
		if i%128 == 127 {
			client = o.attestation()
		}
		wait.Go(func() {
			for ctx.Err() == nil {
				o.one(ctx, client, t, patient)
			}
		})
	}
	wait.Wait()
}

type submitter interface {
	Submit(context.Context, *deedv1.SubmitRequest) (*deedv1.SubmitResponse, error)
}

// one submits one statement until it is acknowledged.
func (o *office) one(ctx context.Context, client submitter, t *traffic, patient bool) {
	m, start := o.message(o.act(nonce())), time.Now()
	for ctx.Err() == nil {
		res, err := client.Submit(context.WithoutCancel(ctx), m)
		if err == nil {
			t.ack(ctx, o, res, time.Since(start))
			return
		}
		delay, overloaded := refused(err)
		t.mu.Lock()
		switch {
		case overloaded:
			t.shed++
			t.delays += delay
		case connect.CodeOf(err) == connect.CodeUnavailable || !connect.IsWireError(err):
			t.broken++
		default:
			t.wrong = append(t.wrong, err)
		}
		t.mu.Unlock()
		if !patient {
			delay = 0
		}
		time.Sleep(max(delay, 20*time.Millisecond))
	}
}

// ack notes an answer and verifies one of sixteen, because the writers run on
// the same cores. Answers after the end are verified and not counted.
func (t *traffic) ack(ctx context.Context, o *office, res *deedv1.SubmitResponse, took time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if ctx.Err() == nil {
		t.acked++
		t.latency = append(t.latency, took)
	}
	if t.checked++; t.checked%16 == 0 {
		t.last = append(t.last, &receipt{res.GetReceipt().GetIndex(), string(res.GetReceipt().GetEntry())})
		if err := o.verify(res.GetReceipt()); err != nil {
			t.wrong = append(t.wrong, err)
		}
	}
}

// during is honest traffic for a time, counted after a second in which it gets
// going.
func (o *office) during(d time.Duration, n int, patient bool) *traffic {
	ctx, cancel := context.WithTimeout(o.p.Context(), d+time.Second)
	defer cancel()
	var lead traffic
	all := new(traffic)
	time.AfterFunc(time.Second, func() { all.mu.Lock(); lead.add(all); all.mu.Unlock() })
	o.honest(ctx, all, n, patient)
	all.acked, all.latency = all.acked-lead.acked, all.latency[len(lead.latency):]
	all.took = d
	slices.Sort(all.latency)
	return all
}

// add adds what was seen at another time.
func (t *traffic) add(o *traffic) {
	t.took += o.took
	t.acked, t.shed, t.broken = t.acked+o.acked, t.shed+o.shed, t.broken+o.broken
	t.latency, t.wrong, t.last = append(t.latency, o.latency...), append(t.wrong, o.wrong...), append(t.last, o.last...)
	slices.Sort(t.latency)
}

func (t *traffic) quantile(q float64) time.Duration {
	if len(t.latency) == 0 {
		return 0
	}
	return t.latency[int(q*float64(len(t.latency)-1))]
}

func (t *traffic) rate() float64 { return float64(t.acked) / t.took.Seconds() }

func (t *traffic) String() string {
	return fmt.Sprintf("%d acknowledged, p50 %v, p99 %v, %d shed, %d broken", t.acked,
		t.quantile(.5).Round(time.Millisecond), t.quantile(.99).Round(time.Millisecond), t.shed, t.broken)
}

// sound fails the test if an answer was wrong, or there was none.
func (t *traffic) sound(p *process) {
	p.Helper()
	if t.acked == 0 {
		p.Error("nothing was acknowledged")
	}
	for i, err := range t.wrong {
		if i < 5 {
			p.Error(err)
		}
	}
}
