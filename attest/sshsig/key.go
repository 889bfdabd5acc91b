package sshsig

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"math/big"
	"strconv"
	"strings"
)

// The kinds of key, by the names that OpenSSH has for them.
const (
	Ed25519   = "ssh-ed25519"
	ECDSA256  = "ecdsa-sha2-nistp256"
	ECDSA384  = "ecdsa-sha2-nistp384"
	RSA       = "ssh-rsa" // signs as rsa-sha2-512 alone
	SKEd25519 = "sk-ssh-ed25519@openssh.com"
	SKECDSA   = "sk-ecdsa-sha2-nistp256@openssh.com"

	rsaSHA512 = "rsa-sha2-512"
	maxLine   = 4096 // bytes of a line in a .pub file
)

// The sizes of an RSA key, in bits.
const minRSA, maxRSA = 2048, 4096

// Key is a public key of one of the kinds.
type Key struct {
	Type        string
	Public      crypto.PublicKey
	Application string // of a security key, such as "ssh:"; empty for others
}

// NewKey checks that a key is one of its kind. Check: key.algorithm.
func NewKey(kind string, pub crypto.PublicKey, application string) (Key, error) {
	k := Key{Type: kind, Public: pub, Application: application}
	hardware := kind == SKEd25519 || kind == SKECDSA
	if !k.fits() || hardware != (application != "") || len(application) > 255 {
		return Key{}, refuse("key.algorithm", Ed25519+", "+ECDSA256+", "+ECDSA384+", "+RSA+" of 2048 to 4096 bits, "+SKEd25519+" or "+SKECDSA, kind)
	}
	return k, nil
}

func (k Key) fits() bool {
	switch pub := k.Public.(type) {
	case ed25519.PublicKey:
		return len(pub) == ed25519.PublicKeySize && (k.Type == Ed25519 || k.Type == SKEd25519)
	case *ecdsa.PublicKey:
		return pub.Curve == elliptic.P256() && (k.Type == ECDSA256 || k.Type == SKECDSA) || pub.Curve == elliptic.P384() && k.Type == ECDSA384
	case *rsa.PublicKey:
		n := pub.N.BitLen()
		return k.Type == RSA && n >= minRSA && n <= maxRSA
	}
	return false
}

// algorithm is the name that stands in a signature by the key.
func (k Key) algorithm() string {
	if k.Type == RSA {
		return rsaSHA512
	}
	return k.Type
}

// Marshal is the key as SSH writes it.
func (k Key) Marshal() []byte {
	out := appendString(nil, []byte(k.Type))
	switch pub := k.Public.(type) {
	case ed25519.PublicKey:
		out = appendString(out, pub)
	case *ecdsa.PublicKey:
		curve := "nistp" + strconv.Itoa(pub.Curve.Params().BitSize)
		point, err := pub.Bytes()
		if err != nil {
			return nil // of a curve that no Key has
		}
		out = appendString(appendString(out, []byte(curve)), point)
	case *rsa.PublicKey:
		out = appendInt(appendInt(out, big.NewInt(int64(pub.E))), pub.N)
	}
	if k.Application != "" {
		out = appendString(out, []byte(k.Application))
	}
	return out
}

// ParseKey reads a key as SSH writes it, to its end. Checks: ssh.key,
// key.algorithm.
func ParseKey(b []byte) (Key, error) {
	in := &reader{rest: b}
	kind := string(in.string())
	var pub crypto.PublicKey
	switch kind {
	case Ed25519, SKEd25519:
		pub = ed25519.PublicKey(in.string())
	case ECDSA256, SKECDSA:
		pub = in.point(elliptic.P256(), "nistp256")
	case ECDSA384:
		pub = in.point(elliptic.P384(), "nistp384")
	case RSA:
		pub = in.modulus()
	}
	application := ""
	if kind == SKEd25519 || kind == SKECDSA {
		application = string(in.string())
	}
	if pub != nil && (in.failed || len(in.rest) > 0) {
		return Key{}, refuse("ssh.key", "a public key of "+kind, "something else")
	}
	return NewKey(kind, pub, application)
}

// point reads a public key on a curve; nil is an untyped one.
func (r *reader) point(curve elliptic.Curve, name string) crypto.PublicKey {
	named, point := r.string(), r.string()
	pub, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil || string(named) != name {
		r.failed = true
		return (*ecdsa.PublicKey)(nil)
	}
	return pub
}

func (r *reader) modulus() crypto.PublicKey {
	e, n := r.mpint(), r.mpint()
	if !e.IsInt64() || e.Int64() <= 2 || e.Int64() > 1<<31-1 {
		r.failed = true
		return (*rsa.PublicKey)(nil)
	}
	return &rsa.PublicKey{N: n, E: int(e.Int64())}
}

// ParseLine reads the line of a .pub file: kind, base64, and a comment that is
// not read. Checks: ssh.key, key.algorithm.
func ParseLine(line string) (Key, error) {
	parts := strings.Fields(line)
	if len(line) > maxLine || len(parts) < 2 || strings.ContainsAny(strings.TrimRight(line, "\r\n"), "\r\n") {
		return Key{}, refuse("ssh.key", "one line of a .pub file, such as "+Ed25519+" AAAA... comment", "something else")
	}
	b, err := base64.StdEncoding.Strict().DecodeString(parts[1])
	if err != nil {
		return Key{}, refuse("ssh.key", "base64", err.Error())
	}
	k, err := ParseKey(b)
	if err == nil && k.Type != parts[0] {
		return Key{}, refuse("ssh.key", "a key of "+parts[0], "one of "+k.Type)
	}
	return k, err
}

const (
	armorBegin = "-----BEGIN SSH SIGNATURE-----\n"
	armorEnd   = "\n-----END SSH SIGNATURE-----"
)

// Unarmor takes the signature blob out of the file that ssh-keygen -Y sign
// writes. Check: ssh.form.
func Unarmor(file []byte) ([]byte, error) {
	text := strings.ReplaceAll(string(file), "\r\n", "\n")
	body, begins := strings.CutPrefix(text, armorBegin)
	body, ends := strings.CutSuffix(strings.TrimRight(body, "\n"), armorEnd)
	b, err := base64.StdEncoding.Strict().DecodeString(strings.ReplaceAll(body, "\n", ""))
	if len(file) > 2*MaxBlob || !begins || !ends || err != nil {
		return nil, refuse("ssh.form", "a file of ssh-keygen -Y sign, which begins "+strings.TrimSpace(armorBegin), "something else")
	}
	return b, nil
}

// Armor is the file that ssh-keygen would write of a blob.
func Armor(blob []byte) []byte {
	const width = 70
	text := base64.StdEncoding.EncodeToString(blob)
	var lines []string
	for len(text) > width {
		lines, text = append(lines, text[:width]), text[width:]
	}
	return []byte(armorBegin + strings.Join(append(lines, text), "\n") + armorEnd + "\n")
}
