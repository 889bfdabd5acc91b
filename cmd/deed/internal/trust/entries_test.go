package trust

import (
	"context"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/authority"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/people"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/internal/spiffeca"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// forgetful is a register that leaves entries of one kind out of its answers.
type forgetful struct {
	deedv1connect.EvidenceServiceClient
	kind attest.Kind
}

func (f forgetful) Search(ctx context.Context, q *deedv1.SearchRequest) (*deedv1.SearchResponse, error) {
	page, err := f.EvidenceServiceClient.Search(ctx, q)
	if err == nil {
		page.Results = slices.DeleteFunc(page.GetResults(), func(r *deedv1.SearchResult) bool { return r.GetKind() == string(f.kind) })
	}
	return page, err
}

// An entry that the register does not show is missed: the last entry of the log
// states the hash over all of them.
func TestControlEntriesAreAll(t *testing.T) {
	dir, address := servePlain(t)
	key := filepath.Join(t.TempDir(), "maria.key")
	for _, line := range [][]string{
		{"key", "new", key},
		{"person", "add", "maria", "--person-key", key, "--dir", dir, "--server", address},
		{"instruct", "hello", "--key", key, "--to", "spiffe://acme.example/agent/a", "--dir", dir, "--server", address},
	} {
		fill(t, line...)
	}
	ctx, cl, done, err := (&register.Connection{Dir: dir, Server: address, Timeout: 20 * time.Second}).Open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	honest := &controlEntries{client: cl, vkey: cl.VKey, at: map[string]place{}}
	if err := honest.find(ctx); err != nil || honest.size != 5 || len(honest.at) != 3 {
		t.Errorf("size %d, %d places: %v", honest.size, len(honest.at), err)
	}
	for _, kind := range []attest.Kind{attest.KindGenesis, attest.KindPerson, attest.KindRoot, attest.KindPolicy} {
		lying := *cl
		lying.Evidence = forgetful{cl.Evidence, kind}
		err := (&controlEntries{client: &lying, vkey: cl.VKey, at: map[string]place{}}).find(ctx)
		if code, _ := console.Classify(err); err == nil || code != console.ExitFalse || !strings.Contains(err.Error(), "does not show every entry") {
			t.Errorf("without %s: exit code %d, %v", kind, code, err)
		}
	}
	var said trustParts
	if said.rests(honest.at) {
		t.Error("an opinion without people rests on entries with some")
	}
}

// fill runs a command that puts something into a register.
func fill(t *testing.T, args ...string) {
	t.Helper()
	root := &cobra.Command{SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(people.NewKey(), authority.NewPerson(), people.NewInstruct())
	root.SetArgs(args)
	root.SetOut(io.Discard)
	if err := root.ExecuteContext(t.Context()); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
}

// servePlain serves a register on a loopback address.
func servePlain(t *testing.T) (dir, address string) {
	t.Helper()
	ca, err := spiffeca.New(spiffeca.Config{TrustDomain: "acme.example"})
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "acme")
	i, err := setup.Create(t.Context(), dir, setup.Options{
		Origin: "log.acme.example/1", TrustDomain: "acme.example", Bundle: ca.BundleDocument(), BundleSource: "test", Listen: "127.0.0.1:0",
	})
	if err != nil {
		t.Fatal(err)
	}
	ln, err := i.Listen()
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- i.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if err := i.Close(); err != nil {
			t.Error(err)
		}
	})
	return dir, "http://" + ln.Addr().String()
}
