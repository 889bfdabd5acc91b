package agent

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// Submit signs a statement with the current SVID and submits it. The statement
// must name the SVID's SPIFFE ID as its signer. A denial is a *Denied; an answer
// that does not prove what it says is a *False.
func (c *Client) Submit(ctx context.Context, s attest.Statement, objects ...[]byte) (Receipt, error) {
	payload, err := attest.Payload(s)
	if err != nil {
		return Receipt{}, err
	}
	sealed, err := c.seal(payload)
	if err != nil {
		return Receipt{}, err
	}
	return c.deliver(ctx, sealed, objects)
}

// SubmitEnvelope submits what somebody else signed. signer is the name that the
// statement's ID is made with, such as "person:treasurer".
func (c *Client) SubmitEnvelope(ctx context.Context, e attest.Envelope, signer string, objects ...[]byte) (Receipt, error) {
	return c.deliver(ctx, sealed{envelope: e, id: e.ID(signer)}, objects)
}

// Remember keeps a signed statement that later ones rely on, so that it can be
// sent if the log does not have it.
func (c *Client) Remember(e attest.Envelope, signer string, objects ...[]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.known[e.ID(signer)] = remembered{sealed{envelope: e, id: e.ID(signer)}, objects}
}

// remembered is a signed statement with its objects.
type remembered struct {
	sealed
	objects [][]byte
}

// sealed is a signed payload; chain is nil where the key is registered.
type sealed struct {
	envelope attest.Envelope
	id       attest.ID
	chain    []byte
	expires  time.Time
	unrooted int // answers that the chain leads nowhere
}

// rootPatience is how often a chain is tried again whose root the register does
// not have: after a rotation the agent may hear of a new root first.
const rootPatience = 6

// seal signs with the SVID of this moment.
func (c *Client) seal(payload []byte) (sealed, error) {
	svid, err := c.source.SVID()
	if err != nil {
		return sealed{}, fmt.Errorf("fetching SVID: %w", err)
	}
	chain := chainOf(svid.Certificates)
	e, err := attest.Seal(payload, svid.PrivateKey, attest.DigestOf(chain))
	if err != nil {
		return sealed{}, err
	}
	return sealed{envelope: e, id: e.ID(svid.ID.String()), chain: chain, expires: svid.Certificates[0].NotAfter}, nil
}

// chainOf is the DER chain, leaf first, without a root.
func chainOf(certs []*x509.Certificate) []byte {
	var der []byte
	for i, cert := range certs {
		if i > 0 && string(cert.RawIssuer) == string(cert.RawSubject) {
			break
		}
		der = append(der, cert.Raw...)
	}
	return der
}

func request(e attest.Envelope, objects [][]byte) *deedv1.SubmitRequest {
	return &deedv1.SubmitRequest{
		Envelope: &deedv1.Envelope{Payload: e.Payload, Keyid: string(e.KeyID), Signature: e.Signature},
		Objects:  objects,
	}
}

// deliver submits until there is an answer: the same payload again when the
// connection fails or the log asks for patience, with the chain when the log
// does not have it, after what the log misses, and under a new signature when
// the SVID was rotated meanwhile. A statement's ID does not depend on its
// certificate, so none of this can log it twice.
func (c *Client) deliver(ctx context.Context, s sealed, objects [][]byte) (Receipt, error) {
	ctx, cancel := context.WithTimeout(ctx, c.options.Patience)
	defer cancel()
	wait := 20 * time.Millisecond
	for {
		res, err := c.attestation.Submit(ctx, request(s.envelope, c.with(s, objects)))
		if err == nil {
			c.has(s)
			return c.check(ctx, res.GetReceipt(), s, "allow")
		}
		if denial := detail[*deedv1.Denial](err); denial != nil {
			c.has(s)
			return c.denied(ctx, denial, s)
		}
		again, changed := c.mend(ctx, &s, err)
		if !again {
			return Receipt{}, refusal(err)
		}
		if changed {
			continue
		}
		select {
		case <-ctx.Done():
			return Receipt{}, fmt.Errorf("submitting: %w; the last answer was: %w", ctx.Err(), refusal(err))
		case <-time.After(max(wait, delay(err))):
			wait = min(2*wait, 2*time.Second)
		}
	}
}

// with adds the certificate chain unless the log has it.
func (c *Client) with(s sealed, objects [][]byte) [][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.chain == nil || c.chain == s.envelope.KeyID {
		return objects
	}
	return append([][]byte{s.chain}, objects...)
}

func (c *Client) has(s sealed) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.chain != nil {
		c.chain = s.envelope.KeyID
	}
}

// mend does what a refusal asks for. again: submit once more; changed: at once,
// because something is different now.
func (c *Client) mend(ctx context.Context, s *sealed, err error) (again, changed bool) {
	fault := detail[*deedv1.Fault](err)
	if fault == nil {
		if !connect.IsWireError(err) { // no answer at all: whatever broke, nothing is decided
			return ctx.Err() == nil, false
		}
		switch connect.CodeOf(err) {
		case connect.CodeUnavailable, connect.CodeAborted, connect.CodeResourceExhausted, connect.CodeDeadlineExceeded:
			return ctx.Err() == nil, false
		}
		return false, false
	}
	switch fault.GetCode() {
	case "object.missing":
		return c.forget(s, fault.GetFound()), true
	case "reference.unlogged":
		return c.supply(ctx, attest.ID(fault.GetFound())), true
	case "signer.expired":
		return c.reseal(s), true
	case "signer.chain":
		s.unrooted++
		return s.chain != nil && s.unrooted < rootPatience, false
	case "trust.changed", "log.overloaded", "log.unavailable", "signer.no_bundle":
		return true, false
	}
	return false, false
}

// forget sends the chain again if that is what the log misses.
func (c *Client) forget(s *sealed, missing string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.chain == nil || c.chain == "" || missing != string(s.envelope.KeyID) {
		return false
	}
	c.chain = ""
	return true
}

// supply submits a statement that the log misses, if this client has it. A denied one
// is in the log too.
func (c *Client) supply(ctx context.Context, id attest.ID) bool {
	c.mu.Lock()
	missed, ok := c.known[id]
	delete(c.known, id) // once: the log says what is wrong with it
	c.mu.Unlock()
	if !ok {
		return false
	}
	res, err := c.attestation.Submit(ctx, request(missed.envelope, missed.objects))
	if denial := detail[*deedv1.Denial](err); denial != nil {
		_, err = c.check(ctx, denial.GetReceipt(), missed.sealed, "deny")
	} else if err == nil {
		_, err = c.check(ctx, res.GetReceipt(), missed.sealed, "allow")
	}
	return err == nil
}

// reseal signs the same payload with a newer SVID, if there is one.
func (c *Client) reseal(s *sealed) bool {
	if s.chain == nil {
		return false
	}
	fresh, err := c.seal(s.envelope.Payload)
	if err != nil || fresh.id != s.id || !fresh.expires.After(s.expires) {
		return false
	}
	*s = fresh
	return true
}

func (c *Client) denied(ctx context.Context, m *deedv1.Denial, s sealed) (Receipt, error) {
	receipt, err := c.check(ctx, m.GetReceipt(), s, "deny")
	if err != nil {
		return Receipt{}, err
	}
	if code := m.GetFault().GetCode(); !slices.Contains(receipt.Faults, code) {
		return Receipt{}, &False{Receipt: receipt, Reason: fmt.Errorf("the answer gives %q as the reason, the record does not", code)}
	}
	return receipt, &Denied{Receipt: receipt, Fault: faultOf(m.GetFault())}
}

// refusal turns an answer into the fault it carries, or leaves it as it is.
func refusal(err error) error {
	if f := detail[*deedv1.Fault](err); f != nil {
		return faultOf(f)
	}
	return err
}

func faultOf(m *deedv1.Fault) *attest.Fault {
	return &attest.Fault{Code: m.GetCode(), Field: m.GetField(), Expected: m.GetExpected(), Found: m.GetFound()}
}

func delay(err error) time.Duration {
	return time.Duration(detail[*deedv1.Fault](err).GetRetryAfterMs()) * time.Millisecond
}

// detail returns the first error detail of a type, or nil.
func detail[T any](err error) (none T) {
	var e *connect.Error
	if !errors.As(err, &e) {
		return none
	}
	for _, d := range e.Details() {
		if m, err := d.Value(); err == nil {
			if t, ok := m.(T); ok {
				return t
			}
		}
	}
	return none
}
