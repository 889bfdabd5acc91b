package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/spiffe/go-spiffe/v2/bundle/x509bundle"
	"github.com/spiffe/go-spiffe/v2/spiffeid"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/identity/workload"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/spiffeca"
	"github.com/deedlog/deed/internal/testkit/cast"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// clients is how many connections send batches at once.
const clients = 8

// calling measures batches over Connect and mutual TLS on loopback, with the
// clients in the same process on the same cores. A batch is what one agent did
// next.
type calling struct {
	*run
	register *submitting // whose world is used
	clients  []deedv1connect.AttestationServiceClient
	turn     int // where the next round's agents begin
}

const (
	callRow     = "Deed SubmitBatch of 64 over mutual TLS"
	callCeiling = "verify only, all cores, payloads of SubmitBatch"
)

// prepare starts the server as "deed serve" does and connects.
func (m *calling) prepare() error {
	if err := m.register.prepare(); err != nil {
		return err
	}
	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: cast.Domain, Now: time.Now})
	if err != nil {
		return err
	}
	own, err := newIdentity(ca, "/deed")
	if err != nil {
		return err
	}
	secure, err := workload.ServerTLS(own, cast.Domain)
	if err != nil {
		return err
	}
	listener, err := server.Listen("127.0.0.1:0", true)
	if err != nil {
		return err
	}
	srv := server.HTTPServer(m.register.world.server.Handler(), secure, slog.New(slog.DiscardHandler))
	m.undo = append(m.undo, func() { srv.Close() })
	go func() {
		if err := srv.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
			m.say("serving: %v", err)
		}
	}()
	for n := range clients {
		if err := m.connect(ca, n, "https://"+listener.Addr().String()); err != nil {
			return err
		}
	}
	return nil
}

// connect makes a client with an identity and a connection of its own.
func (m *calling) connect(ca *spiffeca.CA, n int, url string) error {
	own, err := newIdentity(ca, fmt.Sprintf("/client/%d", n))
	if err != nil {
		return err
	}
	secure, err := workload.ClientTLS(own, "spiffe://"+cast.Domain+"/deed")
	if err != nil {
		return err
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP2(true)
	transport := &http.Transport{TLSClientConfig: secure, Protocols: protocols}
	m.clients = append(m.clients, deedv1connect.NewAttestationServiceClient(&http.Client{Transport: transport}, url))
	return nil
}

func (m *calling) round() error {
	w, n := m.register.world, min(m.batches, len(m.register.world.agents))
	var agents []*agent
	for range n {
		agents = append(agents, w.agents[m.turn%len(w.agents)])
		m.turn++
	}
	work := w.sign(agents, batchSize)
	if err := m.ceiling(callCeiling, signedOf(agents, work)); err != nil {
		return err
	}
	requests := make([]*deedv1.SubmitBatchRequest, n)
	for i, list := range work {
		requests[i] = &deedv1.SubmitBatchRequest{}
		for _, s := range list {
			requests[i].Requests = append(requests[i].Requests, message(s))
		}
	}
	took, err := m.measure("rpc", func() error { return m.send(requests) })
	if err != nil {
		return err
	}
	m.table.add(callRow+cpuRow, "us CPU", took.each(n*batchSize))
	m.table.add(callRow+rateRow, "/s", took.rate(n*batchSize))
	return nil
}

// send spreads the batches over the clients.
func (m *calling) send(requests []*deedv1.SubmitBatchRequest) error {
	_, err := crowd(clients, clients, func(client uint64) error {
		for i := int(client); i < len(requests); i += clients {
			res, err := m.clients[client].SubmitBatch(m.ctx, requests[i])
			if err != nil {
				return err
			}
			for _, result := range res.GetResults() {
				if f := result.GetFault(); f != nil {
					return fmt.Errorf("%s: %s", f.GetCode(), f.GetFound())
				}
			}
		}
		return nil
	})
	return err
}

func message(s cast.Sent) *deedv1.SubmitRequest {
	return &deedv1.SubmitRequest{
		Envelope: &deedv1.Envelope{Payload: s.Envelope.Payload, Keyid: string(s.Envelope.KeyID), Signature: s.Envelope.Signature},
		Objects:  s.Objects,
	}
}

// An ownIdentity is a [workload.Source] that does not change.
type ownIdentity struct {
	svid   *x509svid.SVID
	bundle *x509bundle.Bundle
}

func newIdentity(ca *spiffeca.CA, path string) (*ownIdentity, error) {
	svid, err := ca.Issue("spiffe://" + cast.Domain + path)
	if err != nil {
		return nil, err
	}
	td, err := spiffeid.TrustDomainFromString(cast.Domain)
	if err != nil {
		return nil, err
	}
	return &ownIdentity{svid, x509bundle.FromX509Authorities(td, ca.Roots())}, nil
}

func (o *ownIdentity) SVID() (*x509svid.SVID, error) { return o.svid, nil }

func (o *ownIdentity) GetX509BundleForTrustDomain(td spiffeid.TrustDomain) (*x509bundle.Bundle, error) {
	return o.bundle.GetX509BundleForTrustDomain(td)
}

var _ workload.Source = (*ownIdentity)(nil)
