package workload

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"
)

// ServerTLS makes a configuration for mutual TLS 1.3: the server presents its
// SVID, and accepts any workload of the given trust domains whose SVID
// verifies with the source's bundle of that trust domain. Who may do what is
// for later stages; see [PeerID].
//
// Sessions are never resumed, because resuming would skip that check.
func ServerTLS(src Source, trustDomains ...string) (*tls.Config, error) {
	if len(trustDomains) == 0 {
		return nil, errors.New("workload: no trust domain to accept clients from")
	}
	accepted := map[spiffeid.TrustDomain]bool{}
	for _, name := range trustDomains {
		td, err := spiffeid.TrustDomainFromString(name)
		if err != nil {
			return nil, fmt.Errorf("workload: reading trust domain %q: %w", name, err)
		}
		accepted[td] = true
	}
	cfg := tlsconfig.MTLSServerConfig(svidSource{src}, src, authorizeMembers(accepted))
	cfg.MinVersion = tls.VersionTLS13
	cfg.SessionTicketsDisabled = true
	return cfg, nil
}

// ClientTLS makes a configuration for mutual TLS 1.3: the client presents its
// SVID, and accepts one server, by its SPIFFE ID. The host name is not
// checked, as SVIDs do not carry one.
func ClientTLS(src Source, serverID string) (*tls.Config, error) {
	id, err := spiffeid.FromString(serverID)
	if err != nil {
		return nil, fmt.Errorf("workload: reading server's SPIFFE ID %q: %w", serverID, err)
	}
	cfg := tlsconfig.MTLSClientConfig(svidSource{src}, src, tlsconfig.AuthorizeID(id))
	cfg.MinVersion = tls.VersionTLS13
	return cfg, nil
}

// PeerID is the SPIFFE ID that the peer of a connection made with [ServerTLS]
// or [ClientTLS] has proved.
func PeerID(state tls.ConnectionState) (string, error) {
	if !state.HandshakeComplete || len(state.PeerCertificates) == 0 {
		return "", errors.New("workload: the peer has not proved an identity")
	}
	id, err := x509svid.IDFromCert(state.PeerCertificates[0])
	if err != nil {
		return "", fmt.Errorf("workload: reading peer's SVID: %w", err)
	}
	return id.String(), nil
}

// authorizeMembers is called after the chain has verified.
func authorizeMembers(accepted map[spiffeid.TrustDomain]bool) tlsconfig.Authorizer {
	return func(id spiffeid.ID, _ [][]*x509.Certificate) error {
		if id.Path() == "" || !accepted[id.TrustDomain()] {
			return fmt.Errorf("%s is not a workload of an accepted trust domain", id)
		}
		return nil
	}
}
