package main

// measurements lists all of them, in the order in which they take turns.
func (r *run) measurements() []measurement {
	ten := &submitting{run: r, policies: 10}
	hundred := &submitting{run: r, policies: 100}
	thousand := &submitting{run: r, policies: 1000}
	calls := &calling{run: r, register: ten}
	verify := &verifying{run: r, register: ten}
	large := &large{run: r}
	return []measurement{
		{"submit", []string{"submit_vs_verify_ceiling", "disk_per_record", "verify_log_vs_ceiling"}, ten.prepare, ten.round},
		{"submit with 100 policies", []string{"submit_100_policies"}, hundred.prepare, hundred.round},
		{"submit with 1000 policies", []string{"submit_1000_policies"}, thousand.prepare, thousand.round},
		{"submit over mutual TLS", []string{"submit_rpc_batch64"}, calls.prepare, calls.round},
		{"verify the log", []string{"verify_log_vs_ceiling"}, nil, verify.round},
		{"append", []string{"ledger_entries_vs_tessera"}, nil, r.appends},
		{"wait for proofs", []string{"ledger_p99_vs_tessera", "append_p99_vs_fdatasync"}, nil, r.waits},
		{"read the log offline", []string{"rehash_log_vs_fsck", "cold_scan_vs_read"}, nil, r.offline},
		{"large log", []string{"proof_us", "heap_mb_10m", "cold_open_ms"}, large.prepare, large.round},
		{"raw appends", nil, nil, r.raw},
		{"hash-chained JSONL", nil, nil, r.chained},
		{"SQLite", nil, nil, r.sqlite},
	}
}
