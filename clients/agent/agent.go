// Package agent is the client of an agent: it signs what the agent does with
// its X.509-SVID, submits it, and checks the receipt.
//
//	client, err := agent.New(ctx, "http://127.0.0.1:7300", source, agent.Options{})
//	session := client.Session()
//	intent, err := session.Intent(ctx, agent.Act{
//		Action:    "payments.transfer",
//		Resource:  attest.Resource{Kind: "bank_account", ID: "iban/DE/nordlicht"},
//		Arguments: map[string]attest.Value{"amount": attest.Money("120.00", "EUR")},
//		Warrant:   warrant,
//	})
//	// an error that is a *Denied means: do not act. Otherwise act, then:
//	_, err = session.Outcome(ctx, intent, agent.Result{Status: "done"})
//
// # Reading order
//
// [Client] and [Session] are what an agent uses; [Act] is what it says;
// [Receipt] is the answer, already checked. progress.go is how a session says
// that it lives and ends, countersign.go what a service uses that was called.
// submit.go is how one statement gets into the log: the same bytes again until
// there is an answer, with what the register misses sent along.
//
// # Caveats
//
// Without [Options.LogKey] the client takes the log's key from the log's own
// genesis when it connects: it then notices a log that changes its key, not one
// that was false from the start.
package agent

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"connectrpc.com/connect"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/attest"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// Source gives the current X.509-SVID; it rotates under the client.
type Source interface {
	SVID() (*x509svid.SVID, error)
}

// Options are for [New]; the zero value works.
type Options struct {
	// LogKey is the vkey of the log's Ed25519 key. Empty: it is taken from the
	// log's genesis on first contact.
	LogKey string
	// HTTP is the transport; nil is one without TLS, for loopback.
	HTTP connect.HTTPClient
	// Now and Rand are the clock and the randomness; nil are those of the machine.
	Now  func() time.Time
	Rand io.Reader
	// Patience bounds how long one statement is tried again; 0 is 30 s.
	Patience time.Duration
}

// Client submits statements to one log. Its methods may be called concurrently.
type Client struct {
	attestation deedv1connect.AttestationServiceClient
	evidence    deedv1connect.EvidenceServiceClient
	source      Source
	options     Options
	origin      string
	logKey      string

	mu    sync.Mutex
	known map[attest.ID]remembered // what can be sent if the log misses it
	chain attest.Digest            // last chain that the log is known to have
}

// New connects to a register and learns which log it is.
func New(ctx context.Context, url string, source Source, o Options) (*Client, error) {
	if o.HTTP == nil {
		o.HTTP = plainHTTP()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Patience == 0 {
		o.Patience = 30 * time.Second
	}
	c := &Client{
		attestation: deedv1connect.NewAttestationServiceClient(o.HTTP, url),
		evidence:    deedv1connect.NewEvidenceServiceClient(o.HTTP, url, connect.WithHTTPGet()),
		source:      source, options: o, known: map[attest.ID]remembered{},
	}
	if err := c.learn(ctx); err != nil {
		return nil, fmt.Errorf("connecting to the register at %s: %w", url, err)
	}
	return c, nil
}

// plainHTTP speaks HTTP/2 without TLS, which servers offer on loopback alone.
func plainHTTP() *http.Client {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	return &http.Client{Transport: &http.Transport{Protocols: protocols}}
}

// Origin names the log.
func (c *Client) Origin() string { return c.origin }

// learn reads the genesis: the log's origin and keys.
func (c *Client) learn(ctx context.Context) error {
	res, err := c.evidence.GetProof(ctx, &deedv1.GetProofRequest{Entry: &deedv1.GetProofRequest_Index{}})
	if err != nil {
		return err
	}
	record, err := readRecord(res.GetReceipt())
	if err != nil {
		return err
	}
	object, err := c.evidence.GetObject(ctx, &deedv1.GetObjectRequest{Digest: string(record.Envelope)})
	if err != nil {
		return err
	}
	envelope, err := attest.ParseEnvelope(object.GetObject())
	if err != nil {
		return err
	}
	statement, err := attest.ParsePayload(envelope.Payload)
	if err != nil {
		return err
	}
	genesis, ok := statement.(*attest.Genesis)
	if !ok {
		return fmt.Errorf("entry 0 is a %s, not a genesis", statement.Kind())
	}
	c.origin, c.logKey = genesis.Log, genesis.LogKeys.Ed25519
	if key := c.options.LogKey; key != "" {
		c.logKey = key
	}
	if index := res.GetReceipt().GetIndex(); index != 0 {
		return fmt.Errorf("asked for entry 0, the register sent entry %d", index)
	}
	_, err = c.check(ctx, res.GetReceipt(), sealed{envelope: envelope, id: envelope.ID(statement.SignedBy().Name())}, "allow")
	return err
}
