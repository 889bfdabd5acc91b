package sshsig_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest/sshsig"
	"github.com/deedlog/deed/internal/testkit/pki"
)

const (
	vectors = "../../testdata/vectors/signatures/ssh"
	message = "DSSEv1 28 application/vnd.in-toto+json 5 hello"
)

func checkOf(err error) string {
	if e, ok := errors.AsType[*sshsig.Error](err); ok {
		return e.Check
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func read(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(vectors, name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOpenSSH reads what ssh-keygen wrote (testdata/vectors/signatures/make.sh).
func TestOpenSSH(t *testing.T) {
	for name, want := range map[string]string{
		"ed25519": "", "ecdsa256": "", "ecdsa384": "", "rsa": "", "ed25519-sha256": "", "git": "ssh.namespace",
	} {
		k, err := sshsig.ParseLine(string(read(t, name+".pub")))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		file := read(t, name+".sig")
		blob, err := sshsig.Unarmor(file)
		if err != nil || !bytes.Equal(sshsig.Armor(blob), file) {
			t.Fatalf("%s: %v, or another file when armored again", name, err)
		}
		facts, err := k.Verify(blob, "deed", read(t, "message"))
		if checkOf(err) != want || facts != (sshsig.Facts{}) {
			t.Errorf("%s: %v %+v", name, err, facts)
		}
		if _, err := k.Verify(blob, "deed", []byte("something else")); want == "" && checkOf(err) != "envelope.signature" {
			t.Errorf("%s over something else: %v", name, err)
		}
	}
}

func keys(t testing.TB) map[string]pki.SSH {
	t.Helper()
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	big, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return map[string]pki.SSH{
		"ed25519": {Type: sshsig.Ed25519, Key: pki.Key("ssh")},
		"p256":    {Type: sshsig.ECDSA256, Key: p256},
		"p384":    {Type: sshsig.ECDSA384, Key: p384},
		"rsa":     {Type: sshsig.RSA, Key: big},
		"sk":      {Type: sshsig.SKEd25519, Key: pki.Key("sk"), Application: "ssh:", Flags: 1, Counter: 9},
		"sk p256": {Type: sshsig.SKECDSA, Key: p256, Application: "ssh:deed", Flags: 5, Counter: 1 << 31},
	}
}

// TestKinds: every kind of key, and what a security key reports.
func TestKinds(t *testing.T) {
	for name, s := range keys(t) {
		k, err := sshsig.ParseLine(s.Line())
		if err != nil || !bytes.Equal(k.Marshal(), s.Blob()) {
			t.Fatalf("%s: %v", name, err)
		}
		for _, hash := range []string{"sha256", "sha512"} {
			s.Hash = hash
			facts, err := k.Verify(s.Sign([]byte(message)), "deed", []byte(message))
			want := sshsig.Facts{Counter: s.Counter, Hardware: s.Application != "", Verified: s.Flags&4 != 0}
			if err != nil || facts != want {
				t.Errorf("%s, %s: %+v %v", name, hash, facts, err)
			}
		}
	}
}

// TestKeygen has ssh-keygen check what the tests write, security keys included,
// and the package what ssh-keygen writes, where the machine has it. What it wrote
// once is checked by TestOpenSSH everywhere.
func TestKeygen(t *testing.T) {
	program, err := exec.LookPath("ssh-keygen")
	if err != nil {
		t.Log("no ssh-keygen here")
		return
	}
	dir := t.TempDir()
	for name, s := range keys(t) {
		sig := filepath.Join(dir, strings.ReplaceAll(name, " ", "-")+".sig")
		allowed := filepath.Join(dir, "allowed")
		for file, text := range map[string][]byte{sig: sshsig.Armor(s.Sign([]byte(message))), allowed: []byte("maria " + s.Line())} {
			if err := os.WriteFile(file, text, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		cmd := exec.Command(program, "-Y", "verify", "-n", "deed", "-I", "maria", "-f", allowed, "-s", sig)
		cmd.Stdin = strings.NewReader(message)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %v: %s", name, err, out)
		}
	}
	key := filepath.Join(dir, "key")
	if out, err := exec.Command(program, "-q", "-t", "ed25519", "-N", "", "-f", key).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	cmd := exec.Command(program, "-Y", "sign", "-n", "deed", "-f", key)
	cmd.Stdin = strings.NewReader(message)
	file, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	line, err := os.ReadFile(key + ".pub")
	if err != nil {
		t.Fatal(err)
	}
	k, err := sshsig.ParseLine(string(line))
	if err != nil {
		t.Fatal(err)
	}
	blob, err := sshsig.Unarmor(file)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.Verify(blob, "deed", []byte(message)); err != nil {
		t.Error(err)
	}
}

// TestRefusals: one thing wrong, and the check that it is.
func TestRefusals(t *testing.T) {
	all := keys(t)
	for _, c := range []struct {
		name, key, want string
		spoil           func(*pki.SSH)
		bytes           func([]byte) []byte
	}{
		{"another namespace", "ed25519", "ssh.namespace", func(s *pki.SSH) { s.Namespace = "file" }, nil},
		{"a namespace that starts so", "ed25519", "ssh.namespace", func(s *pki.SSH) { s.Namespace = "deed\x00" }, nil},
		{"a hash that is not allowed", "ed25519", "ssh.hash", func(s *pki.SSH) { s.Hash = "sha1" }, nil},
		{"something reserved", "ed25519", "ssh.form", func(s *pki.SSH) { s.Reserved = "x" }, nil},
		{"version 2", "ed25519", "ssh.form", func(s *pki.SSH) { s.Version = 2 }, nil},
		{"another magic", "ed25519", "ssh.form", nil, func(b []byte) []byte { return append([]byte("SSHSIH"), b[6:]...) }},
		{"a byte more", "ed25519", "ssh.form", nil, func(b []byte) []byte { return append(b, 0) }},
		{"a byte less", "ed25519", "ssh.form", nil, func(b []byte) []byte { return b[:len(b)-1] }},
		{"too long", "ed25519", "ssh.form", nil, func(b []byte) []byte { return append(b, make([]byte, sshsig.MaxBlob)...) }},
		{"another key in it", "ed25519", "ssh.key", func(s *pki.SSH) { s.Public = all["sk"].Blob() }, nil},
		{"by another key", "ed25519", "envelope.signature", func(s *pki.SSH) { s.Public, s.Key = s.Blob(), pki.Key("other") }, nil},
		{"as another algorithm", "ed25519", "ssh.form", func(s *pki.SSH) { s.Algorithm = sshsig.SKEd25519 }, nil},
		{"RSA with SHA-256", "rsa", "ssh.form", func(s *pki.SSH) { s.Algorithm = "rsa-sha2-256" }, nil},
		{"RSA with SHA-1", "rsa", "ssh.form", func(s *pki.SSH) { s.Algorithm = "ssh-rsa" }, nil},
		{"not touched", "sk", "ssh.presence", func(s *pki.SSH) { s.Flags = 4 }, nil},
		{"not touched, P-256", "sk p256", "ssh.presence", func(s *pki.SSH) { s.Flags = 0 }, nil},
		{"for another application", "sk", "envelope.signature", func(s *pki.SSH) { s.Public, s.Application = s.Blob(), "ssh:x" }, nil},
		{"without flags", "sk", "ssh.form", func(s *pki.SSH) { s.Public, s.Application = s.Blob(), "" }, nil},
		{"a flag changed afterwards", "sk", "envelope.signature", nil, func(b []byte) []byte { b[len(b)-5] |= 4; return b }},
		{"a counter changed afterwards", "sk", "envelope.signature", nil, func(b []byte) []byte { b[len(b)-1]++; return b }},
	} {
		s := all[c.key]
		k, err := sshsig.ParseKey(s.Blob())
		if err != nil {
			t.Fatal(err)
		}
		if c.spoil != nil {
			c.spoil(&s)
		}
		blob := s.Sign([]byte(message))
		if c.bytes != nil {
			blob = c.bytes(blob)
		}
		if _, err := k.Verify(blob, "deed", []byte(message)); checkOf(err) != c.want {
			t.Errorf("%s: %v, want %s", c.name, err, c.want)
		}
	}
}

// TestKeys: what is no key of an allowed kind.
func TestKeys(t *testing.T) {
	small, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	all := keys(t)
	good := all["ed25519"]
	for name, c := range map[string]struct{ line, want string }{
		"RSA of 1024 bits":         {pki.SSH{Type: sshsig.RSA, Key: small}.Line(), "key.algorithm"},
		"P-521":                    {pki.SSH{Type: "ecdsa-sha2-nistp521", Key: p521}.Line(), "key.algorithm"},
		"a certificate":            {pki.SSH{Type: "ssh-ed25519-cert-v01@openssh.com", Key: good.Key}.Line(), "key.algorithm"},
		"no application":           {pki.SSH{Type: sshsig.SKEd25519, Key: good.Key}.Line(), "ssh.key"},
		"an application too much":  {pki.SSH{Type: sshsig.Ed25519, Key: good.Key, Application: "ssh:"}.Line(), "ssh.key"},
		"the other curve":          {pki.SSH{Type: sshsig.ECDSA256, Key: all["p384"].Key}.Line(), "ssh.key"},
		"another kind before it":   {strings.Replace(good.Line(), sshsig.Ed25519, sshsig.RSA, 1), "ssh.key"},
		"options before it":        {"restrict " + good.Line(), "ssh.key"},
		"two lines":                {good.Line() + good.Line(), "ssh.key"},
		"nothing":                  {"", "ssh.key"},
		"a private key":            {"-----BEGIN OPENSSH PRIVATE KEY-----", "ssh.key"},
		"another encoding of zero": {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA=", "ssh.key"},
	} {
		if _, err := sshsig.ParseLine(c.line); checkOf(err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	var none crypto.PublicKey
	if _, err := sshsig.NewKey(sshsig.Ed25519, none, ""); checkOf(err) != "key.algorithm" {
		t.Error(err)
	}
	for _, file := range []string{"", "-----BEGIN SSH SIGNATURE-----\n\n", "-----BEGIN SSH SIGNATURE-----\n!\n-----END SSH SIGNATURE-----\n"} {
		if _, err := sshsig.Unarmor([]byte(file)); checkOf(err) != "ssh.form" {
			t.Errorf("%q: %v", file, err)
		}
	}
}

// FuzzVerify: no bytes are a signature that nobody made, and none panic.
func FuzzVerify(f *testing.F) {
	s := pki.SSH{Type: sshsig.SKEd25519, Key: pki.Key("sk"), Application: "ssh:", Flags: 5}
	made := s.Sign([]byte(message))
	f.Add(made)
	f.Add([]byte("SSHSIG"))
	f.Add(pki.SSH{Type: sshsig.Ed25519, Key: pki.Key("ssh")}.Sign([]byte(message)))
	k, err := sshsig.ParseKey(s.Blob())
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, blob []byte) {
		if _, err := k.Verify(blob, "deed", []byte(message)); err == nil && !bytes.Equal(blob, made) {
			t.Errorf("%x passes", blob)
		} else if err != nil && checkOf(err) == err.Error() {
			t.Errorf("an error without a check: %v", err)
		}
	})
}

// FuzzKey: a key that is read is written again as it was.
func FuzzKey(f *testing.F) {
	f.Add(pki.SSH{Type: sshsig.Ed25519, Key: pki.Key("ssh")}.Blob())
	f.Add(pki.SSH{Type: sshsig.SKEd25519, Key: pki.Key("sk"), Application: "ssh:"}.Blob())
	for _, name := range []string{"rsa", "ecdsa256", "ecdsa384"} {
		k, err := sshsig.ParseLine(string(read(f, name+".pub")))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(k.Marshal())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if k, err := sshsig.ParseKey(b); err == nil && !bytes.Equal(k.Marshal(), b) {
			t.Errorf("%x is written as %x", b, k.Marshal())
		}
	})
}
