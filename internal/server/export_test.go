package server

import (
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// Prepare makes of a checked statement what Submit puts into the queue.
func (s *Server) Prepare(c *admission.Checked) (ledger.Submission, error) { return s.place(c) }

// Heavy takes all places of statements with costly keys but for some, until it is
// called again.
func (s *Server) Heavy(but int) (release func()) {
	for range maxHeavy - but {
		s.heavy.inside <- struct{}{}
	}
	return func() {
		for range maxHeavy - but {
			<-s.heavy.inside
		}
	}
}

// Inside is how many statements are under way.
func (s *Server) Inside() int64 { return s.gate.inside.Load() }

// Reader is the store below the register.
func (r *Register) Reader() ledger.Reader { return r.store }
