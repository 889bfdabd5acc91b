package boltstore

import (
	"errors"
	"io/fs"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/deedlog/deed/ledger"
)

func TestClassify(t *testing.T) {
	write := func(err error) error { return &fs.PathError{Op: "write", Path: "log.db", Err: err} }
	tests := []struct {
		name    string
		err     error
		written bool
		want    error // nil: final
	}{
		{"disk full", write(syscall.ENOSPC), true, ledger.ErrUnknown},
		{"quota", write(syscall.EDQUOT), true, ledger.ErrUnknown},
		{"disk full before writing", write(syscall.ENOSPC), false, ledger.ErrRetryable},
		{"sync that finds the disk full", syscall.ENOSPC, true, nil},
		{"sync by name", &fs.PathError{Op: "sync", Path: "log.db", Err: syscall.ENOSPC}, true, nil},
		{"input/output error", write(syscall.EIO), true, nil},
		{"anything else", errors.New("else"), false, nil},
	}
	for _, tt := range tests {
		s := new(Store)
		err := s.classify(tt.err, tt.written)
		if !errors.Is(err, tt.err) || tt.want != nil && !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want class %v", tt.name, err, tt.want)
		}
		for _, class := range []error{ledger.ErrConflict, ledger.ErrRetryable, ledger.ErrUnknown} {
			if class != tt.want && errors.Is(err, class) {
				t.Errorf("%s: %v is of class %v", tt.name, err, class)
			}
		}
		if broken := s.broken.Load() != nil; broken != (tt.want == nil) {
			t.Errorf("%s: broken %v", tt.name, broken)
		}
	}
}

// TestPanic tests that a panic inside bbolt is an error, and the end of commits.
func TestPanic(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "log.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	err = s.guard(func() error { panic("page 7: invalid page type") })
	var bad *ledger.Corrupt
	if !errors.As(err, &bad) || bad.Key != s.path {
		t.Errorf("guard = %v, want *Corrupt with the path", err)
	}
	if err := s.Commit(t.Context(), ledger.EmptyHead(), ledger.Delta{Head: ledger.EmptyHead()}); err == nil {
		t.Error("a commit after a panic")
	}
}
