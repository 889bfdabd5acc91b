package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"connectrpc.com/connect"
	"connectrpc.com/grpchealth"
	"connectrpc.com/grpcreflect"

	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// Handler serves everything on one port: Connect, gRPC, gRPC-Web and plain JSON
// with health and reflection, the log as C2SP tiles, and the probes.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	// No compression is offered for ingest: a small message must not become a
	// large one. Limits hold before anything is allocated.
	limits := []connect.HandlerOption{
		connect.WithReadMaxBytes(maxMessage),
		connect.WithCompression("gzip", nil, nil),
		connect.WithInterceptors(connect.UnaryInterceptorFunc(s.observed)), // outside of recover
		connect.WithRecover(s.recovered),
		connect.WithHandlerOptions(codecs()...),
	}
	mux.Handle(deedv1connect.NewAttestationServiceHandler(attestationService{s}, limits...))
	mux.Handle(deedv1connect.NewEvidenceServiceHandler(evidenceService{s}, limits...))
	names := []string{deedv1connect.AttestationServiceName, deedv1connect.EvidenceServiceName}
	mux.Handle(grpchealth.NewHandler(checker{s, names}))
	reflector := grpcreflect.NewStaticReflector(names...)
	mux.Handle(grpcreflect.NewHandlerV1(reflector))
	mux.Handle(grpcreflect.NewHandlerV1Alpha(reflector))
	tiles := Tiles(s.log, s.logger)
	mux.Handle("/checkpoint", tiles)
	mux.Handle("/tile/", tiles)
	s.probes(mux)
	return localHost(s.limited(withPeer(mux)))
}

// localHost refuses a plain request that names a host which is not loopback. A
// page in a browser on this machine could otherwise read evidence, by a name of
// its own that leads here.
func localHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := r.Host
		if name, _, err := net.SplitHostPort(host); err == nil {
			host = name
		}
		if r.TLS == nil && !loopback(strings.Trim(host, "[]")) {
			http.Error(w, "plain HTTP is for loopback hosts only", http.StatusMisdirectedRequest)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) recovered(_ context.Context, spec connect.Spec, _ http.Header, p any) error {
	return answer(s.logger, fmt.Errorf("handling %s: panic: %v", spec.Procedure, p))
}

// ErrPlainAddress: plain HTTP is for loopback only.
var ErrPlainAddress = errors.New("refusing to listen without mutual TLS on an address that is not loopback")

// Listen opens the address. Without TLS it must be a loopback address, because
// then anyone who reaches it may read evidence. Connections are bounded.
func Listen(address string, secure bool) (*Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("reading listen address: %w", err)
	}
	if !secure && !loopback(host) {
		return nil, fmt.Errorf("%w: %s", ErrPlainAddress, address)
	}
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	return &Listener{Listener: ln}, nil
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// HTTPServer returns the server with its limits: a slow client is cut off, a
// connection has few streams, headers are small.
func HTTPServer(h http.Handler, secure *tls.Config, log *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(secure != nil)
	protocols.SetUnencryptedHTTP2(secure == nil)
	return &http.Server{
		Handler: h, TLSConfig: secure, Protocols: protocols,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 250, MaxReadFrameSize: 16 << 10, MaxReceiveBufferPerConnection: 1 << 20, MaxReceiveBufferPerStream: 1 << 20, WriteByteTimeout: 10 * time.Second},
		ConnContext:       withConn,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
