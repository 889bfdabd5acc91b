package server

import (
	"context"
	"fmt"
	"sync"

	"github.com/deedlog/deed/ledger"
)

// maxHeld is how many checkpoints are kept for whoever collects several proofs
// in one tree while the log goes on.
const maxHeld = 1024

// checkpoints are those that proofs were lately handed out with, by tree size.
type checkpoints struct {
	mu     sync.Mutex
	bySize map[uint64][]byte
	order  []uint64
}

// hold keeps the checkpoint of a proof that is handed out.
func (c *checkpoints) hold(proof []byte) error {
	p, err := ledger.ParseProof(proof)
	if err != nil {
		return fmt.Errorf("reading own proof: %w", err)
	}
	signed, err := ledger.ParseSignedCheckpoint(p.Checkpoint)
	if err != nil {
		return fmt.Errorf("reading own checkpoint: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.bySize == nil {
		c.bySize = map[uint64][]byte{}
	}
	if _, ok := c.bySize[signed.Size]; ok {
		return nil
	}
	c.bySize[signed.Size] = p.Checkpoint
	if c.order = append(c.order, signed.Size); len(c.order) > maxHeld {
		delete(c.bySize, c.order[0])
		c.order = c.order[1:]
	}
	return nil
}

func (c *checkpoints) of(size uint64) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bySize[size]
}

// inTree is a receipt with a proof in the tree of a size; 0 is the newest.
func (s *Server) inTree(ctx context.Context, index, size uint64) (ledger.Receipt, error) {
	if size == 0 {
		return s.receiptNow(ctx, index)
	}
	return s.receiptAt(ctx, index, size)
}

// receiptAt is a receipt with a proof in the tree of a size whose checkpoint was
// handed out before; ledger.ErrNotPublished if it is not held any more.
func (s *Server) receiptAt(ctx context.Context, index, size uint64) (ledger.Receipt, error) {
	checkpoint := s.held.of(size)
	if checkpoint == nil {
		return ledger.Receipt{}, ledger.ErrNotPublished
	}
	entry, err := s.log.Entry(ctx, index)
	if err != nil {
		return ledger.Receipt{}, err
	}
	hashes, err := s.log.Inclusion(ctx, index, size)
	if err != nil {
		return ledger.Receipt{}, err
	}
	proof := ledger.Proof{Index: index, Hashes: hashes, Checkpoint: checkpoint}
	return ledger.Receipt{Index: index, Entry: entry.Bytes, Proof: proof.Bytes()}, nil
}

// receiptNow is a receipt with a proof in the newest tree.
func (s *Server) receiptNow(ctx context.Context, index uint64) (ledger.Receipt, error) {
	r, err := s.log.Receipt(ctx, index)
	if err != nil {
		return r, err
	}
	return r, s.held.hold(r.Proof)
}
