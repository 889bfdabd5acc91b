package register

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/consent"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// Receipt is a register's answer, read and checked.
type Receipt struct {
	raw    *deedv1.Receipt
	Entry  *admission.Entry  // what the log has
	Record *admission.Record // what the register decided
	Size   uint64            // of the checkpoint that the proof leads to
	proven string            // how far the proof was checked
}

// ReadReceipt checks that entry, record and proof belong together, and with the
// log's key that the entry is in the log.
func ReadReceipt(m *deedv1.Receipt, vkey string) (*Receipt, error) {
	r := &Receipt{raw: m}
	var err error
	if r.Entry, err = admission.ParseEntry(m.GetEntry()); err != nil {
		return nil, console.False("reading the receipt's entry: %w", err)
	}
	if r.Record, err = admission.ParseRecord(m.GetRecord()); err != nil {
		return nil, console.False("reading the receipt's record: %w", err)
	}
	if got := attest.DigestOf(m.GetRecord()); got != r.Entry.Admission {
		return nil, console.False("the receipt's record is %s, its entry commits to %s", got, r.Entry.Admission)
	}
	if id := attest.ID(m.GetId()); id != r.Entry.Envelope || id != r.Record.ID {
		return nil, console.False("the receipt is of %s, its entry of %s", id, r.Entry.Envelope)
	}
	if err := r.checkProof(vkey); err != nil {
		return nil, fmt.Errorf("checking the receipt's proof: %w", err)
	}
	return r, nil
}

// ID is the statement's name.
func (r *Receipt) ID() string { return string(r.Entry.Envelope) }

func (r *Receipt) checkProof(vkey string) error {
	proof, err := ledger.ParseProof(r.raw.GetProof())
	if err != nil {
		return console.False("%w", err)
	}
	if proof.Index != r.raw.GetIndex() {
		return console.False("it is for index %d, not %d", proof.Index, r.raw.GetIndex())
	}
	signed, err := ledger.ParseSignedCheckpoint(proof.Checkpoint)
	if err != nil {
		return console.False("%w", err)
	}
	r.Size = signed.Size
	if vkey == "" {
		r.proven = fmt.Sprintf("not checked, no log key is known here; checkpoint of size %d", r.Size)
		return nil
	}
	opened, err := ledger.OpenCheckpoint(proof.Checkpoint, vkey)
	if err != nil {
		return err
	}
	if err := ledger.VerifyInclusion(proof, r.raw.GetEntry(), opened); err != nil {
		return err
	}
	r.proven = fmt.Sprintf("included in the checkpoint of size %d, verified with the log's key", r.Size)
	return nil
}

func (r *Receipt) decision() string {
	d := r.Record.Decision
	if d.Effect == admission.Deny {
		return "deny: " + consent.FaultWords(d)
	}
	return string(d.Effect)
}

func (r *Receipt) class() string {
	a := r.Record.Attribution
	if a == nil {
		return ""
	}
	s := string(a.Agency)
	if a.Authorizing != "" {
		s += ", by " + a.Authorizing
	}
	if len(a.Flags) > 0 {
		s += " (" + strings.Join(a.Flags, ", ") + ")"
	}
	return s
}

// Pairs are the lines that are printed of a receipt.
func (r *Receipt) Pairs() []console.Pair {
	return []console.Pair{
		{"index", fmt.Sprint(r.raw.GetIndex())},
		{"id", r.raw.GetId()},
		{"kind", string(r.Record.Kind)},
		{"signer", r.Record.Signer.Name},
		{"received", console.Instant(r.Entry.ReceivedAt)},
		{"decision", r.decision()},
		{"class", r.class()},
		{"proof", r.proven},
	}
}

// ReceiptJSON is a receipt as --json prints it.
type ReceiptJSON struct {
	Index    uint64           `json:"index"`
	ID       string           `json:"id"`
	Kind     attest.Kind      `json:"kind"`
	Signer   string           `json:"signer"`
	Received int64            `json:"received_at"`
	Decision admission.Effect `json:"decision"`
	Faults   []string         `json:"faults"`
	Class    agency.Class     `json:"class,omitempty"`
	Size     uint64           `json:"size"`
	Verified bool             `json:"verified"` // with the log's key
	Entry    jsontext.Value   `json:"entry"`
	Record   jsontext.Value   `json:"record"`
	Proof    string           `json:"proof"`
	// Request is the request digest of an action, of deed get.
	Request attest.Digest `json:"request,omitempty"`
	// Statement is the signed predicate, of deed get.
	Statement attest.Statement `json:"statement,omitempty"`
}

// JSON is what is printed of a receipt for machines; vkey is the one that it was
// checked with, or "".
func (r *Receipt) JSON(vkey string) ReceiptJSON {
	out := ReceiptJSON{
		Index: r.raw.GetIndex(), ID: r.raw.GetId(), Kind: r.Record.Kind, Signer: r.Record.Signer.Name,
		Received: r.Entry.ReceivedAt, Decision: r.Record.Decision.Effect, Faults: r.Record.Decision.Faults,
		Size: r.Size, Verified: vkey != "",
		Entry: r.raw.GetEntry(), Record: r.raw.GetRecord(), Proof: string(r.raw.GetProof()),
	}
	if a := r.Record.Attribution; a != nil {
		out.Class = a.Agency
	}
	return out
}

// PrintReceipt prints a checked receipt.
func PrintReceipt(w io.Writer, c *Connection, quiet bool, cl *Client, r *Receipt) error {
	switch {
	case quiet:
		return console.Print(w, r.ID()+"\n")
	case c.JSON:
		return console.PrintJSON(w, r.JSON(cl.VKey))
	}
	return console.PrintPairs(w, r.Pairs())
}
