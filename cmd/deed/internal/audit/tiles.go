package audit

import (
	"context"
	"fmt"
	"math"

	"golang.org/x/mod/sumdb/tlog"

	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/ledger"
)

// tileHeight is C2SP's: 256 hashes in a tile.
const tileHeight = 8

// tiles reads the log's tiles over HTTP for package tlog, which checks them
// against the newer root.
type tiles struct {
	ctx    context.Context
	client *register.Client
}

// Height implements tlog.TileReader.
func (t tiles) Height() int { return tileHeight }

// SaveTiles implements tlog.TileReader; nothing is kept.
func (t tiles) SaveTiles([]tlog.Tile, [][]byte) {}

// ReadTiles implements tlog.TileReader.
func (t tiles) ReadTiles(list []tlog.Tile) ([][]byte, error) {
	out := make([][]byte, len(list))
	for i, tile := range list {
		id := ledger.TileID{Level: tile.L, Index: uint64(tile.N), Width: tile.W}
		data, err := t.client.Get(t.ctx, id.String())
		if err != nil {
			return nil, err
		}
		out[i] = data
	}
	return out, nil
}

// consistencyProof computes the proof between two sizes from tiles.
func consistencyProof(ctx context.Context, cl *register.Client, older, newer ledger.Checkpoint) ([]ledger.Hash, error) {
	if older.Size == 0 || older.Size == newer.Size {
		return nil, nil
	}
	if newer.Size > math.MaxInt64 {
		return nil, fmt.Errorf("computing consistency proof: size %d is too large", newer.Size)
	}
	tree := tlog.Tree{N: int64(newer.Size), Hash: tlog.Hash(newer.Root)}
	proof, err := tlog.ProveTree(tree.N, int64(older.Size), tlog.TileHashReader(tree, tiles{ctx, cl}))
	if err != nil {
		return nil, fmt.Errorf("computing consistency proof: %w", err)
	}
	hashes := make([]ledger.Hash, len(proof))
	for i, h := range proof {
		hashes[i] = ledger.Hash(h)
	}
	return hashes, nil
}
