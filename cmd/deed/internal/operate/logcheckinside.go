package operate

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// readInside reads a database in one way or another, and writes what it finds as
// lines of JSON.
func readInside(ctx context.Context, config setup.Config, out io.Writer,
	read func(context.Context, setup.Config, func(*ledger.Corrupt), ledger.Progress) (uint64, error)) error {
	var mu sync.Mutex
	say := func(line checkLine) {
		mu.Lock()
		defer mu.Unlock()
		// A key that is damaged need not be text, and its fault must not get lost.
		doc, err := json.Marshal(line, jsontext.AllowInvalidUTF8(true))
		if err != nil {
			doc = []byte(`{"error":"a fault that cannot be written"}`)
		}
		_, _ = out.Write(append(doc, '\n')) // an error: the process that started this one has gone
	}
	report := func(c *ledger.Corrupt) { say(checkLine{Fault: &faultAt{c.Bucket, c.Key, c.Want, c.Got}}) }
	progress := func(bucket string, done, size uint64) { say(checkLine{Bucket: bucket, Done: done, Size: size}) }
	size, err := read(ctx, config, report, progress)
	if errors.Is(err, boltstore.ErrLocked) {
		say(checkLine{Locked: true})
		return err
	}
	if err != nil {
		_, hint := console.Classify(err)
		say(checkLine{Error: err.Error(), Hint: hint})
		return err
	}
	say(checkLine{End: true, Size: size})
	return nil
}

// inspect is what deed log check reads.
func (l *logCheck) inspect(ctx context.Context, c setup.Config, report func(*ledger.Corrupt), progress ledger.Progress) (uint64, error) {
	i := setup.Inspection{Config: c, Depth: setup.Depth(l.depth), Report: report, Progress: progress, Pages: true}
	return i.Run(ctx)
}

// scrub is what deed log scrub reads: the same as serve does in the background.
func scrub(ctx context.Context, c setup.Config, report func(*ledger.Corrupt), progress ledger.Progress) (uint64, error) {
	store, err := setup.OpenStore(c)
	if setup.Refuses(err) {
		return 0, err
	}
	if err != nil {
		report(&ledger.Corrupt{Bucket: "file", Key: c.Store, Want: "a database", Got: err.Error()})
		return 0, nil
	}
	head, err := store.Load(ctx)
	var bad *ledger.Corrupt
	switch {
	case errors.As(err, &bad):
		report(bad)
		return 0, store.Close()
	case err != nil:
		return 0, fmt.Errorf("loading head: %w", errors.Join(err, store.Close()))
	}
	s := ledger.NewScrub(ledger.ScrubConfig{
		Reader: store, Report: report, Progress: progress, Now: time.Now,
		Head: func(context.Context) (uint64, ledger.Hash, error) { return head.Size, head.Root, nil },
	})
	_, err = s.Pass(ctx)
	return head.Size, errors.Join(err, store.Close())
}
