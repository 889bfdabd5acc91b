// Package server is the register as a service: it takes signed statements over
// Connect, has them checked and placed by internal/admission, appends them
// through ledger, and serves what is in the log.
//
// # Reading order
//
// submit.go is the life of one statement, from the request to the receipt.
// place.go is its turn in the sequencer. register.go is what checks may look
// up. evidence.go and search.go read; tiles.go serves the log to any C2SP tool.
// trust.go logs roots of trust as they change, and the genesis before anything
// else. errors.go is where errors become answers; listen.go is the network.
// limit.go, limithttp.go and limitconn.go bound what is under way: statements,
// requests, connections. health.go says whether the register is ready, and
// metrics.go what is counted.
//
// # Caveats
//
// The server decides nothing by itself: every rule is in internal/admission,
// so that a verifier can repeat it. What a transport knows of its peer is
// recorded as the submitter and proves nothing.
package server

import (
	"crypto"
	"io"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/metrics"
	"github.com/deedlog/deed/ledger"
)

// Config is what a server is made of. Cache and what follows are optional.
type Config struct {
	Log    *ledger.Log
	Store  ledger.Reader // the log's own store
	Origin string
	// ServerKey signs the server's own statements (genesis, root). It is not
	// the log key, which signs checkpoints alone.
	ServerKey crypto.PrivateKey
	Now       func() time.Time
	Rand      io.Reader // for nonces and seeds
	// Cache bounds what is remembered of each sort; 0 is 4096.
	Cache  int
	Logger *slog.Logger
	// Metrics are counted here; nil is a registry that nobody reads.
	Metrics *metrics.Metrics
	// ReadyAge is how long statements may wait for a checkpoint before the
	// register says that it is not ready; 0 is a minute.
	ReadyAge time.Duration
}

// Server is a running register. Its methods may be called concurrently.
type Server struct {
	log      *ledger.Log
	register *Register
	cache    *admission.Cache
	key      crypto.PrivateKey
	keyID    attest.Digest
	now      func() time.Time
	rand     io.Reader
	logger   *slog.Logger
	held     checkpoints

	metrics   *metrics.Metrics
	condition condition
	gate      gate  // of statements
	writes    crowd // of calls that submit
	reads     crowd // of all other requests
	bodies    atomic.Int64
	heavy     heavy // statements whose key is costly
	admits    func(crypto.PublicKey) (func(), error)
}

// New returns a server over an open log. Faults: key.algorithm.
func New(c Config) (*Server, error) {
	if c.Cache == 0 {
		c.Cache = 4096
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if c.Metrics == nil {
		c.Metrics = NewMetrics(nil)
	}
	if c.ReadyAge == 0 {
		c.ReadyAge = usualReadyAge
	}
	signer, ok := c.ServerKey.(crypto.Signer)
	if !ok {
		return nil, attest.Refuse("key.algorithm", "", "a signing key", "none")
	}
	key, err := attest.KeyOf(signer.Public())
	if err != nil {
		return nil, err
	}
	s := &Server{
		log: c.Log, register: NewRegister(c.Store, c.Origin, c.Cache), cache: admission.NewCache(c.Cache),
		key: c.ServerKey, keyID: key.Digest(), now: c.Now, rand: c.Rand, logger: c.Logger, heavy: newHeavy(),
		metrics: c.Metrics, condition: condition{err: c.Log.Err, most: c.ReadyAge},
		writes: crowd{most: maxWrites}, reads: crowd{most: maxReads},
	}
	s.admits = s.admit
	s.expose()
	return s, nil
}

// Register returns what the server's checks look things up in.
func (s *Server) Register() *Register { return s.register }
