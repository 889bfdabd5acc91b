package main

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"time"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/boltstore"
	"github.com/deedlog/deed/ledger/storetest"
)

// noise fills the entries: no store can make them smaller.
var noise = func() []byte {
	b := make([]byte, entrySize)
	_, _ = rand.NewChaCha8(sha256.Sum256([]byte("peers"))).Read(b) // never fails
	return b
}()

// entryOf is the entry of a number, as it would come out of a connection: in
// memory of its own.
func entryOf(i uint64) []byte {
	b := make([]byte, entrySize)
	copy(b, noise)
	binary.BigEndian.PutUint64(b, i)
	return b
}

// A plainEntry is an entry without evidence or state. Its ID is the hash of its
// bytes, so the log finds out if it was there before.
type plainEntry struct {
	id    ledger.Hash
	bytes []byte
}

func newPlainEntry(b []byte) plainEntry { return plainEntry{sha256.Sum256(b), b} }

func (e plainEntry) ID() ledger.Hash { return e.id }

func (e plainEntry) Place(ledger.View, time.Time) (ledger.Placement, error) {
	return ledger.Placement{Entry: e.bytes}, nil
}

// A deedLog is a log with the default limits and both signatures, on disk.
type deedLog struct {
	*ledger.Log
	harness *harness
	store   *boltstore.Store
	path    string
}

func openDeed(path string, change func(*ledger.Config)) (*deedLog, error) {
	store, err := boltstore.Open(path)
	if err != nil {
		return nil, err
	}
	h := new(harness)
	config := storetest.Config(h, store, &boltstore.HeadFile{Path: path + ".head"})
	config.Now = time.Now
	if change != nil {
		change(&config)
	}
	log, err := ledger.Open(context.Background(), config)
	if err != nil {
		store.Close()
		return nil, err
	}
	return &deedLog{log, h, store, path}, nil
}

// add appends an entry and returns with the proof of it in hand.
func (l *deedLog) add(ctx context.Context, i uint64) error {
	_, err := l.Append(ctx, newPlainEntry(entryOf(i)))
	return err
}

func (l *deedLog) close() error {
	if err := l.Close(); err != nil {
		return err
	}
	return l.store.Close()
}
