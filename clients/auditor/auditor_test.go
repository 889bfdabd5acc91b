package auditor_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
	"github.com/deedlog/deed/verifier"
)

// evidence serves a register of the test kit. before runs ahead of every proof,
// edit changes what is answered.
type evidence struct {
	w      *register.World
	before func(call int)
	edit   func(*deedv1.Receipt)
	object func(attest.Digest, []byte) []byte
	calls  int
}

func (e *evidence) GetProof(ctx context.Context, req *deedv1.GetProofRequest) (*deedv1.GetProofResponse, error) {
	if e.calls++; e.before != nil {
		e.before(e.calls)
	}
	index := req.GetIndex()
	if id := req.GetId(); id != "" {
		l, err := e.w.Logged(attest.ID(id))
		if err != nil || l == nil {
			return nil, connect.NewError(connect.CodeNotFound, errors.New("no such statement"))
		}
		index = l.Index
	}
	r, err := e.w.Register.Log.Receipt(ctx, index)
	if err != nil {
		return nil, connect.NewError(connect.CodeNotFound, err)
	}
	entry, err := admission.ParseEntry(r.Entry)
	if err != nil {
		return nil, err
	}
	record, err := e.w.Object(entry.Admission)
	if err != nil {
		return nil, err
	}
	out := &deedv1.Receipt{Index: index, Entry: r.Entry, Record: record, Proof: r.Proof, Id: string(entry.Envelope)}
	if size := req.GetSize(); size != 0 {
		p, err := ledger.ParseProof(r.Proof)
		if err != nil {
			return nil, err
		}
		if p.Hashes, err = e.w.Register.Log.Inclusion(ctx, index, size); err != nil {
			return nil, connect.NewError(connect.CodeNotFound, err)
		}
		out.Proof = p.Bytes()
	}
	if e.edit != nil {
		e.edit(out)
	}
	return &deedv1.GetProofResponse{Receipt: out}, nil
}

func (e *evidence) GetObject(_ context.Context, req *deedv1.GetObjectRequest) (*deedv1.GetObjectResponse, error) {
	d := attest.Digest(req.GetDigest())
	o, err := e.w.Object(d)
	if e.object != nil {
		o = e.object(d, o)
	}
	if err != nil || o == nil {
		return nil, connect.NewError(connect.CodeNotFound, errors.New("no such object"))
	}
	return &deedv1.GetObjectResponse{Object: o}, nil
}

// Search finds by kind and decision, or what is about a statement, two results a page.
func (e *evidence) Search(ctx context.Context, req *deedv1.SearchRequest) (*deedv1.SearchResponse, error) {
	out := &deedv1.SearchResponse{}
	before := req.GetBefore()
	if before == 0 {
		before = e.w.Register.Log.Size()
	}
	for i := before; i > 0; i-- {
		entry, err := e.w.Register.Log.Entry(ctx, i-1)
		if err != nil {
			return nil, err
		}
		l, err := admission.Reopen(i-1, entry.Bytes, e.w.Object)
		if err != nil {
			return nil, err
		}
		about := slices.ContainsFunc(l.Record.Read.Statements, func(s admission.Ref) bool { return string(s.ID) == req.GetOf() })
		if req.GetOf() == "" && (string(l.Record.Kind) != req.GetKind() || string(l.Record.Decision.Effect) != req.GetDecision()) ||
			req.GetOf() != "" && !about {
			continue
		}
		if len(out.Results) == 2 {
			out.More, out.Next = true, out.Results[1].Index
			break
		}
		out.Results = append(out.Results, &deedv1.SearchResult{
			Index: i - 1, Id: string(l.ID()), Kind: string(l.Record.Kind), Signer: l.Record.Signer.Name, Decision: string(l.Record.Decision.Effect),
		})
	}
	return out, nil
}

func serve(t *testing.T, e *evidence) *auditor.Client {
	t.Helper()
	_, handler := deedv1connect.NewEvidenceServiceHandler(e)
	s := httptest.NewServer(handler)
	t.Cleanup(s.Close)
	return auditor.New(s.Client(), s.URL)
}

func load(t *testing.T, files map[string][]byte) *verifier.Trust {
	t.Helper()
	m := fstest.MapFS{}
	for name, data := range files {
		m[name] = &fstest.MapFile{Data: data}
	}
	trust, err := verifier.LoadTrust(m)
	if err != nil {
		t.Fatal(err)
	}
	return trust
}

// TestExport: what is fetched is what the test kit puts together itself, and it
// verifies with the log's own opinion as well as with a reader's.
func TestExport(t *testing.T) {
	w := register.NewWorld(t, "auditor")
	c := serve(t, &evidence{w: w})
	files, err := c.Trust(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, trust := range []*verifier.Trust{load(t, files), load(t, w.TrustFiles(t))} {
		for name, index := range w.Entries {
			if testing.Short() && index%5 != 2 {
				continue
			}
			for _, as := range []string{strconv.FormatUint(index, 10), string(w.IDs[name])} {
				b, err := c.ExportWith(t.Context(), auditor.Options{}, as)
				if err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				var along []uint64
				if name == "human_instructed" { // what came of it is said in another entry
					along = append(along, w.Entries["outcome"])
				}
				kit, err := verifier.Build(w.ContentsWith(t, []uint64{index}, along...))
				if err != nil {
					t.Fatal(err)
				}
				if string(b.Bytes()) != string(kit.Bytes()) {
					t.Errorf("%s: another bundle than the test kit's", name)
				}
				if v := verifier.Verify(b, trust, verifier.Options{}); v.ExitCode() != 0 {
					t.Errorf("%s: %s", name, v.Failure())
				}
			}
		}
	}
	b, err := c.Export(t.Context(), "3", string(w.IDs["autonomous"]), "3")
	if err != nil || len(b.Subjects()) != 2 {
		t.Errorf("%v, %v", b, err)
	}
}

// TestExportWhileGrowing: the log goes on between any two calls.
func TestExportWhileGrowing(t *testing.T) {
	w := register.NewWorld(t, "growing")
	e := &evidence{w: w, before: func(int) {
		w.AddAction("more", w.Rogue, w.Action(w.Rogue, attest.Intent, "", "1.00"))
	}}
	b, err := serve(t, e).Export(t.Context(), string(w.IDs["human_directed"]))
	if err != nil {
		t.Fatal(err)
	}
	if v := verifier.Verify(b, load(t, w.TrustFiles(t)), verifier.Options{}); v.ExitCode() != 0 {
		t.Error(v.Failure())
	}
}

// TestExportErased: what the register no longer has is left out.
func TestExportErased(t *testing.T) {
	w := register.NewWorld(t, "erased")
	e := &evidence{w: w, object: func(_ attest.Digest, o []byte) []byte {
		if len(o) == 64 {
			return nil // a seed
		}
		return o
	}}
	b, err := serve(t, e).Export(t.Context(), string(w.IDs["human_instructed"]))
	if err != nil {
		t.Fatal(err)
	}
	if v := verifier.Verify(b, load(t, w.TrustFiles(t)), verifier.Options{}); v.ExitCode() != 0 || len(v.Subjects[0].Incomplete) < 2 {
		t.Errorf("%s, %v", v.Failure(), v.Subjects)
	}
}

// TestExportRefuses: answers that do not belong together.
func TestExportRefuses(t *testing.T) {
	w := register.NewWorld(t, "refuses")
	for name, test := range map[string]struct {
		e    evidence
		ask  string
		want string
	}{
		"no name":        {evidence{w: w}, "x", "neither an index nor an ID"},
		"short ID":       {evidence{w: w}, "id:12", "is not an ID"},
		"no entry":       {evidence{w: w}, "100000", "not_found"},
		"no statement":   {evidence{w: w}, "id:" + strings.Repeat("0", 64), "not_found"},
		"another record": {evidence{w: w, edit: func(r *deedv1.Receipt) { r.Record = []byte("{}") }}, "5", "the entry commits to"},
		"another index":  {evidence{w: w, edit: func(r *deedv1.Receipt) { r.Index++ }}, "5", "the proof is of entry 5"},
		"no entry bytes": {evidence{w: w, edit: func(r *deedv1.Receipt) { r.Entry = nil }}, "5", "profile.size"},
		"no proof":       {evidence{w: w, edit: func(r *deedv1.Receipt) { r.Proof = nil }}, "5", "parsing proof"},
		"another object": {evidence{w: w, object: func(attest.Digest, []byte) []byte { return []byte("x") }}, "5", "got another one"},
		"another entry": {evidence{w: w, edit: func(r *deedv1.Receipt) {
			other, err := w.Register.Log.Receipt(context.Background(), 0)
			if err == nil && r.Index != 22 {
				r.Proof = other.Proof
			}
		}}, "22", "the proof is of entry 0"},
		"a proof that does not hold": {evidence{w: w, edit: func(r *deedv1.Receipt) {
			p, err := ledger.ParseProof(r.Proof)
			if err == nil {
				p.Hashes[0][0] ^= 1
				r.Proof = p.Bytes()
			}
		}}, "5", "proof does not verify"},
	} {
		_, err := serve(t, &test.e).Export(t.Context(), test.ask)
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := serve(t, &evidence{w: w}).Export(t.Context()); err == nil {
		t.Error("nothing named: no error")
	}
}
