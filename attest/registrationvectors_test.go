package attest_test

import (
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	"strconv"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/authenticator"
)

// registrationVector is an answer of navigator.credentials.create(), and the
// passkey that it makes or the code of the refusal.
type registrationVector struct {
	Name              string          `json:"name"`
	AttestationObject []byte          `json:"attestation_object"`
	ClientData        []byte          `json:"client_data"`
	Key               attest.Key      `json:"key,omitempty"`
	Passkey           *attest.Passkey `json:"passkey,omitzero"`
	Code              string          `json:"code,omitzero"`
}

// registering is one answer in the making. The strings are bytes.
type registering struct {
	name, code string
	form       string // the attestation object, in which FMT, STMT and DATA are its members
	statement  string // the attestation statement
	flags      byte
	party      string
	id         string // with its length before it
	key        string // COSE
	rest       string // after it
	origin     string
	kind       string
}

const (
	created   = "\xa3" + fmtMember + "STMT" + "DATA"
	stmtLast  = "\xa3" + fmtMember + "DATA" + "STMT"
	fmtMember = "\x63fmt\x64none"
	usual     = authenticator.UserPresent | authenticator.UserVerified | authenticator.AttestedData
)

// cborBytes is a byte string of CBOR.
func cborBytes(b string) string {
	switch n := len(b); {
	case n < 24:
		return string(rune(0x40+n)) + b
	case n < 256:
		return "\x58" + string([]byte{byte(n)}) + b
	default:
		return "\x59" + string(binary.BigEndian.AppendUint16(nil, uint16(n))) + b
	}
}

// object is the attestation object.
func (r registering) object() []byte {
	hash := sha256.Sum256([]byte(r.party))
	data := string(hash[:]) + string([]byte{r.flags}) + "\x00\x00\x00\x07" + strings.Repeat("\x00", 16) + r.id + r.key + r.rest
	out := strings.ReplaceAll(r.form, "STMT", "\x67attStmt"+r.statement)
	return []byte(strings.ReplaceAll(out, "DATA", "\x68authData"+cborBytes(data)))
}

func (r registering) client() []byte {
	a := authenticator.Authenticator{Origin: r.origin}
	return a.ClientData(r.kind, []byte("sixteen bytes or"))
}

// numberOf is a positive number of so many bits, the same each time: for keys that
// sign nothing.
func numberOf(size int) []byte {
	out := make([]byte, 0, size/8+32)
	for i := 0; len(out) < (size+7)/8; i++ {
		sum := seedOf("number " + strconv.Itoa(i))
		out = append(out, sum[:]...)
	}
	n := new(big.Int).SetBytes(out[:(size+7)/8])
	n.Rsh(n, uint(n.BitLen()-min(n.BitLen(), size)))
	return n.SetBit(n.SetBit(n, 0, 1), size-1, 1).Bytes()
}

// The keys of the registrations, in CBOR.
type registrationKeys struct{ x, y, ed, rsa string }

func newRegistrationKeys(t *testing.T) registrationKeys {
	t.Helper()
	point, err := ecKey(t, elliptic.P256(), "vector registration").PublicKey.Bytes() // 04, x, y
	if err != nil {
		t.Fatal(err)
	}
	return registrationKeys{
		string(point[1:33]), string(point[33:]), string(edKey("vector registration").Public().(ed25519.PublicKey)), string(numberOf(2048)),
	}
}

// cose is a map of COSE.
func cose(members ...string) string {
	return string([]byte{0xa0 + byte(len(members))}) + strings.Join(members, "")
}

func (k registrationKeys) es256() string {
	return cose("\x01\x02", "\x03\x26", "\x20\x01", "\x21"+cborBytes(k.x), "\x22"+cborBytes(k.y))
}

func (k registrationKeys) eddsa() string {
	return cose("\x01\x01", "\x03\x27", "\x20\x06", "\x21"+cborBytes(k.ed))
}

func (k registrationKeys) rs256(modulus, exponent string) string {
	return cose("\x01\x03", "\x03\x39\x01\x00", "\x20"+cborBytes(modulus), "\x21"+cborBytes(exponent))
}

// registrations are answers as they should be, and with one thing wrong.
func registrations(t *testing.T) (out []registering) {
	k := newRegistrationKeys(t)
	add := func(name, code string, spoil func(*registering)) {
		r := registering{name: name, code: code, form: created, statement: "\xa0", flags: usual, party: rpID, id: "\x00\x04\x01\x02\x03\x04",
			key: k.eddsa(), origin: webURL, kind: "webauthn.create"}
		spoil(&r)
		out = append(out, r)
	}
	k.addKeys(add)
	addForms(add)
	addStatements(add)
	addData(add)
	return out
}

type adding func(name, code string, spoil func(*registering))

// addKeys adds what keys may be.
func (k registrationKeys) addKeys(add adding) {
	key := func(name, code, cose string) { add(name, code, func(r *registering) { r.key = cose }) }
	const no, malformed, exponent = "key.algorithm", "passkey.authenticator_data", "\x01\x00\x01"
	point, octets := "\x21"+cborBytes(k.x), "\x21"+cborBytes(k.ed)
	y := "\x22" + cborBytes(k.y)
	key("EdDSA", "", k.eddsa())
	key("ES256", "", k.es256())
	key("RS256", "", k.rs256(k.rsa, exponent))
	key("RS256 with 4096 bits", "", k.rs256(string(numberOf(4096)), exponent))
	key("RS256 with an exponent of three", "", k.rs256(k.rsa, "\x03"))
	key("RS256 with 2047 bits", no, k.rs256(string(numberOf(2047)), exponent))
	key("RS256 with 4097 bits", no, k.rs256(string(numberOf(4097)), exponent))
	key("RS256 with an exponent of two", no, k.rs256(k.rsa, "\x02"))
	key("RS256 with an exponent of 32 bits", no, k.rs256(k.rsa, "\x80\x00\x00\x01"))
	key("RS256 with an exponent of 65 bits", no, k.rs256(k.rsa, "\x01\x00\x00\x00\x00\x00\x01\x00\x01"))
	key("RS256 with another member", no, cose("\x01\x03", "\x03\x39\x01\x00", "\x20"+cborBytes(k.rsa), "\x21"+cborBytes(exponent), "\x22\x00"))
	key("RS256 of another type", no, cose("\x01\x02", "\x03\x39\x01\x00", "\x20"+cborBytes(k.rsa), "\x21"+cborBytes(exponent)))
	key("RS384", no, cose("\x01\x03", "\x03\x39\x01\x01", "\x20"+cborBytes(k.rsa), "\x21"+cborBytes(exponent)))
	key("ES256 of another type", no, cose("\x01\x01", "\x03\x26", "\x20\x01", point, y))
	key("ES384", no, cose("\x01\x02", "\x03\x38\x22", "\x20\x01", point, y))
	key("ES256 on another curve", no, cose("\x01\x02", "\x03\x26", "\x20\x02", point, y))
	key("ES256 with x and y of other lengths", no, cose("\x01\x02", "\x03\x26", "\x20\x01", "\x21"+cborBytes(k.x[:31]), "\x22"+cborBytes(k.x[31:]+k.y)))
	key("ES256 off the curve", no, cose("\x01\x02", "\x03\x26", "\x20\x01", point, "\x22"+cborBytes(k.x)))
	key("ES256 without y", no, cose("\x01\x02", "\x03\x26", "\x20\x01", point))
	key("EdDSA of another type", no, cose("\x01\x02", "\x03\x27", "\x20\x06", octets))
	key("another algorithm of octets", no, cose("\x01\x01", "\x03\x28", "\x20\x06", octets))
	key("EdDSA on another curve", no, cose("\x01\x01", "\x03\x27", "\x20\x07", octets))
	key("EdDSA with 31 bytes", no, cose("\x01\x01", "\x03\x27", "\x20\x06", "\x21"+cborBytes(k.ed[:31])))
	key("EdDSA with another member", no, cose("\x01\x01", "\x03\x27", "\x20\x06", octets, "\x02\x00"))
	key("a key of six members", malformed, cose("\x01\x02", "\x03\x26", "\x20\x01", point, y, "\x04\x00"))
	key("a key that is an array", malformed, "\x84"+k.eddsa()[1:])
	key("a key whose length is in a longer form", malformed, "\xb8\x04"+k.eddsa()[1:])
	key("a key with a label twice", malformed, cose("\x01\x01", "\x03\x27", "\x03\x27", octets))
	key("a key with a label of bytes twice", malformed, cose("\x01\x01", "\x03\x27", octets, octets))
	key("a key with a label in a longer form", malformed, cose("\x01\x01", "\x18\x03\x27", "\x20\x06", octets))
	key("a key with a label of another type", malformed, cose("\x01\x01", "\x83\x27", "\x20\x06", octets))
	key("a key with a label above 63 bits", malformed, cose("\x01\x01", "\x03\x27", "\x1b\xff\xff\xff\xff\xff\xff\xff\xff\x06", octets))
	key("a key that ends after a label", malformed, "\xa4\x01\x01\x03")
	key("a key that ends in its bytes", malformed, cose("\x01\x01", "\x03\x27", "\x20\x06", "\x21\x58\x20abc"))
}

// addForms adds what attestation objects may be.
func addForms(add adding) {
	const no = "passkey.registration"
	form := func(name, code, form string) { add(name, code, func(r *registering) { r.form = form }) }
	form("the members in another order", "", stmtLast)
	form("no object", no, "")
	form("a byte more", no, created+"\x00")
	form("an array", no, "\x83"+created[1:])
	form("a length in a longer form", no, "\xb8\x03"+created[1:])
	form("two members", no, "\xa2"+fmtMember+"DATA")
	form("a member twice", no, "\xa3"+fmtMember+fmtMember+"DATA")
	form("another member", no, "\xa3\x63fmx\x64noneSTMTDATA")
	form("a name of bytes", no, "\xa3\x43fmt\x64noneSTMTDATA")
	form("a name in a longer form", no, "\xa3\x78\x03fmt\x64noneSTMTDATA")
	form("a format of bytes", no, "\xa3\x63fmt\x44noneSTMTDATA")
	form("a format that ends too early", no, "\xa3DATASTMT\x63fmt\x64non")
	form("data of text", no, "\xa3"+fmtMember+"STMT\x68authData\x60")
	form("no statement at the end", no, "\xa3"+fmtMember+"DATA\x67attStmt")
	form("a definite length that is none", no, "\xbf"+created[1:]+"\xff")
	add("16 KiB", no, func(r *registering) { r.statement = "\xa1\x61x" + cborBytes(strings.Repeat("\x00", 16<<10)) })
}

// addStatements adds what CBOR may be: of the statement nothing else is asked.
func addStatements(add adding) {
	last := func(name, code, statement string) {
		add(name, code, func(r *registering) { r.form, r.statement = stmtLast, statement })
	}
	yes := func(name, statement string) { last(name, "", statement) }
	no := func(name, statement string) { last(name, "passkey.registration", statement) }
	yes("a statement of everything", "\xa5\x61a\x01\x61b\x20\x61c\x41x\x61d\x82\xf4\xf5\x61e\xa1\x01\xf6")
	yes("a number of eight bytes", "\xa1\x61x\x1b\x00\x00\x00\x01\x00\x00\x00\x00")
	yes("a statement four deep", "\xa1\x61x\x81\x81\x01")
	no("a statement five deep", "\xa1\x61x\x81\x81\x81\x01")
	no("a statement that is an array", "\x80")
	no("undefined", "\xa1\x61x\xf7")
	no("a simple value", "\xa1\x61x\xf3")
	no("a float", "\xa1\x61x\xf9\x3c\x00")
	no("a tag", "\xa1\x61x\xc1\x01")
	no("a tag in an array", "\xa1\x61x\x81\xc1")
	no("a tag as a name", "\xa1\xc1\x01")
	no("a name twice", "\xa2\x01\x01\x01\x02")
	no("a number in a longer form", "\xa1\x61x\x18\x17")
	no("a number that ends too early", "\xa1\x61x\x19\x01")
	no("a reserved length", "\xa1\x61x\x1c"+strings.Repeat("\x00", 16))
	no("a text that ends too early", "\xa1\x61x\x62y")
	no("a map that ends too early", "\xa1\x61x")
	no("an array of 2^64-1 items", "\xa1\x61x\x9b\xff\xff\xff\xff\xff\xff\xff\xff")
}

// addData adds what authenticator data and client data may be.
func addData(add adding) {
	const no, extension, backup = "passkey.authenticator_data", authenticator.ExtensionData, authenticator.BackupEligible | authenticator.BackedUp
	flags := func(name, code string, flags byte, rest string) {
		add(name, code, func(r *registering) { r.flags, r.rest = flags, rest })
	}
	flags("backed up", "", usual|backup, "")
	flags("eligible for backup", "", usual|authenticator.BackupEligible, "")
	flags("backed up and not eligible", "passkey.backup", usual|authenticator.BackedUp, "")
	flags("a reserved flag", no, usual|1<<1, "")
	flags("another reserved flag", no, usual|1<<5, "")
	flags("without the flag of a credential", no, usual&^authenticator.AttestedData, "")
	flags("an extension", "", usual|extension, "\xa1\x61x\xf5")
	flags("no extension", no, usual|extension, "")
	flags("an extension that is an array", no, usual|extension, "\x80")
	flags("an extension that is not whole", no, usual|extension, "\xa1\x61x")
	flags("two extensions", no, usual|extension, "\xa0\xa0")
	flags("an extension without its flag", no, usual, "\xa0")
	data := func(name, data string) {
		add(name, no, func(r *registering) { r.form = "\xa3" + fmtMember + "STMT\x68authData" + cborBytes(data) })
	}
	data("data of 36 bytes", strings.Repeat("\x00", 36))
	data("data that ends before the length of its ID", strings.Repeat("\x00", 32)+"\x45"+strings.Repeat("\x00", 4+17))
	id := func(name, code, id string) { add(name, code, func(r *registering) { r.id = id }) }
	id("an ID of 1023 bytes", "", "\x03\xff"+strings.Repeat("x", 1023))
	id("an ID of 1024 bytes", no, "\x04\x00"+strings.Repeat("x", 1024))
	id("an ID of no bytes", no, "\x00\x00")
	id("an ID that ends too early", no, "\x03\xff")
	add("an assertion's client data", "passkey.type", func(r *registering) { r.kind = "webauthn.get" })
	add("an origin with a port", "", func(r *registering) { r.origin = webURL + ":8443" })
	add("of the origin's host", "", func(r *registering) { r.party = "deed.acme.example" })
	add("of another party", "passkey.rp", func(r *registering) { r.party = "other.example" })
	add("of a party below the origin", "passkey.rp", func(r *registering) { r.party = "x.deed.acme.example" })
}

// TestRegistrationVectors makes passkeys of answers as they should be, and refuses
// each that has one thing wrong.
func TestRegistrationVectors(t *testing.T) {
	var out []registrationVector
	for _, r := range registrations(t) {
		v := registrationVector{Name: r.name, AttestationObject: r.object(), ClientData: r.client(), Code: r.code}
		key, passkey, err := attest.NewPasskey(v.AttestationObject, v.ClientData)
		if codeOf(err) != r.code {
			t.Errorf("%s: %v, want %q", r.name, err, r.code)
		}
		if err == nil {
			v.Key, v.Passkey = key, &passkey
		}
		out = append(out, v)
	}
	golden(t, "registrations.json", out)
}
