package server_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"connectrpc.com/connect"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
	"github.com/deedlog/deed/verifier"
)

// A contested world is a register behind HTTP, whose genesis names its real keys, so
// that an auditor can export from it and verify offline.
type contested struct {
	*world
	url    string
	client connect.HTTPClient
	people []*cast.Party
}

func newContested(t *testing.T) *contested {
	t.Helper()
	w := newEmptyWorld(t, nil)
	ed, pq := storetest.Keys(w)
	g := w.Genesis()
	g.LogKeys = attest.LogKeys{Ed25519: ed.VKey().String(), MLDSA44: pq.VKey().String()}
	w.allow(w.Endorsed(w.Sign(w.Server, g), w.Admin, w.Second))
	for _, s := range w.Begin()[1:] {
		w.allow(s)
	}
	return &contested{world: w, url: w.serve(nil), client: plain(t), people: []*cast.Party{w.Treasurer, w.Controller}}
}

// passkey registers a person with a passkey.
func (c *contested) passkey(name string) *cast.Party {
	c.Helper()
	p := c.PasskeyHolder(name)
	c.allow(c.Endorsed(c.Sign(c.Admin, c.Registration(p)), p))
	c.people = append(c.people, p)
	return p
}

// fate is what became of a statement: its entry and the faults in it, or the code with
// which it was refused.
type fate struct {
	index   uint64
	logged  bool
	faults  string
	refused string
}

// send submits a statement over the network.
func (c *contested) send(s cast.Sent) (f fate) {
	client := deedv1connect.NewAttestationServiceClient(c.client, c.url)
	answer, err := client.Submit(c.Context(), message(s))
	receipt := answer.GetReceipt()
	if d := detail[*deedv1.Denial](err); d != nil {
		receipt = d.GetReceipt()
	}
	if receipt == nil {
		f.refused = detail[*deedv1.Fault](err).GetCode()
		if f.refused == "" {
			c.Errorf("no answer and no fault: %v", err)
		}
		return f
	}
	r, err := admission.ParseRecord(receipt.GetRecord())
	if err != nil {
		c.Error(err)
		return f
	}
	return fate{index: receipt.GetIndex(), logged: true, faults: strings.Join(r.Decision.Faults, " ")}
}

// raced submits statements at once, the declaration among them, and returns its entry
// and what became of the others.
func (c *contested) raced(declared cast.Sent, statements []cast.Sent) (at uint64, fates []fate) {
	c.Helper()
	all := slices.Insert(slices.Clone(statements), len(statements)/2, declared)
	out := make([]fate, len(all))
	var wait sync.WaitGroup
	start := make(chan struct{})
	for i, s := range all {
		wait.Go(func() {
			<-start
			out[i] = c.send(s)
		})
	}
	close(start)
	wait.Wait()
	own := out[len(statements)/2]
	if !own.logged || own.faults != "" {
		c.Fatalf("the declaration: %+v", own)
	}
	return own.index, slices.Delete(out, len(statements)/2, len(statements)/2+1)
}

// verdict exports every entry over the network and verifies it offline, with a trust
// directory that has everything.
func (c *contested) verdict() *verifier.Verdict {
	c.Helper()
	var names []string
	for i := range c.log.Size() {
		names = append(names, fmt.Sprint(i))
	}
	b, err := auditor.New(c.client, c.url).Export(c.Context(), names...)
	c.Check(err)
	ed, _ := storetest.Keys(c)
	first, _ := b.Item(0)
	genesis := ledger.HashLeaf(first.Entry)
	src := verifier.TrustSource{
		LogKey: ed.VKey().String(), Genesis: &genesis, ServerKey: c.Server.Public(),
		Bundles: map[string][][]byte{cast.Domain: {c.CA.BundleDocument()}},
		People:  []verifier.TrustPerson{{Administrator: true, Key: c.Admin.Public(), Name: c.Admin.ID}, {Administrator: true, Key: c.Second.Public(), Name: c.Second.ID}},
	}
	for _, p := range c.people {
		src.People = append(src.People, verifier.TrustPerson{Key: p.Public(), Name: p.ID})
	}
	files, err := verifier.TrustFiles(src)
	c.Check(err)
	dir := fstest.MapFS{}
	for name, data := range files {
		dir[name] = &fstest.MapFile{Data: data}
	}
	trust, err := verifier.LoadTrust(dir)
	c.Check(err)
	v := verifier.Verify(b, trust, verifier.Options{})
	if v.ExitCode() != 0 || uint64(len(v.Subjects)) != c.log.Size() {
		c.Fatalf("exit code %d of %d subjects: %s", v.ExitCode(), len(v.Subjects), v.Failure())
	}
	return v
}

// want is what may become of a statement that races a declaration.
type want struct {
	refused string // after it: the code of the refusal, or
	faults  string // of the entry
	row     int    // before it: of the finding where what is declared is not believed, 0 without one
	spared  bool   // it rests on nothing that is declared
}

// settled: each statement is before the declaration and contested, with both findings,
// or after it and refused or undecided; there is no third outcome.
func (c *contested) settled(at uint64, fates []fate, wants []want) {
	c.Helper()
	v := c.verdict()
	text := verifier.Text(v)
	for n, f := range fates {
		w := wants[n]
		switch {
		case !f.logged:
			if w.spared || f.refused != w.refused {
				c.Errorf("statement %d is refused: %s", n, f.refused)
			}
			continue
		case w.spared:
			if f.faults != "" || len(v.Subjects[f.index].Contested) > 0 {
				c.Errorf("statement %d, entry %d, rests on nothing that is declared: %q, %+v", n, f.index, f.faults, v.Subjects[f.index].Contested)
			}
			continue
		case f.index > at:
			a := v.Subjects[f.index].Attribution
			if w.refused != "" || f.faults != w.faults || a != nil && (a.Agency != agency.Indeterminate || a.Authority != agency.AuthorityIndeterminate) {
				c.Errorf("statement %d, entry %d, after the declaration in %d: %q, %+v", n, f.index, at, f.faults, a)
			}
			continue
		}
		s := v.Subjects[f.index]
		if f.faults != "" || len(s.Contested) != 1 || s.Contested[0].Index != at {
			c.Errorf("statement %d, entry %d, before the declaration in %d: %q, contested by %+v", n, f.index, at, f.faults, s.Contested)
			continue
		}
		if w.row == 0 {
			continue
		}
		other := s.Contested[0].Attribution
		if !slices.Contains(s.Attribution.Flags, agency.FlagContested) || s.Attribution.Row < 4 || other == nil || other.Row != w.row ||
			len(s.Shows) == 0 || len(s.Contested[0].Shows) == 0 || !strings.Contains(text, s.Contested[0].Lines[0][:20]) {
			c.Errorf("statement %d, entry %d: both findings are not there: %+v and %+v", n, f.index, s.Attribution, other)
		}
	}
}

// spread reports how many were before the declaration and how many after, for whoever
// reads the log of a test: a race that is always won by one side shows little.
func (c *contested) spread(at uint64, fates []fate) {
	before := 0
	for _, f := range fates {
		if f.logged && f.index < at {
			before++
		}
	}
	c.Logf("%d of %d before the declaration in entry %d", before, len(fates), at)
}

// declare says that something may have been in other hands for an hour.
func (c *contested) declare(thing attest.CompromisedThing) cast.Sent {
	s := c.Sign(c.Admin, c.Compromise(c.Admin, thing, c.Now()-cast.Hour))
	if thing.Kind == attest.WorkloadID || thing.Kind == attest.SVIDKey {
		return s
	}
	return c.Endorsed(s, c.Second)
}

// TestRaceCompromisedSVID: an agent's key is declared compromised while it acts and
// hands on warrants, and while others act under what it handed on.
func TestRaceCompromisedSVID(t *testing.T) {
	c := newContested(t)
	root, id := c.standing(c.Orchestrator)
	child := c.allow(c.Sign(c.Orchestrator, c.Child(root, id, c.Orchestrator, c.Payments)))
	_, own := c.standing(c.Buyer)
	var statements []cast.Sent
	var wants []want
	for range racers / 4 {
		statements = append(statements,
			c.Sign(c.Orchestrator, c.Transfer(c.Orchestrator, id, "1.00")),
			c.Sign(c.Orchestrator, c.Child(root, id, c.Orchestrator, c.Payments)),
			c.Sign(c.Payments, c.Transfer(c.Payments, child, "1.00")),
			c.Sign(c.Buyer, c.Transfer(c.Buyer, own, "1.00")))
		wants = append(wants, want{refused: "signer.compromised", row: 1}, want{refused: "signer.compromised"},
			want{faults: "reference.compromised", row: 2}, want{spared: true})
	}
	at, fates := c.raced(c.declare(c.Orchestrator.SVIDKey()), statements)
	c.spread(at, fates)
	c.settled(at, fates, wants)
}

// TestRaceCompromisedPasskey: an approver's passkey is declared compromised while it
// approves, and while agents act on what it approved.
func TestRaceCompromisedPasskey(t *testing.T) {
	c := newContested(t)
	p := c.passkey("paula")
	id := c.gated(1, p)
	spared := c.gated(1, c.Treasurer)
	var statements []cast.Sent
	var wants []want
	for i := range racers / 3 {
		acted := c.Transfer(c.Payments, id, fmt.Sprintf("10.%02d", i))
		acted.Authority.Approvals = []attest.ID{c.allow(c.Sign(p, c.Approval(p, acted)))}
		other := c.Transfer(c.Payments, spared, fmt.Sprintf("20.%02d", i))
		other.Authority.Approvals = []attest.ID{c.allow(c.Sign(c.Treasurer, c.Approval(c.Treasurer, other)))}
		statements = append(statements, c.Sign(c.Payments, acted),
			c.Sign(p, c.Approval(p, c.Transfer(c.Payments, id, "3.00"))), c.Sign(c.Payments, other))
		wants = append(wants, want{faults: "reference.compromised", row: 2}, want{refused: "signer.compromised"}, want{spared: true})
	}
	at, fates := c.raced(c.declare(p.HumanKey()), statements)
	c.spread(at, fates)
	c.settled(at, fates, wants)
}

// TestRaceCompromisedRoot: the bundle that everything of a trust domain rests on is
// declared compromised while its agents act and hand on warrants; people go on.
func TestRaceCompromisedRoot(t *testing.T) {
	c := newContested(t)
	root, id := c.standing(c.Orchestrator)
	child := c.allow(c.Sign(c.Orchestrator, c.Child(root, id, c.Orchestrator, c.Payments)))
	var statements []cast.Sent
	var wants []want
	for range racers / 4 {
		statements = append(statements,
			c.Sign(c.Payments, c.Transfer(c.Payments, child, "1.00")),
			c.Sign(c.Orchestrator, c.Child(root, id, c.Orchestrator, c.Buyer)),
			c.Sign(c.Treasurer, c.Approval(c.Treasurer, c.Transfer(c.Orchestrator, id, "1.00"))),
			c.Sign(c.Treasurer, c.Warrant(c.Treasurer, c.Buyer, attest.HumanStanding, cast.Payments("1.00"))))
		wants = append(wants, want{refused: "signer.compromised", row: 1}, want{refused: "signer.compromised"}, want{spared: true}, want{spared: true})
	}
	current, err := c.log.Entry(c.Context(), 1)
	c.Check(err)
	e, err := admission.ParseEntry(current.Bytes)
	c.Check(err)
	at, fates := c.raced(c.declare(attest.CompromisedThing{ID: string(e.Envelope), Kind: attest.RootEntry}), statements)
	c.spread(at, fates)
	c.settled(at, fates, wants)
}
