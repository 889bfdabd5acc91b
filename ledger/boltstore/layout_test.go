package boltstore_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/deedlog/deed/ledger/boltstore"
)

// TestLayout: a file is read by the program whose layout it has, and by those that
// derive nothing; an older one only to derive anew.
func TestLayout(t *testing.T) {
	const made = boltstore.Layout(2)
	tests := map[string]struct {
		by        boltstore.Layout
		want      error // of Open and OpenReadOnly
		unindexed error
	}{
		"the same":        {made, nil, nil},
		"derives nothing": {0, nil, nil},
		"a newer program": {made + 1, boltstore.ErrOlder, nil},
		"an older one":    {made - 1, boltstore.ErrNewer, boltstore.ErrNewer},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "log.db")
			s, err := made.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			s.Close()
			for name, open := range map[string]func(string) (*boltstore.Store, error){"Open": tt.by.Open, "OpenReadOnly": tt.by.OpenReadOnly} {
				s, err := open(path)
				if !errors.Is(err, tt.want) {
					t.Errorf("%s = %v, want %v", name, err, tt.want)
				}
				if err == nil {
					s.Close()
				}
			}
			u, err := tt.by.OpenUnindexed(ctx, path, nil)
			if !errors.Is(err, tt.unindexed) {
				t.Errorf("OpenUnindexed = %v, want %v", err, tt.unindexed)
			}
			if err == nil {
				u.Close()
			}
		})
	}
}

// TestLayoutUnnumbered: a file that was made without a number is older than any.
func TestLayoutUnnumbered(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log.db")
	s := openAt(t, path)
	if err := s.Unnumber(); err != nil {
		t.Fatal(err)
	}
	s.Close()
	if _, err := boltstore.Layout(1).Open(path); !errors.Is(err, boltstore.ErrOlder) {
		t.Errorf("Open = %v, want ErrOlder", err)
	}
	openAt(t, path).Close()
}
