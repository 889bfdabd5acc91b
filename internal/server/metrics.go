package server

import (
	"bytes"
	"context"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/metrics"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// Routes of HTTP requests, as they are counted.
const (
	routeCall       = "call"
	routeCheckpoint = "checkpoint"
	routeTile       = "tile"
	routeProbe      = "probe"
	routeHealth     = "grpc_health"
	routeReflection = "grpc_reflection"
)

// Codes of calls beside those of Connect.
const (
	codeOK     = "ok"
	codeUnread = "unread" // the request was no message of the call
)

// procedures are all calls that are counted.
var procedures = []string{
	deedv1connect.AttestationServiceSubmitProcedure, deedv1connect.AttestationServiceSubmitBatchProcedure,
	deedv1connect.EvidenceServiceGetProofProcedure, deedv1connect.EvidenceServiceGetObjectProcedure,
	deedv1connect.EvidenceServiceSearchProcedure,
}

// caches of the server itself; admission has others.
const (
	cacheOpened  = "statements"
	cacheObjects = "objects"
	cacheSlots   = "slots"
)

// NewMetrics makes the metrics of a register with these trust domains.
func NewMetrics(trustDomains []string) *metrics.Metrics {
	codes := []string{codeOK, codeUnread}
	for c := connect.CodeCanceled; c <= connect.CodeUnauthenticated; c++ {
		codes = append(codes, c.String())
	}
	return metrics.New(metrics.Config{
		Procedures: procedures, Codes: codes, TrustDomains: trustDomains,
		Routes: []string{routeCall, routeCheckpoint, routeTile, routeProbe, routeHealth, routeReflection},
		Caches: append([]string{cacheOpened, cacheObjects, cacheSlots}, admission.CacheNames()...),
	})
}

// expose lets the metrics read what the server knows.
func (s *Server) expose() {
	number := func(which metrics.Gauge, n func() int64) {
		s.metrics.Read(which, func() float64 { return float64(n()) })
	}
	number(metrics.LogSize, func() int64 { return int64(s.log.Size()) })
	number(metrics.StatementsWaiting, s.gate.inside.Load)
	number(metrics.RequestsOpen, func() int64 { return int64(s.writes.size() + s.reads.size()) })
	number(metrics.BodyBytes, s.bodies.Load)
	s.metrics.Read(metrics.Ready, func() float64 {
		if s.Unready() != "" {
			return 0
		}
		return 1
	})
	s.metrics.ReadCache(cacheOpened, s.register.statements)
	s.metrics.ReadCache(cacheObjects, s.register.objects.len)
	s.metrics.ReadCache(cacheSlots, s.register.slots.len)
	for _, name := range admission.CacheNames() {
		s.metrics.ReadCache(name, func() int { return s.cache.Len(name) })
	}
}

// writes reports whether a call submits statements.
func writes(procedure string) bool {
	return procedure == deedv1connect.AttestationServiceSubmitProcedure || procedure == deedv1connect.AttestationServiceSubmitBatchProcedure
}

// routeOf names what a path asks for; procedure is "" unless it is a call.
func routeOf(path string) (route, procedure string) {
	switch path {
	case "/healthz", "/readyz":
		return routeProbe, ""
	case "/checkpoint":
		return routeCheckpoint, ""
	}
	for _, p := range procedures {
		if path == p {
			return routeCall, p
		}
	}
	switch {
	case strings.HasPrefix(path, "/tile/"):
		return routeTile, ""
	case strings.HasPrefix(path, "/grpc.health."):
		return routeHealth, ""
	case strings.HasPrefix(path, "/grpc.reflection."):
		return routeReflection, ""
	}
	return metrics.Other, ""
}

// observed counts calls, and says when the server works on one.
func (s *Server) observed(next connect.UnaryFunc) connect.UnaryFunc {
	return func(ctx context.Context, req connect.AnyRequest) (connect.AnyResponse, error) {
		g, start := guestOf(ctx), time.Now()
		g.work()
		res, err := next(ctx, req)
		g.answer(err == nil)
		code := codeOK
		if err != nil {
			code = connect.CodeOf(err).String()
		}
		s.metrics.Call(req.Spec().Procedure, code, time.Since(start))
		return res, err
	}
}

// count counts what became of a statement.
func (s *Server) count(r Receipt, err error) {
	effect, code := metrics.Allowed, ""
	switch f := fault(err); {
	case f != nil:
		effect, code = metrics.Refused, f.Code
	case err != nil:
		effect, code = metrics.Failed, metrics.Other
	case r.Fault != nil:
		effect, code = metrics.Denied, r.Fault.Code
	}
	s.metrics.Statement(r.Kind, effect, code)
	if effect == metrics.Refused {
		s.logger.LogAttrs(context.Background(), slog.LevelDebug, "refused", slog.String("kind", string(r.Kind)), slog.String("code", code))
	}
}

// Operations serves what is for the operator alone: /metrics, and the probes.
func (s *Server) Operations() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.metrics.Handler())
	s.probes(mux)
	return localHost(mux)
}

// ErrorLog is for [http.Server.ErrorLog]: what clients did wrong is of interest
// only when somebody looks for it, but failed handshakes are counted.
func (s *Server) ErrorLog() *log.Logger { return log.New(complaints{s}, "", 0) }

// complaints are the lines that net/http writes.
type complaints struct{ s *Server }

// Write implements io.Writer.
func (c complaints) Write(line []byte) (int, error) {
	if bytes.HasPrefix(line, []byte("http: TLS handshake error")) {
		c.s.metrics.HandshakeError()
	}
	c.s.logger.Debug("connection", "error", string(bytes.TrimSpace(line)))
	return len(line), nil
}
