package server

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"log/slog"
	"strings"
	"syscall"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// answer turns an error into what a client sees: a fault with its code, or a
// fixed text with a request ID under which the cause is in the operator's log.
// It is the only place where this is done.
func answer(log *slog.Logger, err error) *connect.Error {
	var already *connect.Error
	if errors.As(err, &already) {
		return already
	}
	if f := fault(err); f != nil {
		after := retryAfter(err)
		e := withDetail(connect.NewError(faultCode(f), errors.New(f.Error())), faultMessage(f, after))
		if after > 0 {
			e.Meta().Set("Retry-After", retryAfterHeader(after)) // for those who do not read details
		}
		return e
	}
	switch {
	case errors.Is(err, context.Canceled):
		return connect.NewError(connect.CodeCanceled, errors.New("the call was cancelled; submit the same bytes again"))
	case errors.Is(err, context.DeadlineExceeded):
		return connect.NewError(connect.CodeDeadlineExceeded, errors.New("the call ran out of time; submit the same bytes again"))
	case errors.Is(err, ledger.ErrNotPublished):
		return connect.NewError(connect.CodeNotFound, errors.New("no such entry under the published checkpoint"))
	}
	id := requestID()
	log.Error("request failed", "request_id", id, "error", err)
	return connect.NewError(connect.CodeInternal, errors.New("internal error, request "+id))
}

// fault is the fault inside an error, also where the ledger refused.
func fault(err error) *attest.Fault {
	if f := attest.AsFault(err); f != nil {
		return f
	}
	switch {
	case errors.Is(err, ledger.ErrOverloaded):
		return &attest.Fault{Code: "log.overloaded", Expected: "room for another statement", Found: "too many under way"}
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return &attest.Fault{Code: "log.unavailable", Expected: "room on the log's disk", Found: "the disk is full"}
	case errors.Is(err, ledger.ErrRetryable), errors.Is(err, ledger.ErrUnknown), errors.Is(err, ledger.ErrClosed),
		errors.Is(err, ledger.ErrStopped), errors.Is(err, ledger.ErrClock):
		return &attest.Fault{Code: "log.unavailable", Expected: "a log that can commit", Found: "one that cannot just now"}
	}
	return nil
}

// faultCode is the Connect code that goes with a fault.
func faultCode(f *attest.Fault) connect.Code {
	switch attest.Faults[f.Code].Handling {
	case attest.Logged:
		return connect.CodePermissionDenied
	case attest.Retryable:
		switch f.Code {
		case "log.overloaded", "quota.denials":
			return connect.CodeResourceExhausted
		case "log.unavailable":
			return connect.CodeUnavailable
		case "trust.changed":
			return connect.CodeAborted
		}
		return connect.CodeFailedPrecondition
	}
	if strings.HasPrefix(f.Code, "signer.") || f.Code == "envelope.signature" {
		return connect.CodeUnauthenticated
	}
	return connect.CodeInvalidArgument
}

func faultMessage(f *attest.Fault, after time.Duration) *deedv1.Fault {
	return &deedv1.Fault{
		Code: f.Code, Field: f.Field, Expected: f.Expected, Found: f.Found,
		Retryable: f.Retry(), RetryAfterMs: after.Milliseconds(),
	}
}

func retryAfter(err error) time.Duration {
	var o *ledger.Overloaded
	if errors.As(err, &o) {
		return o.RetryAfter
	}
	var sealed *sealedError
	if errors.As(err, &sealed) {
		return sealed.after
	}
	return 0
}

// denied is the answer to a statement that was logged as denied.
func deniedAnswer(r Receipt) *connect.Error {
	e := connect.NewError(connect.CodePermissionDenied, errors.New("logged as denied: "+r.Fault.Code))
	return withDetail(e, &deedv1.Denial{Receipt: receiptMessage(r), Fault: faultMessage(r.Fault, 0)})
}

func requestID() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
