package agent

import (
	"fmt"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// Receipt says that a statement is in the log. The client has checked that the
// entry is of this statement, that it commits to the record, and that the proof
// leads to a checkpoint signed with the log's key.
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
}

type entry struct {
	Admission attest.Digest `json:"admission"`
	Envelope  attest.ID     `json:"envelope"`
}

func readRecord(r *deedv1.Receipt) (out record, err error) {
	if err := attest.CheckProfile(r.GetRecord()); err != nil {
		return out, fmt.Errorf("reading record: %w", err)
	}
	return out, json.Unmarshal(r.GetRecord(), &out)
}

// check refuses a receipt that does not prove what it says.
func (c *Client) check(m *deedv1.Receipt, id attest.ID) (Receipt, error) {
	var e entry
	if err := attest.CheckProfile(m.GetEntry()); err != nil {
		return Receipt{}, fmt.Errorf("reading entry: %w", err)
	}
	if err := json.Unmarshal(m.GetEntry(), &e); err != nil {
		return Receipt{}, fmt.Errorf("reading entry: %w", err)
	}
	if e.Envelope != id {
		return Receipt{}, fmt.Errorf("checking receipt: the entry is of %s, not of %s", e.Envelope, id)
	}
	if got := attest.DigestOf(m.GetRecord()); got != e.Admission {
		return Receipt{}, fmt.Errorf("checking receipt: the record is %s, the entry commits to %s", got, e.Admission)
	}
	r, err := readRecord(m)
	if err != nil {
		return Receipt{}, err
	}
	if err := c.included(m); err != nil {
		return Receipt{}, fmt.Errorf("checking receipt: %w", err)
	}
	return Receipt{
		Index: m.GetIndex(), ID: id, Entry: m.GetEntry(), Record: m.GetRecord(), Proof: m.GetProof(),
		Decision: r.Decision.Effect, Faults: r.Decision.Faults,
		Class: r.Attribution.Agency, Authorizing: r.Attribution.Authorizing, Flags: r.Attribution.Flags,
	}, nil
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
