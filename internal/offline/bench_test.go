//go:build unix

package offline_test

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/offline"
	"github.com/deedlog/deed/ledger"
)

func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		panic(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkStatements reports the processor time for each entry of a log, and the
// share in it of one bare P-256 verification.
func BenchmarkStatements(b *testing.B) {
	m := newLog(b, 2000)
	s := m.open(b)
	b.ReportAllocs()
	size, used := uint64(0), processorTime()
	for b.Loop() {
		var err error
		size, err = offline.Statements{Store: s, Signed: &m.signed, Report: func(c *ledger.Corrupt) { b.Error(c) }}.Run(b.Context())
		if err != nil {
			b.Fatal(err)
		}
	}
	each := float64((processorTime() - used).Nanoseconds()) / float64(uint64(b.N)*size)
	b.ReportMetric(each, "cpu-ns/entry")
	b.ReportMetric(m.ceiling(b)/each, "of-ceiling")
}

// ceiling is the processor time of one bare verification, in nanoseconds.
func (m *made) ceiling(b *testing.B) float64 {
	key, used := m.Payments.Key.Public().(*ecdsa.PublicKey), processorTime()
	for _, s := range m.actions {
		e := s.Envelope
		message := fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(attest.PayloadType), attest.PayloadType, len(e.Payload), e.Payload)
		if sum := sha256.Sum256(message); !ecdsa.VerifyASN1(key, sum[:], e.Signature) {
			b.Fatal("a signature does not verify")
		}
	}
	return float64((processorTime() - used).Nanoseconds()) / float64(len(m.actions))
}
