package server

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"runtime"

	"github.com/deedlog/deed/ledger"
)

// maxHeavy bounds the statements in check whose key is costly: those that are
// verified and those that wait for that.
const maxHeavy = 64

// heavy keeps costly keys from taking all cores. A P-384 signature takes eleven
// times the time of a P-256 one, which its own processor instructions check: one
// core is busy with 1,200 a second.
type heavy struct {
	inside chan struct{} // those in check
	cores  chan struct{} // those that are verified: half of the cores
}

func newHeavy() heavy {
	return heavy{make(chan struct{}, maxHeavy), make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))}
}

// costly reports whether a verification with the key takes long. No key at all is
// that of a person who signs with certificates: they come with the signature, and
// several of them are verified, of any kind.
func costly(key crypto.PublicKey) bool {
	k, ok := key.(*ecdsa.PublicKey)
	return key == nil || ok && k.Curve == elliptic.P384()
}

// admit is asked before a signature is verified with a key; the answer is called
// afterwards.
func (s *Server) admit(key crypto.PublicKey) (release func(), err error) {
	if !costly(key) {
		return func() {}, nil
	}
	select {
	case s.heavy.inside <- struct{}{}:
	default:
		s.metrics.Shed(1)
		return nil, &ledger.Overloaded{RetryAfter: s.gate.delay()}
	}
	s.heavy.cores <- struct{}{}
	return func() { <-s.heavy.cores; <-s.heavy.inside }, nil
}
