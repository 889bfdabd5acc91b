package ledger_test

import (
	"context"
	"fmt"
	"log"
	"strings"

	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/ledger/storetest"
)

// A log is opened over a store; what it answers is verified with nothing but
// the verifier key.
func Example() {
	key, err := ledger.NewEd25519Key(strings.NewReader("in earnest, this is crypto/rand."), "log.example/2026")
	if err != nil {
		log.Fatal(err)
	}
	l, err := ledger.Open(context.Background(), ledger.Config{
		Store:    new(storetest.Memory),     // boltstore.Open
		HeadFile: new(storetest.MemoryHead), // boltstore.HeadFile
		Origin:   "log.example/2026",
		Signer:   key,
		Now:      new(storetest.Clock).Now, // time.Now
	})
	if err != nil {
		log.Fatal(err)
	}
	defer l.Close()
	receipt, err := l.Append(context.Background(), storetest.Text("hello"))
	if err != nil {
		log.Fatal(err)
	}

	// Elsewhere, years later.
	proof, err := ledger.ParseProof(receipt.Proof)
	if err != nil {
		log.Fatal(err)
	}
	checkpoint, err := ledger.OpenCheckpoint(proof.Checkpoint, key.VKey().String())
	if err != nil {
		log.Fatal(err)
	}
	if err := ledger.VerifyInclusion(proof, receipt.Entry, checkpoint); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("entry %d of %d: %s\n", proof.Index, checkpoint.Checkpoint().Size, receipt.Entry)
	// Output: entry 0 of 1: 0 1767225600000 hello after
}
