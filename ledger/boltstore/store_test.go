package boltstore_test

import (
	"path/filepath"
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
