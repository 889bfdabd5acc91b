package vectors_test

import (
	"bytes"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest/cms"
)

// certificatesName is the file, below testdata/vectors.
const certificatesName = "signatures/certificates.json"

// certificateFile is what certificates say, without statements: over one message,
// at one time, with sets of authorities that have names.
type certificateFile struct {
	Message     []byte            `json:"message"`
	CheckedAt   int64             `json:"checked_at"` // ms
	Email       string            `json:"email"`      // whose the signatures are
	Identity    string            `json:"identity"`   // and the proofs
	Issuer      string            `json:"issuer"`
	Roots       map[string]string `json:"roots"` // PEM
	Signatures  []signatureForm   `json:"signatures"`
	Proofs      []proofForm       `json:"proofs"`
	Tokens      []tokenForm       `json:"tokens"`
	Answers     []answerForm      `json:"answers"`
	Completions []completionForm  `json:"completions"`
	Sets        []setForm         `json:"sets"`
	Names       []nameForm        `json:"names"`
}

// signatureForm is a detached CMS signature over the message.
type signatureForm struct {
	Name    string `json:"name"`
	Code    string `json:"code,omitzero"`
	Subject []byte `json:"subject,omitempty"` // a distinguished name in place of the e-mail address
	Roots   string `json:"roots"`
	DER     []byte `json:"der"`
	Until   int64  `json:"until,omitzero"` // ms: when the path ends that lasts longest
}

// proofForm is a signature by a certificate of Fulcio, with a token.
type proofForm struct {
	Name         string `json:"name"`
	Code         string `json:"code,omitzero"`
	Certificates []byte `json:"certificates"`
	Signature    []byte `json:"signature"`
	Token        []byte `json:"token"`
}

// tokenForm is a token over the message.
type tokenForm struct {
	Name     string `json:"name"`
	Code     string `json:"code,omitzero"`
	DER      []byte `json:"der"`
	Time     string `json:"time,omitzero"`
	Accuracy int64  `json:"accuracy,omitzero"` // microseconds, either way
}

// answerForm is the answer of a time-stamping authority.
type answerForm struct {
	Name  string `json:"name"`
	Code  string `json:"code,omitzero"`
	DER   []byte `json:"der"`
	Token []byte `json:"token,omitempty"`
}

// completionForm is a token that gets the certificate of its authority, where it has
// none and it is among those that are known.
type completionForm struct {
	Name  string `json:"name"`
	Code  string `json:"code,omitzero"`
	DER   []byte `json:"der"`
	Known []byte `json:"known"` // DER, one after the other
	Token []byte `json:"token,omitempty"`
}

// setForm is a set of authorities.
type setForm struct {
	Name  string `json:"name"`
	Code  string `json:"code,omitzero"`
	PEM   string `json:"pem"`
	Times int    `json:"times,omitzero"` // how often the text stands there, if not once
}

// nameForm is a distinguished name, as a person may be registered by it.
type nameForm struct {
	Name  string `json:"name"`
	DER   []byte `json:"der"`
	Valid bool   `json:"valid"`
}

// check is the name of the check that refused, "" of none.
func check(err error) string {
	if e, ok := errors.AsType[*cms.Error](err); ok {
		return e.Check
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

// set is a set of authorities by its name; nil is none.
func (f *certificateFile) set(name string) *cms.Roots {
	r, err := cms.ParseRoots([]byte(f.Roots[name]))
	if err != nil {
		return nil
	}
	return r
}

func (f *certificateFile) at() time.Time { return time.UnixMilli(f.CheckedAt).UTC() }

// read is the answer to a signature. One that was right is opened again without
// authorities.
func (f *certificateFile) read(v signatureForm) signatureForm {
	who := cms.Subject{Email: f.Email}
	if v.Subject != nil {
		who = cms.Subject{DN: v.Subject}
	}
	facts, err := who.Verify(v.DER, f.Message, f.set(v.Roots), f.at())
	v.Code, v.Until = check(err), 0
	if err == nil {
		v.Until = facts.NotAfter.UnixMilli()
		_, err = who.Verify(v.DER, f.Message, cms.Unproven(), time.Time{})
		v.Code = check(err)
	}
	return v
}

func (f *certificateFile) proof(v proofForm) proofForm {
	who := cms.Keyless{Identity: f.Identity, Issuer: f.Issuer}
	p := cms.Proof{Certificates: v.Certificates, Signature: v.Signature, Token: v.Token}
	_, err := who.Verify(p, f.Message, f.set("fulcio"), f.set("time"), f.at())
	if err == nil {
		_, err = who.Verify(p, f.Message, cms.Unproven(), cms.Unproven(), time.Time{})
	}
	v.Code = check(err)
	return v
}

func (f *certificateFile) token(v tokenForm) tokenForm {
	v.Time, v.Accuracy = "", 0
	token, err := cms.ParseToken(v.DER)
	if err == nil {
		err = token.Prove(f.Message, f.set("time"))
	}
	if v.Code = check(err); err == nil {
		v.Time, v.Accuracy = token.Time.Format(time.RFC3339Nano), token.Accuracy.Microseconds()
	}
	return v
}

func (f *certificateFile) answer(v answerForm) answerForm {
	token, err := cms.TokenOf(v.DER)
	v.Code, v.Token = check(err), token
	return v
}

func (f *certificateFile) complete(v completionForm) completionForm {
	known, err := x509.ParseCertificates(v.Known)
	if err != nil {
		panic(err)
	}
	token, err := cms.CompleteToken(v.DER, known)
	v.Code, v.Token = check(err), token
	return v
}

func (f *certificateFile) parse(v setForm) setForm {
	_, err := cms.ParseRoots([]byte(strings.Repeat(v.PEM, max(1, v.Times))))
	v.Code = check(err)
	return v
}

func (f *certificateFile) called(v nameForm) nameForm {
	v.Valid = cms.ValidDN(v.DER)
	return v
}

// ofCertificates are the cases of certificates.json.
func ofCertificates(t *testing.T) (out []witness) {
	var f certificateFile
	published(t, certificatesName, &f)
	return slices.Concat(asked("signatures", f.Signatures, f.read), asked("proofs", f.Proofs, f.proof),
		asked("tokens", f.Tokens, f.token), asked("answers", f.Answers, f.answer), asked("completions", f.Completions, f.complete),
		asked("sets", f.Sets, f.parse), asked("names", f.Names, f.called))
}

// asked is a witness for each case of a list: read once more, it is what is written.
func asked[V any](list string, all []V, again func(V) V) (out []witness) {
	for _, v := range all {
		want := encoded(v)
		var name struct {
			Name string `json:"name"`
		}
		if err := json.Unmarshal([]byte(want), &name); err != nil {
			panic(err)
		}
		out = append(out, witness{certificatesName + ", " + list + ": " + name.Name, func() bool { return encoded(again(v)) == want }})
	}
	return out
}

// TestCertificates writes the file with -update, and wants it to be what the cases
// give; each has the code that it is written down with.
func TestCertificates(t *testing.T) {
	f := makeCertificates(t)
	doc, err := json.Marshal(f, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("../../testdata/vectors", filepath.FromSlash(certificatesName))
	if doc = append(doc, '\n'); *update {
		if err := os.WriteFile(path, doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, doc) {
		t.Errorf("%s is not what the cases give; if that is meant, run with -update (%v)", certificatesName, err)
	}
	for _, w := range ofCertificates(t) {
		if !w.stands() {
			t.Errorf("%s: another answer", w.name)
		}
	}
}
