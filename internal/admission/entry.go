package admission

import (
	"crypto/sha256"
	"encoding/binary"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
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
	if e, ok := quickEntry(doc); ok {
		return e, nil
	}
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
func StartControl() Control { return startControl }

var startControl = Control{Hash: attest.DigestFrom([32]byte{})}

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

// serverValues are the values that the register commits to in the tree: who
// authorized, what was decided, which class.
func serverValues(a *agency.Attribution, effect Effect) [3]string {
	if a == nil {
		return [3]string{"", "", string(effect)}
	}
	return [3]string{a.Authorizing, string(a.Agency), string(effect)}
}

// serverFields names the values.
func serverFields(values [3]string) []attest.Field {
	return attest.TextFields([][2]string{{"authorizing", values[0]}, {"class", values[1]}, {"decision", values[2]}})
}
