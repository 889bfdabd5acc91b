package main

import (
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// The ceiling is a bare ECDSA P-256 verification per payload, on all cores: no
// register can take signed statements faster.

// A signed is what a verification needs, in the form in which it needs it.
type signed struct {
	key       *ecdsa.PublicKey
	message   []byte // what the signature is over, DSSE's encoding
	signature []byte
}

func signedOf(agents []*agent, work [][]cast.Sent) (list []signed) {
	for i, a := range agents {
		for _, s := range work[i] {
			list = append(list, signed{a.Key.Public().(*ecdsa.PublicKey), encoded(s.Envelope), s.Envelope.Signature})
		}
	}
	return list
}

// encoded is DSSE's pre-authentication encoding.
func encoded(e attest.Envelope) []byte {
	return fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(attest.PayloadType), attest.PayloadType, len(e.Payload), e.Payload)
}

// verifyAll verifies every signature, on all cores.
func verifyAll(list []signed) error {
	_, err := crowd(runtime.GOMAXPROCS(0), len(list), func(i uint64) error {
		s := list[i]
		if sum := sha256.Sum256(s.message); !ecdsa.VerifyASN1(s.key, sum[:], s.signature) {
			return errors.New("a signature does not verify")
		}
		return nil
	})
	return err
}

// ceiling measures the verify-only loop on the payloads that a register gets
// next.
func (r *run) ceiling(row string, list []signed) error {
	took, err := r.measure("ceiling", func() error { return verifyAll(list) })
	if err != nil {
		return err
	}
	r.table.add(row+cpuRow, "us CPU", took.each(len(list)))
	r.table.add(row+rateRow, "/s", took.rate(len(list)))
	return nil
}

// What is added to the name of a row.
const (
	cpuRow  = ", processor time each"
	rateRow = ", rate"
)
