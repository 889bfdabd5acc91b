package setup_test

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/deedlog/deed/internal/setup"
)

func TestCreateAndOpen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "acme")
	i, err := setup.Create(t.Context(), dir, setup.Options{Origin: "log.acme.example/1", Dev: true})
	if err != nil {
		t.Fatal(err)
	}
	if got := i.Log.Size(); got != 3 {
		t.Errorf("size %d, want 3", got)
	}
	if err := i.Close(); err != nil {
		t.Fatal(err)
	}
	i, err = setup.Open(context.Background(), filepath.Join(dir, setup.ConfigFile), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer i.Close()
}
