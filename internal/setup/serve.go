package setup

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/server"
)

// drain bounds how long Serve waits for calls that are under way.
const drain = 20 * time.Second

// watchPause is how often Serve looks whether the log has stopped.
const watchPause = time.Second

// Listen opens the configured address; only a loopback address without TLS.
func (i *Instance) Listen() (net.Listener, error) {
	ln, err := server.Listen(i.Config.Listen, i.Config.TLS.Enabled())
	if err != nil {
		return nil, err
	}
	return ln, nil
}

// Serve logs the bundles of now, follows those of Workload APIs, and answers on
// the listener until ctx ends; then it lets the calls under way finish. It also
// ends, with an error, when the log has stopped. It closes the listener, and
// does not close i.
func (i *Instance) Serve(ctx context.Context, ln net.Listener) error {
	return i.ServeReady(ctx, ln, func() error { return nil })
}

// ServeReady is Serve, and calls ready just before it answers.
func (i *Instance) ServeReady(ctx context.Context, ln net.Listener, ready func() error) error {
	defer ln.Close()
	stopOperations, err := i.operations()
	if err != nil {
		return fmt.Errorf("serving metrics: %w", err)
	}
	defer stopOperations()
	if err := i.Reread(ctx); err != nil {
		return err
	}
	stopWeb, err := i.serveWeb()
	if err != nil {
		return fmt.Errorf("serving approval page: %w", err)
	}
	defer stopWeb()
	secure, release, err := i.tlsConfig(ctx)
	if err != nil {
		return err
	}
	defer release()
	watching, stop := context.WithCancel(ctx)
	scrubbed := i.scrub(watching)
	defer func() { stop(); <-scrubbed }() // before the store is closed
	i.follow(watching)
	go i.followKeys(watching)
	if err := ready(); err != nil {
		return err
	}
	i.logger.Info("serving", "address", ln.Addr().String(), "tls", secure != nil, "origin", i.Config.Origin, "size", i.Log.Size())
	err = i.answer(watching, ln, secure)
	i.logger.Info("stopped", "size", i.Log.Size())
	return err
}

// answer answers on the listener until ctx ends or the log has stopped.
func (i *Instance) answer(ctx context.Context, ln net.Listener, secure *tls.Config) error {
	i.watchConnections(ln)
	i.watchScrub()
	srv := server.HTTPServer(i.Server.Handler(), secure, i.logger)
	srv.ErrorLog = i.Server.ErrorLog()
	served := make(chan error, 1)
	go func() { served <- serve(srv, ln) }()
	select {
	case err := <-served:
		return fmt.Errorf("serving: %w", err)
	case err := <-i.stopped(ctx):
		i.logger.Error("the log has stopped", "error", err)
		return errors.Join(err, srv.Close())
	case <-ctx.Done():
		i.logger.Info("stopping")
		return shutdown(srv)
	}
}

func serve(srv *http.Server, ln net.Listener) error {
	if srv.TLSConfig != nil {
		return srv.ServeTLS(ln, "", "")
	}
	return srv.Serve(ln)
}

// shutdown lets calls finish, and cuts off those that take too long: what they
// submitted is logged or not, and can be submitted again.
func shutdown(srv *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return fmt.Errorf("draining: %w", errors.Join(err, srv.Close()))
	}
	return nil
}

// stopped tells when the log met a fault that is final.
func (i *Instance) stopped(ctx context.Context) <-chan error {
	c := make(chan error, 1)
	go func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-time.After(watchPause):
			}
			if err := i.Log.Err(); err != nil {
				c <- err
				return
			}
		}
	}()
	return c
}

// tlsConfig makes mutual TLS out of the configured identity, or nil. release is
// never nil.
func (i *Instance) tlsConfig(ctx context.Context) (secure *tls.Config, release func() error, err error) {
	release = func() error { return nil }
	var source workload.Source
	switch t := i.Config.TLS; {
	case t.SVIDDir != "":
		source, err = workload.Dir(t.SVIDDir)
	case t.WorkloadAPI != "":
		var api *workload.API
		if api, err = workload.Dial(ctx, t.WorkloadAPI, workload.WithLog(i.logger)); err == nil {
			source, release = api, api.Close
		}
	default:
		return nil, release, nil
	}
	if err != nil {
		return nil, release, fmt.Errorf("reading own SVID: %w", err)
	}
	i.watchSVID(source)
	if secure, err = workload.ServerTLS(source, i.Config.domains()...); err != nil {
		return nil, release, errors.Join(err, release())
	}
	return secure, release, nil
}
