package agent_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

// liar is a transport to a register whose operator has the log's key and signs what
// he likes: every receipt is in a tree of its own.
type liar struct {
	t    *testing.T
	key  *ledger.Ed25519Key
	lie  func(e *admission.Entry, r *admission.Record) // about what is submitted
	code string                                        // of a denial that he answers with, or ""
}

func (l *liar) Do(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultClient.Do(req)
	if err != nil || res.StatusCode != http.StatusOK {
		return res, err
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	l.must(err)
	switch {
	case strings.HasSuffix(req.URL.Path, "/Submit"):
		m := new(deedv1.SubmitResponse)
		l.must(proto.Unmarshal(body, m))
		l.sign(m.GetReceipt(), l.lie)
		if l.code != "" {
			return l.deny(req, m.GetReceipt())
		}
		body, err = proto.Marshal(m)
	case strings.HasSuffix(req.URL.Path, "/GetProof"):
		m := new(deedv1.GetProofResponse)
		l.must(proto.Unmarshal(body, m))
		l.sign(m.GetReceipt(), nil)
		body, err = proto.Marshal(m)
	}
	l.must(err)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return res, nil
}

func (l *liar) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// sign writes entry and record with a lie in them, and proves them in a tree of one.
func (l *liar) sign(m *deedv1.Receipt, lie func(*admission.Entry, *admission.Record)) {
	e, err := admission.ParseEntry(m.GetEntry())
	l.must(err)
	r, err := admission.ParseRecord(m.GetRecord())
	l.must(err)
	if lie != nil {
		lie(e, r)
	}
	m.Record, err = attest.Encode(r)
	l.must(err)
	e.Admission = attest.DigestOf(m.GetRecord())
	m.Entry, err = attest.Encode(e)
	l.must(err)
	c := ledger.Checkpoint{Origin: l.key.VKey().Name(), Size: 1, Root: ledger.HashLeaf(m.GetEntry())}
	signature, err := l.key.Sign([]byte(c.String()))
	l.must(err)
	signed := ledger.SignedCheckpoint{Checkpoint: c, Signatures: []ledger.Signature{{Name: c.Origin, KeyID: l.key.KeyHash(), Bytes: signature}}}
	m.Index, m.Proof = 0, ledger.Proof{Checkpoint: signed.Bytes()}.Bytes()
}

func (l *liar) deny(req *http.Request, m *deedv1.Receipt) (*http.Response, error) {
	e := connect.NewError(connect.CodePermissionDenied, errors.New("denied"))
	detail, err := connect.NewErrorDetail(&deedv1.Denial{Receipt: m, Fault: &deedv1.Fault{Code: l.code}})
	l.must(err)
	e.AddDetail(detail)
	rec := httptest.NewRecorder()
	l.must(connect.NewErrorWriter().Write(rec, req, e))
	return rec.Result(), nil
}

// TestLyingRegister: what the log's key signed is refused all the same where it is not
// what was submitted: above all a revocation under another kind, which is in the log
// and in no control hash.
func TestLyingRegister(t *testing.T) {
	p := newPlace(t, time.Hour)
	key, err := ledger.NewEd25519Key(strings.NewReader(strings.Repeat("k", 32)), "deed.acme.example/test")
	if err != nil {
		t.Fatal(err)
	}
	l := &liar{t: t, key: key}
	client, err := agent.New(t.Context(), p.url, p.source, agent.Options{LogKey: key.VKey().String(), HTTP: l, Patience: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	other := attest.Commitment{Root: attest.DigestOf([]byte("other"))}
	nonce := 0x10
	for _, c := range []struct {
		name, code, says string
		lie              func(e *admission.Entry, r *admission.Record)
	}{
		{"the truth", "", "", func(*admission.Entry, *admission.Record) {}},
		{"another kind", "", `the entry is of the kind "action"`, func(e *admission.Entry, r *admission.Record) { e.Kind, r.Kind = "action", "action" }},
		{"another kind in the entry", "", `the entry is of the kind "action"`, func(e *admission.Entry, _ *admission.Record) { e.Kind = "action" }},
		{"another kind in the record", "", `the record of "action"`, func(_ *admission.Entry, r *admission.Record) { r.Kind = "action" }},
		{"another statement", "", "the entry is of id:", func(e *admission.Entry, _ *admission.Record) { e.Envelope = attest.ID("id:" + strings.Repeat("0", 64)) }},
		{"another statement's record", "", "the record of id:", func(_ *admission.Entry, r *admission.Record) { r.ID = attest.ID("id:" + strings.Repeat("0", 64)) }},
		{"a commitment", "", "own commitment", func(e *admission.Entry, _ *admission.Record) { e.Fields = &other }},
		{"another log", "", "the record is of other.example/log", func(_ *admission.Entry, r *admission.Record) { r.Log = "other.example/log" }},
		{"another envelope", "", "no envelope of this statement", func(_ *admission.Entry, r *admission.Record) { r.Envelope = r.Signer.KeyID }},
		{"denied, but not said so", "", "the answer is to allow", func(_ *admission.Entry, r *admission.Record) {
			r.Decision.Effect, r.Decision.Faults = admission.Deny, []string{"d10.holder"}
		}},
		{"allowed, but not said so", "d10.holder", "the answer is to deny", func(*admission.Entry, *admission.Record) {}},
		{"denied for something else", "policy.forbidden", "as the reason", func(_ *admission.Entry, r *admission.Record) {
			r.Decision.Effect, r.Decision.Faults = admission.Deny, []string{"d10.holder"}
		}},
	} {
		l.lie, l.code = c.lie, c.code
		nonce++
		receipt, err := client.Submit(t.Context(), instruct(t, p, client, string("0123456789abcdef"[nonce>>4])+string("0123456789abcdef"[nonce&15])))
		var found *agent.False
		switch {
		case c.says == "":
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		case !errors.As(err, &found) || receipt.ID != "" || !strings.Contains(err.Error(), c.says):
			t.Errorf("%s: %v", c.name, err)
		case len(found.Receipt.Entry) == 0 || len(found.Receipt.Proof) == 0:
			t.Errorf("%s: no evidence of it", c.name)
		}
	}
}

// TestSignedAgain: a statement that is signed once more, as after a restart, has the
// receipt of the first envelope, which is fetched and is of the same statement.
func TestSignedAgain(t *testing.T) {
	p := newPlace(t, time.Hour)
	client := connectOver(t, p, &unreliable{})
	s := instruct(t, p, client, "e1")
	first, err := client.Submit(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	again, err := client.Submit(t.Context(), s)
	if err != nil || again.Index != first.Index || again.ID != first.ID || !bytes.Equal(again.Record, first.Record) {
		t.Errorf("%d and %d: %v", first.Index, again.Index, err)
	}
}
