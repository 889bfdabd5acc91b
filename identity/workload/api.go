package workload

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

// API is a [Source] fed by the Workload API, which pushes every rotation.
type API struct{ source *workloadapi.X509Source }

// Option changes how the Workload API is called.
type Option func(*options)

type options struct{ log *slog.Logger }

// WithLog reports trouble with the Workload API, such as an agent that went
// away. Without it there is no report until an SVID has expired.
func WithLog(log *slog.Logger) Option {
	return func(o *options) { o.log = log }
}

// Dial connects to the Workload API and waits for the first SVID. The address
// is "unix:///path" or "tcp://IP:port"; "" means the one in the environment
// variable SPIFFE_ENDPOINT_SOCKET. ctx limits the wait, not the life of the
// source. While the agent cannot be reached, or has no identity for this
// process, Dial keeps trying; the error then says what the agent last said.
func Dial(ctx context.Context, addr string, opts ...Option) (*API, error) {
	addr, err := endpoint(addr)
	if err != nil {
		return nil, fmt.Errorf("workload: %w", err)
	}
	trouble := newTrouble(opts)
	source, err := workloadapi.NewX509Source(ctx, workloadapi.WithClientOptions(
		workloadapi.WithAddr(addr), workloadapi.WithLogger(trouble)))
	if err != nil {
		return nil, fmt.Errorf("workload: waiting for an SVID from %s: %w", addr, trouble.explain(err))
	}
	return &API{source}, nil
}

func endpoint(addr string) (string, error) {
	if addr == "" {
		addr, _ = workloadapi.GetDefaultAddress()
	}
	if addr == "" {
		return "", fmt.Errorf("no Workload API address: set %s, for example to unix:///run/spire/sockets/agent.sock", workloadapi.SocketEnv)
	}
	if err := workloadapi.ValidateAddress(addr); err != nil {
		return "", fmt.Errorf("reading Workload API address %q (from %s unless given): %w", addr, workloadapi.SocketEnv, err)
	}
	return addr, nil
}

// SVID implements [Source]. If the process has several identities, it is the
// first, which the standard makes the default.
func (a *API) SVID() (*x509svid.SVID, error) {
	svid, err := a.source.GetX509SVID()
	if err != nil {
		return nil, fmt.Errorf("workload: %w", err)
	}
	return svid, nil
}

// GetX509BundleForTrustDomain implements [Source] for the own trust domain and
// those federated with it.
func (a *API) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	return a.source.GetX509BundleForTrustDomain(td)
}

// Updated gets a value after every change of the SVID or of a bundle since
// Dial. Changes that come faster than they are received count as one; with
// several receivers, one of them gets it.
func (a *API) Updated() <-chan struct{} { return a.source.Updated() }

// Close disconnects. SVID returns an error afterwards.
func (a *API) Close() error { return a.source.Close() }
