//go:build torture

package failpoint

import (
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// holdTime is how long hold waits before it kills.
const holdTime = 300 * time.Millisecond

var (
	point  = parse(os.Getenv("DEED_FAILPOINT"))
	mutant = os.Getenv("DEED_MUTANT")
)

// A fault is what the environment asks for.
type fault struct {
	name, action string
	nth          int64
	hits         atomic.Int64
}

// parse panics on what it does not understand: a test that asks for nothing
// would pass.
func parse(text string) *fault {
	if text == "" {
		return new(fault)
	}
	parts := strings.Split(text, ":")
	if len(parts) != 3 {
		panic(fmt.Sprintf("DEED_FAILPOINT is %q, want name:action:nth", text))
	}
	n, err := strconv.ParseInt(parts[2], 10, 64)
	if err != nil || n < 1 {
		panic(fmt.Sprintf("DEED_FAILPOINT is %q, want a positive nth", text))
	}
	switch parts[1] {
	case "kill", "hold", "error", "unknown":
	default:
		panic(fmt.Sprintf("DEED_FAILPOINT is %q, want kill, hold, error or unknown", text))
	}
	return &fault{name: parts[0], action: parts[1], nth: n}
}

// Hit is a place where the process may be killed.
func Hit(name string) { _ = Err(name) }

// Err is a place where the process may be killed, or an error returned.
func Err(name string) error {
	if name != point.name || point.hits.Add(1) != point.nth {
		return nil
	}
	fmt.Fprintf(os.Stderr, "failpoint %s: %s at hit %d\n", name, point.action, point.nth)
	switch point.action {
	case "error":
		return &fs.PathError{Op: "write", Path: name, Err: syscall.EIO}
	case "unknown":
		return &fs.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
	case "hold":
		time.Sleep(holdTime)
	}
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	select {} // nothing more is done
}

// Mutant reports whether this behaviour is to be broken.
func Mutant(name string) bool { return name == mutant }
