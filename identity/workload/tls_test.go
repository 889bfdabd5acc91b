package workload_test

import (
	"context"
	"crypto/tls"
	"net"
	"testing"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/spiffeca"
)

const server = "spiffe://example.org/deed"

// fixed is a source that knows the bundles of several trust domains.
type fixed struct {
	svid *x509svid.SVID
	*x509bundle.Set
}

func (f fixed) SVID() (*x509svid.SVID, error) { return f.svid, nil }

func fixedSource(t testing.TB, ca *spiffeca.CA, id string, trusted ...*spiffeca.CA) fixed {
	t.Helper()
	svid, err := ca.Issue(id)
	if err != nil {
		t.Fatal(err)
	}
	set := x509bundle.NewSet()
	for _, ca := range trusted {
		set.Add(x509bundle.FromX509Authorities(spiffeid.RequireTrustDomainFromString(ca.TrustDomain()), ca.Roots()))
	}
	return fixed{svid, set}
}

// handshake returns what each side says, and whom the server saw. In TLS 1.3 a
// client is done before the server has judged it, so the server's verdict is
// what counts for the client's identity.
func handshake(t testing.TB, serverCfg, clientCfg *tls.Config) (peer string, serverErr, clientErr error) {
	t.Helper()
	listener, err := tls.Listen("tcp", "127.0.0.1:0", serverCfg)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		peer, serverErr = acceptOne(t.Context(), listener)
	}()
	conn, clientErr := (&tls.Dialer{Config: clientCfg}).DialContext(t.Context(), "tcp", listener.Addr().String())
	if clientErr == nil {
		defer conn.Close()
	}
	<-done
	return peer, serverErr, clientErr
}

func acceptOne(ctx context.Context, listener net.Listener) (string, error) {
	conn, err := listener.Accept()
	if err != nil {
		return "", err
	}
	defer conn.Close()
	s := conn.(*tls.Conn)
	if err := s.HandshakeContext(ctx); err != nil {
		return "", err
	}
	return workload.PeerID(s.ConnectionState())
}

func TestTLS(t *testing.T) {
	ours, theirs := newCA(t, "example.org"), newCA(t, "theirs.org")
	impostor := newCA(t, "example.org")
	for _, test := range []struct {
		name               string
		client             fixed
		wantServer, accept string
		ok                 bool
	}{
		{"member", fixedSource(t, ours, agent, ours), server, "example.org", true},
		{"another server ID", fixedSource(t, ours, agent, ours), "spiffe://example.org/other", "example.org", false},
		{"trust domain not accepted", fixedSource(t, theirs, "spiffe://theirs.org/a", ours), server, "example.org", false},
		{"federated and accepted", fixedSource(t, theirs, "spiffe://theirs.org/a", ours), server, "theirs.org", true},
		{"another CA of that name", fixedSource(t, impostor, agent, ours), server, "example.org", false},
		{"client without the bundle", fixedSource(t, ours, agent), server, "example.org", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			serverCfg, err := workload.ServerTLS(fixedSource(t, ours, server, ours, theirs), test.accept)
			if err != nil {
				t.Fatal(err)
			}
			clientCfg, err := workload.ClientTLS(test.client, test.wantServer)
			if err != nil {
				t.Fatal(err)
			}
			peer, serverErr, clientErr := handshake(t, serverCfg, clientCfg)
			if ok := serverErr == nil && clientErr == nil; ok != test.ok {
				t.Fatalf("server says %v, client says %v", serverErr, clientErr)
			}
			if test.ok && peer != test.client.svid.ID.String() {
				t.Errorf("server saw %q", peer)
			}
		})
	}
}

func TestTLSConfig(t *testing.T) {
	ca := newCA(t, "example.org")
	src := fixedSource(t, ca, server, ca)
	if _, err := workload.ServerTLS(src); err == nil {
		t.Error("a server that accepts nobody")
	}
	if _, err := workload.ServerTLS(src, "Not A Domain"); err == nil {
		t.Error("a bad trust domain")
	}
	if _, err := workload.ClientTLS(src, "https://example.org"); err == nil {
		t.Error("a bad server ID")
	}
	if _, err := workload.PeerID(tls.ConnectionState{}); err == nil {
		t.Error("an identity without a handshake")
	}
	cfg, err := workload.ServerTLS(src, "example.org")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.MinVersion != tls.VersionTLS13 || !cfg.SessionTicketsDisabled {
		t.Error("sessions could be resumed without the check")
	}
}
