package main

// sizes are how much of everything is measured in one round.
type sizes struct {
	agents  int // each with an SVID, a warrant and a session of its own
	actions int // per agent and round
	batches int // of 64, over the network

	entries int // of 2 KiB, by 2048 adders
	waits   int // appends by 64 adders, each timed
	tessera int // the same for Tessera, which takes a tenth of a second each
	records int // of 2 KiB, one by one, into what syncs each
	syncs   int // of 4 KiB
	leaves  uint64
	proofs  int
}

// usual makes a run of about ten minutes on two cores.
var usual = sizes{
	agents: 256, actions: 16, batches: 64,
	entries: 40_960, waits: 20_000, tessera: 3_000, records: 2_000, syncs: 1_000, leaves: 1_000_000, proofs: 5_000,
}

// small is for a test that everything runs.
var small = sizes{
	agents: 32, actions: 8, batches: 8,
	entries: 4_096, waits: 2_000, tessera: 256, records: 200, syncs: 100, leaves: 20_000, proofs: 500,
}

const (
	batchSize  = 64      // statements of one call
	entrySize  = 2 << 10 // bytes
	manyAdders = 2048
	fewAdders  = 64
)
