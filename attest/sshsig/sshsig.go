// Package sshsig checks signatures that OpenSSH's `ssh-keygen -Y sign` makes
// (PROTOCOL.sshsig), and reads public keys in OpenSSH's form (RFC 4253 section
// 6.6, RFC 5656, RFC 8709, PROTOCOL.u2f).
//
// # Reading order
//
// [Key] is a public key and how SSH names its kind: [ParseKey] reads the bytes
// of a line of an authorized_keys file, [ParseLine] the line. [Key.Verify] checks
// a signature blob over a message; [Facts] is what a security key reported.
// [Unarmor] takes the blob out of the file that ssh-keygen writes.
//
//	facts, err := key.Verify(blob, "deed", message)
//
// A blob is
//
//	"SSHSIG" || uint32 1 || string public key || string namespace ||
//	string reserved || string hash || string signature
//
// and what is signed is
//
//	"SSHSIG" || string namespace || string reserved || string hash || string H(message)
//
// # Caveats
//
// Nothing is left open that the format leaves open: version 1, an empty reserved
// part, one namespace, SHA-256 or SHA-512, the key that is known beforehand,
// nothing left over. Certificates of OpenSSH and the web variants of security
// keys are not taken. User presence and verification are what a security key
// reports; which page or program asked it is in no part of the signature.
package sshsig

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"fmt"
	"math/big"
	"strconv"
)

const (
	magic   = "SSHSIG"
	version = 1
	// MaxBlob bounds a signature blob in a file, in bytes: one with RSA of 4,096
	// bits takes about 1,200, and no other part of it is free.
	MaxBlob = 2048
)

// Flags of a security key (PROTOCOL.u2f).
const (
	userPresent  = 1 << 0
	userVerified = 1 << 2
)

// Facts is what a security key reported beside the signature. All of it is zero
// for a key in a file or an agent.
type Facts struct {
	Counter  uint32 // of signatures
	Hardware bool   // a security key signed
	Verified bool   // it verified its user, by PIN or biometric
}

// Error says which check refused and why. Check is a stable name.
type Error struct {
	Check, Expected, Found string
}

// Error implements error.
func (e *Error) Error() string {
	return fmt.Sprintf("%s: expected %s, found %s", e.Check, e.Expected, e.Found)
}

func refuse(check, expected, found string) error {
	return &Error{Check: check, Expected: expected, Found: found}
}

// blob is a signature taken apart.
type blob struct {
	key, namespace, reserved, hash, signature []byte
}

// parseBlob reads a signature blob to its end.
func parseBlob(b []byte) (out blob, err error) {
	rest, ok := bytes.CutPrefix(b, []byte(magic))
	if !ok {
		return out, refuse("ssh.form", "a signature of ssh-keygen -Y sign", "something else")
	}
	in := &reader{rest: rest}
	if v := in.uint32(); v != version {
		return out, refuse("ssh.form", "version 1", strconv.FormatUint(uint64(v), 10))
	}
	for _, part := range []*[]byte{&out.key, &out.namespace, &out.reserved, &out.hash, &out.signature} {
		*part = in.string()
	}
	if in.failed || len(in.rest) > 0 {
		return out, refuse("ssh.form", "five strings and nothing more", "something else")
	}
	if len(out.reserved) > 0 {
		return out, refuse("ssh.form", "an empty reserved part", strconv.Itoa(len(out.reserved))+" bytes")
	}
	return out, nil
}

// Verify checks that the key signed a message for a namespace. Checks:
// ssh.form, ssh.key, ssh.namespace, ssh.hash, ssh.presence, key.algorithm,
// envelope.signature.
func (k Key) Verify(sig []byte, namespace string, message []byte) (Facts, error) {
	b, err := parseBlob(sig)
	if err != nil {
		return Facts{}, err
	}
	if !bytes.Equal(b.key, k.Marshal()) {
		return Facts{}, refuse("ssh.key", "a signature by the registered key", "one by another")
	}
	if string(b.namespace) != namespace {
		return Facts{}, refuse("ssh.namespace", namespace, strconv.Quote(string(b.namespace)))
	}
	var sum []byte
	switch string(b.hash) {
	case "sha256":
		s := sha256.Sum256(message)
		sum = s[:]
	case "sha512":
		s := sha512.Sum512(message)
		sum = s[:]
	default:
		return Facts{}, refuse("ssh.hash", "sha512 or sha256", strconv.Quote(string(b.hash)))
	}
	signed := []byte(magic)
	for _, part := range [][]byte{b.namespace, b.reserved, b.hash, sum} {
		signed = appendString(signed, part)
	}
	return k.signature(b.signature, signed)
}

// signature checks the innermost part:
//
//	string algorithm || string signature [ || byte flags || uint32 counter ]
//
// the part in brackets of a security key alone.
func (k Key) signature(b, signed []byte) (facts Facts, err error) {
	in := &reader{rest: b}
	algorithm, sig := in.string(), in.string()
	if k.Application != "" {
		facts.Hardware = true
		flags := in.byte()
		facts.Counter, facts.Verified = in.uint32(), flags&userVerified != 0
		if !in.failed && flags&userPresent == 0 {
			return Facts{}, refuse("ssh.presence", "a security key that its user touched", "not so")
		}
		signed = securityKeyMessage(k.Application, flags, facts.Counter, signed)
	}
	if in.failed || len(in.rest) > 0 || string(algorithm) != k.algorithm() {
		return Facts{}, refuse("ssh.form", "a signature of "+k.algorithm(), strconv.Quote(string(algorithm)))
	}
	if !k.check(sig, signed) {
		return Facts{}, refuse("envelope.signature", "a signature of the payload by the named key", "another")
	}
	return facts, nil
}

// securityKeyMessage is what a security key signs (PROTOCOL.u2f).
func securityKeyMessage(application string, flags byte, counter uint32, signed []byte) []byte {
	app, sum := sha256.Sum256([]byte(application)), sha256.Sum256(signed)
	out := append(app[:], flags)
	return append(binary.BigEndian.AppendUint32(out, counter), sum[:]...)
}

// check verifies with the key. RSA is PKCS #1 v1.5 with SHA-512.
func (k Key) check(sig, signed []byte) bool {
	switch pub := k.Public.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(pub, signed, sig)
	case *ecdsa.PublicKey:
		return verifyECDSA(pub, sig, signed)
	case *rsa.PublicKey:
		sum := sha512.Sum512(signed)
		return rsa.VerifyPKCS1v15(pub, crypto.SHA512, sum[:], sig) == nil
	}
	return false
}

// verifyECDSA reads the two numbers of a signature and hashes by the curve (RFC
// 5656 section 6.2.1).
func verifyECDSA(pub *ecdsa.PublicKey, sig, signed []byte) bool {
	in := &reader{rest: sig}
	r, s := in.mpint(), in.mpint()
	if in.failed || len(in.rest) > 0 {
		return false
	}
	if pub.Curve.Params().BitSize == 256 {
		sum := sha256.Sum256(signed)
		return ecdsa.Verify(pub, sum[:], r, s)
	}
	sum := sha512.Sum384(signed)
	return ecdsa.Verify(pub, sum[:], r, s)
}

// reader takes strings and numbers of SSH off bytes (RFC 4251 section 5).
type reader struct {
	rest   []byte
	failed bool
}

// take takes n bytes, or none of them: then the reader has failed for good.
func (r *reader) take(n uint32) []byte {
	if uint64(n) > uint64(len(r.rest)) {
		r.failed = true
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) byte() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *reader) string() []byte {
	return r.take(r.uint32())
}

// mpint reads a positive number in its one shortest form.
func (r *reader) mpint() *big.Int {
	b := r.string()
	switch {
	case len(b) == 0 || b[0]&0x80 != 0: // zero, or below it
		r.failed = true
	case b[0] == 0 && (len(b) == 1 || b[1]&0x80 == 0):
		r.failed = true // a zero that nothing asks for
	}
	return new(big.Int).SetBytes(b)
}

func appendString(to, s []byte) []byte {
	return append(binary.BigEndian.AppendUint32(to, uint32(len(s))), s...)
}

// appendInt writes a positive number.
func appendInt(to []byte, n *big.Int) []byte {
	b := n.Bytes()
	if b[0]&0x80 != 0 {
		b = append([]byte{0}, b...)
	}
	return appendString(to, b)
}
