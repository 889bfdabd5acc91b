// Package admission decides what becomes of one signed statement: whether it is
// refused, or logged as allowed or denied, and what is written of it. It is
// pure. The register and the offline verifier run the same functions on the
// same bytes.
//
//	Check   signer, form, references, chain, evidence, Cedar       parallel, expensive
//	Read    what the register held just before the entry           in log order
//	Decide  state rules, attribution, record, entry                in log order, cheap
//
// What Check looks up through [InForce] and what Read takes from a [View] is
// written into the record as [Read]. A verifier gives Check the statements that
// the record names, gives Decide the recorded Read, and compares the record
// byte for byte.
//
// # Reading order
//
// [InForce] is what may be looked up; check.go is the list of checks, one line
// each. The kinds: act.go (actions, with evidence.go for the human's part and
// authorize.go for Cedar), warrants.go, human.go, control.go. decide.go is the
// order of the state rules; record.go and entry.go are the two documents.
//
// What runs in log order runs for one statement at a time: prepare.go does
// beforehand what it can, canonical.go writes without reflection, and steady.go
// remembers what only control entries change.
package admission

import (
	"crypto"
	"fmt"

	"github.com/deedlog/deed/attest"
)

// Rules is the version of the functions that made a record. A verifier keeps
// every version and judges a record by its own.
const Rules = 1

// InForce is what a check may look up. Nothing else of the world enters it.
type InForce interface {
	// Origin names the log.
	Origin() string
	// Current returns the statement that a slot points to now, or nil.
	Current(Slot) (*Logged, error)
	// Logged returns a statement of the log, or nil.
	Logged(attest.ID) (*Logged, error)
	// Object returns a stored object, or nil.
	Object(attest.Digest) ([]byte, error)
}

// Slot names a place where one statement at a time is in force, such as
// "policy" or "person/treasurer".
type Slot string

// The slots (docs/spec/admission.md, "Slots").
const (
	GenesisSlot        Slot = "genesis"
	AdministratorsSlot Slot = "administrators"
	PolicySlot         Slot = "policy"
)

// RootSlot is where a trust domain's bundle is in force.
func RootSlot(trustDomain string) Slot { return Slot("root/" + trustDomain) }

// AdministratorSlot is where the last set of administrators is that has a person
// of this name in it.
func AdministratorSlot(name string) Slot { return Slot("administrator/" + name) }

// NamedRootSlot is where a set of authorities of a type and a name is in force.
func NamedRootSlot(r attest.NamedRoot) Slot { return Slot("root/" + r.String()) }

// rootSlot is where a root is in force.
func rootSlot(r *attest.Root) Slot {
	if r.Type == attest.RootSPIFFE {
		return RootSlot(r.TrustDomain)
	}
	if r.Type == attest.RootJWKS {
		return JWKSSlot(r.Issuer)
	}
	return NamedRootSlot(attest.NamedRoot{Type: r.Type, Name: r.Name}) // no trust domain has a colon
}

// PersonSlot is where a person's key is in force.
func PersonSlot(name string) Slot { return Slot("person/" + name) }

// IssuerSlot is where an issuer's registration is in force.
func IssuerSlot(p attest.Party) Slot { return Slot("issuer/" + p.Name()) }

// AgentSlot is where the registration of one SPIFFE ID is in force, or of all
// IDs below it.
func AgentSlot(id string, prefix bool) Slot {
	if prefix {
		return Slot("agents/" + id)
	}
	return Slot("agent/" + id)
}

// KeySlot is where the statement is in force that says whose key this is, or whose
// identity of certificates: of a person, or of administrators.
func KeySlot(key attest.Digest) Slot { return Slot("key/" + key.Hex()) }

// Slots returns the slots that a statement takes if it is allowed.
func Slots(s attest.Statement) []Slot { return slotsOf(s) }

// slotsOf returns the slots that an allowed statement takes.
func slotsOf(s attest.Statement) []Slot {
	switch s := s.(type) {
	case *attest.Genesis:
		return append(administratorSlots(s.Administrators), GenesisSlot)
	case *attest.Administrators:
		return administratorSlots(s.Administrators)
	case *attest.Policy:
		return []Slot{PolicySlot}
	case *attest.Root:
		return []Slot{rootSlot(s)}
	case *attest.Person:
		return []Slot{KeySlot(s.Identity()), PersonSlot(s.Name)}
	case *attest.Issuer:
		return []Slot{IssuerSlot(s.Issuer)}
	case *attest.Agent:
		return []Slot{AgentSlot(s.Agent, s.Prefix)}
	case *attest.Provider:
		return []Slot{ProviderSlot(s.Issuer)}
	case *attest.Account:
		return []Slot{AccountSlot(s.Issuer, s.Subject)}
	}
	return nil
}

func administratorSlots(list []attest.Administrator) []Slot {
	slots := []Slot{AdministratorsSlot}
	for _, a := range list {
		slots = append(slots, AdministratorSlot(a.Name), KeySlot(a.Key.Digest()))
	}
	return slots
}

// Logged is a statement of the log, with what the log recorded of it.
type Logged struct {
	Index    uint64
	Verified attest.Verified
	Record   *Record
}

// ID names the statement.
func (l *Logged) ID() attest.ID { return l.Verified.ID() }

// Allowed reports whether the log allowed the statement when it was logged.
func (l *Logged) Allowed() bool { return l.Record.Decision.Effect == Allow }

// statementOf returns the statement of l as its struct, or nil where l is of
// another kind.
func statementOf[T attest.Statement](l *Logged) (s T) {
	if l != nil {
		s, _ = l.Verified.Statement().(T)
	}
	return s
}

// Submission is one statement as it arrives, with the objects sent along.
type Submission struct {
	Envelope  attest.Envelope
	Objects   map[attest.Digest][]byte
	Submitter Submitter
	// Admit is asked before the signature is verified with a key, and what it
	// returns is called afterwards. Its error is that of Check. Nil admits all.
	Admit func(key crypto.PublicKey) (release func(), err error)
	// Recorded is the record of a statement that is checked again, where tokens may
	// be gone: it is believed for what they said. Nil where nothing is believed.
	Recorded *Record
}

// MaxObject bounds one object, in bytes.
const MaxObject = 512 << 10

// maxObjects bounds the objects of one submission, before any is hashed: no
// statement names more.
const maxObjects = 64

// NewSubmission names the objects by their digests. Faults: object.size,
// object.unused.
func NewSubmission(e attest.Envelope, objects [][]byte, by Submitter) (Submission, error) {
	if len(objects) > maxObjects {
		return Submission{}, attest.Refuse("object.unused", "objects", fmt.Sprint("at most ", maxObjects), fmt.Sprint(len(objects)))
	}
	s := Submission{Envelope: e, Objects: make(map[attest.Digest][]byte, len(objects)), Submitter: by}
	for i, o := range objects {
		if len(o) == 0 || len(o) > MaxObject {
			return s, attest.Refuse("object.size", fmt.Sprintf("objects.%d", i), "1 to 524288 bytes", fmt.Sprint(len(o)))
		}
		s.Objects[attest.DigestOf(o)] = o
	}
	return s, nil
}
