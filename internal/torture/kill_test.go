package torture

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/internal/server"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
)

const workers = 8

// TestKill kills deed serve under load and starts it again, while agents go on
// with the same statements. In the end every acknowledged entry is in the log
// at its index with its bytes, no statement is there twice, every checkpoint
// that ever left the process is a prefix of the log, and an old copy of the
// database does not start beside the newer head file.
func TestKill(t *testing.T) {
	rounds := 10
	if os.Getenv("DEED_LONG") != "" {
		rounds = 50
	}
	w := newWorld(t)
	seed := time.Now().UnixNano()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(uint64(seed), 0))

	process := w.start(t)
	w.register(t)
	ctx, stop := context.WithCancel(t.Context())
	acks := w.load(ctx, t)
	for round := range rounds {
		time.Sleep(time.Duration(100+random.IntN(300)) * time.Millisecond)
		kill(t, process)
		if round == rounds/2 {
			copyFile(t, w.database(), w.database()+".old")
		}
		process = w.start(t)
	}
	time.Sleep(200 * time.Millisecond)
	stop()
	receipts := acks.wait()
	kill(t, process)
	if len(receipts) < rounds*workers {
		t.Fatalf("only %d statements were acknowledged", len(receipts))
	}
	t.Logf("%d statements acknowledged over %d kills", len(receipts), rounds)
	w.verify(t, receipts, nil)
	w.reindex(t)
	w.verify(t, receipts, nil)
	w.refusesOldCopy(t)
}

// reindex makes the database again from its entries.
func (w *world) reindex(t *testing.T) {
	t.Helper()
	start := time.Now()
	out, err := exec.Command(w.binary, "log", "reindex", "--config", filepath.Join(w.dir, "deed.yaml")).CombinedOutput()
	if err != nil {
		t.Fatalf("deed log reindex: %v\n%s", err, out)
	}
	t.Logf("made again in %.1f s: %s", time.Since(start).Seconds(), out)
}

// world is a register in a directory, the binary that serves it, and agents.
type world struct {
	dir, binary, address string
	env                  []string // of the binary, in addition to the test's own
	instance             *setup.Instance
	agents               []*worker
	warrant              attest.ID
	rebuild              server.Rebuild
}

func newWorld(t *testing.T) *world {
	t.Helper()
	binary := filepath.Join(t.TempDir(), "deed")
	build(t, binary, sameTags...)
	return newWorldOf(t, binary)
}

// newWorldOf is newWorld for a program that is built already.
func newWorldOf(t *testing.T, binary string) *world {
	t.Helper()
	w := &world{dir: filepath.Join(t.TempDir(), "register"), binary: binary}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	w.address = listener.Addr().String()
	_ = listener.Close()
	instance, err := setup.Create(t.Context(), w.dir, setup.Options{
		Origin: "torture.example/log", TrustDomain: "torture.example", Dev: true, Listen: w.address,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := instance.Close(); err != nil {
		t.Fatal(err)
	}
	w.instance = instance
	return w
}

// build builds deed as it is released, static. The tags of this test do not pass
// over to it.
func build(t *testing.T, binary string, flags ...string) {
	t.Helper()
	args := append([]string{"build", "-o", binary}, flags...)
	cmd := exec.Command("go", append(args, "github.com/deedlog/deed/cmd/deed")...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building deed: %v\n%s", err, out)
	}
}

func (w *world) database() string { return w.instance.Config.Store }

// start runs deed serve until it answers.
func (w *world) start(t *testing.T) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(w.binary, "serve", "--config", filepath.Join(w.dir, "deed.yaml"))
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		res, err := http.Get("http://" + w.address + "/readyz")
		if err != nil {
			continue
		}
		_ = res.Body.Close()
		if res.StatusCode == http.StatusOK {
			return cmd
		}
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	t.Fatalf("deed serve did not become ready:\n%s", log.String())
	return nil
}

func kill(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

// acks collects the receipts of all workers.
type acks struct {
	done     sync.WaitGroup
	mu       sync.Mutex
	receipts []agent.Receipt
}

func (a *acks) wait() []agent.Receipt {
	a.done.Wait()
	return a.receipts
}

// load lets every agent submit one statement after the other until ctx ends.
// The client's patience carries them over the restarts.
func (w *world) load(ctx context.Context, t *testing.T) *acks {
	a := new(acks)
	for _, agent := range w.agents {
		a.done.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				receipt, err := agent.session.Record(context.WithoutCancel(ctx), agent.act(w.warrant, i), done)
				if err != nil {
					if !t.Failed() && t.Context().Err() == nil { // else it is over, and the server gone for good
						t.Errorf("%s: %v", agent.id, err)
					}
					return
				}
				a.mu.Lock()
				a.receipts = append(a.receipts, receipt)
				a.mu.Unlock()
			}
		})
	}
	return a
}

// verify reads the database by itself and compares it with what was promised,
// by receipts and by other checkpoints that were seen.
func (w *world) verify(t *testing.T, receipts []agent.Receipt, seen []ledger.Checkpoint) {
	t.Helper()
	store, err := boltstore.OpenReadOnly(w.database())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = store.Close() }()
	err = ledger.Check(t.Context(), store, func(c *ledger.Corrupt) { t.Error(c) }, nil)
	if err != nil {
		t.Fatal(err)
	}
	entries, roots := w.replay(t, store)
	w.rebuilds(t, store)
	given := map[uint64]attest.ID{}
	for _, r := range receipts {
		if r.Index >= uint64(len(entries)) || !bytes.Equal(entries[r.Index], r.Entry) {
			t.Fatalf("acknowledged entry %d is not in the log with its bytes", r.Index)
		}
		if other, ok := given[r.Index]; ok {
			t.Fatalf("index %d was given to %s and %s", r.Index, other, r.ID)
		}
		given[r.Index] = r.ID
		proof, err := ledger.ParseProof(r.Proof)
		if err != nil {
			t.Fatal(err)
		}
		seen = append(seen, w.checkpoint(t, proof.Checkpoint))
	}
	for _, c := range seen {
		if c.Size >= uint64(len(roots)) || c.Root != roots[c.Size] {
			t.Fatalf("a checkpoint of size %d left the process, and the log does not have its root", c.Size)
		}
	}
	once(t, entries)
}

// rebuilds computes state and search rows from the entries again, and what it
// has not seen yet of the entries themselves.
func (w *world) rebuilds(t *testing.T, store *boltstore.Store) {
	t.Helper()
	head, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	w.rebuild.Origin, w.rebuild.Remember = w.instance.Config.Origin, true
	w.rebuild.Report = func(c *ledger.Corrupt) { t.Error(c) }
	if err := w.rebuild.Run(t.Context(), store, head); err != nil {
		t.Fatal(err)
	}
}

// checkpoint verifies the signature of a checkpoint that left the process.
func (w *world) checkpoint(t *testing.T, text []byte) ledger.Checkpoint {
	t.Helper()
	c, err := ledger.OpenCheckpoint(text, w.instance.VKey())
	if err != nil {
		t.Fatal(err)
	}
	return c.Checkpoint()
}

// replay reads every entry and computes the root at every size, by RFC 6962 and
// not by the ledger's own code.
func (w *world) replay(t *testing.T, store *boltstore.Store) ([][]byte, []ledger.Hash) {
	head, err := store.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	stored, err := store.Entries(t.Context(), 0, head.Size)
	if err != nil {
		t.Fatal(err)
	}
	tree := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	entries, roots := make([][]byte, 0, len(stored)), []ledger.Hash{ledger.EmptyRoot}
	for _, e := range stored {
		entries = append(entries, e.Bytes)
		if err := tree.Append(rfc6962.DefaultHasher.HashLeaf(e.Bytes), nil); err != nil {
			t.Fatal(err)
		}
		root, err := tree.GetRootHash(nil)
		if err != nil {
			t.Fatal(err)
		}
		roots = append(roots, ledger.Hash(root))
	}
	if last := len(roots) - 1; uint64(last) != head.Size || roots[last] != head.Root {
		t.Fatalf("the stored head is of size %d and root %s, the entries are %d and hash to %s", head.Size, head.Root, last, roots[last])
	}
	return entries, roots
}

// once checks that no statement has two entries.
func once(t *testing.T, entries [][]byte) {
	t.Helper()
	at := map[string]int{}
	for i, e := range entries {
		_, rest, _ := strings.Cut(string(e), `"envelope":"`)
		id, _, _ := strings.Cut(rest, `"`)
		if before, ok := at[id]; ok {
			t.Fatalf("statement %s is at %d and at %d", id, before, i)
		}
		at[id] = i
	}
}

// refusesOldCopy puts an old copy of the database beside the head file of now.
func (w *world) refusesOldCopy(t *testing.T) {
	copyFile(t, w.database()+".old", w.database())
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, w.binary, "serve", "--config", filepath.Join(w.dir, "deed.yaml"))
	cmd.Env = append(os.Environ(), w.env...)
	go func() { // one that answers has started
		for ; ctx.Err() == nil; time.Sleep(50 * time.Millisecond) {
			if res, err := http.Get("http://" + w.address + "/readyz"); err == nil {
				_ = res.Body.Close()
				cancel()
			}
		}
	}()
	out, err := cmd.CombinedOutput()
	if err == nil || ctx.Err() != nil {
		t.Fatalf("deed serve started with an old copy of its database:\n%s", out)
	}
	if want := "does not continue the last signed checkpoint"; !strings.Contains(string(out), want) {
		t.Errorf("expected %q, found:\n%s", want, out)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	b, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(to, b, 0o600); err != nil {
		t.Fatal(fmt.Errorf("copying %s: %w", from, err))
	}
}
