package agent

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// Receipt says that a statement is in the log. The client has checked that the
// entry and the record are of this statement, of its kind and with its own
// commitment, that the entry commits to the record, that the record decides what the
// answer says, and that the proof leads to a checkpoint signed with the log's key.
type Receipt struct {
	Index  uint64
	ID     attest.ID
	Entry  []byte
	Record []byte
	Proof  []byte // C2SP tlog-proof
	// Decision is "allow" or "deny"; Faults are the codes of a denial.
	Decision string
	Faults   []string
	// Class is the agency class of an action, Authorizing the person, and Flags
	// what stands beside the class.
	Class, Authorizing string
	Flags              []string
}

// Denied is the error of a statement that was logged as denied: the receipt
// proves the denial.
type Denied struct {
	Receipt Receipt
	Fault   *attest.Fault
}

// Error names the fault.
func (d *Denied) Error() string {
	return fmt.Sprintf("denied at index %d: %s", d.Receipt.Index, d.Fault.Code)
}

// Unwrap returns the fault.
func (d *Denied) Unwrap() error { return d.Fault }

// False is the error of an answer that does not prove what it says. Take the
// statement as not logged. The receipt is kept as it came: an entry under the log's
// own signature that gives a statement another kind is evidence against whoever
// signed it.
type False struct {
	Receipt Receipt // as it came; nothing in it holds by itself
	Reason  error
}

// Error says what does not hold.
func (f *False) Error() string { return "checking receipt: " + f.Reason.Error() }

// Unwrap returns the reason.
func (f *False) Unwrap() error { return f.Reason }

// record is the part of an admission record that a client looks at.
type record struct {
	Attribution struct {
		Agency      string   `json:"agency"`
		Authorizing string   `json:"authorizing"`
		Flags       []string `json:"flags"`
	} `json:"attribution"`
	Decision struct {
		Effect string   `json:"effect"`
		Faults []string `json:"faults"`
	} `json:"decision"`
	Envelope attest.Digest `json:"envelope"`
	ID       attest.ID     `json:"id"`
	Kind     attest.Kind   `json:"kind"`
	Log      string        `json:"log"`
}

// entry is the part of an entry that follows from its statement.
type entry struct {
	Admission attest.Digest      `json:"admission"`
	Envelope  attest.ID          `json:"envelope"`
	Fields    *attest.Commitment `json:"fields"`
	Kind      attest.Kind        `json:"kind"`
}

func readRecord(r *deedv1.Receipt) (out record, err error) {
	if err := attest.CheckProfile(r.GetRecord()); err != nil {
		return out, fmt.Errorf("reading record: %w", err)
	}
	return out, json.Unmarshal(r.GetRecord(), &out)
}

// check refuses a receipt that does not prove that a statement was logged with this
// effect, "allow" or "deny".
func (c *Client) check(ctx context.Context, m *deedv1.Receipt, s sealed, effect string) (Receipt, error) {
	out := Receipt{Index: m.GetIndex(), ID: s.id, Entry: m.GetEntry(), Record: m.GetRecord(), Proof: m.GetProof()}
	r, reason := c.proves(m, s, effect)
	if reason != nil {
		return Receipt{}, &False{Receipt: out, Reason: reason}
	}
	if err := c.holds(ctx, r.Envelope, s, out); err != nil {
		return Receipt{}, err
	}
	out.Decision, out.Faults = r.Decision.Effect, r.Decision.Faults
	out.Class, out.Authorizing, out.Flags = r.Attribution.Agency, r.Attribution.Authorizing, r.Attribution.Flags
	return out, nil
}

// proves holds entry, record and proof against the statement.
func (c *Client) proves(m *deedv1.Receipt, s sealed, effect string) (r record, err error) {
	var e entry
	if err := attest.CheckProfile(m.GetEntry()); err != nil {
		return r, fmt.Errorf("reading entry: %w", err)
	}
	if err := json.Unmarshal(m.GetEntry(), &e); err != nil {
		return r, fmt.Errorf("reading entry: %w", err)
	}
	if got := attest.DigestOf(m.GetRecord()); got != e.Admission {
		return r, fmt.Errorf("the record is %s, the entry commits to %s", got, e.Admission)
	}
	if r, err = readRecord(m); err != nil {
		return r, err
	}
	if err := c.answers(e, r, s); err != nil {
		return r, err
	}
	if r.Decision.Effect != effect {
		return r, fmt.Errorf("the answer is to %s, the record says %q", effect, r.Decision.Effect)
	}
	return r, c.included(m)
}

// answers reports whether entry and record are of the statement. Its kind matters as
// its name does: what a revocation ends is counted by kind, so that one that is logged
// as something else is in the log and in no control hash
// (docs/spec/admission.md, "Control hash").
func (c *Client) answers(e entry, r record, s sealed) error {
	st, err := attest.ParsePayload(s.envelope.Payload)
	if err != nil {
		return fmt.Errorf("reading the statement: %w", err)
	}
	var fields *attest.Commitment
	if a, ok := st.(*attest.Action); ok {
		fields = a.Fields
	}
	switch {
	case e.Envelope != s.id || r.ID != s.id:
		return fmt.Errorf("the entry is of %s, the record of %s, not of %s", e.Envelope, r.ID, s.id)
	case e.Kind != st.Kind() || r.Kind != st.Kind():
		return fmt.Errorf("the entry is of the kind %q, the record of %q, the statement is of the kind %q", e.Kind, r.Kind, st.Kind())
	case (e.Fields == nil) != (fields == nil) || fields != nil && *e.Fields != *fields:
		return errors.New("the entry does not have the action's own commitment, fields")
	case r.Log != c.origin:
		return fmt.Errorf("the record is of %s, not of %s", r.Log, c.origin)
	}
	return nil
}

// holds: the record names the envelope of this statement. It is the one that was sent,
// or one with another signature that came before it; then it is asked for.
func (c *Client) holds(ctx context.Context, d attest.Digest, s sealed, out Receipt) error {
	if d == attest.DigestOf(s.envelope.JSON()) {
		return nil
	}
	object, err := c.evidence.GetObject(ctx, &deedv1.GetObjectRequest{Digest: string(d)})
	if err != nil {
		return fmt.Errorf("checking receipt: getting the envelope %s that the record names: %w", d, err)
	}
	logged, err := attest.ParseEnvelope(object.GetObject())
	if err != nil || attest.DigestOf(object.GetObject()) != d || !bytes.Equal(logged.Payload, s.envelope.Payload) {
		return &False{Receipt: out, Reason: fmt.Errorf("the record names %s, which is no envelope of this statement", d)}
	}
	return nil
}

func (c *Client) included(m *deedv1.Receipt) error {
	proof, err := ledger.ParseProof(m.GetProof())
	if err != nil {
		return err
	}
	if proof.Index != m.GetIndex() {
		return fmt.Errorf("the proof is for index %d, not %d", proof.Index, m.GetIndex())
	}
	checkpoint, err := ledger.OpenCheckpoint(proof.Checkpoint, c.logKey)
	if err != nil {
		return err
	}
	if got := checkpoint.Checkpoint().Origin; got != c.origin {
		return fmt.Errorf("the checkpoint is of %s, not of %s", got, c.origin)
	}
	return ledger.VerifyInclusion(proof, m.GetEntry(), checkpoint)
}
