package attest

import (
	"bytes"
	"crypto/sha256"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	statementType = "https://in-toto.io/Statement/v1"
	// PredicateBase is the start of every predicate type; the kind and "/v1" follow.
	PredicateBase = "https://github.com/deedlog/deed/spec/"
)

// Kind is the kind of a statement, the last part of its predicate type.
type Kind string

// The kinds of statement (docs/spec/statements.md).
const (
	KindGenesis        Kind = "genesis"
	KindAdministrators Kind = "administrators"
	KindRoot           Kind = "root"
	KindPerson         Kind = "person"
	KindIssuer         Kind = "issuer"
	KindPolicy         Kind = "policy"
	KindAgent          Kind = "agent"
	KindInstruction    Kind = "instruction"
	KindTrigger        Kind = "trigger"
	KindWarrant        Kind = "warrant"
	KindApproval       Kind = "approval"
	KindRefusal        Kind = "refusal"
	KindAction         Kind = "action"
	KindRevocation     Kind = "revocation"
	KindCompromise     Kind = "compromise"
	KindErasure        Kind = "erasure"
	KindProvider       Kind = "provider"
	KindAccount        Kind = "account"
	KindToken          Kind = "token"

	KindCountersignature Kind = "countersignature"
)

// Control reports whether entries of this kind decide what the log trusts; the
// running hash over them makes leaving one out visible.
func (k Kind) Control() bool {
	switch k {
	case KindGenesis, KindAdministrators, KindRoot, KindPerson, KindIssuer, KindPolicy, KindAgent, KindRevocation, KindCompromise, KindErasure, KindProvider, KindAccount:
		return true
	}
	return false
}

// Kinds lists every accepted kind.
func Kinds() []Kind {
	return []Kind{KindGenesis, KindAdministrators, KindRoot, KindPerson, KindIssuer, KindPolicy, KindAgent,
		KindInstruction, KindTrigger, KindWarrant, KindApproval, KindRefusal, KindAction, KindRevocation, KindCompromise, KindErasure,
		KindCountersignature, KindProvider, KindAccount, KindToken}
}

// newStatement returns an empty statement of a kind, or nil.
func newStatement(k Kind) Statement {
	switch k {
	case KindGenesis:
		return new(Genesis)
	case KindAdministrators:
		return new(Administrators)
	case KindRoot:
		return new(Root)
	case KindPerson:
		return new(Person)
	case KindIssuer:
		return new(Issuer)
	case KindPolicy:
		return new(Policy)
	case KindAgent:
		return new(Agent)
	case KindInstruction:
		return new(Instruction)
	case KindTrigger:
		return new(Trigger)
	case KindWarrant:
		return new(Warrant)
	case KindApproval:
		return new(Approval)
	case KindRefusal:
		return new(Refusal)
	case KindAction:
		return new(Action)
	case KindRevocation:
		return new(Revocation)
	case KindCompromise:
		return new(Compromise)
	case KindErasure:
		return new(Erasure)
	case KindCountersignature:
		return new(Countersignature)
	case KindProvider:
		return new(Provider)
	case KindAccount:
		return new(Account)
	case KindToken:
		return new(Token)
	}
	return nil
}

// Statement is the predicate of a signed statement: *[Genesis],
// *[Administrators], *[Root], *[Person], *[Issuer], *[Policy], *[Agent], *[Instruction], *[Trigger],
// *[Warrant], *[Approval], *[Refusal], *[Action], *[Revocation],
// *[Compromise], *[Erasure], *[Countersignature],
// *[Provider], *[Account] or *[Token].
type Statement interface {
	Kind() Kind
	// Head returns the members that every predicate has.
	Head() Head
	// SignedBy names the party that must have signed (rule D0).
	SignedBy() Party
	// validate checks what the members may hold, alone.
	validate(c *checker)
}

// Head holds the members that every predicate has.
type Head struct {
	Log   string // origin of the one log the statement is for
	Nonce string // 16 random bytes in hex: the statement's digest confirms no guess
	V     int    // version of the kind, 1
}

// SignerKind says what kind of key signed.
type SignerKind string

// The kinds of signer.
const (
	BySVID   SignerKind = "svid"   // a workload, by its X.509-SVID
	ByPerson SignerKind = "person" // a human, by a key the log has registered
	ByServer SignerKind = "server" // the register, by the statement key in its genesis
)

// Party names a signer.
type Party struct {
	ID   string     `json:"id"`
	Kind SignerKind `json:"kind"`
}

// Name is the party as it enters a statement's ID: the SPIFFE ID alone, or the
// kind, a colon and the name.
func (p Party) Name() string {
	if p.Kind == BySVID {
		return p.ID
	}
	return string(p.Kind) + ":" + p.ID
}

// Subject is the in-toto subject: the digest that the statement is matched by.
type Subject struct {
	Digest SubjectDigest `json:"digest"`
	Name   string        `json:"name"`
}

// SubjectDigest is in-toto's digest set with the one algorithm we use, bare hex.
type SubjectDigest struct {
	SHA256 string `json:"sha256"`
}

type frame struct {
	Type          string         `json:"_type"`
	Predicate     jsontext.Value `json:"predicate"`
	PredicateType string         `json:"predicateType"`
	Subject       []Subject      `json:"subject"`
}

// decodeFrame is Decode for a frame, which is on the path of every statement:
// what it holds is not written again to compare it.
func decodeFrame(payload []byte) (f frame, err error) {
	if err := CheckProfile(payload); err != nil {
		return f, err
	}
	if err := unmarshal(payload, &f); err != nil || f.spelled(payload) {
		return f, err
	}
	return f, checkSpelling(payload, &f)
}

// spelled reports whether doc is the canonical form of a frame with one subject.
// For any other it is false.
func (f frame) spelled(doc []byte) bool {
	if len(f.Subject) != 1 {
		return false
	}
	head := quoted(`{"_type":`, f.Type) + `,"predicate":`
	tail := quoted(`,"predicateType":`, f.PredicateType) +
		quoted(`,"subject":[{"digest":{"sha256":`, f.Subject[0].Digest.SHA256) +
		quoted(`},"name":`, f.Subject[0].Name) + "}]}"
	rest, begins := bytes.CutPrefix(doc, []byte(head))
	rest, ends := bytes.CutSuffix(rest, []byte(tail))
	return begins && ends && bytes.Equal(rest, f.Predicate)
}

// quoted is a JSON string after what stands before it.
func quoted(before, s string) string {
	doc, err := jsontext.AppendQuote([]byte(before), s)
	if err != nil {
		return "" // not UTF-8: nothing that is checked is spelled so
	}
	return string(doc)
}

// subjectOf is the subject that a statement must have: the request digest for
// an action that carries a request, the digest of the predicate otherwise.
func subjectOf(s Statement, predicate []byte) Subject {
	if a, ok := s.(*Action); ok && a.Request != nil {
		return Subject{Digest: SubjectDigest{a.Request.Digest().Hex()}, Name: a.Request.Action}
	}
	sum := DigestFrom(sha256.Sum256(predicate))
	return Subject{Digest: SubjectDigest{sum.Hex()}, Name: string(s.Kind())}
}

// Payload writes the canonical in-toto statement that carries s.
func Payload(s Statement) ([]byte, error) {
	c := &checker{}
	if s.validate(c); c.err != nil {
		return nil, c.err
	}
	predicate, err := Encode(s)
	if err != nil {
		return nil, err
	}
	return Encode(frame{
		Type: statementType, Predicate: predicate,
		PredicateType: PredicateBase + string(s.Kind()) + "/v1",
		Subject:       []Subject{subjectOf(s, predicate)},
	})
}

// ParsePayload reads a statement from the bytes that were signed. It checks
// form and members, not the signature. Faults: those of [Decode],
// statement.type, statement.subject, statement.field.
func ParsePayload(payload []byte) (Statement, error) {
	s, f, err := decodePayload(payload)
	if err != nil {
		return nil, err
	}
	c := &checker{}
	if s.validate(c); c.err != nil {
		return nil, c.err
	}
	if want := subjectOf(s, f.Predicate); len(f.Subject) != 1 || f.Subject[0] != want {
		return nil, Refuse("statement.subject", "subject", want.Name+" "+want.Digest.SHA256, subjectText(f.Subject))
	}
	return s, nil
}

// decodePayload reads a statement and what frames it, and checks neither.
func decodePayload(payload []byte) (Statement, frame, error) {
	if a, f, ok := readAction(payload); ok {
		return a, f, nil
	}
	return decodeAny(payload)
}

// decodeAny is decodePayload for every kind, and says what is wrong.
func decodeAny(payload []byte) (Statement, frame, error) {
	f, err := decodeFrame(payload)
	if err != nil {
		return nil, f, err
	}
	if f.Type != statementType {
		return nil, f, Refuse("statement.type", "_type", statementType, f.Type)
	}
	s, err := statementFor(f.PredicateType)
	if err != nil {
		return nil, f, err
	}
	return s, f, decodeChecked(f.Predicate, s)
}

func statementFor(predicateType string) (Statement, error) {
	name, ok := strings.CutPrefix(predicateType, PredicateBase)
	kind, version := strings.CutSuffix(name, "/v1")
	s := newStatement(Kind(kind))
	if !ok || !version || s == nil {
		return nil, Refuse("statement.type", "predicateType", PredicateBase+"KIND/v1", predicateType)
	}
	return s, nil
}

func subjectText(s []Subject) string {
	if len(s) != 1 {
		return "not exactly one subject"
	}
	return s[0].Name + " " + s[0].Digest.SHA256
}
