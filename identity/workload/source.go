package workload

import (
	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// Source is where a process gets its identity. [*API] and [*DirSource] are
// sources. Implementations are safe for concurrent use and answer from memory
// or from local files.
type Source interface {
	// SVID returns the SVID of now: a leaf, the intermediates above it, and
	// the private key of the leaf. The caller must not change it, and asks
	// again for the next signature or handshake.
	SVID() (*x509svid.SVID, error)
	// Source returns the authorities of a trust domain to check a peer with,
	// or an error if there are none for it.
	x509bundle.Source
}

// svidSource lets go-spiffe ask a Source for its SVID.
type svidSource struct{ Source }

// GetX509SVID implements [x509svid.Source].
func (s svidSource) GetX509SVID() (*x509svid.SVID, error) { return s.SVID() }
