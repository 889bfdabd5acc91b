package setup

import (
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"time"

	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/web"
)

// Web is the approval page.
type Web struct {
	// Listen is its own address; "" is off. Without TLS it must be a loopback address.
	Listen string `yaml:"listen"`
	// Origin is where browsers find it, such as https://deed.acme.example.
	Origin string `yaml:"origin"`
	// RPID is the host that passkeys are for: that of Origin, which is the default, or
	// a domain above it. It never changes: passkeys are for one.
	RPID string `yaml:"rp_id"`
	// TLS is the certificate that browsers see.
	TLS WebTLS `yaml:"tls"`
}

// WebTLS is a certificate with its key, both in PEM; both or neither.
type WebTLS struct {
	Cert string `yaml:"cert"`
	Key  string `yaml:"key"`
}

// Enabled reports whether the page is served over TLS.
func (t WebTLS) Enabled() bool { return t != WebTLS{} }

// invitationsDir is where the answers to invitations are kept.
const invitationsDir = "invitations"

func (w *Web) complete() {
	if u, err := url.Parse(w.Origin); err == nil && w.RPID == "" {
		w.RPID = u.Hostname()
	}
}

func (w Web) validate() error {
	if w.Listen == "" {
		if w != (Web{}) {
			return errors.New("web.listen: an address is required, or nothing of web")
		}
		return nil
	}
	if _, _, err := net.SplitHostPort(w.Listen); err != nil {
		return fmt.Errorf("web.listen: %w", err)
	}
	if err := web.CheckOrigin(w.Origin, w.RPID); err != nil {
		return fmt.Errorf("web.%w", err)
	}
	if (w.TLS.Cert == "") != (w.TLS.Key == "") {
		return errors.New("web.tls: want cert and key, or neither")
	}
	if w.TLS.Enabled() && w.Origin[:5] != "https" {
		return errors.New("web.origin: with tls it is https")
	}
	return nil
}

// serveWeb serves the approval page, if there is to be one. stop is never nil.
func (i *Instance) serveWeb() (stop func() error, err error) {
	c := i.Config.Web
	if c.Listen == "" {
		return func() error { return nil }, nil
	}
	page, err := web.New(web.Config{
		Log: i.Server.Desk(), Origin: c.Origin, RPID: c.RPID,
		Dir: filepath.Join(i.Dir, invitationsDir), Now: time.Now, Rand: rand.Reader, Logger: i.logger, Metrics: i.metrics,
	})
	if err != nil {
		return nil, err
	}
	secure, err := c.TLS.config(i.logger)
	if err != nil {
		return nil, err
	}
	ln, err := server.Listen(c.Listen, secure != nil)
	if err != nil {
		return nil, err
	}
	srv := server.HTTPServer(page.Handler(), secure, i.logger)
	srv.ErrorLog = i.Server.ErrorLog()
	go func() {
		if err := serve(srv, ln); !errors.Is(err, http.ErrServerClosed) {
			i.logger.Error("approval page no longer served", "error", err)
		}
	}()
	i.logger.Info("serving approval page", "address", ln.Addr().String(), "origin", c.Origin, "tls", secure != nil)
	return srv.Close, nil
}

func (t WebTLS) config(log logger) (*tls.Config, error) {
	if !t.Enabled() {
		return nil, nil
	}
	c, err := newCertificate(t, log)
	if err != nil {
		return nil, err
	}
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}, nil
}
