package vectors_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/attest/sshsig"
)

// A witness is a published case that needs no register: whether the code still
// gives the answer that is written in it.
type witness struct {
	name  string // the file, and the case
	holds func() bool
}

// stands asks a witness. One that the code cannot even hear does not stand.
func (w witness) stands() (ok bool) {
	defer func() { _ = recover() }()
	return w.holds()
}

// witnesses are the cases of the class table, of passkeys, of what people sign with
// tools of their own, of certificates, of policies, what OpenSSH's tools wrote, and
// what people register.
func witnesses(t *testing.T) []witness {
	t.Helper()
	return slices.Concat(ofTable(t), ofPasskeys(t), ofSignatures(t), ofCertificates(t), ofPolicies(t), ofOpenSSH(t), ofRegistrations(t), ofKeys(t))
}

// A document is one in the profile, which the files have with white space in it.
type document []byte

// UnmarshalJSONFrom takes the white space out.
func (d *document) UnmarshalJSONFrom(in *jsontext.Decoder) error {
	v, err := in.ReadValue()
	if err != nil {
		return err
	}
	v = v.Clone()
	err = v.Compact()
	*d = document(v)
	return err
}

// published reads a file of testdata/vectors.
func published(t *testing.T, name string, into any) {
	t.Helper()
	doc, err := os.ReadFile(filepath.Join("../../testdata/vectors", filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(doc, into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// ofTable are the vectors of the class table alone: the conditions that no register
// leaves behind are only there.
func ofTable(t *testing.T) (out []witness) {
	const name = "agency.json"
	var file struct {
		Vectors []struct {
			Name        string             `json:"name"`
			Evidence    agency.Evidence    `json:"evidence"`
			Attribution agency.Attribution `json:"attribution"`
		} `json:"vectors"`
	}
	published(t, name, &file)
	for _, v := range file.Vectors {
		out = append(out, witness{name + ": " + v.Name, func() bool {
			got, err := attest.Encode(agency.Attribute(v.Evidence))
			want, err2 := attest.Encode(v.Attribution)
			return err == nil && err2 == nil && string(got) == string(want)
		}})
	}
	return out
}

// ofPasskeys are envelopes by one passkey.
func ofPasskeys(t *testing.T) (out []witness) {
	const name = "passkeys.json"
	var file struct {
		Signer string   `json:"signer"`
		Object document `json:"object"`
		Cases  []struct {
			Name     string   `json:"name"`
			Code     string   `json:"code"`
			Envelope document `json:"envelope"`
		} `json:"cases"`
	}
	published(t, name, &file)
	for _, v := range file.Cases {
		out = append(out, witness{name + ": " + v.Name, func() bool {
			return code(opened(file.Object, file.Signer, v.Envelope, nil, 0)) == v.Code
		}})
	}
	return out
}

// ofSignatures are envelopes by SSH keys, certificates and Fulcio.
func ofSignatures(t *testing.T) (out []witness) {
	const name = "signatures/cases.json"
	var file struct {
		Signer    string            `json:"signer"`
		CheckedAt int64             `json:"checked_at"`
		Roots     map[string]string `json:"roots"`
		Cases     []struct {
			Name     string   `json:"name"`
			Object   document `json:"object"`
			Envelope document `json:"envelope"`
			Code     string   `json:"code"`
		} `json:"cases"`
	}
	published(t, name, &file)
	for _, v := range file.Cases {
		out = append(out, witness{name + ": " + v.Name, func() bool {
			return code(opened(v.Object, file.Signer, v.Envelope, file.Roots, file.CheckedAt)) == v.Code
		}})
	}
	return out
}

// ofOpenSSH are signatures that ssh-keygen made, with each kind of key that is in a
// file; that for git is of another namespace.
func ofOpenSSH(t *testing.T) (out []witness) {
	const dir = "../../testdata/vectors/signatures/ssh/"
	read := func(name string) []byte {
		doc, err := os.ReadFile(dir + name)
		if err != nil {
			t.Fatal(err)
		}
		return doc
	}
	message := read("message")
	for _, name := range []string{"ecdsa256", "ecdsa384", "ed25519", "ed25519-sha256", "git", "rsa"} {
		public, file := string(read(name+".pub")), read(name+".sig")
		out = append(out, witness{"signatures/ssh: " + name, func() bool {
			k, err := sshsig.ParseLine(public)
			if err != nil {
				return false
			}
			blob, err := sshsig.Unarmor(file)
			if err != nil {
				return false
			}
			_, err = k.Verify(blob, "deed", message)
			return (err == nil) == (name != "git")
		}})
	}
	return out
}

// opened is the answer to an envelope by what a person registered, with the roots
// (PEM, by type and name) that are in force at a time in ms.
func opened(object []byte, signer string, envelope []byte, roots map[string]string, at int64) error {
	s, err := attest.PersonKey(object).Signer(signer)
	if err != nil {
		return err
	}
	sets := map[attest.NamedRoot]*attest.Roots{}
	for _, of := range s.Roots() {
		pem, there := roots[of.String()]
		if !there {
			continue
		}
		if sets[of], err = attest.ParseRoots([]byte(pem)); err != nil {
			return err
		}
	}
	e, err := attest.ParseEnvelope(envelope)
	if err != nil {
		return err
	}
	_, err = attest.Open(e, s.Anchor(sets, at))
	return err
}

// code is the code of a refusal, "" of none, and the text of an error that is no
// fault.
func code(err error) string {
	if f := attest.AsFault(err); f != nil {
		return f.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}
