//go:build torture

package flood

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Types and flags of HTTP/2 frames, RFC 9113 section 6.
const (
	frameHeaders      = 0x1
	frameReset        = 0x3
	frameSettings     = 0x4
	framePing         = 0x6
	frameContinuation = 0x9

	flagEndHeaders = 0x4
)

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// frame is one frame, RFC 9113 section 4.1.
func frame(kind, flags byte, stream uint32, payload []byte) []byte {
	b := []byte{byte(len(payload) >> 16), byte(len(payload) >> 8), byte(len(payload)), kind, flags}
	return append(binary.BigEndian.AppendUint32(b, stream), payload...)
}

// request is the header block of a call, in HPACK without compression: RFC 7541
// section 6.1 for what is in the static table, 6.2.2 for the rest.
func request() []byte {
	block := []byte{0x83, 0x86} // POST, http
	for _, h := range []struct {
		name  byte // in the static table
		value string
	}{{4, "/deed.v1.AttestationService/Submit"}, {1, "localhost"}} {
		block = append(append(block, h.name, byte(len(h.value))), h.value...)
	}
	return append(append(block, 0x0f, 31-15, byte(len("application/json"))), "application/json"...)
}

// filler is a header of about 4 KiB, with a name that is not in any table.
func filler() []byte {
	value := bytes.Repeat([]byte("x"), 4000)
	block := []byte{0x00, 1, 'z', 0x7f}
	block = append(block, byte((len(value)-127)&0x7f|0x80), byte((len(value)-127)>>7))
	return append(block, value...)
}

// resets is how many streams a round opens and resets at once: 20,000 in a second
// from all connections.
const resets = 50

// signals is how many frames without a stream a round has: 100,000 in a second.
const signals = 250

// flood is what one connection sends, round after round.
type flood struct {
	name  string
	start []byte
	round func(n int) []byte
}

func floods() []flood {
	settings := frame(frameSettings, 0, 0, nil)
	return []flood{
		{"rapid reset", nil, func(n int) []byte {
			var b []byte
			for i := range resets {
				stream := uint32(2*(n*resets+i) + 1)
				b = append(b, frame(frameHeaders, flagEndHeaders, stream, request())...)
				b = append(b, frame(frameReset, 0, stream, []byte{0, 0, 0, 8})...)
			}
			return b
		}},
		{"CONTINUATION", frame(frameHeaders, 0, 1, request()), func(int) []byte {
			return bytes.Repeat(frame(frameContinuation, 0, 1, filler()), 16)
		}},
		{"SETTINGS", nil, func(int) []byte { return bytes.Repeat(settings, signals) }},
		{"PING", nil, func(int) []byte { return bytes.Repeat(frame(framePing, 0, 0, make([]byte, 8)), signals) }},
	}
}

// TestFrames sends floods of frames on several connections at once. The server
// bears them, and honest traffic goes on.
func TestFrames(t *testing.T) {
	p := start(t)
	o := p.open()
	o.during(time.Second, writers, true).sound(p)
	for _, f := range floods() {
		t.Run(f.name, func(t *testing.T) {
			calm := o.during(long(2*time.Second, 30*time.Second), few, true)
			calm.sound(p)
			var sent, connections atomic.Int64
			ctx, cancel := context.WithCancel(t.Context())
			var wait sync.WaitGroup
			for range 8 {
				wait.Go(func() {
					for ctx.Err() == nil {
						connections.Add(1)
						sent.Add(int64(f.pour(ctx, p.address)))
					}
				})
			}
			begin := time.Now()
			under := o.during(long(4*time.Second, 5*time.Minute), few, true)
			took := time.Since(begin)
			cancel()
			wait.Wait()
			under.sound(p)
			t.Logf("RESULT flood of %s: %.1f MiB/s on %d connections; calm: %v; meanwhile: %v", f.name,
				float64(sent.Load())/took.Seconds()/(1<<20), connections.Load(), calm, under)
			// The flood is made on the same two cores as everything else.
			if under.rate() < calm.rate()/20 {
				t.Errorf("%.0f/s of %.0f/s", under.rate(), calm.rate())
			}
		})
	}
}

// pour sends rounds at a pace that leaves the machine some time, until the other
// side has had enough. It returns how much was sent.
func (f flood) pour(ctx context.Context, address string) (sent int) {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return 0
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	go func() { _, _ = io.Copy(io.Discard, conn) }() // until it is closed
	next := append([]byte(preface), frame(frameSettings, 0, 0, nil)...)
	next = append(next, f.start...)
	for n := 0; ctx.Err() == nil; n++ {
		written, err := conn.Write(next)
		if sent += written; err != nil {
			return sent
		}
		next = f.round(n)
		time.Sleep(20 * time.Millisecond)
	}
	return sent
}
