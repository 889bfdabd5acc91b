package server_test

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// searched is a world with some of everything, and what to look for.
type searched struct {
	*world
	client     deedv1connect.EvidenceServiceClient
	conditions map[string]func(*deedv1.SearchRequest)
	counts     map[string]int // of entries that each condition has
}

func newSearched(t *testing.T) *searched {
	w := newWorld(t)
	root, rootID := w.standing(w.Orchestrator)
	childID := w.allow(w.Sign(w.Orchestrator, w.Child(root, rootID, w.Orchestrator, w.Payments)))
	a := w.Transfer(w.Payments, childID, "1.00")
	first := w.allow(w.Sign(w.Payments, a))
	w.move(time.Second)
	w.allow(w.Sign(w.Payments, w.After(a, first, w.Transfer(w.Payments, childID, "2.00"))))
	w.deny(w.Sign(w.Bystander, w.Transfer(w.Bystander, childID, "3.00")), "d10.holder")
	w.move(time.Second)
	w.allow(w.Sign(w.Orchestrator, w.Revocation(w.Orchestrator, childID)))
	return &searched{
		world: w, client: deedv1connect.NewEvidenceServiceClient(handlerClient{w.handler}, "http://localhost"),
		conditions: map[string]func(*deedv1.SearchRequest){
			"agent":    func(q *deedv1.SearchRequest) { q.Agent = w.Payments.ID },
			"session":  func(q *deedv1.SearchRequest) { q.Session = a.Session.ID },
			"person":   func(q *deedv1.SearchRequest) { q.Person = "treasurer" },
			"warrant":  func(q *deedv1.SearchRequest) { q.Warrant = string(childID) },
			"action":   func(q *deedv1.SearchRequest) { q.Action = "payments.transfer" },
			"decision": func(q *deedv1.SearchRequest) { q.Decision = "deny" },
			"class":    func(q *deedv1.SearchRequest) { q.Class = "human_delegated" },
			"kind":     func(q *deedv1.SearchRequest) { q.Kind = "action" },
			"since":    func(q *deedv1.SearchRequest) { q.SinceMs = w.Now() - 1000 },
			"until":    func(q *deedv1.SearchRequest) { q.UntilMs = w.Now() },
		},
		counts: map[string]int{"agent": 3, "session": 2, "person": 7, "warrant": 5, "action": 3, "decision": 1, "class": 2, "kind": 3, "since": 3, "until": 14},
	}
}

// find searches and returns the indexes.
func (s *searched) find(q *deedv1.SearchRequest) []uint64 {
	s.Helper()
	res, err := s.client.Search(context.Background(), q)
	s.Check(err)
	var list []uint64
	for _, r := range res.GetResults() {
		list = append(list, r.GetIndex())
	}
	return list
}

// TestSearch: each condition finds what it should; two together find what both
// find; pages put together are the whole.
func TestSearch(t *testing.T) {
	s := newSearched(t)
	all := s.find(&deedv1.SearchRequest{})
	if uint64(len(all)) != s.log.Size() || !slices.IsSortedFunc(all, func(a, b uint64) int { return int(b) - int(a) }) {
		t.Fatalf("found %v of %d, newest first", all, s.log.Size())
	}
	alone := map[string][]uint64{}
	for name, set := range s.conditions {
		q := &deedv1.SearchRequest{}
		set(q)
		if alone[name] = s.find(q); len(alone[name]) != s.counts[name] {
			t.Errorf("%s: found %v, want %d", name, alone[name], s.counts[name])
		}
	}
	for one, set := range s.conditions {
		for two, also := range s.conditions {
			q := &deedv1.SearchRequest{}
			set(q)
			also(q)
			want := slices.DeleteFunc(slices.Clone(alone[one]), func(i uint64) bool { return !slices.Contains(alone[two], i) })
			if got := s.find(q); !slices.Equal(got, want) {
				t.Errorf("%s and %s: found %v, want %v", one, two, got, want)
			}
			for limit := range int32(3) {
				if got := s.pages(q, limit+1); !slices.Equal(got, want) {
					t.Errorf("%s and %s in pages of %d: found %v, want %v", one, two, limit+1, got, want)
				}
			}
		}
	}
}

// pages searches page by page, as the wire's documentation says.
func (s *searched) pages(q *deedv1.SearchRequest, limit int32) (list []uint64) {
	s.Helper()
	q.Limit, q.Before = limit, 0
	for {
		res, err := s.client.Search(context.Background(), q)
		s.Check(err)
		for _, r := range res.GetResults() {
			list = append(list, r.GetIndex())
		}
		if !res.GetMore() {
			return list
		}
		q.Before = res.GetNext()
		if len(res.GetResults()) != int(limit) {
			s.Fatalf("more to come after a page of %d", len(res.GetResults()))
		}
	}
}

func TestSearchResult(t *testing.T) {
	s := newSearched(t)
	res, err := s.client.Search(context.Background(), &deedv1.SearchRequest{Class: "human_delegated", Limit: 1})
	s.Check(err)
	r := res.GetResults()[0]
	if !res.GetMore() || r.GetKind() != "action" || r.GetSigner() != s.Payments.ID || r.GetAction() != "payments.transfer" || r.GetDecision() != "allow" ||
		r.GetAuthorizing() != "treasurer" || r.GetAccountable() != "treasurer" || r.GetReceivedAtMs() != s.Now()-1000 || !attest.ID(r.GetId()).Valid() {
		t.Errorf("found %v", r)
	}
}

// TestSearchOdd asks what no honest client asks.
func TestSearchOdd(t *testing.T) {
	s := newSearched(t)
	for i, q := range []*deedv1.SearchRequest{
		{SinceMs: math.MaxInt64}, {UntilMs: -1}, {SinceMs: s.Now(), UntilMs: 1}, {Agent: strings.Repeat("x", 100_000)}, {Kind: "\x00"},
		{Session: "/"}, {Warrant: "id:"},
	} {
		if got := s.find(q); len(got) != 0 {
			t.Errorf("request %d: found %v", i, got)
		}
	}
	all := len(s.find(&deedv1.SearchRequest{}))
	for i, q := range []*deedv1.SearchRequest{{SinceMs: math.MinInt64}, {Limit: -1}, {Limit: math.MaxInt32}, {Before: math.MaxUint64}, {UntilMs: math.MaxInt64}} {
		if got := s.find(q); len(got) != all {
			t.Errorf("request %d: found %v", i, got)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := s.client.Search(ctx, &deedv1.SearchRequest{}); connect.CodeOf(err) != connect.CodeCanceled {
		t.Error(fmt.Sprint("after the caller has gone: ", err))
	}
}

// TestSearchBounded: a search that may open few entries at a time finds the same,
// over more pages.
func TestSearchBounded(t *testing.T) {
	s := newSearched(t)
	q := server.Query{Rows: []ledger.Row{{Name: "kind", Key: "action"}, {Name: "decision", Key: "deny"}}, Limit: 100}
	whole, err := s.server.Search(t.Context(), q)
	s.Check(err)
	if len(whole.Found) == 0 || whole.Next != 0 {
		t.Fatalf("found %d, next %d", len(whole.Found), whole.Next)
	}
	q.Visits = 1
	var indexes []uint64
	for pages := 0; ; pages++ {
		page, err := s.server.Search(t.Context(), q)
		s.Check(err)
		for _, f := range page.Found {
			indexes = append(indexes, f.Index)
		}
		if q.Before = page.Next; q.Before == 0 {
			break
		}
		if pages > 100 {
			t.Fatal("the pages do not end")
		}
	}
	if len(indexes) != len(whole.Found) || indexes[0] != whole.Found[0].Index {
		t.Errorf("found %v, want %d", indexes, len(whole.Found))
	}
}
