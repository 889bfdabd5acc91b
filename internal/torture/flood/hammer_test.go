//go:build torture

package flood

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"github.com/deedlog/deed/ledger"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/proto/deed/v1/deedv1connect"
)

// Readers of each kind beside the writers.
const (
	fullReaders   = 2
	randomReaders = 4
)

// TestHammer has writers who send things twice, give up and come again, while
// some read the whole log and compute its root, and others ask for entries at
// random and verify every proof. In the end every acknowledged entry is in the
// log once, at its index, with its bytes.
func TestHammer(t *testing.T) {
	p := start(t)
	o := p.open()
	h := &hammer{o: o, given: map[uint64]string{}}
	ctx, cancel := context.WithTimeout(t.Context(), long(20*time.Second, 10*time.Minute))
	defer cancel()
	var wait sync.WaitGroup
	readers := make([]*reader, fullReaders)
	for i := range readers {
		readers[i] = newReader(p)
		wait.Go(func() { h.report(readers[i].follow(ctx)) })
	}
	for range randomReaders {
		wait.Go(func() { h.report(h.random(ctx)) })
	}
	var client deedv1connect.AttestationServiceClient
	for i := range writers {
		if i%64 == 0 {
			client = o.attestation()
		}
		wait.Go(func() { h.report(h.write(ctx, client)) })
	}
	wait.Wait()
	whole := newReader(p)
	p.must(whole.read(context.Background()))
	for index, entry := range h.given {
		if index >= uint64(len(whole.entries)) || string(whole.entries[index]) != entry {
			t.Fatalf("acknowledged entry %d is not in the log with its bytes", index)
		}
	}
	seen := map[string]int{}
	for i, e := range whole.entries {
		id := statementOf(e)
		if before, ok := seen[id]; ok {
			t.Fatalf("statement %s is at %d and at %d", id, before, i)
		}
		seen[id] = i
	}
	t.Logf("RESULT %d writers: %d statements acknowledged in %d calls, %d sent twice, %d given up and sent again, %d shed; %d whole readings, %d proofs of random entries, all verified",
		writers, len(h.given), h.calls.Load(), h.twice.Load(), h.again.Load(), h.shed.Load(), readers[0].times+readers[1].times, h.proofs.Load())
	if len(h.given) < writers || h.proofs.Load() == 0 || readers[0].times == 0 || h.again.Load() == 0 || h.twice.Load() == 0 {
		t.Error("too little happened")
	}
}

// statementOf is the ID in an entry.
func statementOf(entry []byte) string {
	_, rest, _ := bytes.Cut(entry, []byte(`"envelope":"`))
	id, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(id)
}

// hammer is what writers and random readers share.
type hammer struct {
	o                                 *office
	calls, twice, again, shed, proofs atomic.Int64

	mu    sync.Mutex
	given map[uint64]string // entries that were acknowledged, by index
	said  int
}

func (h *hammer) report(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil {
		if h.said++; h.said <= 5 {
			h.o.p.Error(err)
		}
	}
}

func (h *hammer) write(ctx context.Context, client deedv1connect.AttestationServiceClient) error {
	for ctx.Err() == nil {
		m := h.o.message(h.o.act(nonce()))
		var twin chan error
		if rand.IntN(4) == 0 {
			h.twice.Add(1)
			twin = make(chan error, 1)
			go func() { twin <- h.submit(client, m) }()
		}
		if rand.IntN(8) == 0 {
			h.again.Add(1)
			hurry, cancel := context.WithTimeout(context.Background(), time.Duration(rand.IntN(20))*time.Millisecond)
			_, _ = client.Submit(hurry, m) // whatever comes: it is sent again
			cancel()
		}
		err := h.submit(client, m)
		if twin != nil {
			err = errors.Join(err, <-twin)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// submit submits until there is a receipt, and checks it.
func (h *hammer) submit(client deedv1connect.AttestationServiceClient, m *deedv1.SubmitRequest) error {
	for {
		h.calls.Add(1)
		res, err := client.Submit(context.Background(), m)
		if delay, again := refused(err); again {
			h.shed.Add(1)
			time.Sleep(delay)
			continue
		}
		if err != nil {
			return fmt.Errorf("submitting: %w", err)
		}
		r := res.GetReceipt()
		if err := h.o.verify(r); err != nil {
			return fmt.Errorf("receipt %d: %w", r.GetIndex(), err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		if before, ok := h.given[r.GetIndex()]; ok && before != string(r.GetEntry()) {
			return fmt.Errorf("index %d was given to two entries", r.GetIndex())
		}
		h.given[r.GetIndex()] = string(r.GetEntry())
		return nil
	}
}

// random asks for entries at random, and verifies their proofs.
func (h *hammer) random(ctx context.Context) error {
	client, size := h.o.evidence(), uint64(1)
	for ctx.Err() == nil {
		index := rand.Uint64N(size)
		res, err := client.GetProof(context.Background(), &deedv1.GetProofRequest{Entry: &deedv1.GetProofRequest_Index{Index: index}})
		if delay, again := refused(err); again {
			time.Sleep(delay)
			continue
		}
		if err != nil {
			return fmt.Errorf("asking for entry %d: %w", index, err)
		}
		r := res.GetReceipt()
		if err := h.o.verify(r); err != nil || r.GetIndex() != index {
			return fmt.Errorf("proof of entry %d: %d, %w", index, r.GetIndex(), err)
		}
		proof, err := ledger.ParseProof(r.GetProof())
		if err != nil {
			return err
		}
		c, err := ledger.ParseSignedCheckpoint(proof.Checkpoint)
		if err != nil {
			return err
		}
		if c.Size < size {
			return fmt.Errorf("a checkpoint of size %d after one of %d", c.Size, size)
		}
		size = c.Size
		h.proofs.Add(1)
	}
	return nil
}

// reader reads all entries as tiles and computes the root, by RFC 6962 and not
// by the ledger's own code.
type reader struct {
	p       *process
	client  *http.Client
	tree    *compact.Range
	entries [][]byte
	times   int
}

func newReader(p *process) *reader {
	factory := &compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}
	return &reader{p: p, client: plain(), tree: factory.NewEmptyRange(0)}
}

// follow reads what is new until ctx ends.
func (r *reader) follow(ctx context.Context) error {
	for ctx.Err() == nil {
		if err := r.read(context.Background()); err != nil {
			return err
		}
		r.times++
		time.Sleep(200 * time.Millisecond)
	}
	return nil
}

// read reads up to the newest checkpoint, whose root has to be that of all
// entries so far.
func (r *reader) read(ctx context.Context) error {
	text, err := r.get(ctx, "/checkpoint")
	if err != nil {
		return err
	}
	opened, err := ledger.OpenCheckpoint(text, r.p.instance.VKey())
	if err != nil {
		return fmt.Errorf("reading checkpoint: %w", err)
	}
	c := opened.Checkpoint()
	if c.Size < uint64(len(r.entries)) {
		return fmt.Errorf("a checkpoint of size %d after one of %d", c.Size, len(r.entries))
	}
	for uint64(len(r.entries)) < c.Size {
		if err := r.bundle(ctx, c.Size); err != nil {
			return err
		}
	}
	root, err := r.tree.GetRootHash(nil)
	if err != nil || ledger.Hash(root) != c.Root {
		return fmt.Errorf("the entries up to %d hash to %x, the checkpoint says %s, %w", c.Size, root, c.Root, err)
	}
	return nil
}

// bundle reads what is new of the entry bundle at the end of what was read.
func (r *reader) bundle(ctx context.Context, size uint64) error {
	have := uint64(len(r.entries))
	n, width := have/256, min(256, size-have/256*256)
	path := fmt.Sprintf("%03d", n%1000)
	for n /= 1000; n > 0; n /= 1000 {
		path = fmt.Sprintf("x%03d/", n%1000) + path
	}
	if width < 256 {
		path += fmt.Sprintf(".p/%d", width)
	}
	data, err := r.get(ctx, "/tile/entries/"+path)
	if err != nil {
		return err
	}
	for i := have / 256 * 256; len(data) >= 2; i++ {
		length := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+length {
			return fmt.Errorf("bundle %s ends in an entry", path)
		}
		if entry := data[2 : 2+length]; i >= have {
			r.entries = append(r.entries, entry)
			if err := r.tree.Append(rfc6962.DefaultHasher.HashLeaf(entry), nil); err != nil {
				return err
			}
		}
		data = data[2+length:]
	}
	if uint64(len(r.entries)) != have/256*256+width || len(data) > 0 {
		return fmt.Errorf("bundle %s has %d entries", path, uint64(len(r.entries))-have/256*256)
	}
	return nil
}

// get reads a path; when the server has no room it comes again.
func (r *reader) get(ctx context.Context, path string) ([]byte, error) {
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, r.p.url()+path, nil)
		if err != nil {
			return nil, err
		}
		res, err := r.client.Do(req)
		if err != nil {
			return nil, err
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		switch {
		case err != nil:
			return nil, err
		case res.StatusCode == http.StatusServiceUnavailable && res.Header.Get("Retry-After") != "":
			time.Sleep(time.Second)
		case res.StatusCode != http.StatusOK:
			return nil, fmt.Errorf("%s: %s", path, res.Status)
		default:
			return body, nil
		}
	}
}
