package admission

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

// Effect is what was decided.
type Effect string

// The effects.
const (
	Allow Effect = "allow"
	Deny  Effect = "deny"
)

// Record says what the register read, decided and attributed for one entry.
// The entry commits to it; a verifier recomputes it byte for byte
// (docs/spec/admission.md, "Record").
type Record struct {
	Attribution  *agency.Attribution `json:"attribution,omitzero"` // of an intent or record
	Basis        Basis               `json:"basis"`
	CheckedAt    int64               `json:"checked_at"` // ms
	Decision     Decision            `json:"decision"`
	Endorsements []Endorsement       `json:"endorsements"`
	Envelope     attest.Digest       `json:"envelope"` // of the envelope's JSON form
	ID           attest.ID           `json:"id"`
	Kind         attest.Kind         `json:"kind"`
	Log          string              `json:"log"`
	Mode         attest.Mode         `json:"mode,omitzero"`
	Objects      []attest.Digest     `json:"objects"` // that the statement relies on, ascending
	Read         Read                `json:"read"`
	Rules        int                 `json:"rules"`
	Signer       RecordSigner        `json:"signer"`
	Submitter    Submitter           `json:"submitter"`
	V            int                 `json:"v"`
}

// Basis says how each group of the record is known: "verified" by a signature,
// "recomputable" from the bundle, or "asserted" by the register.
type Basis struct {
	Attribution string `json:"attribution"`
	Decision    string `json:"decision"`
	Read        string `json:"read"`
	Signer      string `json:"signer"`
}

var basisV1 = Basis{Attribution: "recomputable", Decision: "recomputable", Read: "asserted", Signer: "verified"}

// Decision is the outcome of all rules: sorted names, no messages.
type Decision struct {
	Determining []string `json:"determining"` // policies that decided
	Effect      Effect   `json:"effect"`
	Errors      []string `json:"errors"` // policies that could not be evaluated
	Evaluated   bool     `json:"evaluated"`
	Faults      []string `json:"faults"`
}

// Endorsement is another party's signature over the same payload.
type Endorsement struct {
	Envelope attest.Digest `json:"envelope"`
	Signer   attest.Party  `json:"signer"`
}

// RecordSigner is who signed, as verified.
type RecordSigner struct {
	Key   attest.Digest     `json:"key"`    // of the SubjectPublicKeyInfo
	KeyID attest.Digest     `json:"key_id"` // object: the DER chain, or the key itself
	Kind  attest.SignerKind `json:"kind"`
	Name  string            `json:"name"` // SPIFFE ID, person or origin
}

// Submitter is who handed the statement in, as the transport knew; it proves
// nothing about the statement.
type Submitter struct {
	Kind string `json:"kind"` // anonymous | svid
	Name string `json:"name,omitzero"`
}

// Anonymous is the submitter of a connection without a client certificate.
var Anonymous = Submitter{Kind: "anonymous"}

// Read is what the register held just before the entry, as far as a rule
// looked. Lists are in ascending order.
type Read struct {
	Compromised []Mark    `json:"compromised,omitempty"` // of what the statement rests on
	Control     Control   `json:"control"`
	Force       []Pin     `json:"force"`
	Outcome     *Ref      `json:"outcome,omitzero"` // entry that already is the intent's outcome
	Refused     []Refused `json:"refused,omitempty"`
	Revoked     []Ref     `json:"revoked"`          // warrants of the chain, with the revocation's entry
	Session     *Tip      `json:"session,omitzero"` // none before seq 0
	Size        uint64    `json:"size"`
	Spent       []Spent   `json:"spent"`
	Statements  []Ref     `json:"statements"` // that the statement names, and theirs
	Used        []Ref     `json:"used"`       // approvals, with the entry that used each
}

// Pin is what a slot pointed to. No ID: nothing was in force.
type Pin struct {
	Entry uint64    `json:"entry,omitzero"`
	ID    attest.ID `json:"id,omitzero"`
	Slot  Slot      `json:"slot"`
}

// Ref is a statement and an entry.
type Ref struct {
	Entry uint64    `json:"entry"`
	ID    attest.ID `json:"id"`
}

// Refused is a person's newest refusal of exactly the action.
type Refused struct {
	Entry  uint64    `json:"entry"`
	ID     attest.ID `json:"id"` // of the refusal
	Person string    `json:"person"`
}

// Tip is the last statement of a session.
type Tip struct {
	Closed bool      `json:"closed,omitzero"` // a terminal ended the session
	ID     attest.ID `json:"id"`
	Seq    int64     `json:"seq"`
}

// Spent is the pool of one warrant's grant, or the count of an instruction.
type Spent struct {
	Entry uint64    `json:"entry,omitzero"` // the last one that debited it
	Grant int       `json:"grant"`
	ID    attest.ID `json:"id"`
	Sum   int64     `json:"sum"` // ten-thousandths of the budget's unit
	Uses  int64     `json:"uses"`
}

// Mark says that something is declared compromised.
type Mark struct {
	Entry uint64    `json:"entry"` // of the declaration
	ID    attest.ID `json:"id"`
	Since int64     `json:"since"` // as it claims, ms
	What  string    `json:"what"`  // what the statement rests on, or the key in the register's table
}

// Carried is what a root statement carries.
type Carried struct {
	Bundle attest.Digest `json:"bundle"`
}

// Control counts the control entries so far and holds their running hash.
type Control struct {
	Count int64         `json:"count"`
	Hash  attest.Digest `json:"hash"`
}

// ParseRecord reads a record. Faults: those of [attest.Decode].
func ParseRecord(doc []byte) (*Record, error) {
	if r, ok := quickRecord(doc); ok {
		return r, nil
	}
	r := new(Record)
	if err := attest.Decode(doc, r); err != nil {
		return nil, err
	}
	return r, nil
}

// Names lists the statements that the record read, each once, ascending.
func (r *Record) Names() []attest.ID {
	var ids []attest.ID
	for _, p := range r.Read.Force {
		if p.ID != "" {
			ids = append(ids, p.ID)
		}
	}
	for _, s := range r.Read.Statements {
		ids = append(ids, s.ID)
	}
	for _, s := range r.Read.Refused {
		ids = append(ids, s.ID)
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
