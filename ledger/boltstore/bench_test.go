package boltstore_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	"github.com/deedlog/deed/ledger/storetest"
)

// An action has the size of a logged action: an entry of 400 bytes, 1.6 KiB of
// evidence, a state cell, and eight rows, of which two are its own.
type action uint64

func (a action) ID() ledger.Hash {
	return sha256.Sum256(binary.BigEndian.AppendUint64(nil, uint64(a)))
}

func (a action) Place(v ledger.View, _ time.Time) (ledger.Placement, error) {
	session := fmt.Sprint("session ", uint64(a)%64)
	if _, err := v.Get("session", session); err != nil {
		return ledger.Placement{}, err
	}
	id := a.ID()
	evidence := bytes.Repeat(id[:], 50)
	return ledger.Placement{
		Entry:   bytes.Repeat(id[:20], 20),
		Objects: []ledger.Object{{Digest: sha256.Sum256(evidence), Bytes: evidence, Fresh: true}},
		Cells:   []ledger.Cell{{Table: "session", Key: session, Value: id[:]}},
		Rows: []ledger.Row{
			{Name: "agent", Key: session}, {Name: "day", Key: "2026-01-01"}, {Name: "kind", Key: "action"}, {Name: "effect", Key: "allow"},
			{Name: "session", Key: session}, {Name: "warrant", Key: session},
			{Name: "resource", Key: id.String()[:16]}, {Name: "request", Key: id.String()},
		},
	}, nil
}

func benchLog(b *testing.B, change func(*ledger.Config)) (*ledger.Log, string) {
	dir := b.TempDir()
	s := openAt(b, filepath.Join(dir, "log.db"))
	b.Cleanup(func() { s.Close() })
	c := storetest.Config(b, s, &boltstore.HeadFile{Path: filepath.Join(dir, "head")})
	c.Now = time.Now
	change(&c)
	return storetest.Open(b, c), dir
}

// BenchmarkAppend measures the whole append, with both signatures and the
// receipt, and beside it the device: appending 2 KiB and fdatasync, in a loop.
func BenchmarkAppend(b *testing.B) {
	for _, adders := range []int{1, 64, 2048} {
		b.Run(fmt.Sprintf("adders=%d", adders), func(b *testing.B) {
			l, dir := benchLog(b, func(*ledger.Config) {})
			var next atomic.Uint64
			var wg sync.WaitGroup
			took := make([][]time.Duration, adders)
			b.ResetTimer()
			for w := range adders {
				wg.Go(func() {
					for {
						n := next.Add(1)
						if n > uint64(b.N) {
							return
						}
						start := time.Now()
						if _, err := l.Append(ctx, action(n)); err != nil {
							b.Error(err)
							return
						}
						took[w] = append(took[w], time.Since(start))
					}
				})
			}
			wg.Wait()
			b.StopTimer()
			all := slices.Sorted(slices.Values(slices.Concat(took...)))
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "entries/s")
			b.ReportMetric(float64(all[len(all)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(all[len(all)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(rawSyncs(b, dir), "raw-syncs/s")
		})
	}
}

func rawSyncs(b *testing.B, dir string) float64 {
	f, err := os.Create(filepath.Join(dir, "raw"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	const n = 300
	start := time.Now()
	for range n {
		if _, err := f.Write(make([]byte, 2048)); err != nil {
			b.Fatal(err)
		}
		if err := boltstore.SyncData(f); err != nil {
			b.Fatal(err)
		}
	}
	return n / time.Since(start).Seconds()
}

// BenchmarkInclusionProof measures Log.Inclusion of random entries, which reads
// the entry and two tiles, and verifies the proof. From 65,536 entries up to 16
// million, the number of tiles read is the same.
func BenchmarkInclusionProof(b *testing.B) {
	const size = 200_000
	l, _ := benchLog(b, func(c *ledger.Config) {
		c.QueueLimit, c.MaxBatch, c.Linger, c.Cosigner = 1<<16, 1<<14, -1, nil
	})
	var wg sync.WaitGroup
	for w := range uint64(1 << 14) {
		wg.Go(func() {
			for n := w; n < size; n += 1 << 14 {
				if _, err := l.Append(ctx, storetest.Text(fmt.Sprint(n))); err != nil {
					b.Error(err)
				}
			}
		})
	}
	wg.Wait()
	b.ReportAllocs()
	n := uint64(0)
	for b.Loop() {
		n = (n*6364136223846793005 + 1442695040888963407)
		if _, err := l.Inclusion(ctx, n%size, size); err != nil {
			b.Fatal(err)
		}
	}
}
