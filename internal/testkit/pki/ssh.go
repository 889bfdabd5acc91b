package pki

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"math/big"
)

// SSH is an SSH key, and what ssh-keygen -Y sign writes with it. With an
// Application it is in a security key.
type SSH struct {
	Type        string
	Key         crypto.Signer
	Application string
	Flags       byte
	Counter     uint32

	Namespace, Reserved, Hash string // "deed", "", "sha512" unless set
	Algorithm                 string // what goes with the key unless set
	Public                    []byte // the key's own unless set
	Version                   uint32 // 1 unless set

	Numbers func([]byte) []byte // changes what the algorithm gave
	Tail    []byte              // after the innermost part
}

func str(s string) []byte { return append(binary.BigEndian.AppendUint32(nil, uint32(len(s))), s...) }

func mpint(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) > 0 && b[0] >= 0x80 {
		b = append([]byte{0}, b...)
	}
	return str(string(b))
}

func join(parts ...[]byte) (out []byte) {
	for _, p := range parts {
		out = append(out, p...)
	}
	return out
}

// Blob is the public key.
func (s SSH) Blob() (out []byte) {
	out = str(s.Type)
	switch k := s.Key.Public().(type) {
	case ed25519.PublicKey:
		out = join(out, str(string(k)))
	case *ecdsa.PublicKey:
		name := map[elliptic.Curve]string{elliptic.P256(): "nistp256", elliptic.P384(): "nistp384", elliptic.P521(): "nistp521"}[k.Curve]
		point, err := k.Bytes()
		if err != nil {
			panic(err)
		}
		out = join(out, str(name), str(string(point)))
	case *rsa.PublicKey:
		out = join(out, mpint(big.NewInt(int64(k.E))), mpint(k.N))
	}
	if s.Application != "" {
		out = join(out, str(s.Application))
	}
	return out
}

// Line is the key as a .pub file has it.
func (s SSH) Line() string {
	return s.Type + " " + base64.StdEncoding.EncodeToString(s.Blob()) + " somebody@somewhere\n"
}

func or(s, usual string) string {
	if s == "" {
		return usual
	}
	return s
}

// Sign is the signature over a message.
func (s SSH) Sign(message []byte) []byte {
	hash := or(s.Hash, "sha512")
	sum512, sum256 := sha512.Sum512(message), sha256.Sum256(message)
	sum := string(sum512[:])
	if hash == "sha256" {
		sum = string(sum256[:])
	}
	namespace := or(s.Namespace, "deed")
	signed := join([]byte("SSHSIG"), str(namespace), str(s.Reserved), str(hash), str(sum))
	public, version := s.Public, s.Version
	if public == nil {
		public = s.Blob()
	}
	if version == 0 {
		version = 1
	}
	return join([]byte("SSHSIG"), binary.BigEndian.AppendUint32(nil, version), str(string(public)),
		str(namespace), str(s.Reserved), str(hash), str(string(s.signature(signed))))
}

func (s SSH) signature(signed []byte) []byte {
	var tail []byte
	if s.Application != "" {
		tail = binary.BigEndian.AppendUint32([]byte{s.Flags}, s.Counter)
		app, sum := sha256.Sum256([]byte(s.Application)), sha256.Sum256(signed)
		signed = join(app[:], tail, sum[:])
	}
	algorithm, sum, by, kind := s.Type, signed, crypto.Hash(0), s.Key.Public()
	switch k := kind.(type) {
	case *ecdsa.PublicKey:
		by = crypto.SHA256
		if k.Curve == elliptic.P384() {
			by = crypto.SHA384
		}
	case *rsa.PublicKey:
		algorithm, by = "rsa-sha2-512", crypto.SHA512
	}
	if by != 0 {
		h := by.New()
		h.Write(signed)
		sum = h.Sum(nil)
	}
	sig, err := s.Key.Sign(nil, sum, by)
	if err != nil {
		panic(err)
	}
	if _, ok := kind.(*ecdsa.PublicKey); ok {
		var n struct{ R, S *big.Int }
		if _, err := asn1.Unmarshal(sig, &n); err != nil {
			panic(err)
		}
		sig = join(mpint(n.R), mpint(n.S))
	}
	if s.Numbers != nil {
		sig = s.Numbers(sig)
	}
	return join(str(or(s.Algorithm, algorithm)), str(string(sig)), tail, s.Tail)
}
