package server

import (
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"github.com/deedlog/deed/ledger"
)

// Cache rules of c2sp.org/tlog-tiles: the checkpoint is replaced all the time, a
// tile of a given path never changes.
const (
	cacheCheckpoint = "public, max-age=2"
	cacheTile       = "public, max-age=31536000, immutable"
	cacheNothing    = "no-store" // a tile that is not there yet may be there soon
)

// Tiles serves a log as c2sp.org/tlog-tiles, for any stock client, mirror or
// CDN:
//
//	GET /checkpoint                     signed note
//	GET /tile/<L>/<N>[.p/<W>]           hashes
//	GET /tile/entries/<N>[.p/<W>]       entries
//
// It serves what the published checkpoint covers, at every width up to the
// current one. A path that is not in the one canonical form is not found.
func Tiles(l *ledger.Log, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			w.Header().Set("Allow", "GET, HEAD")
			http.Error(w, "method not allowed", http.StatusMethodNotAllowed)
			return
		}
		// The escaped path: /tile/0/%30%30%30 is another name of a tile, and
		// would be cached as another tile.
		path := strings.TrimPrefix(r.URL.EscapedPath(), "/")
		if path == "checkpoint" {
			serve(w, l.Checkpoint(), "text/plain; charset=utf-8", cacheCheckpoint)
			return
		}
		id, err := ledger.ParseTilePath(path)
		if err != nil {
			notFound(w)
			return
		}
		serveTile(w, r, l, id, log)
	})
}

func serveTile(w http.ResponseWriter, r *http.Request, l *ledger.Log, id ledger.TileID, log *slog.Logger) {
	data, err := l.Tile(r.Context(), id)
	switch {
	case err == nil:
		serve(w, data, "application/octet-stream", cacheTile)
	case errors.Is(err, ledger.ErrNotPublished):
		notFound(w)
	default:
		log.ErrorContext(r.Context(), "serving tile", "tile", id.String(), "error", err)
		w.Header().Set("Cache-Control", cacheNothing)
		http.Error(w, "internal error", http.StatusInternalServerError)
	}
}

func serve(w http.ResponseWriter, data []byte, contentType, cache string) {
	h := w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(data)))
	h.Set("Cache-Control", cache)
	h.Set("X-Content-Type-Options", "nosniff")
	w.Write(data) // net/http drops the body of a HEAD; a client that left is no error of ours
}

func notFound(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", cacheNothing)
	http.Error(w, "not found", http.StatusNotFound)
}
