package ledger_test

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

func receiptOf(t testing.TB, n int) ledger.Receipt {
	t.Helper()
	c := storetest.Config(t, new(storetest.Memory), new(storetest.MemoryHead))
	l := storetest.Open(t, c)
	var r ledger.Receipt
	for i := range n {
		var err error
		if r, err = l.Append(ctx, storetest.Text(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func TestProofMutations(t *testing.T) {
	ed, _ := storetest.Keys(t)
	r := receiptOf(t, 6)
	good, err := ledger.ParseProof(r.Proof)
	if err != nil || !bytes.Equal(good.Bytes(), r.Proof) {
		t.Fatalf("ParseProof: %v", err)
	}
	c, err := ledger.OpenCheckpoint(good.Checkpoint, ed.VKey().String())
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(p *ledger.Proof, entry *[]byte){
		"other index":     func(p *ledger.Proof, _ *[]byte) { p.Index-- },
		"index too large": func(p *ledger.Proof, _ *[]byte) { p.Index = 6 },
		"huge index":      func(p *ledger.Proof, _ *[]byte) { p.Index = 1<<64 - 1 },
		"other entry":     func(_ *ledger.Proof, e *[]byte) { *e = append(*e, '!') },
		"hash missing":    func(p *ledger.Proof, _ *[]byte) { p.Hashes = p.Hashes[1:] },
		"hash too many":   func(p *ledger.Proof, _ *[]byte) { p.Hashes = append(p.Hashes, ledger.Hash{}) },
		"hash changed":    func(p *ledger.Proof, _ *[]byte) { p.Hashes[0][0] ^= 1 },
		"hashes swapped":  func(p *ledger.Proof, _ *[]byte) { p.Hashes[0], p.Hashes[1] = p.Hashes[1], p.Hashes[0] },
		"no hashes":       func(p *ledger.Proof, _ *[]byte) { p.Hashes = nil },
	}
	if err := ledger.VerifyInclusion(good, r.Entry, c); err != nil {
		t.Fatal(err)
	}
	for name, change := range tests {
		p, e := good, slices.Clone(r.Entry)
		p.Hashes = slices.Clone(good.Hashes)
		change(&p, &e)
		if err := ledger.VerifyInclusion(p, e, c); !errors.Is(err, ledger.ErrProof) {
			t.Errorf("%s: %v, want ErrProof", name, err)
		}
	}
	if err := ledger.VerifyInclusion(good, r.Entry, ledger.OpenedCheckpoint{}); !errors.Is(err, ledger.ErrProof) {
		t.Errorf("a checkpoint nobody opened: %v, want ErrProof", err)
	}
}

func TestParseProofStrict(t *testing.T) {
	text := string(receiptOf(t, 3).Proof)
	head, note, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	hash := lines[2]
	with := func(l ...string) string { return strings.Join(l, "\n") + "\n\n" + note }
	header := "c2sp.org/tlog-proof@v1"
	for name, text := range map[string]string{
		"as made": text, "extra": with(header, "extra YWJj", "index 2", hash), "no hashes": with(header, "index 0"),
	} {
		if p, err := ledger.ParseProof([]byte(text)); err != nil || string(p.Bytes()) != text {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, text := range map[string]string{
		"other version": with("c2sp.org/tlog-proof@v2", "index 2", hash), "no index": with(header, hash), "header alone": with(header),
		"leading zero": with(header, "index 02", hash), "negative": with(header, "index -1", hash), "empty extra": with(header, "extra ", "index 2", hash),
		"extra twice": with(header, "extra YQ==", "extra YQ==", "index 2"), "extra after index": with(header, "index 2", "extra YQ=="),
		"short hash": with(header, "index 2", "AAAA"), "carriage return": with(header, "index 2\r", hash), "space": with(header, "index 2 ", hash),
		"64 hashes":     with(slices.Concat([]string{header, "index 2"}, slices.Repeat([]string{hash}, 64))...),
		"no checkpoint": head + "\n", "no signatures": head + "\n\nlog.example\n", "trailing line": text + "more\n",
		"second empty line": head + "\n\n\n" + note,
	} {
		if _, err := ledger.ParseProof([]byte(text)); err == nil {
			t.Errorf("%s: parsed", name)
		}
	}
}

func TestVerifyConsistency(t *testing.T) {
	ed, _ := storetest.Keys(t)
	c := storetest.Config(t, new(storetest.Memory), new(storetest.MemoryHead))
	l := storetest.Open(t, c)
	open := func(text []byte) ledger.OpenedCheckpoint {
		o, err := ledger.OpenCheckpoint(text, ed.VKey().String())
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	heads := []ledger.OpenedCheckpoint{open(l.Checkpoint())}
	for i := range 9 {
		if _, err := l.Append(ctx, storetest.Text(fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
		heads = append(heads, open(l.Checkpoint()))
	}
	for i, older := range heads {
		for j, newer := range heads {
			hashes, err := l.Consistency(ctx, uint64(i), uint64(j))
			if i > j {
				if !errors.Is(err, ledger.ErrNotPublished) {
					t.Errorf("from %d to %d: %v, want ErrNotPublished", i, j, err)
				}
				continue
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := ledger.VerifyConsistency(older, newer, hashes); err != nil {
				t.Errorf("from %d to %d: %v", i, j, err)
			}
			if i > 0 && i < j {
				hashes[0][3] ^= 1
				if err := ledger.VerifyConsistency(older, newer, hashes); !errors.Is(err, ledger.ErrProof) {
					t.Errorf("from %d to %d with a changed hash: %v", i, j, err)
				}
			}
		}
	}
	if err := ledger.VerifyConsistency(heads[1], ledger.OpenedCheckpoint{}, nil); !errors.Is(err, ledger.ErrProof) {
		t.Errorf("a checkpoint nobody opened: %v", err)
	}
}

func TestTilePath(t *testing.T) {
	for path, want := range map[string]ledger.TileID{
		"tile/0/000":                     {Width: 256},
		"tile/63/x001/x234/067":          {Level: 63, Index: 1234067, Width: 256},
		"tile/entries/x001/000.p/255":    {Index: 1000, Width: 255, Entries: true},
		"tile/1/999.p/1":                 {Level: 1, Index: 999, Width: 1},
		"tile/0/x072/x057/x594/x037/927": {Index: 72057594037927, Width: 256},
	} {
		if id, err := ledger.ParseTilePath(path); err != nil || id != want || id.String() != path {
			t.Errorf("%s = %+v, %v", path, id, err)
		}
	}
}

func TestNotPublished(t *testing.T) {
	l := storetest.Open(t, config(t))
	if _, err := l.Append(ctx, storetest.Text("a")); err != nil {
		t.Fatal(err)
	}
	_, err1 := l.Receipt(ctx, 1)
	_, err2 := l.Inclusion(ctx, 0, 2)
	_, err3 := l.Inclusion(ctx, 1, 1)
	_, err4 := l.Consistency(ctx, 0, 2)
	_, err5 := l.Tile(ctx, ledger.TileID{Width: 2})
	_, err6 := l.Entry(ctx, 1)
	_, err7 := l.Tile(ctx, ledger.TileID{Width: 0})
	_, err8 := l.Tile(ctx, ledger.TileID{Width: 1, Entries: true, Level: 1})
	for i, err := range []error{err1, err2, err3, err4, err5, err6, err7, err8} {
		if !errors.Is(err, ledger.ErrNotPublished) {
			t.Errorf("read %d: %v, want ErrNotPublished", i+1, err)
		}
	}
}
