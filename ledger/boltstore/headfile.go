package boltstore

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"github.com/deedlog/deed/internal/failpoint"
	"github.com/deedlog/deed/ledger"
)

// HeadFile keeps the last signed checkpoint in a file of its own. Put it on
// another volume than the database, or at least leave it out of the backups
// from which the database would be restored: it is what tells an old copy. Use
// one HeadFile for a path; it keeps the file open once it has written.
//
// The file has two slots, which are written by turns, so that a crash damages
// the older text at most, and one sync is all that a save costs:
//
//	slot    header, then the text; at offset 0 and slotSize
//	header  magic[16] || u64 serial || u64 length || SHA-256 of these and the text[32]
//
// The slot with the greater serial counts, of those whose hash is right.
type HeadFile struct {
	Path string

	mu     sync.Mutex
	file   *os.File
	serial uint64
}

var _ ledger.HeadFile = (*HeadFile)(nil)

const (
	headMagic  = "deed head file 2"
	headHeader = len(headMagic) + 8 + 8 + sha256.Size
	slotSize   = 1 << 20 // a signed note has at most half of it
)

// Load implements ledger.HeadFile.
func (h *HeadFile) Load() ([]byte, error) {
	text, _, err := h.load()
	return text, err
}

func (h *HeadFile) load() (text []byte, serial uint64, err error) {
	b, err := os.ReadFile(h.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("reading head file: %w", err)
	}
	if len(b) != 2*slotSize {
		return nil, 0, fmt.Errorf("reading head file %s: %d bytes, want %d", h.Path, len(b), 2*slotSize)
	}
	unused := false
	for _, slot := range [][]byte{b[:slotSize], b[slotSize:]} {
		if t, n, ok := parseSlot(slot); ok && n > serial {
			text, serial = t, n
		}
		unused = unused || bytes.Equal(slot[:headHeader], make([]byte, headHeader))
	}
	if serial == 0 && !unused {
		return nil, 0, fmt.Errorf("reading head file %s: neither of its two slots is whole", h.Path)
	}
	return text, serial, nil // without a serial: the first save did not end
}

func parseSlot(b []byte) (text []byte, serial uint64, ok bool) {
	if len(b) < headHeader || string(b[:len(headMagic)]) != headMagic {
		return nil, 0, false
	}
	serial = binary.BigEndian.Uint64(b[len(headMagic):])
	length := binary.BigEndian.Uint64(b[len(headMagic)+8:])
	if length > uint64(len(b)-headHeader) {
		return nil, 0, false
	}
	text = append([]byte{}, b[headHeader:headHeader+int(length)]...)
	return text, serial, bytes.Equal(b[:headHeader], slotHeader(serial, text))
}

func slotHeader(serial uint64, text []byte) []byte {
	b := binary.BigEndian.AppendUint64([]byte(headMagic), serial)
	b = binary.BigEndian.AppendUint64(b, uint64(len(text)))
	sum := sha256.Sum256(append(bytes.Clone(b), text...))
	return append(b, sum[:]...)
}

// Save implements ledger.HeadFile. A crash leaves the old text or the new, and
// when Save returned, the new.
func (h *HeadFile) Save(text []byte) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(text) > slotSize-headHeader {
		return fmt.Errorf("writing head file: %d bytes, a slot has room for %d", len(text), slotSize-headHeader)
	}
	if h.file == nil {
		if err := h.open(); err != nil {
			return fmt.Errorf("writing head file: %w", err)
		}
	}
	if err := h.own(); err != nil {
		return fmt.Errorf("writing head file: %w", err)
	}
	if err := h.write(h.serial+1, text); err != nil {
		return fmt.Errorf("writing head file: %w", err)
	}
	h.serial++
	return nil
}

// open opens the file, and makes one if there is none, with room for both slots:
// a later save changes nothing but their contents. The text that is there is
// written and synced again: a process that was killed may have left it in memory
// only, and the slot that is written next is the one before it.
func (h *HeadFile) open() error {
	text, serial, err := h.load()
	if err != nil {
		return err
	}
	if text == nil {
		if err := h.create(); err != nil {
			return err
		}
	}
	if h.file, err = os.OpenFile(h.Path, os.O_RDWR, 0); err != nil {
		return err
	}
	if h.serial = serial; serial == 0 || failpoint.Mutant("head-start-unsynced") {
		return nil
	}
	return h.write(serial, text)
}

// own makes sure that the path still leads to this file, and that nobody else
// has saved since: the text would be in a file that no start reads, or in the
// slot that is not the older one.
func (h *HeadFile) own() error {
	at, err := os.Stat(h.Path)
	if err != nil {
		return err
	}
	is, err := h.file.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(at, is) {
		return fmt.Errorf("%s is another file now", h.Path)
	}
	for _, offset := range []int64{0, slotSize} {
		b := make([]byte, headHeader)
		if _, err := h.file.ReadAt(b, offset); err != nil {
			return err
		}
		if string(b[:len(headMagic)]) != headMagic || binary.BigEndian.Uint64(b[len(headMagic):]) <= h.serial {
			continue
		}
		b = make([]byte, slotSize) // of a save that did not end, or of another process
		if _, err := h.file.ReadAt(b, offset); err != nil {
			return err
		}
		if _, _, ok := parseSlot(b); ok {
			return fmt.Errorf("another process has saved to %s", h.Path)
		}
	}
	return nil
}

// create puts an empty file in place at once, with its name.
func (h *HeadFile) create() error {
	temp := h.Path + ".tmp"
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, fileMode)
	if err != nil {
		return err
	}
	_, err = f.Write(make([]byte, 2*slotSize))
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, h.Path); err != nil {
		return err
	}
	return syncDirectory(filepath.Dir(h.Path))
}

// write puts a text into the slot whose turn it is: the header last, and then
// one sync.
func (h *HeadFile) write(serial uint64, text []byte) error {
	offset := int64(serial%2) * slotSize
	if failpoint.Mutant("head-file-in-place") {
		offset = 0
	}
	if err := failpoint.Err("before-head-write"); err != nil {
		return err
	}
	if _, err := h.file.WriteAt(text, offset+int64(headHeader)); err != nil {
		return err
	}
	if err := failpoint.Err("in-head-write"); err != nil {
		return err
	}
	if _, err := h.file.WriteAt(slotHeader(serial, text), offset); err != nil {
		return err
	}
	if err := failpoint.Err("before-head-sync"); err != nil {
		return err
	}
	if !failpoint.Mutant("head-file-unsynced") {
		if err := syncData(h.file); err != nil {
			return err
		}
	}
	return failpoint.Err("after-head-sync")
}

// Close closes the file. A later Save opens it again.
func (h *HeadFile) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.file == nil {
		return nil
	}
	f := h.file
	h.file = nil
	return f.Close()
}

func syncDirectory(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
