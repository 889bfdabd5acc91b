package main

import (
	"slices"
	"strings"
)

// A ratio is made of rows of the table, repetition by repetition, so that its two
// halves were taken under the same conditions; its value is the median of them.
type ratio struct {
	name, goal, about string
	of                func(*table) []float64
}

// per divides the rows, repetition by repetition.
func per(above, below string) func(*table) []float64 {
	return func(t *table) []float64 {
		a, b := t.values(above), t.values(below)
		quotients := make([]float64, min(len(a), len(b)))
		for i := range quotients {
			quotients[i] = a[i] / b[i]
		}
		return quotients
	}
}

// largeRow is a row of the large log, of whatever size, as it is.
func largeRow(what string) func(*table) []float64 {
	return func(t *table) []float64 {
		for _, r := range t.rows {
			if strings.HasPrefix(r.Name, "Deed, "+what+",") {
				return r.Values
			}
		}
		return nil
	}
}

// submitRatio is the processors' share of the verify-only loop in submitting.
func submitRatio(policies int) func(*table) []float64 {
	m := submitting{policies: policies}
	return per(m.loop()+cpuRow, m.row()+cpuRow)
}

var ratios = []ratio{
	{"submit_vs_verify_ceiling", ">= 0.70", "processor time: verify only / submit in the process, 10 policies", submitRatio(10)},
	{"submit_100_policies", ">= 0.65", "the same with 100 policies", submitRatio(100)},
	{"submit_1000_policies", ">= 0.45", "the same with 1000 policies", submitRatio(1000)},
	{"submit_rpc_batch64", ">= 0.50", "rate: batches of 64 over mutual TLS / verify only on all cores", per(callRow+rateRow, callCeiling+rateRow)},
	{"ledger_entries_vs_tessera", ">= 3.0", "rate: Deed / Tessera's best setting, 2048 adders", func(t *table) []float64 {
		return per(deedRow+rateRow, bestTessera(t))(t)
	}},
	{"ledger_p99_vs_tessera", "<= 0.2", "p99 to the proof: Deed / Tessera's fastest checkpoint, 64 adders", per(deedWait+p99, tesseraWait+p99)},
	{"append_p99_vs_fdatasync", "<= 12", "p99 to the proof, 64 adders / p50 of 4 KiB and fdatasync", per(deedWait+p99, syncRow+p50)},
	{"disk_per_record", "<= 1.35", "growth of the file / entry and evidence", per(fileRow, recordRow)},
	{"verify_log_vs_ceiling", ">= 0.75", "processor time: verify only / whole log with every signature", per((&submitting{policies: 10}).loop()+cpuRow, verifyRow+cpuRow)},
	{"rehash_log_vs_fsck", ">= 2", "processor time: Tessera fsck / root recomputed", per(fsckRow+cpuRow, rehashRow+cpuRow)},
	{"cold_scan_vs_read", ">= 0.7", "rate: cold scan of the entries / sequential read of the file", per(scanRow, readRow)},
	{"proof_us", "<= 50", "warm inclusion proof; its row tells of how many leaves", largeRow(proofWhat)},
	{"heap_mb_10m", "<= 64", "heap of an open log; its row tells of how many leaves", largeRow(heapWhat)},
	{"cold_open_ms", "<= 50", "cold open; its row tells of how many leaves", largeRow(openWhat)},
}

func ratioNamed(name string) (ratio, bool) {
	i := slices.IndexFunc(ratios, func(r ratio) bool { return r.name == name })
	if i < 0 {
		return ratio{}, false
	}
	return ratios[i], true
}
