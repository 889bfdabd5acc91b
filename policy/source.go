package policy

import (
	"crypto/sha256"
	_ "embed"

	"github.com/deedlog/deed/attest"
)

// Source is a policy set as an administrator writes it and the log keeps it.
type Source struct {
	Policies []byte // Cedar policies, at most 256 KiB
	Schema   []byte // Cedar schema in its human syntax, at most 64 KiB
	Entities []byte // Cedar entities, a JSON array, at most 256 KiB
}

//go:embed default.cedar
var defaultPolicies []byte

//go:embed default.cedarschema
var defaultSchema []byte

//go:embed default.entities.json
var defaultEntities []byte

// Default returns the set that a new log starts with. The caller owns it.
func Default() Source {
	return Source{
		Policies: append([]byte(nil), defaultPolicies...),
		Schema:   append([]byte(nil), defaultSchema...),
		Entities: append([]byte(nil), defaultEntities...),
	}
}

// setTag separates the digest of a set from every other hash.
const setTag = "deed/policy/v1\x00"

// digest is SHA-256("deed/policy/v1\0" || SHA-256(policies) || SHA-256(schema)
// || SHA-256(entities)).
func (src Source) digest() attest.Digest {
	h := sha256.New()
	h.Write([]byte(setTag))
	for _, part := range [...][]byte{src.Policies, src.Schema, src.Entities} {
		sum := sha256.Sum256(part)
		h.Write(sum[:])
	}
	return attest.DigestFrom([sha256.Size]byte(h.Sum(nil)))
}
