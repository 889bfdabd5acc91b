package attest

// Compromise declares that somebody else may have had a key since a time. From
// its own index on, nothing that the key signs is taken; what it signed since
// that time is relied on by nothing any more, and is contested
// (docs/spec/statements.md, "compromise").
type Compromise struct {
	By     string           `json:"by"` // person
	Log    string           `json:"log"`
	Nonce  string           `json:"nonce"`
	Reason string           `json:"reason"`
	Since  int64            `json:"since"` // ms, as claimed
	Thing  CompromisedThing `json:"thing"`
	V      int              `json:"v"`
}

// CompromisedThing is what somebody else may have had.
type CompromisedThing struct {
	ID   string           `json:"id"`           // SPIFFE ID, person, or the ID of a root statement
	Key  Digest           `json:"key,omitzero"` // of the SubjectPublicKeyInfo; of keys only
	Kind CompromisedClass `json:"kind"`
}

// CompromisedClass says what kind of thing is compromised.
type CompromisedClass string

// What can be declared compromised.
const (
	HumanKey   CompromisedClass = "person_key" // a person's key or passkey
	RootEntry  CompromisedClass = "root"       // a root of trust, as it was logged
	WorkloadID CompromisedClass = "spiffe_id"  // every key of a workload
	SVIDKey    CompromisedClass = "svid_key"   // one key of a workload
)

// Kind returns KindCompromise.
func (*Compromise) Kind() Kind { return KindCompromise }

// Head returns the common members.
func (s *Compromise) Head() Head { return Head{s.Log, s.Nonce, s.V} }

// SignedBy is the person who declares it.
func (s *Compromise) SignedBy() Party { return Party{ID: s.By, Kind: ByPerson} }

func (s *Compromise) validate(c *checker) {
	c.head(s.Head())
	c.person("by", s.By)
	c.text("reason", s.Reason, 256)
	c.time("since", s.Since)
	c.compromised(s.Thing)
}

func (c *checker) compromised(t CompromisedThing) {
	c.oneOf("thing.kind", string(t.Kind), string(HumanKey), string(RootEntry), string(WorkloadID), string(SVIDKey))
	key := t.Kind == HumanKey || t.Kind == SVIDKey
	switch t.Kind {
	case HumanKey:
		c.person("thing.id", t.ID)
	case RootEntry:
		c.id("thing.id", ID(t.ID))
	default:
		c.spiffeID("thing.id", t.ID)
	}
	if key {
		c.digest("thing.key", t.Key)
	} else {
		c.that(t.Key == "", "thing.key", "none, but of a key", string(t.Key))
	}
}

// Words says what is compromised.
func (t CompromisedThing) Words() string {
	switch t.Kind {
	case HumanKey:
		return "the key " + string(t.Key) + " of " + t.ID
	case SVIDKey:
		return "the SVID key " + string(t.Key) + " of " + t.ID
	case WorkloadID:
		return "every key of " + t.ID
	}
	return "the root of trust " + t.ID
}
