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
		connect.WithRecover(s.recovered),
	}
	mux.Handle(deedv1connect.NewAttestationServiceHandler(attestationService{s}, limits...))
	mux.Handle(deedv1connect.NewEvidenceServiceHandler(evidenceService{s}, limits...))
	names := []string{deedv1connect.AttestationServiceName, deedv1connect.EvidenceServiceName}
	mux.Handle(grpchealth.NewHandler(health{s, names}))
	reflector := grpcreflect.NewStaticReflector(names...)
	mux.Handle(grpcreflect.NewHandlerV1(reflector))
	mux.Handle(grpcreflect.NewHandlerV1Alpha(reflector))
	tiles := Tiles(s.log)
	mux.Handle("/checkpoint", tiles)
	mux.Handle("/tile/", tiles)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { probe(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { probe(w, s.log.Err()) })
	return withPeer(localHost(mux))
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

// probe answers 200 or, when the log cannot commit, 503.
func probe(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintln(w, "the log has stopped")
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}

// health implements grpchealth.Checker.
type health struct {
	s     *Server
	names []string
}

// Check says whether the log can commit.
func (h health) Check(_ context.Context, req *grpchealth.CheckRequest) (*grpchealth.CheckResponse, error) {
	known := req.Service == ""
	for _, n := range h.names {
		known = known || n == req.Service
	}
	if !known {
		return nil, connect.NewError(connect.CodeNotFound, errors.New("unknown service"))
	}
	status := grpchealth.StatusServing
	if h.s.log.Err() != nil {
		status = grpchealth.StatusNotServing
	}
	return &grpchealth.CheckResponse{Status: status}, nil
}

// ErrPlainAddress: plain HTTP is for loopback only.
var ErrPlainAddress = errors.New("refusing to listen without mutual TLS on an address that is not loopback")

// Listen opens the address. Without TLS it must be a loopback address, because
// then anyone who reaches it may read evidence.
func Listen(address string, secure bool) (net.Listener, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("reading listen address: %w", err)
	}
	if !secure && !loopback(host) {
		return nil, fmt.Errorf("%w: %s", ErrPlainAddress, address)
	}
	return net.Listen("tcp", address)
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
		ReadTimeout:       30 * time.Second,
		WriteTimeout:      60 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		HTTP2:             &http.HTTP2Config{MaxConcurrentStreams: 250, MaxReadFrameSize: 64 << 10, MaxReceiveBufferPerConnection: 1 << 20, MaxReceiveBufferPerStream: 1 << 20},
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
}
