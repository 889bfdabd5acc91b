//go:build torture

package torture

import (
	"bytes"
	"encoding/binary"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

// TestStale has the system hold a commit in memory that is not on the disk, and
// counts as written: what a failed sync leaves. A start has to read the disk and
// refuses, because the head file knows of more; a build that believes memory
// starts.
func TestStale(t *testing.T) {
	v := newVolume(t, 16)
	binary := filepath.Join(t.TempDir(), "deed")
	build(t, binary, "-tags", "torture")
	w := newWorldOf(t, binary)
	w.keepOn(t, v.dir)
	m := under(t, w)
	m.commits(t, v)
	v.loseMeta(t, w.database())
	if words := m.starts(t, "start-cached"); words != "" {
		t.Fatalf("a build that believes memory does not start, and nothing is shown:\n%s", words)
	}
	m.commits(t, v)
	v.loseMeta(t, w.database())
	// Pages of the transaction before may be gone too: then the file is damaged.
	if words := m.starts(t, ""); !says(words, "does not continue the last signed checkpoint") && !says(words, "corrupt file") {
		t.Fatalf("it starts, or says another thing:\n%s", words)
	}
	m.stop()
}

// commits serves for a moment, and leaves a database whose last transaction is a
// commit, in memory and on the disk.
func (m *matrix) commits(t *testing.T, v *volume) {
	t.Helper()
	for range 20 {
		p := m.run(t)
		p.ready(t)
		m.acknowledges(t, p, "start")
		p.kill(t)
		m.keepHead(t)
		run(t, "sync", "-f", v.dir)
		if m.endsWithCommit(t) {
			return
		}
	}
	t.Fatal("the last transaction is never a commit")
}

// starts starts the server with a broken build, and returns what it says if it
// ends by itself.
func (m *matrix) starts(t *testing.T, mutant string) string {
	t.Helper()
	p := m.run(t, "DEED_MUTANT="+mutant)
	select {
	case <-p.ended:
		return p.log.String()
	case <-time.After(2 * time.Second):
	}
	p.kill(t)
	m.keepHead(t)
	run(t, "sync", "-f", filepath.Dir(m.database()))
	return ""
}

// newestMeta returns the offset of the meta page that counts.
func newestMeta(file []byte) int {
	txid := func(off int) uint64 { return binary.LittleEndian.Uint64(file[off+64:]) }
	if second := boltMetas / 2; txid(second) > txid(0) {
		return second
	}
	return 0
}

// endsWithCommit reports whether without its last transaction the database has
// fewer entries than are signed. If the server was killed in the middle of another one, whose
// pages are those of the transaction before the last, it cannot be read.
func (m *matrix) endsWithCommit(t *testing.T) bool {
	t.Helper()
	file, err := os.ReadFile(m.database())
	if err != nil {
		t.Fatal(err)
	}
	file[newestMeta(file)+72] ^= 1
	before, whole := sizeOf(t, file)
	return whole && before < m.head
}

// sizeOf opens a database, and reports whether all of it can be read.
func sizeOf(t *testing.T, file []byte) (size uint64, whole bool) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "copy.db")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := boltstore.OpenReadOnly(path)
	if err != nil {
		return 0, false
	}
	defer s.Close()
	faults := 0
	err = ledger.Check(t.Context(), s, func(*ledger.Corrupt) { faults++ }, nil)
	head, bad := s.Load(t.Context())
	return head.Size, err == nil && bad == nil && faults == 0
}

// loseMeta damages the newest meta page of a file on the disk below the file
// system, which still holds the page as it was in its memory.
func (v *volume) loseMeta(t *testing.T, path string) {
	t.Helper()
	const sector = 512
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	image, err := os.ReadFile(v.image)
	if err != nil {
		t.Fatal(err)
	}
	at := newestMeta(file)
	offset := bytes.Index(image, file[at:at+sector])
	if offset < 0 || bytes.Contains(image[offset+1:], file[at:at+sector]) {
		t.Fatalf("the meta page is not once in the image, first at %d", offset)
	}
	f, err := os.OpenFile(v.image, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt([]byte{file[at+72] ^ 1}, int64(offset+72)); err != nil { // its checksum
		t.Fatal(err)
	}
	if err := f.Sync(); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, file) {
		t.Fatalf("the file system did not keep the page in memory: %v", err)
	}
}
