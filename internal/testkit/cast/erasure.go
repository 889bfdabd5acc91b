package cast

import (
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/ledger/storetest"
)

// Erasure destroys an object that statements name.
func (c *Cast) Erasure(object attest.Digest, statements ...attest.ID) *attest.Erasure {
	statements = slices.Clone(statements)
	slices.Sort(statements)
	return &attest.Erasure{
		Basis: attest.ConsentWithdrawn, By: c.Admin.ID, Log: storetest.Origin, Nonce: c.Random(), Reason: "asked for by the person", V: 1,
		Objects: []attest.ErasedObject{{Digest: object, Statements: statements}},
	}
}
