package offline_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/offline"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

// found reads a log and returns the places of the faults.
func found(t *testing.T, s ledger.Store, signed *ledger.Checkpoint) (places []string) {
	t.Helper()
	last := uint64(0)
	_, err := offline.Statements{
		Store: s, Signed: signed,
		Report: func(c *ledger.Corrupt) { places = append(places, c.Bucket+" "+c.Key) },
		Progress: func(bucket string, done, size uint64) {
			if bucket != "entries" || done < last || done > size {
				t.Errorf("%s: %d of %d done, after %d", bucket, done, size, last)
			}
			last = done
		},
	}.Run(t.Context())
	if err != nil {
		t.Error(err)
	}
	return places
}

// TestStatements: a log of two chunks is sound, every lie about it is found at its
// place, and reading it stops with its context.
func TestStatements(t *testing.T) {
	m := newLog(t, 560)
	s := m.open(t)
	size := m.signed.Size
	if found := found(t, s, &m.signed); len(found) > 0 {
		t.Fatalf("a sound log: %v", found)
	}
	older, other, more := m.signed, m.signed, m.signed
	older.Size, other.Root, more.Size = 530, ledger.Hash{}, size+1
	entries, err := s.Entries(t.Context(), 540, 1)
	m.Check(err)
	entry, err := admission.ParseEntry(entries[0].Bytes)
	m.Check(err)
	record, err := s.Get(t.Context(), ledger.ObjectTable, entry.Admission.Hex())
	m.Check(err)
	parsed, err := admission.ParseRecord(record)
	m.Check(err)
	for name, tt := range map[string]struct {
		store  ledger.Store
		signed *ledger.Checkpoint
		want   string
	}{
		"nothing signed":      {s, nil, "[]"},
		"an older checkpoint": {s, &older, "[entries 530]"},
		"another root":        {s, &other, fmt.Sprintf("[entries %d]", size)},
		"entries gone":        {s, &more, fmt.Sprintf("[head %d]", size)},
		"a head of too many":  {liar{Store: s, more: 1}, nil, fmt.Sprintf("[entries %d]", size)},
		"a record gone":       {liar{Store: s, gone: entry.Admission}, nil, "[objects " + entry.Admission.Hex() + "]"},
		"an envelope gone":    {liar{Store: s, gone: parsed.Envelope}, nil, "[objects " + parsed.Envelope.Hex() + "]"},
		"an entry damaged":    {liar{Store: s, damaged: 540}, nil, "[entries 540]"},
		"another signature":   {liar{Store: s, resigned: parsed.Envelope}, nil, "[entries 540]"},
	} {
		if found := fmt.Sprint(found(t, tt.store, tt.signed)); found != tt.want {
			t.Errorf("%s: found %s, want %s", name, found, tt.want)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = offline.Statements{
		Store: s, Report: func(c *ledger.Corrupt) { t.Error(c) },
		Progress: func(string, uint64, uint64) { cancel() },
	}.Run(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("canceled after the first chunk: %v", err)
	}
}

// A liar is a store that does not tell all, or not the truth.
type liar struct {
	ledger.Store
	more     uint64        // entries that the head tells too many
	gone     attest.Digest // an object
	damaged  uint64        // an entry
	resigned attest.Digest // an envelope whose signature has another bit
}

func (l liar) Load(ctx context.Context) (ledger.Head, error) {
	h, err := l.Store.Load(ctx)
	h.Size += l.more
	return h, err
}

func (l liar) Entries(ctx context.Context, start, n uint64) ([]ledger.Entry, error) {
	list, err := l.Store.Entries(ctx, start, n)
	if at := l.damaged; at > 0 && start <= at && at < start+uint64(len(list)) {
		return list[:at-start], &ledger.Corrupt{Bucket: "entries", Key: fmt.Sprint(at), Want: "a", Got: "b"}
	}
	return list, err
}

func (l liar) Objects(ctx context.Context, start, n uint64) ([]ledger.Object, error) {
	list, err := l.Store.Objects(ctx, start, n)
	for i, o := range list {
		if o.Digest.String() == l.gone.Hex() {
			return list[:i], &ledger.Corrupt{Bucket: "objects", Key: o.Digest.String(), Want: "a", Got: "b"}
		}
		if o.Digest.String() == l.resigned.Hex() {
			list[i].Bytes = resign(o.Bytes)
		}
	}
	return list, err
}

func (l liar) Get(ctx context.Context, table, key string) ([]byte, error) {
	if table == ledger.ObjectTable && key == l.gone.Hex() {
		return nil, nil
	}
	return l.Store.Get(ctx, table, key)
}

// resign changes a bit of the signature.
func resign(envelope []byte) []byte {
	e, err := attest.ParseEnvelope(envelope)
	if err != nil {
		panic(err)
	}
	e.Signature = bytes.Clone(e.Signature)
	e.Signature[len(e.Signature)-1] ^= 1
	return e.JSON()
}

// TestStatementsOneByOne: what is opened side by side is what is opened one after
// the other, to the last entry.
func TestStatementsOneByOne(t *testing.T) {
	m := newLog(t, 40)
	s := m.open(t)
	entries, err := s.Entries(t.Context(), 0, m.signed.Size)
	m.Check(err)
	one, both := verifier.NewAudit(), verifier.NewAudit()
	opener := admission.NewOpener(2)
	object := func(d attest.Digest) ([]byte, error) { return s.Get(t.Context(), ledger.ObjectTable, d.Hex()) }
	for i, e := range entries {
		want, err := admission.Reopen(uint64(i), e.Bytes, object)
		m.Check(err)
		for range 2 {
			got, err := opener.Reopen(uint64(i), e.Bytes, object)
			m.Check(err)
			if got.ID() != want.ID() || got.Verified.Signer().Party != want.Verified.Signer().Party || got.Verified.Signer().KeySum != want.Verified.Signer().KeySum {
				t.Errorf("entry %d is opened as %v, not as %v", i, got.Verified.Signer(), want.Verified.Signer())
			}
		}
		if faults := append(one.Add(e.Bytes), both.Next(verifier.ReadStored(e))...); len(faults) > 0 {
			t.Error(faults)
		}
	}
	if faults := append(one.Close(m.signed), both.Close(m.signed)...); len(faults) > 0 {
		t.Error(faults)
	}
}

// TestStatementsOfDamage: flipped bits of records on disk are named. Pages that
// are not in use any more hold copies, so all of them are flipped.
func TestStatementsOfDamage(t *testing.T) {
	m := newLog(t, 20)
	doc, err := os.ReadFile(m.path)
	m.Check(err)
	good, bad := []byte(`"evaluated":true`), []byte(`"evaluated":trud`)
	if !bytes.Contains(doc, good) {
		t.Fatal("no record is in the file")
	}
	m.Check(os.WriteFile(m.path, bytes.ReplaceAll(doc, good, bad), 0o600))
	places := found(t, m.open(t), &m.signed)
	for _, place := range places {
		if !strings.HasPrefix(place, "objects ") {
			t.Errorf("found %s, want objects", place)
		}
	}
	if len(places) != int(m.signed.Size) {
		t.Errorf("%d faults, want one for each of %d entries", len(places), m.signed.Size)
	}
}
