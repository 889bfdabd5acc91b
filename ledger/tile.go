package ledger

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// A TileID names a tile or an entry bundle of a given width
// (c2sp.org/tlog-tiles). Its text is a path relative to the log's prefix:
//
//	tile/<L>/<N>[.p/<W>]         hashes of level L
//	tile/entries/<N>[.p/<W>]     entries
type TileID struct {
	Level   int    // 0 to 63; 0 if Entries
	Index   uint64 // N, below 2^56
	Width   int    // 1 to 256; below 256 the tile is partial
	Entries bool   // an entry bundle instead of hashes
}

// String returns the path of the tile. N is written in groups of three digits,
// all but the last with an x: 1234067 is x001/x234/067.
func (t TileID) String() string {
	n := fmt.Sprintf("%03d", t.Index%1000)
	for rest := t.Index / 1000; rest > 0; rest /= 1000 {
		n = fmt.Sprintf("x%03d/%s", rest%1000, n)
	}
	level := "entries"
	if !t.Entries {
		level = strconv.Itoa(t.Level)
	}
	if t.Width < tileWidth {
		n += ".p/" + strconv.Itoa(t.Width)
	}
	return "tile/" + level + "/" + n
}

// ParseTilePath parses the path of a tile or entry bundle, without a leading
// slash. It accepts only what String prints.
func ParseTilePath(path string) (TileID, error) {
	t, err := parseTilePath(path)
	if err != nil || t.String() != path {
		return TileID{}, fmt.Errorf("malformed tile path %.100q", path)
	}
	return t, nil
}

var errTilePath = errors.New("malformed tile path")

func parseTilePath(path string) (TileID, error) {
	rest, ok := strings.CutPrefix(path, "tile/")
	level, n, ok2 := strings.Cut(rest, "/")
	if !ok || !ok2 {
		return TileID{}, errTilePath
	}
	t := TileID{Width: tileWidth, Entries: level == "entries"}
	if !t.Entries {
		l, err := strconv.ParseUint(level, 10, 6) // at most 63
		if err != nil {
			return TileID{}, err
		}
		t.Level = int(l)
	}
	n, width, partial := strings.Cut(n, ".p/")
	if partial {
		w, err := strconv.ParseUint(width, 10, 8)
		if err != nil || w == 0 {
			return TileID{}, errTilePath
		}
		t.Width = int(w)
	}
	for group := range strings.SplitSeq(n, "/") {
		d, err := strconv.ParseUint(strings.TrimPrefix(group, "x"), 10, 10)
		if err != nil || d > 999 || t.Index > 1<<46 { // the next digits fit in 56 bits
			return TileID{}, errTilePath
		}
		t.Index = t.Index*1000 + d
	}
	return t, nil
}

// covered reports whether a tree of this size has the tile at this width. A
// partial tile is served at any width up to the current one, because some
// earlier checkpoint may have had it.
func (t TileID) covered(size uint64) bool {
	if t.Width < 1 || t.Width > tileWidth || t.Level < 0 || t.Level > 63 || t.Index >= 1<<56 {
		return false
	}
	hashes := uint64(0)
	if shift := tileHeight * t.Level; shift < 64 {
		hashes = size >> shift
	}
	return t.Index*tileWidth+uint64(t.Width) <= hashes
}

// hashes returns the C2SP form of a tile of hashes.
func (t *tree) hashes(ctx context.Context, r Reader, id TileID) ([]byte, error) {
	if !id.covered(t.size) {
		return nil, ErrNotPublished
	}
	if id.Index == t.size>>(tileHeight*id.Level)/tileWidth {
		var data []byte
		for _, h := range t.edge[id.Level].nodes[0][:id.Width] {
			data = append(data, h[:]...)
		}
		return data, nil
	}
	data, err := readTile(ctx, r, id.Level, id.Index)
	if err != nil {
		return nil, err
	}
	if err := checkTile(id, data); err != nil {
		return nil, err
	}
	return data[:id.Width*32], nil
}

// checkTile recomputes the stored nodes of a full tile from its hashes, so that
// a flipped bit in either is not served as the truth.
func checkTile(id TileID, data []byte) error {
	for i := range uint64(storedNodes) {
		var h [tileWidth / storedNodes]Hash
		for j := range h {
			h[j] = tileNode(data, 0, i*uint64(len(h))+uint64(j))
		}
		for n := len(h); n > 1; n /= 2 {
			for j := range n / 2 {
				h[j] = hashNode(h[2*j], h[2*j+1])
			}
		}
		if want := tileNode(data, midHeight, i); h[0] != want {
			return &Corrupt{Bucket: "tiles", Key: id.String(), Want: want.String(), Got: h[0].String()}
		}
	}
	return nil
}

// bundle returns the C2SP form of an entry bundle: each entry after its length
// as a big-endian uint16.
func bundle(ctx context.Context, r Reader, id TileID) ([]byte, error) {
	entries, err := r.Entries(ctx, id.Index*tileWidth, uint64(id.Width))
	if err != nil {
		return nil, fmt.Errorf("reading entry bundle: %w", err)
	}
	if len(entries) != id.Width {
		return nil, &Corrupt{Bucket: "entries", Key: id.String(), Want: fmt.Sprint(id.Width, " entries"), Got: fmt.Sprint(len(entries))}
	}
	var data []byte
	for _, e := range entries {
		data = binary.BigEndian.AppendUint16(data, uint16(len(e.Bytes)))
		data = append(data, e.Bytes...)
	}
	return data, nil
}
