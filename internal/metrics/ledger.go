package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Step is a step of a batch that takes time.
type Step int

// Steps of a batch.
const (
	Commit      Step = iota // the transaction, synced
	SignEd25519             // the signature of the checkpoint
	SignMLDSA               // its second signature
	HeadFile                // written, synced, renamed
	steps
)

var stepNames = [steps]string{"commit", "sign_ed25519", "sign_mldsa44", "head_file"}

// ledger is what is counted of the log below.
type ledger struct {
	steps  [steps]prometheus.Observer
	errors [steps]prometheus.Counter
	batch  prometheus.Observer
}

func newLedger(r *prometheus.Registry) ledger {
	l := ledger{
		batch: histogram(r, "batch_entries", "Entries of one commit.", prometheus.ExponentialBuckets(1, 2, 10)),
	}
	took := histograms(r, "step_seconds", "How long the steps of a batch take.", "step", stepNames[:], seconds)
	failed := counters(r, "step_errors_total", "Steps of a batch that failed.", "step", stepNames[:])
	for i, name := range stepNames {
		l.steps[i], l.errors[i] = took[name], failed.of(name)
	}
	return l
}

// Stepped notes a step of a batch.
func (l *ledger) Stepped(s Step, d time.Duration, err error) {
	l.steps[s].Observe(d.Seconds())
	if err != nil {
		l.errors[s].Inc()
	}
}

// Batch notes how many entries one commit has.
func (l *ledger) Batch(entries int) { l.batch.Observe(float64(entries)) }
