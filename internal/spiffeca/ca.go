// Package spiffeca is a throwaway SPIFFE certificate authority for the demo
// and for tests. It issues X.509-SVIDs as SPIRE does, rotates its root, can
// issue broken certificates on request, and can be saved to carry on later.
//
//	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: "example.org"})
//	svid, err := ca.Issue("spiffe://example.org/agent/7")
//	err = ca.WriteSVID(dir, svid) // svid.pem, key.pem, bundle.json
//
// # Caveats
//
// It guards nothing: whoever has the process or the saved file is the
// authority. It never revokes and has no attestation. Use SPIRE for agents
// that matter.
//
// # Determinism
//
// With a Rand and a Now that repeat, every byte that it makes repeats, for all
// key types: keys are made from bytes read here, not by the GenerateKey
// functions, which from Go 1.26 ignore their reader; ECDSA signatures follow
// RFC 6979; Ed25519 needs no randomness. RSA is not offered for this reason;
// a test passes its own key in [Options].
package spiffeca

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/spiffebundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
)

// Defaults are SPIRE's.
const (
	defaultRootTTL = 24 * time.Hour
	defaultSVIDTTL = time.Hour

	// backdate is how long before now a certificate starts to be valid, for
	// clocks that differ; SPIRE uses the same.
	backdate = 10 * time.Second
)

// Config describes an authority. Only TrustDomain is required.
type Config struct {
	// TrustDomain is the bare name, such as "example.org".
	TrustDomain string
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Rand gives keys and serial numbers; nil means crypto/rand.
	Rand io.Reader
	// RootTTL is the life of a root and of an intermediate; 0 means 24 h.
	RootTTL time.Duration
	// SVIDTTL is the life of an SVID; 0 means 1 h. It never outlives its
	// issuer.
	SVIDTTL time.Duration
	// Intermediate puts a CA between the root and the SVIDs.
	Intermediate bool
	// KeyType is the type of every key made; "" means P256.
	KeyType KeyType
}

// CA is an authority for one trust domain. It is safe for concurrent use.
type CA struct {
	cfg Config
	td  spiffeid.TrustDomain

	mu       sync.Mutex // guards what follows and cfg.Rand
	sequence uint64     // spiffe_sequence; grows with every change of roots
	roots    []*x509.Certificate
	root     issuer // signs intermediates, or SVIDs if there is none
	inter    issuer // zero without Config.Intermediate
}

// issuer is a CA certificate with its key.
type issuer struct {
	cert *x509.Certificate
	key  crypto.Signer
}

// New makes an authority with its first root.
func New(cfg Config) (*CA, error) {
	ca, err := prepare(cfg)
	if err != nil {
		return nil, fmt.Errorf("spiffeca: %w", err)
	}
	if err := ca.RotateRoot(); err != nil {
		return nil, err
	}
	return ca, nil
}

func prepare(cfg Config) (*CA, error) {
	td, err := spiffeid.TrustDomainFromString(cfg.TrustDomain)
	if err != nil {
		return nil, fmt.Errorf("reading trust domain: %w", err)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.RootTTL == 0 {
		cfg.RootTTL = defaultRootTTL
	}
	if cfg.SVIDTTL == 0 {
		cfg.SVIDTTL = defaultSVIDTTL
	}
	if cfg.KeyType == "" {
		cfg.KeyType = P256
	}
	return &CA{cfg: cfg, td: td}, nil
}

// TrustDomain is the bare name of the trust domain.
func (ca *CA) TrustDomain() string { return ca.td.Name() }

// RotateRoot makes a new root, and intermediate if there is to be one, and
// issues under it from now on. Older roots stay in the bundle until
// [CA.DropOldRoots].
func (ca *CA) RotateRoot() error {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	root, err := ca.newIssuer("root", issuer{})
	if err != nil {
		return fmt.Errorf("spiffeca: making root: %w", err)
	}
	inter := issuer{}
	if ca.cfg.Intermediate {
		if inter, err = ca.newIssuer("intermediate", root); err != nil {
			return fmt.Errorf("spiffeca: making intermediate: %w", err)
		}
	}
	ca.root, ca.inter = root, inter
	ca.roots = append(ca.roots, root.cert)
	ca.sequence++
	return nil
}

// DropOldRoots removes all roots but the current one from the bundle, as SPIRE
// does some time after they expire.
func (ca *CA) DropOldRoots() {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	if len(ca.roots) > 1 {
		ca.roots = ca.roots[len(ca.roots)-1:]
		ca.sequence++
	}
}

// Roots are the authorities in the bundle, oldest first.
func (ca *CA) Roots() []*x509.Certificate {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	return append([]*x509.Certificate(nil), ca.roots...)
}

// BundleDocument is the SPIFFE bundle document (JWKS) of now, with its
// spiffe_sequence.
func (ca *CA) BundleDocument() []byte {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	bundle := spiffebundle.FromX509Authorities(ca.td, ca.roots)
	bundle.SetSequenceNumber(ca.sequence)
	doc, err := bundle.Marshal()
	if err != nil {
		panic("spiffeca: own bundle does not marshal: " + err.Error())
	}
	return doc
}
