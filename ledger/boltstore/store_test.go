package boltstore_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	"github.com/deedlog/deed/ledger/storetest"
)

func open(t *testing.T) ledger.Store { return openAt(t, filepath.Join(t.TempDir(), "log.db")) }

func openAt(t testing.TB, path string) *boltstore.Store {
	t.Helper()
	s, err := boltstore.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStore(t *testing.T)  { storetest.Run(t, open) }
func TestFaults(t *testing.T) { storetest.RunFaults(t, open) }

func TestMode(t *testing.T) {
	dir := t.TempDir()
	c, s := crashConfig(t, dir)
	defer s.Close()
	storetest.Open(t, c)
	for _, name := range []string{"log.db", "head"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v, %v, want mode 0600", name, info.Mode(), err)
		}
	}
}

func TestLocked(t *testing.T) {
	t.Parallel() // waits for two timeouts
	path := filepath.Join(t.TempDir(), "log.db")
	s := openAt(t, path)
	for name, open := range map[string]func(string) (*boltstore.Store, error){"Open": boltstore.Open, "OpenReadOnly": boltstore.OpenReadOnly} {
		if _, err := open(path); !errors.Is(err, boltstore.ErrLocked) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s of a database in use: %v, want ErrLocked", name, err)
		}
	}
	s.Close()
	openAt(t, path).Close()
}

func TestReadOnly(t *testing.T) {
	path := fill(t, 10)
	a, err := boltstore.OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := boltstore.OpenReadOnly(path)
	if err != nil {
		t.Fatalf("a second reader: %v", err)
	}
	defer b.Close()
	head, err := a.Load(ctx)
	if err != nil || head.Size != 10 {
		t.Errorf("Load = %d, %v", head.Size, err)
	}
	if err := a.Commit(ctx, head, ledger.Delta{Head: head}); err == nil {
		t.Error("a read-only store took a commit")
	}
	storetest.CheckStore(t, b)
	missing := filepath.Join(t.TempDir(), "missing.db")
	if _, err := boltstore.OpenReadOnly(missing); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("OpenReadOnly of a missing file: %v", err)
	}
	if _, err := os.Stat(missing); err == nil {
		t.Error("OpenReadOnly made a file")
	}
}

func TestNotADatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "text")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a database\n", 9999)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := boltstore.Open(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("Open = %v, want an error that names the file", err)
	}
}

func TestHeadFile(t *testing.T) {
	dir := t.TempDir()
	h := &boltstore.HeadFile{Path: filepath.Join(dir, "head")}
	if text, err := h.Load(); text != nil || err != nil {
		t.Errorf("Load of no file = %q, %v", text, err)
	}
	for _, want := range []string{"first", "second, longer", "3"} {
		if err := h.Save([]byte(want)); err != nil {
			t.Fatal(err)
		}
		if text, err := h.Load(); string(text) != want || err != nil {
			t.Errorf("Load = %q, %v, want %q", text, err, want)
		}
	}
	if err := h.Close(); err != nil {
		t.Fatal(err)
	}
	if err := h.Save([]byte("after a close")); err != nil {
		t.Fatal(err)
	}
	if text, err := (&boltstore.HeadFile{Path: h.Path}).Load(); string(text) != "after a close" || err != nil {
		t.Errorf("Load by another = %q, %v", text, err)
	}
	if err := h.Save(make([]byte, 1<<20)); err == nil {
		t.Error("Save of what does not fit")
	}
	if err := (&boltstore.HeadFile{Path: filepath.Join(dir, "none", "head")}).Save(nil); err == nil {
		t.Error("Save into no directory")
	}
}

// TestHeadFileTorn cuts the last save short, at every sector and at some bytes:
// the text before is still there. A file that is damaged otherwise is an error,
// and never another text.
func TestHeadFileTorn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "head")
	state := func() []byte {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	load := func(b []byte) (string, error) {
		if err := os.WriteFile(path, b, 0o600); err != nil {
			t.Fatal(err)
		}
		text, err := (&boltstore.HeadFile{Path: path}).Load()
		return string(text), err
	}
	h := &boltstore.HeadFile{Path: path}
	if err := h.Save([]byte(strings.Repeat("first ", 300))); err != nil {
		t.Fatal(err)
	}
	first := state()
	if err := h.Save([]byte(strings.Repeat("second ", 300))); err != nil {
		t.Fatal(err)
	}
	second := state()
	whole := 0
	for at := 0; at < 4096; at += 61 {
		torn := slices.Concat(second[:at], first[at:])
		want := strings.Repeat("first ", 300)
		if bytes.Equal(torn, second) {
			want = strings.Repeat("second ", 300)
			whole++
		}
		if text, err := load(torn); text != want || err != nil {
			t.Fatalf("torn at %d: %.20q, %v, want %.20q", at, text, err, want)
		}
	}
	if whole == 0 {
		t.Error("no state has all of the second text")
	}
	both := bytes.Clone(second)
	both[100]++
	both[len(both)/2+100]++
	for name, b := range map[string][]byte{"both slots": both, "empty": {}, "cut": second[:len(second)-1], "text": []byte("deed\n")} {
		if text, err := load(b); err == nil {
			t.Errorf("%s: Load = %.20q, want an error", name, text)
		}
	}
	// What the first save leaves when it does not end is as if there were none.
	if text, err := load(make([]byte, len(first))); text != "" || err != nil {
		t.Errorf("Load of an unused file = %q, %v", text, err)
	}
	if err := (&boltstore.HeadFile{Path: path}).Save([]byte("x")); err != nil {
		t.Error(err)
	}
}

// TestHeadFileTornThenSave goes on after a save that did not end: its slot is
// written over, and it is not taken for another process's.
func TestHeadFileTornThenSave(t *testing.T) {
	path := filepath.Join(t.TempDir(), "head")
	h := &boltstore.HeadFile{Path: path}
	for _, text := range []string{"1", "2", "3"} {
		if err := h.Save([]byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[len(b)/2+64] ^= 1 // the text of the third, in the second slot
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	again := &boltstore.HeadFile{Path: path}
	for _, want := range []string{"2", "4", "5"} {
		if want != "2" {
			if err := again.Save([]byte(want)); err != nil {
				t.Fatal(err)
			}
		}
		if text, err := (&boltstore.HeadFile{Path: path}).Load(); string(text) != want || err != nil {
			t.Fatalf("Load = %q, %v, want %q", text, err, want)
		}
	}
}
