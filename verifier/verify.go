package verifier

import (
	"fmt"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/ledger"
)

// Options change what a verdict asks for.
type Options struct {
	// AcceptLedgerRoots takes the genesis, the SPIFFE roots and the people from
	// the bundle where the trust directory has none of its own. The verdict
	// then says operator_trusted.
	AcceptLedgerRoots bool
}

// step is one line of the lists below. A step that returns false ends its list:
// what follows would rest on what did not hold.
type step[T any] struct {
	check string
	run   func(T) bool
}

// checks is all that is done to a bundle, in order (docs/spec/verdict.md).
var checks = []step[*verification]{
	{"bundle.container", (*verification).container},      // caps, zip, manifest, digests: Open did them
	{"entry.profile", (*verification).parse},             // entries, records and proofs are well formed
	{"bundle.closure", (*verification).closure},          // all that is named is there, and nothing else
	{"checkpoint.one", (*verification).oneCheckpoint},    // all proofs lead to the same bytes
	{"checkpoint.origin", (*verification).origin},        // it is a log that the reader knows
	{"checkpoint.signature", (*verification).signature},  // by the log's key in log.policy
	{"checkpoint.mldsa", (*verification).mldsa},          // by the log's ML-DSA key
	{"checkpoint.quorum", (*verification).quorum},        // by the witnesses that the reader asks for
	{"checkpoint.lines", (*verification).lines},          // by nobody else
	{"entry.inclusion", (*verification).inclusion},       // every entry is in the tree
	{"entry.order", (*verification).order},               // times do not go back; no statement twice
	{"checkpoint.time", (*verification).time},            // not before its entries
	{"genesis.pinned", (*verification).genesisPinned},    // entry 0 is the one that the reader knows
	{"record.recomputed", (*verification).replay},        // each entry, in the order of the log: entryChecks
	{"object.erasable", (*verification).erasures},        // of what is not here, which was erased
	{"gate.display", (*verification).displays},           // what people were shown is here, where a gate asks for it
	{"control.complete", (*verification).complete},       // nothing was taken back after the last entry that is seen
	{"genesis.keys", (*verification).genesisKeys},        // it names the keys that signed the checkpoint
	{"server.corroborated", (*verification).server},      // and the server key that the reader knows
	{"root.corroborated", (*verification).roots},         // agents' certificates and tokens lead to the reader's own roots
	{"people.corroborated", (*verification).peopleKnown}, // people's keys are those that the reader knows
	{"approval.rate", (*verification).approvalRate},      // nobody approved faster than one can read
}

// entryChecks is all that is done to one entry once it is known to be in the log.
var entryChecks = []step[*replay]{
	{"record.rules", (*replay).rules},           // this version knows the rules that made the record
	{"object.present", (*replay).objects},       // what the record relies on is in the bundle
	{"reference.logged", (*replay).references},  // what it names is logged before it, and stood up to these checks
	{"read.force", (*replay).force},             // what it took as in force is what the bundle's entries put there
	{"statement.signature", (*replay).admit},    // signer, form, chain, evidence, Cedar: admission.Check
	{"read.bounds", (*replay).bounds},           // what it says the register held agrees with the bundle's entries
	{"record.recomputed", (*replay).recompute},  // admission.Decide gives these bytes
	{"entry.server_fields", (*replay).openings}, // what the commitments hide
	{"read.asserted", (*replay).asserted},       // what rests on the register's word
}

// Verify checks a bundle against what the reader believes. It is pure: the same
// bundle, trust directory and options give the same verdict, at any time.
func Verify(b *Bundle, t *Trust, o Options) (verdict *Verdict) {
	v := &verification{
		bundle: b, trust: t, options: o,
		byID: map[attest.ID]*item{}, state: map[cellKey]written{}, line: map[cellKey][]byte{}, hasty: map[string]int{}, cache: admission.NewCache(256),
		weak: map[attest.ID]agency.Key{},
	}
	defer func() {
		if r := recover(); r != nil { // a belt: no input is known to come here
			v.add(Finding{Check: "internal", Status: unknown, Required: true,
				Expected: "a verifier without faults", Found: printable(fmt.Sprint(r))})
			verdict = v.verdict()
		}
	}()
	if b == nil || t == nil {
		v.add(Finding{Check: "bundle.container", Status: unknown, Required: true, Expected: "a bundle and a trust directory", Found: "none"})
		return v.verdict()
	}
	runSteps(v, checks, v.skip)
	v.omissions()
	return v.verdict()
}

// VerifyFile opens and verifies a bundle file. A file that is not a bundle gives
// a verdict too.
func VerifyFile(file []byte, t *Trust, o Options) *Verdict {
	b, err := Open(file)
	if err != nil {
		return refusal(err)
	}
	return Verify(b, t, o)
}

func runSteps[T any](v T, steps []step[T], skip func(check, because string)) bool {
	for i, s := range steps {
		if s.run(v) {
			continue
		}
		for _, rest := range steps[i+1:] {
			skip(rest.check, s.check)
		}
		return false
	}
	return true
}

// verification is one run of Verify.
type verification struct {
	bundle  *Bundle
	trust   *Trust
	options Options
	findings
	completeness map[uint64]*Completeness // of the subjects

	items    []*item // ascending by index
	byID     map[attest.ID]*item
	opened   ledger.Cosigned
	note     []byte // the one checkpoint
	times    []cosigned
	state    map[cellKey]written // what the entries so far left behind
	line     map[cellKey][]byte  // those of them that lead back to a beginning, entry by entry
	whole    bool                // all control entries up to the checkpoint are here
	cache    *admission.Cache
	operator []string                 // what is believed on the operator's word
	hasty    map[string]int           // people who approved faster than one can read, and how many within a minute
	weak     map[attest.ID]agency.Key // evidence that rests on it, and what it is worth at most
}

// item is one entry on its way through the checks.
type item struct {
	index    uint64
	bytes    []byte
	proof    ledger.Proof
	entry    *admission.Entry
	record   *admission.Record
	included bool
	checked  bool             // all checks are made; else it is read or counted only
	read     attest.Statement // of a control entry that is not checked: what it says, if that is here
	tried    bool             // to read it
	erased   []attest.Digest  // objects that may be missing, and are
	token    attest.Digest    // of a token statement, where the token is not here
	unseen   []attest.ID      // tokens that are not here, for which the record was believed
	// logged is set once every check of the entry passed; only then does
	// anything else rely on it.
	logged   *admission.Logged
	sealed   bool                    // the seed of server_fields is not here
	gates    []admission.GateFinding // of an action: those that apply
	walks    []string                // checks that a walk shows
	gone     []string                // what was erased, in words
	admitted *admission.Checked      // with logged
}

func (v *verification) pass(check string, where ...string) {
	v.add(Finding{Check: check, Status: pass, Required: true, Where: where})
}

func (v *verification) fail(check, where, expected, found string) bool {
	v.add(Finding{Check: check, Status: fail, Required: true, Expected: expected, Found: printable(found), Where: places(where)})
	return false
}

// unknown keeps a required check that could not be made.
func (v *verification) unknown(check, where, expected, found string) bool {
	v.add(Finding{Check: check, Status: unknown, Required: true, Expected: expected, Found: printable(found), Where: places(where)})
	return false
}

// open keeps a check that could not be made and is not required.
func (v *verification) open(check, where, expected, found string) {
	v.add(Finding{Check: check, Status: unknown, Expected: expected, Found: printable(found), Where: places(where)})
}

func (v *verification) skip(check, because string) {
	v.unknown(check, "", "a check", "not made, because "+because+" did not pass")
}

func places(where string) []string {
	if where == "" {
		return nil
	}
	return []string{where}
}
