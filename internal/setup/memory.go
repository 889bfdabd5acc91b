package setup

import (
	"os"
	"runtime/debug"
)

const (
	// gcPercent makes the collector run when the heap is nine times what was live,
	// instead of twice. A register keeps little and makes much garbage: on a small
	// heap the collector would take a tenth of the processor, and more of batches.
	gcPercent = 800
	// memoryLimit is where the collector begins to run more often than that, so
	// that what is nine times as large is never much. It is no hard limit.
	memoryLimit = 384 << 20
)

// TuneMemory sets the collector for a process that serves a register or reads all
// of one, unless GOGC or GOMEMLIMIT say otherwise.
func TuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
