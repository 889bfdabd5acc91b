// Package ledger is an append-only Merkle-tree log with signed checkpoints.
//
// It knows nothing of what it records. A [Submission] has an identity and,
// called in log order, places itself: it returns the bytes of one entry, the
// content-addressed objects that the entry commits to, state cells and index
// rows. [Log.Append] makes all of it durable in one transaction, signs the new
// tree head, and answers with a [Receipt] whose proof already includes the
// entry. There are no promises to include something later.
//
// # Formats
//
// Everything that leaves the log follows a public specification:
//
//	leaf hash    SHA-256(0x00 || entry)                      RFC 6962, section 2.1
//	node hash    SHA-256(0x01 || left || right)              RFC 6962, section 2.1
//	checkpoint   origin, size, root; no extension lines      c2sp.org/tlog-checkpoint
//	signatures   Ed25519 note (0x01), ML-DSA-44 (0x06)       c2sp.org/signed-note, c2sp.org/tlog-cosignature
//	tiles        256 hashes; 256 length-prefixed entries     c2sp.org/tlog-tiles
//	proof        index, inclusion proof, checkpoint          c2sp.org/tlog-proof
//	trust policy logs, witnesses, groups, quorum             c2sp.org/tlog-policy
//
// A proof file looks like this, and is checked with no network:
//
//	c2sp.org/tlog-proof@v1
//	index 73894
//	gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
//	B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
//
//	log.example/2026
//	109482
//	sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
//
//	— log.example/2026 hI2DJw...1roloI=
//
// # Reading order
//
// [Submission] and [Placement] (submission.go), [Store] and [Delta]
// (store.go), the sequencer (sequence.go: the file to review), how it starts
// (open.go), [Checkpoint] (checkpoint.go), [Proof] (proof.go), and for an
// auditor [OpenCheckpoint], [TrustPolicy], [VerifyInclusion] and
// [VerifyConsistency], which are pure functions.
//
// # Caveats
//
// The package reads no clock and no environment: [Config] has a Now. One
// process sequences one store. An entry that is in the store but not yet under
// a published checkpoint is never served. Search rows are derived data; what
// the log says is what its entries say.
package ledger
