package setup

import (
	"os"
	"runtime/debug"
)

// gcPercent makes the collector run when the heap is five times what was live,
// instead of twice. A register keeps little and makes much garbage: on a small
// heap the collector would take a tenth of the processor.
const gcPercent = 400

// TuneMemory sets the collector for a process that serves a register, unless
// GOGC says otherwise.
func TuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
}
