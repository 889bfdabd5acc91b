package attest

import "strconv"

// Erasure says which evidence objects are destroyed, and on which basis. Only what
// no rule needs can be, seeds and what was shown or received, and tokens
// (docs/spec/statements.md, "erasure"). A quorum of administrators signs it.
type Erasure struct {
	Basis   ErasureBasis   `json:"basis"`
	By      string         `json:"by"` // administrator
	Log     string         `json:"log"`
	Nonce   string         `json:"nonce"`
	Objects []ErasedObject `json:"objects"`
	Reason  string         `json:"reason"`
	V       int            `json:"v"`
}

// ErasedObject is an object with all statements that name it.
type ErasedObject struct {
	Digest     Digest `json:"digest"`
	Statements []ID   `json:"statements"`
}

// ErasureBasis is why evidence may be destroyed.
type ErasureBasis string

// The bases of an erasure.
const (
	ConsentWithdrawn   ErasureBasis = "consent_withdrawn"
	CourtOrder         ErasureBasis = "court_order"
	LegalObligation    ErasureBasis = "legal_obligation"
	Objection          ErasureBasis = "objection"
	PurposeEnded       ErasureBasis = "purpose_ended"
	UnlawfulProcessing ErasureBasis = "unlawful_processing"
)

// ErasureBases lists every basis.
func ErasureBases() []ErasureBasis {
	return []ErasureBasis{ConsentWithdrawn, CourtOrder, LegalObligation, Objection, PurposeEnded, UnlawfulProcessing}
}

const maxErased = 16

// Kind returns KindErasure.
func (*Erasure) Kind() Kind { return KindErasure }

// Head returns the common members.
func (e *Erasure) Head() Head { return Head{e.Log, e.Nonce, e.V} }

// SignedBy is the administrator.
func (e *Erasure) SignedBy() Party { return Party{ID: e.By, Kind: ByPerson} }

func (e *Erasure) validate(c *checker) {
	c.head(e.Head())
	c.person("by", e.By)
	c.text("reason", e.Reason, 256)
	bases := make([]string, 0, len(ErasureBases()))
	for _, b := range ErasureBases() {
		bases = append(bases, string(b))
	}
	c.oneOf("basis", string(e.Basis), bases...)
	n := len(e.Objects)
	c.that(n >= 1 && n <= maxErased, "objects", "1 to 16", strconv.Itoa(n))
	for i, o := range e.Objects {
		c.digest("objects.digest", o.Digest)
		c.that(i == 0 || e.Objects[i-1].Digest < o.Digest, "objects", "ascending by digest, each once", string(o.Digest))
		c.that(len(o.Statements) > 0, "objects.statements", "at least one", "none")
		c.ids("objects.statements", o.Statements, maxItems)
	}
}

// Names reports whether the erasure names an object.
func (e *Erasure) Names(d Digest) bool {
	for _, o := range e.Objects {
		if o.Digest == d {
			return true
		}
	}
	return false
}

// Erasable lists the objects that a statement names and that may be erased: those
// that are [Spare], and a token, which is somebody's personal data. What rested on
// a token cannot be checked without it.
func Erasable(s Statement) []Digest {
	out := Spare(s)
	if t, ok := s.(*Token); ok && t.Object != "" {
		out = append(out, t.Object)
	}
	return out
}

// Spare lists the objects that a statement names and that no rule needs: they may
// stay with whoever submits it.
func Spare(s Statement) (out []Digest) {
	add := func(list ...Digest) {
		for _, d := range list {
			if d != "" {
				out = append(out, d)
			}
		}
	}
	switch s := s.(type) {
	case *Instruction:
		add(s.Commitment.Seed)
	case *Approval:
		add(s.Display)
	case *Refusal:
		add(s.Display)
	case *Token:
		if s.Commitment != nil {
			add(s.Commitment.Seed)
		}
	case *Action:
		if s.Fields != nil {
			add(s.Fields.Seed)
		}
		if s.Outcome != nil {
			add(s.Outcome.Counterparty)
			if s.Outcome.Result != nil {
				add(s.Outcome.Result.Seed)
			}
		}
	}
	return out
}
