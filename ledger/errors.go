package ledger

import (
	"errors"
	"fmt"
	"time"
)

// Errors of a [Store]'s Commit. A caller of [Log.Append] sees them only when
// the sequencer gave up.
var (
	// ErrConflict: the stored head is not the expected one; nothing was
	// written. Reload the head, place the batch again, and commit that.
	ErrConflict = errors.New("stored head is not the expected one")
	// ErrRetryable: nothing was written, and the reason may pass. Try again,
	// then tell the caller to come back later. From Append it means that this
	// very submission should be sent again.
	ErrRetryable = errors.New("nothing written, try again")
	// ErrUnknown: the commit may or may not have taken place. After it the
	// sequencer stops, reloads from the store, and never signs from memory.
	// From Append it means that the entry may be in the log, not yet under a
	// published checkpoint, and that this very submission should be sent again.
	ErrUnknown = errors.New("unknown whether it is logged")
)

// Errors of a [Log].
var (
	// ErrOverloaded: the queue is full and nothing was taken. The error is an
	// [*Overloaded]; send the submission again after its delay.
	ErrOverloaded = errors.New("log is overloaded")
	// ErrClosed: the log was closed and nothing was taken. Do not retry here.
	ErrClosed = errors.New("log is closed")
	// ErrStopped: the log met a fault after which it must not sign any more.
	// The error names the cause. An operator has to look; a restart runs the
	// checks of [Open] and goes on if they pass. What was published stays
	// readable.
	ErrStopped = errors.New("log has stopped")
	// ErrClock: the clock is behind the last entry by more than the tolerance,
	// or is not set. Nothing was appended or signed. Retry when the clock is
	// right again.
	ErrClock = errors.New("clock is behind the log")
	// ErrNotPublished: no such entry, tile, bundle or tree size under the
	// published checkpoint. To a client this is "not found".
	ErrNotPublished = errors.New("not covered by the published checkpoint")
	// ErrRollback: the database is older than, or not a continuation of, the
	// checkpoint that was signed last. The log does not start. Restore the
	// newer database; never delete the head file to get past this.
	ErrRollback = errors.New("database does not continue the last signed checkpoint")
	// ErrPlacement: a Placement broke the contract, for example by an entry
	// that is too large. It is a fault of the submission's code.
	ErrPlacement = errors.New("invalid placement")
)

// Overloaded is the error for a full queue. errors.Is(err, ErrOverloaded) holds.
type Overloaded struct {
	// RetryAfter is when room is to be expected.
	RetryAfter time.Duration
}

// Error says when to come back.
func (e *Overloaded) Error() string {
	return fmt.Sprintf("%v, retry after %v", ErrOverloaded, e.RetryAfter)
}

// Is reports whether target is ErrOverloaded.
func (e *Overloaded) Is(target error) bool { return target == ErrOverloaded }

// Corrupt says that stored bytes are not what was stored. It is never to be
// retried: restore the named item or the whole store.
type Corrupt struct {
	Bucket string // "entries", "objects", "tiles", "ids", "head"
	Key    string // index in decimal, digest or identity in hexadecimal, tile path
	Want   string // what was expected: a hash, a length, or in words
	Got    string
}

// Error names the bucket, the key, what was expected and what was found.
func (e *Corrupt) Error() string {
	return fmt.Sprintf("corrupt %s %s: want %s, got %s", e.Bucket, e.Key, e.Want, e.Got)
}
