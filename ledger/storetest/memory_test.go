package storetest_test

import (
	"testing"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) ledger.Store { return new(storetest.Memory) })
}

func TestMemoryFaults(t *testing.T) {
	storetest.RunFaults(t, func(*testing.T) ledger.Store { return new(storetest.Memory) })
}
