package webauthn

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// MaxCredentialID bounds the ID of a credential, in bytes (section 4).
const MaxCredentialID = 1023

// maxRegistration bounds an attestation object, in bytes.
const maxRegistration = 16 << 10

// ParseRegistration reads the credential that navigator.credentials.create()
// made: the attestation object and the client data of its answer. The relying
// party is that suffix of the origin's host whose hash the authenticator gave.
// The challenge is not looked at, nor is the attestation statement: neither says
// that somebody has the key now. Checks: passkey.registration, key.algorithm,
// and those of [Credential.Verify] about client data and authenticator data.
func ParseRegistration(attestationObject, client []byte) (Credential, error) {
	d, err := parseClientData(client)
	if err != nil {
		return Credential{}, err
	}
	if d.kind != typeCreate {
		return Credential{}, refuse("passkey.type", typeCreate, d.kind)
	}
	if err := d.alone(); err != nil {
		return Credential{}, err
	}
	data, err := attestationData(attestationObject)
	if err != nil {
		return Credential{}, err
	}
	head, rest, err := parseHead(data)
	if err != nil {
		return Credential{}, err
	}
	c, rest, err := attested(head, rest)
	if err != nil {
		return Credential{}, err
	}
	if err := head.extensions(rest); err != nil {
		return Credential{}, err
	}
	c.Origins, c.BackupEligible = []string{d.origin}, head.has(backupEligible)
	if c.RPID = relyingParty(d.origin, head.rpIDHash); c.RPID == "" {
		return Credential{}, refuse("passkey.rp", "the hash of the host of "+d.origin+" or of a domain above it", fmt.Sprintf("%x", head.rpIDHash))
	}
	return c, nil
}

// attestationData finds the authenticator data in an attestation object: a map
// of fmt, attStmt and authData (section 6.5.4), and nothing else.
func attestationData(b []byte) (data []byte, err error) {
	if len(b) > maxRegistration {
		return nil, refuse("passkey.registration", "at most "+strconv.Itoa(maxRegistration)+" bytes", strconv.Itoa(len(b)))
	}
	in := &cborReader{rest: b}
	major, n, ok := in.head()
	if !ok || major != cborMap || n != 3 {
		return nil, notAttestation()
	}
	seen := map[string]bool{}
	for range n {
		name, _ := in.bytes(cborText) // none is no name of ours
		if seen[string(name)] {
			return nil, notAttestation()
		}
		seen[string(name)], ok = true, false
		switch string(name) {
		case "fmt":
			_, ok = in.bytes(cborText)
		case "attStmt":
			ok = len(in.rest) > 0 && in.rest[0]>>5 == cborMap && in.skip(1)
		case "authData":
			data, ok = in.bytes(cborBytes)
		}
		if !ok {
			return nil, notAttestation()
		}
	}
	if len(in.rest) > 0 {
		return nil, notAttestation()
	}
	return data, nil
}

func notAttestation() error {
	return refuse("passkey.registration", "an attestation object: a map of fmt, attStmt and authData", "something else")
}

// attested reads the attested credential data (section 6.5.1):
//
//	aaguid [16] || length be16 || credential ID || key, a map of COSE
func attested(head authenticatorData, b []byte) (c Credential, rest []byte, err error) {
	const aaguid = 16
	if !head.has(attestedData) || len(b) < aaguid+2 {
		return c, nil, malformed("no attested credential data")
	}
	n := int(binary.BigEndian.Uint16(b[aaguid:]))
	b = b[aaguid+2:]
	if n == 0 || n > MaxCredentialID || n > len(b) {
		return c, nil, malformed(fmt.Sprintf("a credential ID of %d bytes", n))
	}
	c.ID = b[:n:n]
	c.Key, rest, err = parseKey(b[n:])
	return c, rest, err
}

// The labels and values of COSE keys (RFC 9052, RFC 9053, RFC 8230).
const (
	coseType = 1
	coseAlg  = 3

	coseOKP, coseEC2, coseRSA     = 1, 2, 3
	algES256, algEdDSA, algRS256  = -7, -8, -257
	curveP256, curveEd25519       = 1, 6
	labelCurve, labelX, labelY    = -1, -2, -3
	labelModulus, labelExponent   = -1, -2
	coordinate, membersOfPoint    = 32, 5
	membersOfOctets, membersOfRSA = 4, 4
)

// coseKey is a map of small numbers to numbers and strings.
type coseKey struct {
	numbers map[int64]int64
	strings map[int64][]byte
}

func parseKey(b []byte) (key crypto.PublicKey, rest []byte, err error) {
	in := &cborReader{rest: b}
	major, n, ok := in.head()
	if !ok || major != cborMap || n > membersOfPoint {
		return nil, nil, malformed("a key that is not a COSE key")
	}
	k := coseKey{map[int64]int64{}, map[int64][]byte{}}
	for range n {
		if !k.member(in) {
			return nil, nil, malformed("a key that is not a COSE key")
		}
	}
	key = k.public(int(n))
	return key, in.rest, Allowed(key)
}

func (k coseKey) member(in *cborReader) bool {
	label, ok := in.integer()
	_, number := k.numbers[label]
	_, text := k.strings[label]
	if !ok || number || text || len(in.rest) == 0 {
		return false
	}
	if in.rest[0]>>5 == cborBytes {
		k.strings[label], ok = in.bytes(cborBytes)
	} else {
		k.numbers[label], ok = in.integer()
	}
	return ok
}

// public is the key, or nil where type, algorithm, curve and members are not all
// those of one algorithm.
func (k coseKey) public(members int) crypto.PublicKey {
	switch {
	case k.numbers[coseType] == coseEC2 && k.numbers[coseAlg] == algES256:
		x, y := k.strings[labelX], k.strings[labelY]
		if k.numbers[labelCurve] != curveP256 || len(x) != coordinate {
			return nil
		}
		point, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), append(append([]byte{4}, x...), y...))
		if err != nil {
			return nil
		}
		return point
	case k.numbers[coseType] == coseOKP && k.numbers[coseAlg] == algEdDSA && members == membersOfOctets:
		if k.numbers[labelCurve] == curveEd25519 {
			return ed25519.PublicKey(k.strings[labelX]) // of a size that Allowed looks at
		}
	case k.numbers[coseType] == coseRSA && k.numbers[coseAlg] == algRS256 && members == membersOfRSA:
		e := new(big.Int).SetBytes(k.strings[labelExponent])
		if e.IsInt64() && e.Int64() > 2 && e.Int64() <= math.MaxInt32 {
			return &rsa.PublicKey{N: new(big.Int).SetBytes(k.strings[labelModulus]), E: int(e.Int64())}
		}
	}
	return nil
}

// relyingParty is the origin's host or the domain above it that has the hash, or
// "".
func relyingParty(origin string, hash [32]byte) string {
	_, host, _ := strings.Cut(origin, "://")
	if at := strings.LastIndexByte(host, ':'); at >= 0 {
		host = host[:at]
	}
	for host != "" {
		if sha256.Sum256([]byte(host)) == hash {
			return host
		}
		_, host, _ = strings.Cut(host, ".")
	}
	return ""
}
