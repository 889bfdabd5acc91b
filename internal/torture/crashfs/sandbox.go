package crashfs

import (
	"bytes"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// Files returns the contents of the directory in this state. They are valid
// until the next state.
func (s *State) Files() map[string][]byte {
	files := map[string][]byte{}
	for _, name := range slices.Sorted(maps.Keys(s.names)) {
		files[name] = s.build(s.names[name])
	}
	return files
}

// Write makes a directory hold exactly this state. Of a file that is there
// already, only what differs is written.
func (s *State) Write(dir string) error {
	list, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	files := s.Files()
	for _, e := range list {
		if _, ok := files[e.Name()]; !ok {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
		}
	}
	for name, data := range files {
		if err := s.patch(filepath.Join(dir, name), data); err != nil {
			return err
		}
	}
	return nil
}

const block = 16 << 10

// patch writes the blocks of a file that differ from data.
func (s *State) patch(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Truncate(int64(len(data))); err != nil {
		return err
	}
	there := resize(s.scratch[:0], len(data))
	s.scratch = there
	if _, err := io.ReadFull(io.NewSectionReader(f, 0, int64(len(data))), there); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for off := 0; off < len(data); off += block {
		end := min(off+block, len(data))
		if bytes.Equal(there[off:end], data[off:end]) {
			continue
		}
		if _, err := f.WriteAt(data[off:end], int64(off)); err != nil {
			return err
		}
	}
	return nil
}
