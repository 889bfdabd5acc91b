package setup

import (
	"errors"
	"net"
	"net/http"
	"time"

	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/metrics"
	"github.com/deedlog/deed/internal/server"
)

// operations serves metrics and probes on the operator's port, if there is one.
// stop is never nil.
func (i *Instance) operations() (stop func() error, err error) {
	if i.Config.Metrics.Listen == "" {
		return func() error { return nil }, nil
	}
	ln, err := server.Listen(i.Config.Metrics.Listen, false)
	if err != nil {
		return nil, err
	}
	srv := server.HTTPServer(i.Server.Operations(), nil, i.logger)
	go func() {
		if err := srv.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			i.logger.Error("metrics no longer served", "error", err)
		}
	}()
	i.logger.Info("serving metrics", "address", ln.Addr().String())
	return srv.Close, nil
}

// watchConnections lets the metrics read how many connections there are.
func (i *Instance) watchConnections(ln net.Listener) {
	l, ok := ln.(*server.Listener)
	if !ok {
		return // a caller's own, which is not bounded
	}
	i.metrics.Read(metrics.ConnectionsOpen, func() float64 { open, _ := l.Connections(); return float64(open) })
	i.metrics.Read(metrics.ConnectionsEvicted, func() float64 { _, evicted := l.Connections(); return float64(evicted) })
}

// watchScrub lets the metrics read what the scrub found.
func (i *Instance) watchScrub() {
	i.metrics.Read(metrics.ScrubPasses, func() float64 { return float64(i.Scrub.Status().Passes) })
	i.metrics.Read(metrics.ScrubFaults, func() float64 { return float64(i.Scrub.Status().Total) })
	i.metrics.Read(metrics.ScrubFinished, func() float64 {
		finished := i.Scrub.Status().Finished
		if finished.IsZero() {
			return 0
		}
		return float64(finished.Unix())
	})
}

// watchSVID lets the metrics read when the server's own SVID expires.
func (i *Instance) watchSVID(source workload.Source) {
	i.metrics.Read(metrics.SVIDExpiry, func() float64 {
		svid, err := source.SVID()
		if err != nil {
			return 0
		}
		return float64(svid.Certificates[0].NotAfter.Unix())
	})
}

// received notes that a trust domain's bundle was read or served just now.
func (i *Instance) received(trustDomain string) { i.metrics.Bundle(trustDomain, time.Now()) }
