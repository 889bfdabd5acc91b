package ledger_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

var ctx = context.Background()

// A sub is a submission made of functions.
type sub struct {
	id    string
	place func(ledger.View, time.Time) (ledger.Placement, error)
}

func (s sub) ID() ledger.Hash { return sha256.Sum256([]byte(s.id)) }

func (s sub) Place(v ledger.View, at time.Time) (ledger.Placement, error) { return s.place(v, at) }

func entry(text string) func(ledger.View, time.Time) (ledger.Placement, error) {
	return func(ledger.View, time.Time) (ledger.Placement, error) {
		return ledger.Placement{Entry: []byte(text)}, nil
	}
}

func config(t *testing.T) ledger.Config {
	return storetest.Config(t, new(storetest.Memory), new(storetest.MemoryHead))
}

// A gate is a store whose commits wait, so that a test can fill the next batch.
type gate struct {
	ledger.Store
	entered, open chan struct{}
}

func newGate(s ledger.Store) *gate {
	return &gate{Store: s, entered: make(chan struct{}, 100), open: make(chan struct{})}
}

func (g *gate) Commit(ctx context.Context, h ledger.Head, d ledger.Delta) error {
	g.entered <- struct{}{}
	<-g.open
	return g.Store.Commit(ctx, h, d)
}

func TestAppend(t *testing.T) {
	l := storetest.Open(t, config(t))
	for i := range uint64(5) {
		r, err := l.Append(ctx, storetest.Text(fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		if c := storetest.VerifyReceipt(t, r).Checkpoint(); r.Index != i || r.Duplicate || c.Size != i+1 || c.Origin != storetest.Origin {
			t.Errorf("append %d: index %d, duplicate %v, checkpoint %+v", i, r.Index, r.Duplicate, c)
		}
	}
}

func TestDuplicate(t *testing.T) {
	l := storetest.Open(t, config(t))
	first, err := l.Append(ctx, sub{"x", entry("first")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := l.Append(ctx, sub{"y", entry("other")}); err != nil {
		t.Fatal(err)
	}
	again, err := l.Append(ctx, sub{"x", func(ledger.View, time.Time) (ledger.Placement, error) {
		t.Error("Place was called for a duplicate")
		return ledger.Placement{}, errors.New("placed")
	}})
	if err != nil {
		t.Fatal(err)
	}
	if again.Index != first.Index || string(again.Entry) != "first" || !again.Duplicate {
		t.Errorf("duplicate = %d %q %v", again.Index, again.Entry, again.Duplicate)
	}
	if size := storetest.VerifyReceipt(t, again).Checkpoint().Size; size != 2 {
		t.Errorf("the duplicate's proof is to size %d, want 2", size)
	}
}

// TestInFlight sends many identical and different submissions at once.
func TestInFlight(t *testing.T) {
	l := storetest.Open(t, config(t))
	var mu sync.Mutex
	indexes, fresh := make(map[string]uint64), make(map[string]int)
	var wg sync.WaitGroup
	for i := range 400 {
		wg.Go(func() {
			text := fmt.Sprint("text ", i%50)
			r, err := l.Append(ctx, storetest.Text(text))
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if index, ok := indexes[text]; ok && index != r.Index {
				t.Errorf("%s is at %d and at %d", text, index, r.Index)
			}
			indexes[text] = r.Index
			if !r.Duplicate {
				fresh[text]++
			}
		})
	}
	wg.Wait()
	if l.Size() != 50 {
		t.Errorf("%d entries, want 50", l.Size())
	}
	for text, n := range fresh {
		if n != 1 {
			t.Errorf("%s was new %d times", text, n)
		}
	}
}

func TestPlaceError(t *testing.T) {
	l := storetest.Open(t, config(t))
	refused := errors.New("refused")
	_, err := l.Append(ctx, sub{"x", func(ledger.View, time.Time) (ledger.Placement, error) { return ledger.Placement{}, refused }})
	if err != refused {
		t.Errorf("Append = %v, want the error of Place as it is", err)
	}
	r, err := l.Append(ctx, sub{"x", entry("now")})
	if err != nil || r.Index != 0 || r.Duplicate {
		t.Errorf("the refused submission consumed something: %+v, %v", r, err)
	}
}

func TestInvalidPlacement(t *testing.T) {
	l := storetest.Open(t, config(t))
	ok := []byte("entry")
	tests := map[string]ledger.Placement{
		"empty entry":  {},
		"large entry":  {Entry: make([]byte, ledger.MaxEntry+1)},
		"wrong digest": {Entry: ok, Objects: []ledger.Object{{Bytes: []byte("x")}}},
		"edge table":   {Entry: ok, Cells: []ledger.Cell{{Table: ledger.EdgeTable, Key: "1"}}},
		"object table": {Entry: ok, Cells: []ledger.Cell{{Table: ledger.ObjectTable, Key: "k"}}},
		"no table":     {Entry: ok, Cells: []ledger.Cell{{Key: "k"}}},
		"no key":       {Entry: ok, Cells: []ledger.Cell{{Table: "t"}}},
		"long key":     {Entry: ok, Cells: []ledger.Cell{{Table: "t", Key: strings.Repeat("k", ledger.MaxRowText+1)}}},
		"no row name":  {Entry: ok, Rows: []ledger.Row{{Key: "k"}}},
		"long row key": {Entry: ok, Rows: []ledger.Row{{Name: "n", Key: strings.Repeat("k", ledger.MaxRowText+1)}}},
	}
	for name, p := range tests {
		_, err := l.Append(ctx, sub{name, func(ledger.View, time.Time) (ledger.Placement, error) { return p, nil }})
		if !errors.Is(err, ledger.ErrPlacement) {
			t.Errorf("%s: %v, want ErrPlacement", name, err)
		}
	}
	if l.Size() != 0 {
		t.Errorf("%d entries, want none", l.Size())
	}
	largest := make([]byte, ledger.MaxEntry)
	r, err := l.Append(ctx, sub{"largest", func(ledger.View, time.Time) (ledger.Placement, error) { return ledger.Placement{Entry: largest}, nil }})
	if err != nil || len(r.Entry) != ledger.MaxEntry {
		t.Errorf("the largest entry: %v", err)
	}
}

// TestView tests that each placement sees those before it in one batch.
func TestView(t *testing.T) {
	c := config(t)
	g := newGate(c.Store)
	c.Store = g
	l := storetest.Open(t, c)
	var wg sync.WaitGroup
	add := func(id string, place func(v ledger.View, at time.Time) (ledger.Placement, error)) {
		wg.Go(func() {
			if _, err := l.Append(ctx, sub{id, place}); err != nil {
				t.Error(id, err)
			}
		})
	}
	add("first", entry("holds the sequencer"))
	<-g.entered
	object := ledger.Object{Digest: sha256.Sum256([]byte("o")), Bytes: []byte("o")}
	for i := range 20 { // all of these become one batch
		add(fmt.Sprint(i), func(v ledger.View, _ time.Time) (ledger.Placement, error) {
			count, err := v.Get("t", "count")
			if err != nil {
				return ledger.Placement{}, err
			}
			if n := v.Size(); uint64(len(count)) != n-1 {
				t.Errorf("placing entry %d: count is %d", n, len(count))
			}
			if o, err := v.Get(ledger.ObjectTable, object.Digest.String()); err != nil || (o != nil) != (v.Size() > 1) {
				t.Errorf("placing entry %d: object %q, %v", v.Size(), o, err)
			}
			gone, _ := v.Get("t", "gone")
			if (gone != nil) != (v.Size()%2 == 0) {
				t.Errorf("placing entry %d: deleted cell is %q", v.Size(), gone)
			}
			p := ledger.Placement{Entry: fmt.Append(nil, v.Size()), Objects: []ledger.Object{object}}
			p.Cells = []ledger.Cell{{Table: "t", Key: "count", Value: append(count[:len(count):len(count)], 'x')}}
			c := ledger.Cell{Table: "t", Key: "gone"}
			if v.Size()%2 == 1 {
				c.Value = []byte("here")
			}
			p.Cells = append(p.Cells, c)
			return p, nil
		})
	}
	time.Sleep(20 * time.Millisecond) // lets them queue; more batches would pass too
	close(g.open)
	wg.Wait()
	if v, err := c.Store.Get(ctx, "t", "count"); err != nil || len(v) != 20 {
		t.Errorf("count is %d, %v", len(v), err)
	}
}

func TestClock(t *testing.T) {
	c := config(t)
	clock := new(storetest.Clock)
	c.Now = clock.Now
	l := storetest.Open(t, c)
	start := clock.Now().UnixMilli()
	place := func(id string) (at time.Time, err error) {
		_, err = l.Append(ctx, sub{id, func(_ ledger.View, now time.Time) (ledger.Placement, error) {
			at = now
			return ledger.Placement{Entry: []byte(id)}, nil
		}})
		return at, err
	}
	clock.Move(10*time.Second + 1234567)
	if at, err := place("a"); err != nil || at.UnixMilli() != start+10_001 || at.Nanosecond()%1e6 != 0 {
		t.Errorf("entry time %v, %v", at, err)
	}
	clock.Move(-2 * time.Second)
	if at, err := place("b"); err != nil || at.UnixMilli() != start+10_001 {
		t.Errorf("entry time with the clock 2 s behind: %v, %v, want that of the last entry", at, err)
	}
	clock.Move(-time.Second)
	before := string(l.Checkpoint())
	if _, err := place("c"); !errors.Is(err, ledger.ErrClock) {
		t.Errorf("with the clock 3 s behind: %v, want ErrClock", err)
	}
	if string(l.Checkpoint()) != before {
		t.Error("a checkpoint was signed with the clock behind")
	}
	if _, err := ledger.Open(ctx, c); !errors.Is(err, ledger.ErrClock) {
		t.Errorf("Open with the clock behind: %v, want ErrClock", err)
	}
	clock.Move(time.Second)
	if _, err := place("c"); err != nil {
		t.Errorf("with the clock right again: %v", err)
	}
	c.Now = func() time.Time { return time.Time{} }
	if _, err := ledger.Open(ctx, c); !errors.Is(err, ledger.ErrClock) {
		t.Errorf("Open with no time: %v, want ErrClock", err)
	}
}

func TestOverload(t *testing.T) {
	c := config(t)
	c.QueueLimit, c.MaxBatch = 4, 2
	g := newGate(c.Store)
	c.Store = g
	l := storetest.Open(t, c)
	results := make(chan error, 40)
	send := func(i int) {
		go func() {
			_, err := l.Append(ctx, storetest.Text(fmt.Sprint(i)))
			results <- err
		}()
	}
	send(0)
	<-g.entered
	for i := 1; i < 40; i++ {
		send(i)
	}
	full := 0
	for range 35 { // one is being committed, four wait
		err := <-results
		var overloaded *ledger.Overloaded
		if !errors.As(err, &overloaded) || !errors.Is(err, ledger.ErrOverloaded) || overloaded.RetryAfter <= 0 {
			t.Fatalf("Append = %v, want *Overloaded", err)
		}
		full++
	}
	close(g.open)
	for range 5 {
		if err := <-results; err != nil {
			t.Error(err)
		}
	}
	if l.Size() != 5 {
		t.Errorf("%d entries, want 5", l.Size())
	}
}

func TestCancel(t *testing.T) {
	c := config(t)
	g := newGate(c.Store)
	c.Store = g
	l := storetest.Open(t, c)
	cancelled, cancel := context.WithCancel(ctx)
	errs := make(chan error, 2)
	go func() { _, err := l.Append(cancelled, storetest.Text("committing")); errs <- err }()
	<-g.entered
	go func() { _, err := l.Append(cancelled, storetest.Text("queued")); errs <- err }()
	time.Sleep(5 * time.Millisecond)
	cancel()
	for range 2 {
		if err := <-errs; !errors.Is(err, context.Canceled) {
			t.Errorf("Append = %v, want context.Canceled", err)
		}
	}
	close(g.open)
	r, err := l.Append(ctx, storetest.Text("committing"))
	if err != nil || r.Index != 0 || !r.Duplicate {
		t.Errorf("after a cancelled append: %d, duplicate %v, %v", r.Index, r.Duplicate, err)
	}
	storetest.VerifyReceipt(t, r)
	if _, err := l.Append(cancelled, storetest.Text("late")); !errors.Is(err, context.Canceled) {
		t.Errorf("Append with a dead context = %v", err)
	}
	l.Close()
	storetest.CheckStore(t, c.Store)
}

func TestClose(t *testing.T) {
	c := config(t)
	g := newGate(c.Store)
	c.Store = g
	l := storetest.Open(t, c)
	const n = 50
	errs := make(chan error, n)
	for i := range n {
		go func() { _, err := l.Append(ctx, storetest.Text(fmt.Sprint(i))); errs <- err }()
	}
	<-g.entered
	time.Sleep(20 * time.Millisecond)
	done := make(chan struct{})
	go func() { l.Close(); l.Close(); close(done) }()
	time.Sleep(5 * time.Millisecond)
	close(g.open)
	<-done
	accepted := uint64(0)
	for range n {
		switch err := <-errs; {
		case err == nil:
			accepted++
		case !errors.Is(err, ledger.ErrClosed):
			t.Error(err)
		}
	}
	if accepted == 0 || l.Size() != accepted {
		t.Errorf("%d accepted, %d logged", accepted, l.Size())
	}
	if _, err := l.Append(ctx, storetest.Text("late")); !errors.Is(err, ledger.ErrClosed) {
		t.Errorf("Append after Close = %v, want ErrClosed", err)
	}
	if _, err := l.Receipt(ctx, 0); err != nil {
		t.Errorf("reading after Close: %v", err)
	}
}

// TestStopped tests that a final error stops the log and names its cause.
func TestStopped(t *testing.T) {
	c := config(t)
	cause := errors.New("fdatasync: input/output error")
	c.Store = &storetest.Faulty{Store: c.Store, Commits: storetest.Once(1, storetest.Fault{Err: cause})}
	l := storetest.Open(t, c)
	if _, err := l.Append(ctx, storetest.Text("a")); err != nil {
		t.Fatal(err)
	}
	before := string(l.Checkpoint())
	for _, text := range []storetest.Text{"b", "c", "a"} {
		_, err := l.Append(ctx, text)
		if !errors.Is(err, ledger.ErrStopped) || !errors.Is(err, cause) {
			t.Errorf("Append = %v, want ErrStopped with its cause", err)
		}
	}
	if !errors.Is(l.Err(), ledger.ErrStopped) {
		t.Errorf("Err = %v", l.Err())
	}
	if r, err := l.Receipt(ctx, 0); err != nil || string(l.Checkpoint()) != before {
		t.Errorf("reading from a stopped log: %v", err)
	} else {
		storetest.VerifyReceipt(t, r)
	}
}

// TestUnknownPersisted tests that a commit which took effect is answered as what
// it is: the first, not a duplicate.
func TestUnknownPersisted(t *testing.T) {
	c := config(t)
	c.Store = &storetest.Faulty{Store: c.Store, Commits: storetest.Once(0, storetest.Fault{Err: ledger.ErrUnknown, Persisted: true})}
	l := storetest.Open(t, c)
	r, err := l.Append(ctx, storetest.Text("a"))
	if err != nil || r.Index != 0 || r.Duplicate {
		t.Fatalf("Append = %d, duplicate %v, %v", r.Index, r.Duplicate, err)
	}
	storetest.VerifyReceipt(t, r)
	if l.Size() != 1 {
		t.Errorf("%d entries, want 1", l.Size())
	}
}

// TestGivesUp tests that a store which keeps failing fails the callers, and that
// the log is whole when it recovers.
func TestGivesUp(t *testing.T) {
	for _, class := range []error{ledger.ErrRetryable, ledger.ErrUnknown, ledger.ErrConflict} {
		c := config(t)
		c.Store = &storetest.Faulty{Store: c.Store, Commits: func(n int) storetest.Fault {
			if n < 4 {
				return storetest.Fault{Err: class, Persisted: n == 3 && class == ledger.ErrUnknown}
			}
			return storetest.Fault{}
		}}
		l := storetest.Open(t, c)
		if _, err := l.Append(ctx, storetest.Text("a")); !errors.Is(err, class) {
			t.Errorf("%v: Append = %v", class, err)
		}
		for i, text := range []storetest.Text{"a", "b"} {
			r, err := l.Append(ctx, text)
			if err != nil || r.Index != uint64(i) {
				t.Errorf("%v: Append(%s) = %d, %v", class, text, r.Index, err)
			}
			storetest.VerifyReceipt(t, r)
		}
	}
}

// TestSignerAway tests that nothing more is committed while a head cannot be
// signed.
func TestSignerAway(t *testing.T) {
	c := config(t)
	away := errors.New("key service is away")
	c.Signer = &storetest.FaultySigner{Signer: c.Signer, Store: c.Store, Signs: func(n int) storetest.Fault {
		if n > 0 && n < 13 {
			return storetest.Fault{Err: away}
		}
		return storetest.Fault{}
	}}
	l := storetest.Open(t, c)
	for i := range 4 { // three attempts each
		if _, err := l.Append(ctx, storetest.Text(fmt.Sprint(i))); !errors.Is(err, away) || !errors.Is(err, ledger.ErrUnknown) {
			t.Errorf("Append = %v", err)
		}
	}
	if h, _ := c.Store.Load(ctx); h.Size != 1 || l.Size() != 0 {
		t.Errorf("%d committed, %d published, want 1 and 0", h.Size, l.Size())
	}
	for i := range 4 {
		r, err := l.Append(ctx, storetest.Text(fmt.Sprint(i)))
		if err != nil {
			t.Fatal(err)
		}
		storetest.VerifyReceipt(t, r)
	}
	if l.Size() != 4 {
		t.Errorf("%d entries, want 4", l.Size())
	}
}

// TestWrongSignature tests that a checkpoint which would not verify does not
// leave the process.
func TestWrongSignature(t *testing.T) {
	c := config(t)
	good := storetest.Open(t, c)
	good.Close()
	c.Signer = wrongSigner{c.Signer}
	if _, err := ledger.Open(ctx, c); !errors.Is(err, ledger.ErrSignature) {
		t.Errorf("Open = %v, want ErrSignature", err)
	}
}

type wrongSigner struct{ ledger.Signer }

func (s wrongSigner) Sign([]byte) ([]byte, error) { return make([]byte, 64), nil }

func TestOpenRefuses(t *testing.T) {
	other, err := ledger.NewEd25519Key(strings.NewReader(strings.Repeat("x", 32)), storetest.Origin)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere, err := ledger.NewEd25519Key(strings.NewReader(strings.Repeat("x", 32)), "elsewhere.example")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(*ledger.Config){
		"no store":          func(c *ledger.Config) { c.Store = nil },
		"no signer":         func(c *ledger.Config) { c.Signer = nil },
		"no head file":      func(c *ledger.Config) { c.HeadFile = nil },
		"no clock":          func(c *ledger.Config) { c.Now = nil },
		"key of other name": func(c *ledger.Config) { c.Signer = elsewhere },
		"other key":         func(c *ledger.Config) { c.Signer = other },
		"other origin":      func(c *ledger.Config) { c.Signer, c.Origin, c.Cosigner = elsewhere, "elsewhere.example", nil },
		"empty head file":   func(c *ledger.Config) { c.HeadFile.Save([]byte{}) },
		"garbled head file": func(c *ledger.Config) { c.HeadFile.Save([]byte("garbled\n")) },
	}
	for name, change := range tests {
		c := config(t)
		l := storetest.Open(t, c)
		if _, err := l.Append(ctx, storetest.Text("a")); err != nil {
			t.Fatal(err)
		}
		l.Close()
		change(&c)
		if _, err := ledger.Open(ctx, c); err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

// TestRestart tests that a log goes on where it was, and may sign its head again.
func TestRestart(t *testing.T) {
	c := config(t)
	for i := range 5 {
		l := storetest.Open(t, c)
		r, err := l.Append(ctx, storetest.Text(fmt.Sprint(i)))
		if err != nil || r.Index != uint64(i) {
			t.Fatalf("append %d: %d, %v", i, r.Index, err)
		}
		old := l.Checkpoint()
		l.Close()
		l = storetest.Open(t, c)
		if string(l.Checkpoint()) != string(old) { // same head, same second
			t.Error("the head was signed differently after a restart")
		}
		l.Close()
	}
}

func TestLookup(t *testing.T) {
	l := storetest.Open(t, config(t))
	if _, err := l.Append(ctx, storetest.Text("a")); err != nil {
		t.Fatal(err)
	}
	if index, found, err := l.Lookup(ctx, storetest.Text("a").ID()); index != 0 || !found || err != nil {
		t.Errorf("Lookup = %d, %v, %v", index, found, err)
	}
	if _, found, err := l.Lookup(ctx, storetest.Text("b").ID()); found || err != nil {
		t.Errorf("Lookup of nothing = %v, %v", found, err)
	}
}
