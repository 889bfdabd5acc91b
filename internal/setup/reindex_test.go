package setup_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// reindex runs a reindex that wants nothing reported.
func reindex(ctx context.Context, t *testing.T, c setup.Config) (setup.Reindexed, error) {
	t.Helper()
	return setup.Reindex{Config: c, Report: func(c *ledger.Corrupt) { t.Log(c) }}.Run(ctx)
}

// flipIn flips a bit at an offset of every place of a file that has these bytes.
func flipIn(t *testing.T, path string, text []byte, offset int) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for at := 0; ; n++ {
		i := bytes.Index(b[at:], text)
		if i < 0 {
			break
		}
		at += i + len(text)
		b[at-len(text)+offset] ^= 1
	}
	if n == 0 {
		t.Fatal("the bytes to damage are not in the file")
	}
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// closed makes a register and closes it. It returns its entries too.
func closed(t *testing.T) (*setup.Instance, []ledger.Entry) {
	t.Helper()
	i := create(t, nil)
	entries, err := i.Store.Entries(t.Context(), 0, 100)
	if err != nil || len(entries) < 3 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	closeInstance(t, i)
	return i, entries
}

// sound wants a database without a fault, and a register that starts with it.
func sound(t *testing.T, i *setup.Instance) {
	t.Helper()
	inspection := setup.Inspection{Config: i.Config, Report: func(c *ledger.Corrupt) { t.Error(c) }, Pages: true}
	if _, err := inspection.Run(t.Context()); err != nil {
		t.Error(err)
	}
	again, err := setup.Open(t.Context(), filepath.Join(i.Dir, setup.ConfigFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	closeInstance(t, again)
}

// TestReindex damages what follows from the entries: a start is refused, or reads
// damage, and afterwards the register is whole again.
func TestReindex(t *testing.T) {
	recent := func(e ledger.Entry) []byte { return append(binary.BigEndian.AppendUint32(nil, 1), e.ID[:]...) }
	tests := map[string]struct {
		bytes  func(entries []ledger.Entry) []byte
		offset int
		starts bool
	}{
		"index": {func(e []ledger.Entry) []byte { return recent(e[2]) }, 7, false},
		"state": {func([]ledger.Entry) []byte { return []byte("cell/force") }, 5, true}, // the table has another name
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			i, entries := closed(t)
			flipIn(t, i.Config.Store, tt.bytes(entries), tt.offset)
			s, err := boltstore.Open(i.Config.Store)
			if (err == nil) != tt.starts {
				t.Fatalf("Open of the damaged file: %v", err)
			}
			if err == nil {
				s.Close()
			}
			if err := os.WriteFile(i.Config.Store+".reindex", []byte("of a run that was killed"), 0o600); err != nil {
				t.Fatal(err)
			}
			before, err := os.ReadFile(i.Config.Store)
			if err != nil {
				t.Fatal(err)
			}
			out, err := reindex(t.Context(), t, i.Config)
			if err != nil || out.Entries != uint64(len(entries)) {
				t.Fatalf("Run = %+v, %v", out, err)
			}
			sound(t, i)
			if kept, err := os.ReadFile(out.Kept); err != nil || !bytes.Equal(kept, before) {
				t.Errorf("the old file is not kept: %v", err)
			}
			if _, err := reindex(t.Context(), t, i.Config); !errors.Is(err, setup.ErrExists) {
				t.Errorf("a second run: %v, want ErrExists", err)
			}
		})
	}
}

// TestReindexKilled: a run that was killed after the old file had its second name,
// and before the new one was in place, is done again.
func TestReindexKilled(t *testing.T) {
	i, entries := closed(t)
	if err := os.Link(i.Config.Store, i.Config.Store+".before-reindex"); err != nil {
		t.Fatal(err)
	}
	out, err := reindex(t.Context(), t, i.Config)
	if err != nil || out.Entries != uint64(len(entries)) {
		t.Fatalf("Run = %+v, %v", out, err)
	}
	sound(t, i)
}

// TestReindexRefuses: what cannot be made again is not made, and the file stays
// what it was.
func TestReindexRefuses(t *testing.T) {
	stopped, stop := context.WithCancel(t.Context())
	stop()
	tests := map[string]struct {
		ctx    context.Context
		damage func(t *testing.T, i *setup.Instance, entries []ledger.Entry)
		want   string
	}{
		"a damaged entry": {t.Context(), func(t *testing.T, i *setup.Instance, e []ledger.Entry) { flipIn(t, i.Config.Store, e[1].Bytes, 20) }, "the log is damaged"},
		"a lost object": {t.Context(), func(t *testing.T, i *setup.Instance, e []ledger.Entry) {
			_, rest, _ := bytes.Cut(e[1].Bytes, []byte(`"admission":"sha256:`))
			digest := make([]byte, 32)
			for n := range digest {
				digest[n] = unhex(rest[2*n])<<4 | unhex(rest[2*n+1])
			}
			flipIn(t, i.Config.Store, append(digest, '{'), 32)
		}, "the log is damaged"},
		"a head file of more": {t.Context(), func(t *testing.T, i *setup.Instance, _ []ledger.Entry) {
			old, err := os.ReadFile(i.Config.Store)
			if err != nil {
				t.Fatal(err)
			}
			again, err := setup.Open(t.Context(), filepath.Join(i.Dir, setup.ConfigFile), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := setup.RotateCA(i.Dir); err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(again.Reread(t.Context()), again.Close()); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(i.Config.Store, old, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "4 entries are signed, 3 are stored"},
		"a caller that goes away": {stopped, func(*testing.T, *setup.Instance, []ledger.Entry) {}, "context canceled"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			i, entries := closed(t)
			tt.damage(t, i, entries)
			before, err := os.ReadFile(i.Config.Store)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := reindex(tt.ctx, t, i.Config); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Run = %v, want %q", err, tt.want)
			}
			after, err := os.ReadFile(i.Config.Store)
			if err != nil || !bytes.Equal(after, before) {
				t.Errorf("the file was changed: %v", err)
			}
			for _, left := range []string{".reindex", ".before-reindex"} {
				if _, err := os.Stat(i.Config.Store + left); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is left", left)
				}
			}
		})
	}
}

func unhex(c byte) byte {
	if c >= 'a' {
		return c - 'a' + 10
	}
	return c - '0'
}
