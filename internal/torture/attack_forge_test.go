package torture

import (
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"context"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/register"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

// sign signs a statement as an agent of the world.
func sign(t testing.TB, a *register.Agent, s attest.Statement) attest.Envelope {
	t.Helper()
	payload, err := attest.Payload(s)
	if err != nil {
		t.Fatal(err)
	}
	e, err := attest.Seal(payload, a.Key, attest.DigestOf(a.Chain))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// submit hands a statement of an agent in, with its chain.
func submit(t testing.TB, w *register.World, a *register.Agent, s attest.Statement, objects ...[]byte) (register.Answer, error) {
	t.Helper()
	w.Clock.Move(time.Second)
	return w.Submit(sign(t, a, s), append([][]byte{a.Chain}, objects...)...)
}

// refusedAs wants a refusal with one of these codes.
func refusedAs(t testing.TB, err error, codes ...string) {
	t.Helper()
	f := attest.AsFault(err)
	if f == nil || !slices.Contains(codes, f.Code) {
		t.Errorf("want %v, found %v", codes, err)
	}
}

// denied wants an entry that was denied, with this fault among others.
func denied(t testing.TB, a register.Answer, err error, fault string) {
	t.Helper()
	switch {
	case err != nil:
		t.Errorf("want a denied entry, found %v", err)
	case a.Record.Decision.Effect != admission.Deny || !slices.Contains(a.Record.Decision.Faults, fault):
		t.Errorf("want %s, found %+v", fault, a.Record.Decision)
	}
}

// operator is a register whose operator has all its keys and writes what he
// likes: he lies about what the register held, or writes another record.
type operator struct {
	*register.World
	t testing.TB
	// view answers in place of the register where ok.
	view func(table, key string) (value []byte, ok bool)
	// read changes what the register says that it held.
	read func(*admission.Read)
	// write changes record and entry after they were made.
	write func(*admission.Record, *admission.Entry)
}

func newOperator(t testing.TB) *operator {
	return &operator{World: register.NewWorld(t, "operator"), t: t}
}

// honest forgets the lies.
func (o *operator) honest() { o.view, o.read, o.write = nil, nil, nil }

// Current implements admission.InForce, with the operator's answers.
func (o *operator) Current(slot admission.Slot) (*admission.Logged, error) {
	if o.view == nil {
		return o.World.Current(slot)
	}
	doc, ok := o.view("force", string(slot))
	switch {
	case !ok:
		return o.World.Current(slot)
	case doc == nil:
		return nil, nil
	}
	var ref admission.Ref
	if err := attest.Decode(doc, &ref); err != nil {
		return nil, err
	}
	return o.Logged(ref.ID)
}

// log puts a statement into the log, with the lies of now. Statements that are
// in the log already go in again.
func (o *operator) log(e attest.Envelope, objects ...[]byte) uint64 {
	o.t.Helper()
	o.Clock.Move(time.Second)
	sent, err := admission.NewSubmission(e, objects, admission.Anonymous)
	o.must(err)
	checked, err := admission.Check(sent, o, nil, o.Now())
	o.must(err)
	receipt, err := o.Log.Append(context.Background(), &forged{o, checked})
	o.must(err)
	return receipt.Index
}

func (o *operator) must(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// act logs an action of an agent.
func (o *operator) act(a *register.Agent, s *attest.Action, objects ...[]byte) uint64 {
	o.t.Helper()
	return o.log(sign(o.t, a, s), append([][]byte{a.Chain}, objects...)...)
}

// forged is a ledger.Submission with lies in it.
type forged struct {
	o       *operator
	checked *admission.Checked
}

// ID implements ledger.Submission. The ledger takes a statement twice if it does
// not know that it is the same.
func (f *forged) ID() ledger.Hash {
	id := f.checked.Verified().ID()
	if l, _ := f.o.Logged(id); l != nil {
		return sha256.Sum256([]byte(id))
	}
	sum, _ := id.Sum()
	return sum
}

type lyingView struct {
	ledger.View
	o *operator
}

func (v lyingView) Get(table, key string) ([]byte, error) {
	if v.o.view != nil {
		if value, ok := v.o.view(table, key); ok {
			return value, nil
		}
	}
	return v.View.Get(table, key)
}

// Place implements ledger.Submission.
func (f *forged) Place(v ledger.View, at time.Time) (p ledger.Placement, err error) {
	read, err := f.checked.Read(lyingView{v, f.o})
	if err != nil {
		return p, err
	}
	if f.o.read != nil {
		f.o.read(&read)
	}
	result, err := f.checked.Decide(read, at.UnixMilli(), sha256.Sum256([]byte("seed")))
	if err != nil {
		return p, err
	}
	if f.o.write != nil {
		if err := f.rewrite(&result); err != nil {
			return p, err
		}
	}
	p.Entry = result.Entry
	for _, o := range result.Objects {
		p.Objects = append(p.Objects, ledger.Object{Digest: sha256.Sum256(o.Bytes), Bytes: o.Bytes})
	}
	for _, c := range result.Cells {
		p.Cells = append(p.Cells, ledger.Cell(c))
	}
	return p, nil
}

func (f *forged) rewrite(r *admission.Result) error {
	record, err := admission.ParseRecord(r.Record)
	if err != nil {
		return err
	}
	entry, err := admission.ParseEntry(r.Entry)
	if err != nil {
		return err
	}
	f.o.write(record, entry)
	if r.Record, err = attest.Encode(record); err != nil {
		return err
	}
	entry.Admission = attest.DigestOf(r.Record)
	r.Objects = append(r.Objects, admission.Object{Digest: entry.Admission, Bytes: r.Record})
	r.Entry, err = attest.Encode(entry)
	return err
}

// encode writes a state value.
func encode(t testing.TB, v any) []byte {
	t.Helper()
	doc, err := attest.Encode(v)
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// reader loads a trust directory of someone who got everything from elsewhere,
// without the files named.
func (o *operator) reader(without ...string) *verifier.Trust {
	o.t.Helper()
	files := fstest.MapFS{}
	for name, data := range o.TrustFiles(o.t) {
		if !slices.Contains(without, name) {
			files[name] = &fstest.MapFile{Data: data}
		}
	}
	trust, err := verifier.LoadTrust(files)
	o.must(err)
	return trust
}

// bundle makes the bundle about some entries out of what the operator chooses to
// show: the statement of an entry that hides holds is left out with it.
func (o *operator) bundle(subjects []uint64, hides ...uint64) *verifier.Bundle {
	o.t.Helper()
	byID := map[attest.ID]uint64{}
	for i := range o.Log.Size() {
		if e, _ := o.parts(i); !slices.Contains(hides, i) {
			byID[e.Envelope] = i
		}
	}
	c := verifier.Contents{Subjects: subjects, Entries: map[uint64]verifier.Item{}}
	for next := slices.Clone(subjects); len(next) > 0; next = next[1:] {
		if _, done := c.Entries[next[0]]; done {
			continue
		}
		receipt, err := o.Log.Receipt(context.Background(), next[0])
		o.must(err)
		c.Entries[next[0]] = verifier.Item{Entry: receipt.Entry, Proof: receipt.Proof}
		entry, record := o.parts(next[0])
		for _, d := range append([]attest.Digest{entry.Admission, entry.ServerFields.Seed, record.Envelope}, record.Objects...) {
			if object, _ := o.Object(d); object != nil {
				c.Objects = append(c.Objects, object)
			}
		}
		for _, id := range record.Names() {
			if i, ok := byID[id]; ok {
				next = append(next, i)
			}
		}
	}
	b, err := verifier.Build(c)
	o.must(err)
	return b
}

// parts reads an entry and its record.
func (o *operator) parts(index uint64) (*admission.Entry, *admission.Record) {
	o.t.Helper()
	logged, err := o.Log.Entry(context.Background(), index)
	o.must(err)
	entry, err := admission.ParseEntry(logged.Bytes)
	o.must(err)
	doc, err := o.Object(entry.Admission)
	o.must(err)
	record, err := admission.ParseRecord(doc)
	o.must(err)
	return entry, record
}

// controls are the entries before an index that decide what the log trusts.
func (o *operator) controls(before uint64) (out []uint64) {
	for i := range before {
		if e, _ := o.parts(i); e.Kind.Control() {
			out = append(out, i)
		}
	}
	return out
}

func (o *operator) verify(trust *verifier.Trust, subjects ...uint64) *verifier.Verdict {
	o.t.Helper()
	return verifier.Verify(o.bundle(subjects), trust, verifier.Options{})
}

// caught wants a verdict other than verified, by this check.
func caught(t testing.TB, v *verifier.Verdict, check string) {
	t.Helper()
	if v.ExitCode() == 0 || !strings.HasPrefix(v.Failure(), check) {
		t.Errorf("want %s, found exit code %d: %s", check, v.ExitCode(), v.Failure())
	}
}

// open wants a verdict that passes and says that this check rests on the
// register's word.
func open(t testing.TB, v *verifier.Verdict, check string) {
	t.Helper()
	if v.ExitCode() != 0 {
		t.Fatalf("exit code %d: %s", v.ExitCode(), v.Failure())
	}
	for _, f := range v.Findings {
		if f.Check == check && f.Status == verifier.Unknown {
			return
		}
	}
	t.Errorf("the verdict does not say that %s is the register's word", check)
}
