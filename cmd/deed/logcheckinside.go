package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// readInside checks a database and writes what it finds as lines of JSON.
func readInside(ctx context.Context, path string, out io.Writer) error {
	say := func(line checkLine) {
		doc, err := json.Marshal(line)
		if err == nil {
			_, _ = out.Write(append(doc, '\n')) // the process that started this one has gone
		}
	}
	err := readStore(ctx, path, say)
	if err != nil {
		say(checkLine{Error: err.Error()})
		return err
	}
	say(checkLine{End: true})
	return nil
}

func readStore(ctx context.Context, path string, say func(checkLine)) error {
	store, err := boltstore.OpenReadOnly(path)
	if errors.Is(err, boltstore.ErrLocked) {
		return fmt.Errorf("%w: stop the deed serve that has it open, or check a copy", err)
	}
	if err != nil {
		say(checkLine{Fault: &faultAt{"file", "-", "a database", err.Error()}})
		return nil
	}
	damage := func(c *ledger.Corrupt) { say(checkLine{Fault: &faultAt{c.Bucket, c.Key, c.Want, c.Got}}) }
	progress := func(done, size uint64) { say(checkLine{Done: done, Size: size}) }
	err = ledger.Check(ctx, store, damage, progress)
	if err == nil {
		err = readStatements(ctx, store, damage, progress)
	}
	return errors.Join(err, store.Close())
}

// checkChunk is how many entries are read at once.
const checkChunk = 256

// readStatements opens the statement of every entry, and looks for every object
// that its record names.
func readStatements(ctx context.Context, store ledger.Store, damage func(*ledger.Corrupt), progress func(done, size uint64)) error {
	head, err := store.Load(ctx)
	if err != nil {
		return fmt.Errorf("loading head: %w", err)
	}
	for at := uint64(0); at < head.Size; {
		entries, err := store.Entries(ctx, at, min(checkChunk, head.Size-at))
		var corrupt *ledger.Corrupt
		if err != nil && !errors.As(err, &corrupt) {
			return fmt.Errorf("reading entry %d: %w", at, err)
		}
		for i, e := range entries {
			readStatementOf(ctx, store, at+uint64(i), e, damage)
		}
		at += uint64(len(entries))
		if corrupt != nil {
			at++ // named already
		}
		progress(at, head.Size)
	}
	return ctx.Err()
}

func readStatementOf(ctx context.Context, store ledger.Store, index uint64, e ledger.Entry, damage func(*ledger.Corrupt)) {
	missing := ""
	object := func(d attest.Digest) ([]byte, error) {
		b, err := store.Get(ctx, ledger.ObjectTable, d.Hex())
		if err == nil && b == nil {
			missing = d.Hex()
			err = errors.New("it is not there")
		}
		return b, err
	}
	logged, err := admission.Reopen(index, e.Bytes, object)
	if err == nil {
		for _, d := range logged.Record.Objects {
			if _, err = object(d); err != nil {
				break
			}
		}
	}
	var corrupt *ledger.Corrupt
	switch {
	case err == nil, errors.As(err, &corrupt): // a damaged object is named by the store's own check
	case missing != "":
		damage(&ledger.Corrupt{Bucket: "objects", Key: missing, Want: fmt.Sprintf("an object of entry %d", index), Got: "none"})
	default:
		damage(&ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(index), Want: "a statement that opens", Got: err.Error()})
	}
}
