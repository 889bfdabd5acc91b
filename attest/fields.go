package attest

import "encoding/hex"

// TextFields makes fields of names and strings.
func TextFields(pairs [][2]string) []Field {
	out := make([]Field, len(pairs))
	for i, p := range pairs {
		value, _ := Text(p[1]).Canonical() // a string cannot fail
		out[i] = Field{Name: p[0], Value: value}
	}
	return out
}

// AgentFields are the values that an agent may commit to in its action, under a
// seed of its own: what a later reader of the public log may be shown, one by
// one (docs/spec/admission.md, "Entry"). rootWarrant is "" without a warrant.
func AgentFields(a *Action, rootWarrant ID) []Field {
	action, resource := "", ""
	if a.Request != nil {
		action, resource = a.Request.Action, a.Request.Resource.Kind+"/"+a.Request.Resource.ID
	}
	return TextFields([][2]string{{"action", action}, {"agent", a.Agent}, {"resource", resource},
		{"root_warrant", string(rootWarrant)}, {"session", a.Session.ID}})
}

// SeedObject is the object that opens a commitment: the seed in hex.
func SeedObject(seed [32]byte) []byte { return []byte(hex.EncodeToString(seed[:])) }

// ParseSeed reads a seed object. Faults: object.form.
func ParseSeed(object []byte) (seed [32]byte, err error) {
	if len(object) != hexDigest || !lowerHex(string(object)) {
		return seed, Refuse("object.form", "seed", "64 hex digits", "other bytes")
	}
	_, err = hex.Decode(seed[:], object)
	return seed, err
}
