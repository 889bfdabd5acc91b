package admission

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"

	"github.com/deedlog/deed/attest"
)

// Entry is what the tree hashes: canonical JSON of about 500 bytes that holds
// nothing private (docs/spec/admission.md, "Entry").
type Entry struct {
	Admission    attest.Digest      `json:"admission"` // of the record
	Control      Control            `json:"control"`   // over all earlier control entries
	Envelope     attest.ID          `json:"envelope"`
	Fields       *attest.Commitment `json:"fields,omitzero"` // the agent's own
	Kind         attest.Kind        `json:"kind"`
	ReceivedAt   int64              `json:"received_at"` // ms
	ServerFields attest.Commitment  `json:"server_fields"`
	V            int                `json:"v"`
}

// ParseEntry reads an entry. Faults: those of [attest.Decode].
func ParseEntry(doc []byte) (*Entry, error) {
	e := new(Entry)
	if err := attest.Decode(doc, e); err != nil {
		return nil, err
	}
	return e, nil
}

// controlTag separates the running hash from every other hash.
const controlTag = "deed/control/v1\x00"

// leafHash is RFC 6962's hash of an entry.
func leafHash(entry []byte) [32]byte {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(entry)
	return [32]byte(h.Sum(nil))
}

// StartControl is the running hash before the first control entry.
func StartControl() Control { return Control{Hash: attest.DigestFrom([32]byte{})} }

// Next is the running hash after one more control entry:
// SHA-256("deed/control/v1\0" || hash || be64(index) || leaf hash).
func (c Control) Next(index uint64, entry []byte) Control {
	before, _ := c.Hash.Sum()
	leaf := leafHash(entry)
	h := sha256.New()
	h.Write([]byte(controlTag))
	h.Write(before[:])
	h.Write(binary.BigEndian.AppendUint64(nil, index))
	h.Write(leaf[:])
	return Control{Count: c.Count + 1, Hash: attest.DigestFrom([32]byte(h.Sum(nil)))}
}

// serverFields are the values that the register commits to in the tree: who
// authorized, what was decided, which class.
func serverFields(r *Record) []attest.Field {
	person, class := "", ""
	if r.Attribution != nil {
		person, class = r.Attribution.Authorizing, string(r.Attribution.Agency)
	}
	return fields([][2]string{{"authorizing", person}, {"class", class}, {"decision", string(r.Decision.Effect)}})
}

func fields(pairs [][2]string) []attest.Field {
	out := make([]attest.Field, len(pairs))
	for i, p := range pairs {
		value, _ := attest.Text(p[1]).Canonical() // a string cannot fail
		out[i] = attest.Field{Name: p[0], Value: value}
	}
	return out
}

// AgentFields are the values that an agent may commit to in its action, under a
// seed of its own: what a later reader of the public log may be shown.
func AgentFields(a *attest.Action, rootWarrant attest.ID) []attest.Field {
	action, resource := "", ""
	if a.Request != nil {
		action, resource = a.Request.Action, a.Request.Resource.Kind+"/"+a.Request.Resource.ID
	}
	return fields([][2]string{{"action", action}, {"agent", a.Agent}, {"resource", resource},
		{"root_warrant", string(rootWarrant)}, {"session", a.Session.ID}})
}

// SeedObject is the object that opens a commitment: the seed in hex.
func SeedObject(seed [32]byte) []byte { return []byte(hex.EncodeToString(seed[:])) }

// ParseSeed reads a seed object. Faults: object.form.
func ParseSeed(object []byte) (seed [32]byte, err error) {
	if len(object) != 64 {
		return seed, attest.Refuse("object.form", "seed", "64 hex digits", "another length")
	}
	if _, err := hex.Decode(seed[:], object); err != nil {
		return seed, attest.Refuse("object.form", "seed", "64 hex digits", "another alphabet")
	}
	return seed, nil
}
