package register

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/admission"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// Client talks to one register.
type Client struct {
	Evidence deedv1connect.EvidenceServiceClient // what it answers is not checked
	VKey     string                              // of the log; "" where none is known here

	attestation deedv1connect.AttestationServiceClient
	http        *http.Client
	url         string
}

// Open connects, lazily. The context it returns ends with the timeout.
func (c *Connection) Open(ctx context.Context) (context.Context, *Client, func(), error) {
	address, err := c.url()
	if err != nil {
		return nil, nil, nil, err
	}
	vkey, err := c.vkey()
	if err != nil {
		return nil, nil, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	h, release, err := c.httpClient(ctx, address)
	if err != nil {
		cancel()
		return nil, nil, nil, err
	}
	out := &Client{
		attestation: deedv1connect.NewAttestationServiceClient(h, address),
		Evidence:    deedv1connect.NewEvidenceServiceClient(h, address),
		http:        h, url: address, VKey: vkey,
	}
	return ctx, out, func() { release(); cancel() }, nil
}

// Bounds of retrying.
const (
	maxTries    = 8
	firstPause  = 100 * time.Millisecond
	longPause   = 2 * time.Second
	startupTime = 2 * time.Second // for a server that is just starting
)

// retry calls fn again while the answer may change by itself. Sending the same
// statement twice gives one entry, so this is safe.
func retry[T any](ctx context.Context, fn func(context.Context) (T, error)) (T, error) {
	start, pause := time.Now(), firstPause
	for try := 1; ; try++ {
		v, err := fn(ctx)
		wait, again := retryAfter(err, pause)
		if !again || try == maxTries || refused(err) && time.Since(start) > startupTime {
			return v, err
		}
		select {
		case <-ctx.Done():
			return v, err
		case <-time.After(wait):
		}
		pause = min(2*pause, longPause)
	}
}

// refused: nobody listens there, perhaps not yet.
func refused(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }

// retryAfter reports whether and when to send the same bytes again.
func retryAfter(err error, pause time.Duration) (time.Duration, bool) {
	if err == nil {
		return 0, false
	}
	if refused(err) {
		return pause, true
	}
	fault, _ := console.Details(err)
	switch fault.GetCode() {
	case "log.overloaded", "log.unavailable", "trust.changed":
		if after := time.Duration(fault.GetRetryAfterMs()) * time.Millisecond; after > 0 {
			return min(after, longPause), true
		}
		return pause, true
	}
	return pause, fault == nil && connect.CodeOf(err) == connect.CodeUnavailable
}

// Submit sends a statement with its objects and holds the answer against it: a
// receipt of something else is false. Of a denied one it returns the receipt and the
// error.
func (c *Client) Submit(ctx context.Context, e attest.Envelope, objects [][]byte) (*Receipt, error) {
	request := &deedv1.SubmitRequest{
		Envelope: &deedv1.Envelope{Payload: e.Payload, Keyid: string(e.KeyID), Signature: e.Signature},
		Objects:  objects,
	}
	answer, err := retry(ctx, func(ctx context.Context) (*deedv1.SubmitResponse, error) {
		return c.attestation.Submit(ctx, request)
	})
	raw, effect := answer.GetReceipt(), admission.Allow
	if err != nil {
		if _, raw = console.Details(err); raw == nil {
			return nil, err
		}
		effect = admission.Deny
	}
	r, wrong := ReadReceipt(raw, c.VKey)
	if wrong == nil {
		wrong = r.answers(ctx, c, e, effect)
	}
	if wrong != nil {
		return nil, wrong
	}
	return r, err
}

// Proof gets the entry that an index or a statement's ID names: one that says that it
// is that entry, which [ReadReceipt] checks.
func (c *Client) Proof(ctx context.Context, ref string) (*deedv1.Receipt, error) {
	request, err := proofRequest(ref)
	if err != nil {
		return nil, err
	}
	answer, err := retry(ctx, func(ctx context.Context) (*deedv1.GetProofResponse, error) {
		return c.Evidence.GetProof(ctx, request)
	})
	if connect.CodeOf(err) == connect.CodeNotFound {
		return nil, console.Hint(fmt.Errorf("%s is not in the log: %w", ref, err), "see what is there with 'deed search'")
	}
	if err != nil {
		return nil, err
	}
	receipt := answer.GetReceipt()
	if id := request.GetId(); id != "" && id != receipt.GetId() {
		return nil, console.False("asked for %s, the register sent %s", id, receipt.GetId())
	}
	if id, at := request.GetId(), request.GetIndex(); id == "" && at != receipt.GetIndex() {
		return nil, console.False("asked for entry %d, the register sent entry %d", at, receipt.GetIndex())
	}
	return receipt, nil
}

func proofRequest(ref string) (*deedv1.GetProofRequest, error) {
	if attest.ID(ref).Valid() {
		return &deedv1.GetProofRequest{Entry: &deedv1.GetProofRequest_Id{Id: ref}}, nil
	}
	index, err := strconv.ParseUint(ref, 10, 64)
	if err != nil {
		return nil, console.Usage("want an index or an id: of 64 hex digits, found %q", ref)
	}
	return &deedv1.GetProofRequest{Entry: &deedv1.GetProofRequest_Index{Index: index}}, nil
}

// Object gets an evidence object and checks that it is the one.
func (c *Client) Object(ctx context.Context, d attest.Digest) ([]byte, error) {
	answer, err := retry(ctx, func(ctx context.Context) (*deedv1.GetObjectResponse, error) {
		return c.Evidence.GetObject(ctx, &deedv1.GetObjectRequest{Digest: string(d)})
	})
	if err != nil {
		return nil, fmt.Errorf("getting object %s: %w", d, err)
	}
	if got := attest.DigestOf(answer.GetObject()); got != d {
		return nil, console.False("getting object %s: the register sent %s", d, got)
	}
	return answer.GetObject(), nil
}

// Logged gets a statement with its signature checked, and its receipt.
func (c *Client) Logged(ctx context.Context, ref string) (*admission.Logged, *deedv1.Receipt, error) {
	receipt, err := c.Proof(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	l, err := admission.Reopen(receipt.GetIndex(), receipt.GetEntry(), func(d attest.Digest) ([]byte, error) {
		if d == attest.DigestOf(receipt.GetRecord()) {
			return receipt.GetRecord(), nil
		}
		return c.Object(ctx, d)
	})
	if attest.AsFault(err) != nil {
		return nil, nil, console.False("checking statement %s: %w", ref, err)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading statement %s: %w", ref, err)
	}
	entry, err := admission.ParseEntry(receipt.GetEntry())
	if err != nil { // Reopen read it
		return nil, nil, err
	}
	if err := (&Receipt{Entry: entry, Record: l.Record}).kind(l.Verified.Statement()); err != nil {
		return nil, nil, err
	}
	return l, receipt, nil
}

// Search finds entries, newest first.
func (c *Client) Search(ctx context.Context, q *deedv1.SearchRequest) (*deedv1.SearchResponse, error) {
	return retry(ctx, func(ctx context.Context) (*deedv1.SearchResponse, error) { return c.Evidence.Search(ctx, q) })
}

// Each calls do for every entry that is found, newest first, page by page.
func (c *Client) Each(ctx context.Context, q *deedv1.SearchRequest, do func(*deedv1.SearchResult) error) error {
	for {
		found, err := c.Search(ctx, q)
		if err != nil {
			return err
		}
		for _, r := range found.GetResults() {
			if err := do(r); err != nil {
				return err
			}
		}
		if q.Before = found.GetNext(); !found.GetMore() {
			return nil
		}
	}
}

// maxGet bounds a file of the log over HTTP.
const maxGet = 32 << 20

// Get reads a file of the log, such as checkpoint or a tile.
func (c *Client) Get(ctx context.Context, path string) ([]byte, error) {
	return retry(ctx, func(ctx context.Context) ([]byte, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.url+"/"+path, nil)
		if err != nil {
			return nil, fmt.Errorf("getting %s: %w", path, err)
		}
		answer, err := c.http.Do(request)
		if err != nil {
			return nil, connect.NewError(connect.CodeUnavailable, fmt.Errorf("getting %s: %w", path, err))
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(io.LimitReader(answer.Body, maxGet))
		if err == nil && answer.StatusCode != http.StatusOK {
			err = fmt.Errorf("the server says %s", strings.ToLower(http.StatusText(answer.StatusCode)))
		}
		if err != nil {
			return nil, fmt.Errorf("getting %s: %w", path, err)
		}
		return body, nil
	})
}

// Origin names the log: by its key, else as its checkpoint says.
func (c *Client) Origin(ctx context.Context) (string, error) {
	if c.VKey != "" {
		name, _, _ := strings.Cut(c.VKey, "+")
		return name, nil
	}
	text, err := c.Get(ctx, "checkpoint")
	if err != nil {
		return "", err
	}
	name, _, _ := strings.Cut(string(text), "\n")
	if !attest.ValidOrigin(name) {
		return "", console.False("the server's checkpoint names no log")
	}
	return name, nil
}
