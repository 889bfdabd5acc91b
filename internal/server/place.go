package server

import (
	"fmt"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// placement is a checked statement in the sequencer's queue.
type placement struct {
	id      ledger.Hash
	checked *admission.Prepared
	steady  *admission.Steady // of the register
	queued  time.Time
	denials int              // that one signer may have logged in an hour
	result  admission.Result // of the last call of Place
	seen    uint64           // entries that were gone through before an erasure
}

// ID implements ledger.Submission: the statement's name, so that a retry is the
// same submission.
func (p *placement) ID() ledger.Hash { return p.id }

// control reports whether the statement may change what is in force.
func (p *placement) control() bool { return p.kind().Control() }

func (p *placement) kind() attest.Kind { return p.checked.Verified().Statement().Kind() }

// Place implements ledger.Submission: it reads what the register holds at this
// very place, decides, and says what to write. It keeps only what it said, for the receipt.
func (p *placement) Place(v ledger.View, at time.Time) (out ledger.Placement, err error) {
	// It runs in the sequencer, for all callers: one statement must not end them.
	defer func() {
		if r := recover(); r != nil {
			out, err = ledger.Placement{}, fmt.Errorf("placing %s: panic: %v", p.checked.Verified().ID(), r)
		}
	}()
	read, err := p.read(v)
	if err != nil {
		return ledger.Placement{}, err
	}
	result, err := p.checked.Decide(read, at.UnixMilli())
	if err != nil {
		return ledger.Placement{}, err
	}
	p.result = result
	if err := p.erases(v); err != nil {
		return ledger.Placement{}, err
	}
	out = ledger.Placement{Entry: result.Entry, Rows: rows(p.checked.Verified().Statement(), result.Parsed)}
	out.Objects = make([]ledger.Object, 0, len(result.Objects))
	for _, o := range result.Objects {
		out.Objects = append(out.Objects, ledger.Object{Digest: o.Sum, Bytes: o.Bytes, Fresh: o.Own})
	}
	for _, d := range result.Erase {
		sum, _ := d.Sum() // of a statement that was parsed
		out.Erase = append(out.Erase, sum)
	}
	out.Cells = make([]ledger.Cell, 0, len(result.Cells)+1)
	for _, c := range result.Cells {
		out.Cells = append(out.Cells, ledger.Cell(c))
	}
	if result.Effect == admission.Deny {
		cell, err := p.countDenial(v, at)
		if err != nil {
			return ledger.Placement{}, err
		}
		out.Cells = append(out.Cells, cell)
	}
	return out, nil
}

// read looks up what Decide needs, without reading the same slots from the store
// for every statement.
func (p *placement) read(v ledger.View) (admission.Read, error) {
	view, err := p.steady.View(v)
	if err != nil {
		return admission.Read{}, err
	}
	return p.checked.Read(view)
}

const (
	deniedTable    = "denied" // signer -> hour and count
	defaultDenials = 1000     // while no policy says otherwise
)

// denied counts a signer's denials of one hour.
type denied struct {
	Count int   `json:"count"`
	Hour  int64 `json:"hour"`
}

// countDenial keeps a signer from filling the log with what is denied anyway.
func (p *placement) countDenial(v ledger.View, at time.Time) (ledger.Cell, error) {
	return deniedCell(v, p.checked.Verified().Signer().Name(), at, p.denials)
}

// unlimited is the quota of denials where they are only counted again.
const unlimited = -1

// deniedCell counts one more denial of a signer.
func deniedCell(v admission.View, signer string, at time.Time, most int) (ledger.Cell, error) {
	n := denied{Hour: at.Unix() / 3600}
	doc, err := v.Get(deniedTable, signer)
	if err != nil {
		return ledger.Cell{}, err
	}
	if doc != nil {
		var before denied
		if err := attest.Decode(doc, &before); err != nil {
			return ledger.Cell{}, err
		}
		if before.Hour == n.Hour {
			n = before
		}
	}
	if n.Count++; n.Count > most && most != unlimited {
		return ledger.Cell{}, attest.Refuse("quota.denials", "signer", "no more denied statements in this hour", signer)
	}
	doc, err = attest.Encode(n)
	return ledger.Cell{Table: deniedTable, Key: signer, Value: doc}, err
}
