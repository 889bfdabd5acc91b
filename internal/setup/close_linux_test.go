package setup_test

import (
	"os"
	"path/filepath"
	"testing"
)

// TestCloseClosesFiles looks for descriptors of the register that are left.
func TestCloseClosesFiles(t *testing.T) {
	i := create(t, nil)
	open := func() (names []string) {
		list, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			name, _ := os.Readlink(filepath.Join("/proc/self/fd", e.Name())) // that of the directory is gone
			if name == i.Config.Store || name == i.Config.Head {
				names = append(names, name)
			}
		}
		return names
	}
	if got := open(); len(got) != 2 {
		t.Fatalf("open before Close: %q, want database and head file", got)
	}
	closeInstance(t, i)
	if got := open(); len(got) > 0 {
		t.Errorf("open after Close: %q", got)
	}
}
