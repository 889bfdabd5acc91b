package agent_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/ledger"
)

var indexDigit = regexp.MustCompile(`\nindex \d`)

// unreliable is a transport that loses or changes answers to Submit.
type unreliable struct {
	lose   int // answers to lose after the server has worked
	change func([]byte) []byte
	calls  int
}

func (u *unreliable) Do(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultClient.Do(req)
	if err != nil || !strings.HasSuffix(req.URL.Path, "/Submit") {
		return res, err
	}
	u.calls++
	if u.lose > 0 {
		u.lose--
		_ = res.Body.Close()
		return nil, errors.New("connection lost")
	}
	if u.change == nil {
		return res, nil
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil {
		return nil, err
	}
	body = u.change(body)
	res.Body, res.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	res.Header.Del("Content-Length")
	return res, nil
}

func connectOver(t *testing.T, p *place, transport *unreliable) *agent.Client {
	t.Helper()
	c, err := agent.New(t.Context(), p.url, p.source, agent.Options{LogKey: p.instance.VKey(), HTTP: transport, Patience: 10 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// instruct is a statement that the register allows any workload to record.
func instruct(t *testing.T, p *place, c *agent.Client, nonce string) attest.Statement {
	t.Helper()
	now := time.Now().UnixMilli()
	return &attest.Instruction{
		Addressee: "spiffe://acme.example/agent/two", At: now, Commitment: attest.Commitment{Root: attest.DigestOf([]byte("text"))},
		Expires: now + 60_000, Log: c.Origin(), Nonce: strings.Repeat(nonce, 16), Person: "treasurer",
		RecordedBy: "spiffe://acme.example/agent/one", Requests: []attest.Request{}, V: 1,
	}
}

// TestLostAnswer: the answer to a statement that was logged is lost twice; the
// same bytes go again and give the one entry.
func TestLostAnswer(t *testing.T) {
	p := newPlace(t, time.Hour)
	transport := &unreliable{lose: 2}
	receipt, err := connectOver(t, p, transport).Submit(t.Context(), instruct(t, p, connectOver(t, p, &unreliable{}), "a1"))
	if err != nil || transport.calls != 3 {
		t.Fatalf("%v after %d calls", err, transport.calls)
	}
	if size := p.instance.Log.Size(); receipt.Index != size-1 {
		t.Errorf("the entry is %d of %d", receipt.Index, size)
	}
}

// TestForgedReceipt: a receipt in which any of its parts is another one's does
// not pass.
func TestForgedReceipt(t *testing.T) {
	p := newPlace(t, time.Hour)
	for name, change := range map[string]func([]byte) []byte{
		"entry": func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"kind":"instruction"`), []byte(`"kind":"instructiom"`), 1)
		},
		"record": func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"effect":"allow"`), []byte(`"effect":"allox"`), 1)
		},
		"origin": func(b []byte) []byte { return bytes.Replace(b, []byte("\ndeed.acme"), []byte("\nDeed.acme"), 1) },
		"index": func(b []byte) []byte {
			return indexDigit.ReplaceAllFunc(b, func(d []byte) []byte { d = bytes.Clone(d); d[len(d)-1] ^= 1; return d })
		},
	} {
		transport := &unreliable{}
		client := connectOver(t, p, transport)
		changed := false
		transport.change = func(b []byte) []byte {
			out := change(b)
			changed = changed || !bytes.Equal(out, b)
			return out
		}
		_, err := client.Submit(t.Context(), instruct(t, p, client, map[string]string{"entry": "b1", "record": "b2", "origin": "b3", "index": "b4"}[name]))
		if err == nil || !changed {
			t.Errorf("%s: a changed receipt passed (%v)", name, changed)
		}
	}
}

// TestOtherLogKey: a log that is not the one the agent knows is refused.
func TestOtherLogKey(t *testing.T) {
	p := newPlace(t, time.Hour)
	other, err := ledger.NewEd25519Key(strings.NewReader(strings.Repeat("k", 32)), "deed.acme.example/test")
	if err != nil {
		t.Fatal(err)
	}
	_, err = agent.New(t.Context(), p.url, p.source, agent.Options{LogKey: other.VKey().String()})
	if !errors.Is(err, ledger.ErrSignature) {
		t.Errorf("expected a wrong signature, found %v", err)
	}
}

// TestSupply: a statement that the log misses is sent when another one names it.
func TestSupply(t *testing.T) {
	p := newPlace(t, time.Hour)
	client := connectOver(t, p, &unreliable{})
	svid, err := p.source.SVID()
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	grant := attest.Grant{Actions: []string{"data.read"}, Arguments: []attest.Argument{},
		Resource: attest.Match{Kind: "table", Match: attest.Constraint{Prefix: "customers"}}}
	warrant := &attest.Warrant{
		Expires: now.Add(time.Hour).UnixMilli(), Grants: []attest.Grant{grant}, Holder: attest.Holder{SPIFFEID: "spiffe://acme.example/agent/two"},
		Issuer: attest.Party{ID: svid.ID.String(), Kind: attest.BySVID}, Log: client.Origin(), Nonce: strings.Repeat("c1", 16),
		NotBefore: now.UnixMilli(), Root: &attest.WarrantRoot{Accountable: "nobody", Basis: attest.OrgStanding},
		Task: attest.Task{ID: strings.Repeat("c2", 16), Purpose: "test"}, V: 1,
	}
	payload, err := attest.Payload(warrant)
	if err != nil {
		t.Fatal(err)
	}
	var chain []byte
	for _, cert := range svid.Certificates {
		chain = append(chain, cert.Raw...)
	}
	envelope, err := attest.Seal(payload, svid.PrivateKey, attest.DigestOf(chain))
	if err != nil {
		t.Fatal(err)
	}
	client.Remember(envelope, svid.ID.String(), chain)
	_, err = client.Submit(t.Context(), &attest.Revocation{
		By: warrant.Issuer, Log: client.Origin(), Nonce: strings.Repeat("c3", 16), Reason: "test", V: 1, Warrant: envelope.ID(svid.ID.String()),
	})
	if err != nil {
		t.Errorf("the warrant was not supplied: %v", err)
	}
}
