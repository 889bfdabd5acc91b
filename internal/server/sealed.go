package server

import (
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// sealedError is that an object is not given out yet: it is a token, and whoever
// reads it could use it.
type sealedError struct {
	fault *attest.Fault
	after time.Duration
}

// Error implements error.
func (e *sealedError) Error() string { return e.fault.Error() }

// Unwrap is the fault.
func (e *sealedError) Unwrap() error { return e.fault }

// readable returns an object for whoever asks. A token is none before it has
// ended, by the register's clock.
func (s *Server) readable(d attest.Digest) ([]byte, error) {
	until, err := admission.SealedUntil(storeView{s.register.store}, d)
	if err != nil {
		return nil, err
	}
	if wait := until - s.now().UnixMilli(); wait > 0 {
		return nil, &sealedError{after: time.Duration(wait) * time.Millisecond, fault: &attest.Fault{
			Code: "object.sealed", Field: "digest", Expected: "a token that has expired", Found: "one that ends " + time.UnixMilli(until).UTC().Format(time.RFC3339Nano),
		}}
	}
	return s.register.Object(d)
}
