// Package fakeworkload is a SPIFFE Workload API for tests: real gRPC on a
// local port, identities from a throwaway CA, rotation on command.
//
//	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: "example.org"})
//	api := fakeworkload.Start(t, ca, "spiffe://example.org/agent/7")
//	source, err := workload.Dial(ctx, api.Addr())
//	api.Rotate() // source sees a new SVID
//
// It serves the X.509 half of the standard: FetchX509SVID and
// FetchX509Bundles, both as streams that push every change.
package fakeworkload

import (
	"context"
	"crypto/x509"
	"net"
	"sync"
	"testing"

	"github.com/spiffe/go-spiffe/v2/proto/spiffe/workload"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/deedlog/deed/internal/spiffeca"
)

// Server is a running fake. It stops when its test ends.
type Server struct {
	workload.UnimplementedSpiffeWorkloadAPIServer

	t    testing.TB
	ca   *spiffeca.CA
	id   string
	addr string

	mu        sync.Mutex
	federated []*spiffeca.CA
	svids     *workload.X509SVIDResponse    // replaced, never changed
	bundles   *workload.X509BundlesResponse // replaced, never changed
	denied    bool
	changed   chan struct{} // closed and replaced at every change
}

// Start serves one identity of the CA on a local TCP port. (A socket in a
// test's own directory can be too long a name for the kernel.)
func Start(t testing.TB, ca *spiffeca.CA, spiffeID string) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("fakeworkload: %v", err)
	}
	s := &Server{t: t, ca: ca, id: spiffeID, addr: "tcp://" + listener.Addr().String(), changed: make(chan struct{})}
	s.Rotate()
	server := grpc.NewServer(grpc.StreamInterceptor(requireHeader))
	workload.RegisterSpiffeWorkloadAPIServer(server, s)
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // its only error is that it was stopped
	}()
	t.Cleanup(func() {
		server.Stop()
		<-done
	})
	return s
}

// Addr is the address for SPIFFE_ENDPOINT_SOCKET or workload.Dial.
func (s *Server) Addr() string { return s.addr }

// Rotate issues a new SVID and pushes it, with the CA's bundle of now.
func (s *Server) Rotate() {
	s.t.Helper()
	svid, err := s.ca.Issue(s.id)
	if err != nil {
		s.t.Fatalf("fakeworkload: %v", err)
	}
	certs, key, err := svid.MarshalRaw()
	if err != nil {
		s.t.Fatalf("fakeworkload: %v", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.svids = &workload.X509SVIDResponse{
		Svids: []*workload.X509SVID{{SpiffeId: s.id, X509Svid: certs, X509SvidKey: key, Bundle: concat(s.ca.Roots())}},
	}
	s.push()
}

// RotateRoot gives the CA a new root, then rotates.
func (s *Server) RotateRoot() {
	s.t.Helper()
	if err := s.ca.RotateRoot(); err != nil {
		s.t.Fatalf("fakeworkload: %v", err)
	}
	s.Rotate()
}

// Federate serves the bundles of these trust domains too, and of no others
// besides the own one.
func (s *Server) Federate(cas ...*spiffeca.CA) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.federated = cas
	s.push()
}

// Deny answers from now on as for a process without a registration, and ends
// open streams; Deny(false) undoes it.
func (s *Server) Deny(deny bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.denied = deny
	s.push()
}

// push renews what is served and wakes the streams. It is called with mu held.
func (s *Server) push() {
	bundles := map[string][]byte{"spiffe://" + s.ca.TrustDomain(): concat(s.ca.Roots())}
	federated := map[string][]byte{}
	for _, ca := range s.federated {
		bundles["spiffe://"+ca.TrustDomain()] = concat(ca.Roots())
		federated["spiffe://"+ca.TrustDomain()] = concat(ca.Roots())
	}
	s.bundles = &workload.X509BundlesResponse{Bundles: bundles}
	s.svids = &workload.X509SVIDResponse{Svids: s.svids.Svids, FederatedBundles: federated}
	close(s.changed)
	s.changed = make(chan struct{})
}

func concat(certs []*x509.Certificate) []byte {
	var der []byte
	for _, cert := range certs {
		der = append(der, cert.Raw...)
	}
	return der
}

// FetchX509SVID implements the Workload API, section 5.2.1.
func (s *Server) FetchX509SVID(_ *workload.X509SVIDRequest, stream grpc.ServerStreamingServer[workload.X509SVIDResponse]) error {
	return follow(s, stream, func() *workload.X509SVIDResponse { return s.svids })
}

// FetchX509Bundles implements the Workload API, section 5.2.2.
func (s *Server) FetchX509Bundles(_ *workload.X509BundlesRequest, stream grpc.ServerStreamingServer[workload.X509BundlesResponse]) error {
	return follow(s, stream, func() *workload.X509BundlesResponse { return s.bundles })
}

// follow sends what there is, and again at every change. get is called with mu
// held.
func follow[T any](s *Server, stream grpc.ServerStreamingServer[T], get func() *T) error {
	for {
		s.mu.Lock()
		resp, changed, denied := get(), s.changed, s.denied
		s.mu.Unlock()
		if denied {
			return status.Error(codes.PermissionDenied, "no identity issued")
		}
		if err := stream.Send(resp); err != nil {
			return err
		}
		if !wait(stream.Context(), changed) {
			return stream.Context().Err()
		}
	}
}

func wait(ctx context.Context, changed <-chan struct{}) bool {
	select {
	case <-changed:
		return true
	case <-ctx.Done():
		return false
	}
}

// requireHeader refuses a call without the metadata that the SPIFFE Workload
// Endpoint standard, section 3, asks for against request forgery.
func requireHeader(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	md, _ := metadata.FromIncomingContext(stream.Context())
	if v := md.Get("workload.spiffe.io"); len(v) != 1 || v[0] != "true" {
		return status.Error(codes.InvalidArgument, "security header missing from request")
	}
	return handler(srv, stream)
}
