package attest_test

import (
	"crypto"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/base64"
	"encoding/binary"
	"math/big"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/pki"
	"github.com/go-json-experiment/json/jsontext"
)

// keyVectors are what OpenSSH's files say, and what a person may have registered of
// it.
type keyVectors struct {
	Lines   []lineVector   `json:"lines"`   // of .pub files
	Files   []fileVector   `json:"files"`   // of ssh-keygen -Y sign
	Objects []objectVector `json:"objects"` // that a keyid names
}

type lineVector struct {
	Name string      `json:"name"`
	Line string      `json:"line"`
	Key  attest.Key  `json:"key,omitempty"` // SubjectPublicKeyInfo
	SSH  *attest.SSH `json:"ssh,omitzero"`
	Code string      `json:"code,omitzero"`
}

type fileVector struct {
	Name string `json:"name"`
	File string `json:"file"`
	Blob []byte `json:"blob,omitempty"`
	Code string `json:"code,omitzero"`
}

type objectVector struct {
	Name   string         `json:"name"`
	Object jsontext.Value `json:"object"`
	Code   string         `json:"code,omitzero"`
}

// wire is strings as SSH writes them.
func wire(parts ...string) (out []byte) {
	for _, p := range parts {
		out = append(binary.BigEndian.AppendUint32(out, uint32(len(p))), p...)
	}
	return out
}

// lineOf is the line of a .pub file, of a kind that may be another than the blob's.
func lineOf(kind string, blob []byte) string {
	return kind + " " + base64.StdEncoding.EncodeToString(blob) + " somebody@somewhere\n"
}

const (
	sshEd, sshP256, sshP384, sshRSA = "ssh-ed25519", "ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ssh-rsa"
	skEd, skP256                    = "sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"
)

// sshLines are lines as they should be, and with one thing wrong.
func sshLines(t *testing.T) (out []lineVector) {
	add := func(name, code, line string) { out = append(out, lineVector{Name: name, Line: line, Code: code}) }
	whole := func(name, code string, s pki.SSH) { add(name, code, s.Line()) }
	ed := pki.SSH{Type: sshEd, Key: edKey("vector line")}
	p256 := pki.SSH{Type: sshP256, Key: ecKey(t, elliptic.P256(), "vector line")}
	p384 := pki.SSH{Type: sshP384, Key: ecKey(t, elliptic.P384(), "vector line")}
	key := string(ed.Blob()[len(ed.Blob())-32:])
	p256Blob := p256.Blob()
	point := string(p256Blob[len(p256Blob)-65:])
	integer := func(n []byte) string { return strings.Repeat("\x00", int(n[0]>>7)) + string(n) }
	number := func(name, code string, bits int, e string) {
		add(name, code, lineOf(sshRSA, wire(sshRSA, e, integer(numberOf(bits)))))
	}
	hardware := func(s pki.SSH, kind, application string) pki.SSH {
		s.Type, s.Application = kind, application
		return s
	}
	const bad, kind, exponent = "ssh.key", "key.algorithm", "\x01\x00\x01"
	whole("Ed25519", "", ed)
	whole("P-256", "", p256)
	whole("P-384", "", p384)
	whole("Ed25519 in a security key", "", hardware(ed, skEd, "ssh:"))
	whole("P-256 in a security key", "", hardware(p256, skP256, "ssh:"))
	whole("an application of 255 bytes", "", hardware(ed, skEd, strings.Repeat("a", 255)))
	number("RSA of 2048 bits", "", 2048, exponent)
	number("RSA of 4096 bits", "", 4096, exponent)
	number("RSA with an exponent of three", "", 2048, "\x03")
	add("no comment", "", strings.TrimSuffix(ed.Line(), " somebody@somewhere\n"))
	whole("an application of 256 bytes", kind, hardware(ed, skEd, strings.Repeat("a", 256)))
	add("a security key of no application", kind, lineOf(skEd, wire(skEd, key, "")))
	number("RSA of 2047 bits", kind, 2047, exponent)
	number("RSA of 4097 bits", kind, 4097, exponent)
	number("RSA with an exponent of two", bad, 2048, "\x02")
	number("RSA with an exponent of 32 bits", bad, 2048, "\x00\x80\x00\x00\x01")
	number("RSA with an exponent of 65 bits", bad, 2048, "\x01\x00\x00\x00\x00\x00\x01\x00\x01")
	number("RSA with an exponent below zero", bad, 2048, "\x81\x00\x01")
	add("Ed25519 of 31 bytes", kind, lineOf(sshEd, wire(sshEd, key[:31])))
	add("DSA", kind, lineOf("ssh-dss", wire("ssh-dss", "p", "q")))
	add("P-521", kind, lineOf("ecdsa-sha2-nistp521", wire("ecdsa-sha2-nistp521", "nistp521", "x")))
	add("a key that ends too early", bad, lineOf(sshEd, wire(sshEd, key)[:40]))
	add("a byte after a key", bad, lineOf(sshEd, append(wire(sshEd, key), 0)))
	add("an application after a key in a file", bad, lineOf(sshEd, wire(sshEd, key, "ssh:")))
	add("a curve of another name", bad, lineOf(sshP256, wire(sshP256, "nistp384", point)))
	add("a point off the curve", bad, lineOf(sshP256, wire(sshP256, "nistp256", point[:64]+"\x00")))
	add("another kind before the key", bad, lineOf(sshP256, ed.Blob()))
	add("a kind alone", bad, sshEd)
	add("base64 that is none", bad, sshEd+" !")
	add("two lines", bad, strings.TrimSpace(ed.Line())+"\n"+ed.Line())
	add("a line of 4097 bytes", bad, strings.TrimSpace(ed.Line())+strings.Repeat("x", 4097-len(strings.TrimSpace(ed.Line()))))
	return out
}

// sshFiles are files of ssh-keygen -Y sign. What is in them is not looked at here.
func sshFiles() (out []fileVector) {
	add := func(name, code, file string) { out = append(out, fileVector{Name: name, File: file, Code: code}) }
	const begin, end, bad = "-----BEGIN SSH SIGNATURE-----\n", "\n-----END SSH SIGNATURE-----\n", "ssh.form"
	body := base64.StdEncoding.EncodeToString([]byte("a blob of the signature, in lines of seventy"))
	add("a file", "", begin+body[:40]+"\n"+body[40:]+end)
	add("a file of Windows", "", strings.ReplaceAll(begin+body+end, "\n", "\r\n"))
	add("a file without its beginning", bad, body+end)
	add("a file without its end", bad, begin+body+"\n")
	add("a file whose base64 is none", bad, begin+body+"!"+end)
	add("a file of 4097 bytes", bad, begin+body+strings.Repeat("\n", 4097-len(begin+body+end))+end)
	return out
}

// sshObjects are what a person might have registered.
func sshObjects(t *testing.T) (out []objectVector) {
	add := func(name, code, kind, application string, key crypto.PublicKey) {
		der, err := attest.KeyOf(key)
		if err != nil {
			t.Fatal(err)
		}
		p := attest.Person{Key: der, SSH: &attest.SSH{Type: kind, Application: application}}
		out = append(out, objectVector{name, jsontext.Value(p.Credential()), code})
	}
	const no = "key.algorithm"
	ed, p256, p384 := edKey("vector object").Public(), ecKey(t, elliptic.P256(), "vector object").Public(), ecKey(t, elliptic.P384(), "vector object").Public()
	modulus := &rsa.PublicKey{N: new(big.Int).SetBytes(numberOf(2048)), E: 65537}
	add("registered: Ed25519", "", sshEd, "", ed)
	add("registered: P-256 in a security key", "", skP256, "ssh:", p256)
	add("registered: P-384", "", sshP384, "", p384)
	add("registered: RSA", "", sshRSA, "", modulus)
	add("registered: P-256 as P-384", no, sshP384, "", p256)
	add("registered: P-384 as P-256", no, sshP256, "", p384)
	add("registered: Ed25519 as P-256", no, sshP256, "", ed)
	add("registered: P-256 as RSA", no, sshRSA, "", p256)
	add("registered: RSA as Ed25519", no, sshEd, "", modulus)
	add("registered: a key in a file with an application", no, sshEd, "ssh:", ed)
	add("registered: a security key without an application", no, skEd, "", ed)
	add("registered: a security key of another kind", no, skEd, "ssh:", p256)
	return out
}

// TestKeyVectors reads each line, file and object, and refuses those with one thing
// wrong.
func TestKeyVectors(t *testing.T) {
	out := keyVectors{Lines: sshLines(t), Files: sshFiles(), Objects: sshObjects(t)}
	check := func(name string, err error, code string) bool {
		if codeOf(err) != code {
			t.Errorf("%s: %v, want %q", name, err, code)
		}
		return err == nil
	}
	for i := range out.Lines {
		v := &out.Lines[i]
		key, ssh, err := attest.NewSSH(v.Line)
		if check(v.Name, err, v.Code) {
			v.Key, v.SSH = key, &ssh
		}
	}
	for i := range out.Files {
		v := &out.Files[i]
		blob, err := attest.UnarmorSSH([]byte(v.File))
		if check(v.Name, err, v.Code) {
			v.Blob = blob
		}
	}
	for _, v := range out.Objects {
		_, err := attest.PersonKey(v.Object).Signer("treasurer")
		check(v.Name, err, v.Code)
	}
	golden(t, "signatures/keys.json", out)
}
