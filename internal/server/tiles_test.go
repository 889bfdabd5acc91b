package server_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"filippo.io/torchwood"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

// A tileLog is a log behind HTTP, with clients written by others.
type tileLog struct {
	t       *testing.T
	log     *ledger.Log
	url     string
	policy  torchwood.Policy
	fetcher *torchwood.TileFetcher
	client  *torchwood.Client
}

func newTileLog(t *testing.T, change func(*ledger.Config)) *tileLog {
	t.Helper()
	c := storetest.Config(t, new(storetest.Memory), new(storetest.MemoryHead))
	change(&c)
	l := storetest.Open(t, c)
	srv := httptest.NewServer(server.Tiles(l, slog.New(slog.DiscardHandler)))
	t.Cleanup(srv.Close)
	ed, _ := storetest.Keys(t)
	v, err := note.NewVerifier(ed.VKey().String())
	if err != nil {
		t.Fatal(err)
	}
	fetcher, err := torchwood.NewTileFetcher(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	client, err := torchwood.NewClient(fetcher)
	if err != nil {
		t.Fatal(err)
	}
	policy := torchwood.ThresholdPolicy(2, torchwood.OriginPolicy(storetest.Origin), torchwood.SingleVerifierPolicy(v))
	return &tileLog{t: t, log: l, url: srv.URL, policy: policy, fetcher: fetcher, client: client}
}

// grow appends entries up to size, in parallel.
func (l *tileLog) grow(size uint64) {
	l.t.Helper()
	var wg sync.WaitGroup
	for i := l.log.Size(); i < size; i++ {
		wg.Go(func() {
			if _, err := l.log.Append(context.Background(), storetest.Text(fmt.Sprint("text ", i))); err != nil {
				l.t.Error(err)
			}
		})
	}
	wg.Wait()
	if l.log.Size() != size {
		l.t.Fatalf("size %d, want %d", l.log.Size(), size)
	}
}

// tree fetches and verifies the checkpoint.
func (l *tileLog) tree() tlog.Tree {
	l.t.Helper()
	text, err := l.fetcher.ReadEndpoint(context.Background(), "checkpoint")
	if err != nil {
		l.t.Fatal(err)
	}
	c, _, err := torchwood.VerifyCheckpoint(text, l.policy)
	if err != nil {
		l.t.Fatal(err)
	}
	if uint64(c.N) != l.log.Size() {
		l.t.Fatalf("checkpoint of size %d, want %d", c.N, l.log.Size())
	}
	return c.Tree
}

// entries fetches all entries; the client hashes each and compares it with the
// tiles, and those with the root.
func (l *tileLog) entries(tree tlog.Tree) {
	l.t.Helper()
	next := int64(0)
	for i, e := range l.client.AllEntries(context.Background(), tree, 0) {
		if i != next || !bytes.HasPrefix(e, fmt.Appendf(nil, "%d ", i)) {
			l.t.Fatalf("entry %d is %q, want index %d", i, e, next)
		}
		next++
	}
	if err := l.client.Err(); err != nil {
		l.t.Fatal(err)
	}
	if next != tree.N {
		l.t.Fatalf("%d entries of %d", next, tree.N)
	}
}

// inclusion has others check the proof of one entry: as hashes, and as a
// tlog-proof file.
func (l *tileLog) inclusion(tree tlog.Tree, index uint64) {
	l.t.Helper()
	ctx := context.Background()
	e, err := l.log.Entry(ctx, index)
	if err != nil {
		l.t.Fatal(err)
	}
	hashes, err := l.log.Inclusion(ctx, index, uint64(tree.N))
	if err != nil {
		l.t.Fatal(err)
	}
	if err := tlog.CheckRecord(recordProof(hashes), tree.N, tree.Hash, int64(index), tlog.RecordHash(e.Bytes)); err != nil {
		l.t.Errorf("entry %d of %d: %v", index, tree.N, err)
	}
	r, err := l.log.Receipt(ctx, index)
	if err != nil {
		l.t.Fatal(err)
	}
	if err := torchwood.VerifyProof(l.policy, tlog.RecordHash(r.Entry), r.Proof); err != nil {
		l.t.Errorf("entry %d of %d: %v", index, tree.N, err)
	}
	if want := torchwood.FormatProof(int64(index), recordProof(hashes), l.log.Checkpoint()); !bytes.Equal(want, r.Proof) {
		l.t.Errorf("entry %d of %d: proof text differs", index, tree.N)
	}
}

func (l *tileLog) consistency(older, newer tlog.Tree) {
	l.t.Helper()
	hashes, err := l.log.Consistency(context.Background(), uint64(older.N), uint64(newer.N))
	if err != nil {
		l.t.Fatal(err)
	}
	if older.N > 0 {
		err = tlog.CheckTree(tlog.TreeProof(recordProof(hashes)), newer.N, newer.Hash, older.N, older.Hash)
	}
	if err != nil {
		l.t.Errorf("consistency from %d to %d: %v", older.N, newer.N, err)
	}
}

// reference proves by the reference implementation, from our tiles alone.
func (l *tileLog) reference(tree tlog.Tree, index int64) {
	l.t.Helper()
	r := torchwood.TileHashReaderWithContext(context.Background(), tree, l.fetcher)
	want, err := tlog.ProveRecord(tree.N, index, r)
	if err != nil {
		l.t.Fatal(err)
	}
	got, err := l.log.Inclusion(context.Background(), uint64(index), uint64(tree.N))
	if err != nil {
		l.t.Fatal(err)
	}
	if fmt.Sprint(recordProof(got)) != fmt.Sprint(want) {
		l.t.Errorf("proof of %d in %d differs from the reference", index, tree.N)
	}
}

func recordProof(hashes []ledger.Hash) tlog.RecordProof {
	p := make(tlog.RecordProof, len(hashes))
	for i, h := range hashes {
		p[i] = tlog.Hash(h)
	}
	return p
}

// TestTilesEverySize grows a log one entry at a time and has a stock client read
// and verify all of it at each size.
func TestTilesEverySize(t *testing.T) {
	const last = 600
	l := newTileLog(t, func(c *ledger.Config) { c.Cosigner = nil })
	trees := []tlog.Tree{l.tree()}
	for size := uint64(1); size <= last; size++ {
		l.grow(size)
		tree := l.tree()
		trees = append(trees, tree)
		if testing.Short() && size%256 > 2 && size%64 != 0 {
			continue
		}
		l.entries(tree)
		for index := range size {
			// All entries at the sizes around a tile's end, else a moving sample.
			edge := size < 20 || size%256 < 2 || size%256 == 255
			if edge && size < 300 || index == size-1 || index%97 == size%97 {
				l.inclusion(tree, index)
			}
		}
		l.reference(tree, int64(size-1))
		l.consistency(trees[size/2], tree)
		l.consistency(trees[size-1], tree)
	}
	for size := 1; size <= last; size += 7 {
		l.entries(trees[size]) // the partial tiles of earlier sizes stay
	}
}

// TestTilesThreeLevels is about the sizes at which the third tile level begins.
func TestTilesThreeLevels(t *testing.T) {
	if testing.Short() {
		t.Skip("65,537 entries")
	}
	l := newTileLog(t, func(c *ledger.Config) {
		c.QueueLimit, c.MaxBatch, c.Linger = 1<<16, 1<<16, -1
		c.Cosigner = nil
	})
	var trees []tlog.Tree
	for _, size := range []uint64{65_279, 65_535, 65_536, 65_537} {
		l.grow(size)
		tree := l.tree()
		for _, index := range []uint64{0, 255, 256, 257, 32_767, 40_000, 65_278, size / 2, size - 1} {
			l.inclusion(tree, index)
			l.reference(tree, int64(index))
		}
		for _, older := range trees {
			l.consistency(older, tree)
		}
		trees = append(trees, tree)
	}
	for _, tree := range trees[1:] {
		l.entries(tree)
	}
}

func TestTilesHTTP(t *testing.T) {
	l := newTileLog(t, func(*ledger.Config) {})
	l.grow(300)
	found := map[string]int{ // path -> length of the body, -1 any
		"/checkpoint": len(l.log.Checkpoint()), "/tile/0/000": 8192, "/tile/0/001.p/44": 44 * 32,
		"/tile/0/001.p/1": 32, "/tile/0/000.p/255": 255 * 32, "/tile/1/000.p/1": 32,
		"/tile/entries/000": -1, "/tile/entries/001.p/44": -1, "/tile/entries/000.p/7": -1,
	}
	missing := []string{
		"/", "/tile", "/tile/", "/tile/0/001", "/tile/0/001.p/45", "/tile/0/002.p/1", "/tile/1/000", "/tile/1/000.p/2",
		"/tile/2/000.p/1", "/tile/entries/001", "/tile/entries/001.p/45", "/tile/0/0", "/tile/0/0000", "/tile/00/000",
		"/tile/0/x000/000", "/tile/0/000.p/0", "/tile/0/000.p/256", "/tile/0/000.p/01", "/tile/64/000", "/tile/-1/000",
		"/tile/0/%30%30%30", "//tile/0/000", "/tile/0/000/", "/tile/0/000.p/", "/checkpoint/", "/tile/8/0/000",
		"/tile/63/000.p/1", "/tile/0/x999/x999/x999/x999/x999/x999/999", "/tile/entries/x999/x999/x999/x999/x999/999.p/1",
	}
	for path, size := range found {
		t.Run(strings.TrimPrefix(path, "/"), func(t *testing.T) {
			body, resp := fetch(t, http.MethodGet, l.url+path)
			if resp.StatusCode != 200 || size >= 0 && len(body) != size || int64(len(body)) != resp.ContentLength {
				t.Errorf("%d, %d bytes", resp.StatusCode, len(body))
			}
			cache, kind := "public, max-age=31536000, immutable", "application/octet-stream"
			if path == "/checkpoint" {
				cache, kind = "public, max-age=2", "text/plain; charset=utf-8"
			}
			if resp.Header.Get("Cache-Control") != cache || resp.Header.Get("Content-Type") != kind {
				t.Errorf("headers %v", resp.Header)
			}
			none, resp := fetch(t, http.MethodHead, l.url+path)
			if resp.StatusCode != 200 || len(none) != 0 || resp.ContentLength != int64(len(body)) {
				t.Errorf("HEAD: %d, %d bytes of %d", resp.StatusCode, len(none), resp.ContentLength)
			}
		})
	}
	for _, path := range missing {
		if _, resp := fetch(t, http.MethodGet, l.url+path); resp.StatusCode != 404 || resp.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("GET %s: %d %v", path, resp.StatusCode, resp.Header)
		}
	}
	if _, resp := fetch(t, http.MethodPost, l.url+"/checkpoint"); resp.StatusCode != 405 {
		t.Errorf("POST: %d", resp.StatusCode)
	}
}

func fetch(t *testing.T, method, url string) ([]byte, *http.Response) {
	t.Helper()
	req, err := http.NewRequest(method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return body, resp
}
