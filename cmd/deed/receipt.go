package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// receipt is a register's answer, read and checked.
type receipt struct {
	raw    *deedv1.Receipt
	entry  *admission.Entry
	record *admission.Record
	size   uint64 // of the checkpoint that the proof leads to
	proven string // how far the proof was checked
}

// readReceipt checks that entry, record and proof belong together, and with the
// log's key that the entry is in the log.
func readReceipt(m *deedv1.Receipt, vkey string) (*receipt, error) {
	r := &receipt{raw: m}
	var err error
	if r.entry, err = admission.ParseEntry(m.GetEntry()); err != nil {
		return nil, falseError("reading the receipt's entry: %w", err)
	}
	if r.record, err = admission.ParseRecord(m.GetRecord()); err != nil {
		return nil, falseError("reading the receipt's record: %w", err)
	}
	if got := attest.DigestOf(m.GetRecord()); got != r.entry.Admission {
		return nil, falseError("the receipt's record is %s, its entry commits to %s", got, r.entry.Admission)
	}
	if id := attest.ID(m.GetId()); id != r.entry.Envelope || id != r.record.ID {
		return nil, falseError("the receipt is of %s, its entry of %s", id, r.entry.Envelope)
	}
	if err := r.checkProof(vkey); err != nil {
		return nil, fmt.Errorf("checking the receipt's proof: %w", err)
	}
	return r, nil
}

func (r *receipt) checkProof(vkey string) error {
	proof, err := ledger.ParseProof(r.raw.GetProof())
	if err != nil {
		return falseError("%w", err)
	}
	if proof.Index != r.raw.GetIndex() {
		return falseError("it is for index %d, not %d", proof.Index, r.raw.GetIndex())
	}
	signed, err := ledger.ParseSignedCheckpoint(proof.Checkpoint)
	if err != nil {
		return falseError("%w", err)
	}
	r.size = signed.Size
	if vkey == "" {
		r.proven = fmt.Sprintf("not checked, no log key is known here; checkpoint of size %d", r.size)
		return nil
	}
	opened, err := ledger.OpenCheckpoint(proof.Checkpoint, vkey)
	if err != nil {
		return err
	}
	if err := ledger.VerifyInclusion(proof, r.raw.GetEntry(), opened); err != nil {
		return err
	}
	r.proven = fmt.Sprintf("included in the checkpoint of size %d, verified with the log's key", r.size)
	return nil
}

func (r *receipt) decision() string {
	d := r.record.Decision
	if d.Effect == admission.Deny {
		return "deny: " + strings.Join(d.Faults, ", ")
	}
	return string(d.Effect)
}

func (r *receipt) class() string {
	a := r.record.Attribution
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

func (r *receipt) pairs() []pair {
	return []pair{
		{"index", fmt.Sprint(r.raw.GetIndex())},
		{"id", r.raw.GetId()},
		{"kind", string(r.record.Kind)},
		{"signer", r.record.Signer.Name},
		{"received", instant(r.entry.ReceivedAt)},
		{"decision", r.decision()},
		{"class", r.class()},
		{"proof", r.proven},
	}
}

// receiptJSON is a receipt as --json prints it.
type receiptJSON struct {
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

func (r *receipt) json(vkey string) receiptJSON {
	out := receiptJSON{
		Index: r.raw.GetIndex(), ID: r.raw.GetId(), Kind: r.record.Kind, Signer: r.record.Signer.Name,
		Received: r.entry.ReceivedAt, Decision: r.record.Decision.Effect, Faults: r.record.Decision.Faults,
		Size: r.size, Verified: vkey != "",
		Entry: r.raw.GetEntry(), Record: r.raw.GetRecord(), Proof: string(r.raw.GetProof()),
	}
	if a := r.record.Attribution; a != nil {
		out.Class = a.Agency
	}
	return out
}

// printReceipt prints a checked receipt.
func printReceipt(w io.Writer, c *connection, quiet bool, cl *client, m *deedv1.Receipt) error {
	r, err := readReceipt(m, cl.vkey)
	if err != nil {
		return err
	}
	switch {
	case quiet:
		return printText(w, m.GetId()+"\n")
	case c.json:
		return printJSON(w, r.json(cl.vkey))
	}
	return printPairs(w, r.pairs())
}
