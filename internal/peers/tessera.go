package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"runtime"
	"time"

	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
	"k8s.io/klog/v2"

	"github.com/deedlog/deed/ledger"
)

const tesseraOrigin = "peers.example/tessera"

// A setting is one way to run Tessera.
type setting struct {
	batch      uint
	age        time.Duration // how long a batch waits for more
	checkpoint time.Duration // at least so long between two
}

func (s setting) String() string {
	return fmt.Sprintf("Tessera, batch %d, checkpoint %v", s.batch, s.checkpoint)
}

// Two settings contend for the most entries per second; the third publishes as
// often as Tessera's POSIX driver lets one, and makes the shortest waits.
var (
	throughput = []setting{
		{256, throughputAge, time.Second},
		{1024, throughputAge, time.Second},
		{1024, throughputAge, 100 * time.Millisecond},
	}
	fastest = setting{256, 2 * time.Millisecond, 100 * time.Millisecond}
)

// throughputAge is longer than a batch takes to fill.
const throughputAge = 50 * time.Millisecond

// A tesseraLog runs in this process.
type tesseraLog struct {
	*tessera.Appender
	dir      string
	reader   tessera.LogReader
	awaiter  *tessera.PublicationAwaiter
	verifier note.Verifier
	shutdown func(context.Context) error
	cancel   context.CancelFunc
}

func openTessera(ctx context.Context, dir string, s setting) (*tesseraLog, error) {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
	private, public, err := note.GenerateKey(rand.Reader, tesseraOrigin)
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(private)
	if err != nil {
		return nil, err
	}
	verifier, err := note.NewVerifier(public)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	l := &tesseraLog{dir: dir, verifier: verifier, cancel: cancel}
	driver, err := posix.New(ctx, posix.Config{Path: dir})
	if err != nil {
		cancel()
		return nil, err
	}
	l.Appender, l.shutdown, l.reader, err = tessera.NewAppender(ctx, driver, tessera.NewAppendOptions().
		WithCheckpointSigner(signer).WithCheckpointInterval(s.checkpoint).WithBatching(s.batch, s.age).WithPushback(2*manyAdders))
	if err != nil {
		cancel()
		return nil, err
	}
	l.awaiter = tessera.NewPublicationAwaiter(ctx, l.reader.ReadCheckpoint, 2*time.Millisecond)
	return l, nil
}

// add appends an entry and returns when it has its place for good.
func (l *tesseraLog) add(ctx context.Context, i uint64) error {
	_, err := l.Add(ctx, tessera.NewEntry(entryOf(i)))()
	return err
}

// prove appends an entry and returns with the proof of it in hand.
func (l *tesseraLog) prove(ctx context.Context, i uint64) error {
	index, text, err := l.awaiter.Await(ctx, l.Add(ctx, tessera.NewEntry(entryOf(i))))
	if err != nil {
		return err
	}
	signed, err := ledger.ParseSignedCheckpoint(text)
	if err != nil {
		return err
	}
	builder, err := client.NewProofBuilder(ctx, signed.Size, l.reader.ReadTile)
	if err != nil {
		return err
	}
	_, err = builder.InclusionProof(ctx, index.Index)
	return err
}

// published waits for the checkpoint over all that was added.
func (l *tesseraLog) published(ctx context.Context, n uint64) error {
	future := func() (tessera.Index, error) { return tessera.Index{Index: n - 1}, nil }
	_, _, err := l.awaiter.Await(ctx, future)
	return err
}

// check is Tessera's own fsck, with a worker per core.
func (l *tesseraLog) check(ctx context.Context) error {
	return fsck.New(tesseraOrigin, l.verifier, client.FileFetcher{Root: l.dir}, leafHashes, fsck.Opts{N: uint(runtime.GOMAXPROCS(0))}).Check(ctx)
}

// leafHashes are those of an entry bundle.
func leafHashes(bundle []byte) ([][]byte, error) {
	var b api.EntryBundle
	if err := b.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	hashes := make([][]byte, len(b.Entries))
	for i, e := range b.Entries {
		hashes[i] = rfc6962.DefaultHasher.HashLeaf(e)
	}
	return hashes, nil
}

func (l *tesseraLog) close(ctx context.Context) error {
	defer l.cancel()
	return l.shutdown(ctx)
}
