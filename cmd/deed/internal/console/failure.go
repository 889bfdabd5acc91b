package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"connectrpc.com/connect"
	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// Exit codes, those of grep.
const (
	ExitDone  = 0 // done, and where something was checked, it holds
	ExitFalse = 1 // checked, and it is false
	ExitCould = 2 // could not
)

// Failure is an error with its exit code and a hint of what to do.
type Failure struct {
	Code int // exit code
	Err  error
	Hint string // [UsageHint], or "" for that of the cause
}

// Error implements error.
func (f *Failure) Error() string { return f.Err.Error() }

// Unwrap is the cause.
func (f *Failure) Unwrap() error { return f.Err }

// False is the error of a check that came out false.
func False(format string, args ...any) error {
	return &Failure{Code: ExitFalse, Err: fmt.Errorf(format, args...)}
}

// UsageHint stands for the help of the command that was called.
const UsageHint = "usage"

// Usage is the error of a command line that does not fit the command.
func Usage(format string, args ...any) error {
	return &Failure{Code: ExitCould, Err: fmt.Errorf(format, args...), Hint: UsageHint}
}

// UsageOf is an error about what somebody typed, and where; nil of none.
func UsageOf(where string, err error) error {
	if err == nil {
		return nil
	}
	return Usage("%s: %w", where, err)
}

// Hint says what to do about an error.
func Hint(err error, hint string) error {
	if err == nil {
		return nil
	}
	code, _ := Classify(err)
	return &Failure{Code: code, Err: err, Hint: hint}
}

// ErrQuiet ends with exit 1, or the code of the failure around it, and no
// message: what is false was printed as data.
var ErrQuiet = errors.New("")

// complain prints an error as "deed: error:" and "deed: hint:" and returns the
// exit code.
func complain(w io.Writer, cmd *cobra.Command, err error) int {
	if err == nil {
		return ExitDone
	}
	code, hint := Classify(err)
	if errors.Is(err, ErrQuiet) {
		return code
	}
	fmt.Fprintf(w, "deed: error: %s\n", message(err))
	if hint == UsageHint {
		hint = "run '" + cmd.CommandPath() + " --help' for usage"
	}
	if hint != "" {
		fmt.Fprintf(w, "deed: hint: %s\n", hint)
	}
	return code
}

// Classify finds the exit code and the hint of an error.
func Classify(err error) (code int, hint string) {
	var f *Failure
	if errors.As(err, &f) {
		if f.Hint == "" {
			_, hint := classifyCause(f.Err)
			return f.Code, hint
		}
		return f.Code, f.Hint
	}
	return classifyCause(err)
}

func classifyCause(err error) (code int, hint string) {
	if fault := faultIn(err); fault != nil {
		info := attest.Faults[fault.Code]
		if connect.CodeOf(err) != connect.CodeUnknown && info.Handling != attest.Retryable {
			return ExitFalse, info.Fix // the register checked it
		}
		return ExitCould, info.Fix
	}
	switch {
	case errors.Is(err, ErrQuiet):
		return ExitFalse, ""
	case errors.Is(err, context.Canceled):
		return ExitCould, "nothing is lost: run the same command again"
	case errors.Is(err, setup.ErrExists):
		return ExitCould, "name another directory; deed never overwrites a register"
	case errors.Is(err, setup.ErrOpenKey):
		return ExitCould, "chmod 600 the file"
	case errors.Is(err, setup.ErrKeyForm):
		return ExitCould, "an SSH key signs by ssh-keygen: see --pae of 'deed sign --help'; 'openssl pkcs8 -topk8 -nodes' brings other keys into this form"
	case errors.Is(err, boltstore.ErrLocked):
		return ExitCould, "stop the deed serve that has it open, or work on a copy"
	case errors.Is(err, boltstore.ErrOlder):
		return ExitCould, "nothing is lost: stop what serves it and run 'deed log reindex' once, see Upgrade in docs/operating.md"
	case errors.Is(err, boltstore.ErrNewer):
		return ExitCould, "run the deed that made it, or a newer one"
	case errors.Is(err, ledger.ErrRollback):
		return ExitCould, "restore the newest database; never delete the head file to get past this; if the file was lost, see deed log recover"
	case isDamage(err):
		return ExitCould, "'deed log check' names all that is damaged; what follows from the entries, 'deed log reindex' makes again"
	case errors.Is(err, ledger.ErrProof), errors.Is(err, ledger.ErrSignature):
		return ExitFalse, "do not rely on this; ask the operator, and compare with another copy of the log's key"
	case errors.Is(err, fs.ErrNotExist):
		return ExitCould, ""
	}
	return ExitCould, connectHint(err)
}

func isDamage(err error) bool {
	_, ok := errors.AsType[*ledger.Corrupt](err)
	return ok
}

func connectHint(err error) string {
	switch connect.CodeOf(err) {
	case connect.CodeUnavailable:
		return "is the server running? start it with 'deed serve', or name another with --server"
	case connect.CodeDeadlineExceeded:
		return "the server did not answer in time; run the same command again, with a longer --timeout"
	case connect.CodeInternal:
		return "the operator finds the cause in the server's log under the request's number"
	}
	return ""
}

// faultIn finds the fault in an error, local or from a register.
func faultIn(err error) *attest.Fault {
	if f := attest.AsFault(err); f != nil {
		return f
	}
	if m, _ := Details(err); m != nil {
		return &attest.Fault{Code: m.GetCode(), Field: m.GetField(), Expected: m.GetExpected(), Found: m.GetFound()}
	}
	return nil
}

// Details returns what a register attached to an error: the fault, and of a
// denial the receipt.
func Details(err error) (*deedv1.Fault, *deedv1.Receipt) {
	var e *connect.Error
	if !errors.As(err, &e) {
		return nil, nil
	}
	for _, d := range e.Details() {
		m, err := d.Value()
		if err != nil {
			continue
		}
		switch m := m.(type) {
		case *deedv1.Fault:
			return m, nil
		case *deedv1.Denial:
			return m.GetFault(), m.GetReceipt()
		}
	}
	return nil, nil
}

// message is the error in one line. Where a register answered, its fault stands
// instead of the Connect code.
func message(err error) string {
	var e *connect.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	return strings.Replace(err.Error(), e.Error(), answerText(e), 1)
}

func answerText(e *connect.Error) string {
	if fault, receipt := Details(e); receipt != nil {
		return fmt.Sprintf("denied, and logged at index %d: %s: %s", receipt.GetIndex(), fault.GetCode(), attest.Faults[fault.GetCode()].Cause)
	}
	if f := faultIn(e); f != nil {
		return f.Error()
	}
	return e.Message()
}

// PlainJSON says what is wrong with a document, without the Go types.
func PlainJSON(err error) error {
	var e *json.SemanticError
	if !errors.As(err, &e) || e.JSONPointer == "" {
		return err
	}
	if e.Err != nil {
		return fmt.Errorf("%s: %w", e.JSONPointer, e.Err)
	}
	return fmt.Errorf("%s: a %s does not fit", e.JSONPointer, e.JSONKind)
}
