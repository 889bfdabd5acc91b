package verifier

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/ledger"
)

// clockSlack is how far, in ms, the register's clock may go back between an
// entry and the checkpoint over it (the sequencer's tolerance), and the
// fraction of a second that a cosignature leaves out.
const clockSlack = 2000 + 999

// witnessSlack is how far, in ms, the clocks of register and witness may be apart,
// with that fraction. The register's clock is its own word: an entry that says that it
// is later than what a witness signed over it contradicts the witness, and whose clock
// is right is not shown.
const witnessSlack = 60_000 + 999

// lastSecond is the end of year 9999: a later time is a statement about nothing.
const lastSecond = 253402300799

// ownTime is the source of the log's own timestamp.
const ownTime = "the log itself"

// cosigned is a verified statement of when the checkpoint was there.
type cosigned struct {
	by      string
	seconds int64
}

// oneCheckpoint: all proofs end in the same bytes, so that no consistency proof
// is needed and no signature line is seen by one proof only.
func (v *verification) oneCheckpoint() bool {
	v.note = v.items[0].proof.Checkpoint
	ok := true
	for _, i := range v.items[1:] {
		if !bytes.Equal(i.proof.Checkpoint, v.note) {
			ok = v.fail("checkpoint.one", entryName(i.index), "the checkpoint of "+entryName(v.items[0].index), "another")
		}
	}
	if ok {
		v.pass("checkpoint.one")
	}
	return ok
}

func (v *verification) origin() bool {
	s, err := ledger.ParseSignedCheckpoint(v.note)
	if err != nil { // the proofs parsed, so this does not happen
		return v.fail("checkpoint.origin", "", "a signed checkpoint", err.Error())
	}
	for _, l := range v.trust.log.Logs {
		if l.Key.Name() == s.Origin {
			v.pass("checkpoint.origin")
			return true
		}
	}
	return v.unknown("checkpoint.origin", "", "a log of "+policyFile, s.Origin)
}

// signature opens the checkpoint with the keys of the log alone.
func (v *verification) signature() bool {
	logs := &ledger.TrustPolicy{Logs: v.trust.log.Logs, Quorum: "none"}
	opened, err := logs.Open(v.note)
	if err != nil {
		return v.fail("checkpoint.signature", "", "a signature by the log's key in "+policyFile, err.Error())
	}
	v.opened = opened
	for _, l := range v.trust.log.Logs {
		v.timed(l.Key)
	}
	v.pass("checkpoint.signature")
	return true
}

// timed keeps the time of a line whose signature was verified, if there is one.
func (v *verification) timed(key ledger.VKey) {
	if key.Type() != ledger.TypeMLDSA44 {
		return
	}
	for _, s := range v.opened.Signatures() {
		if s.Name == key.Name() && s.KeyID == key.KeyHash() && len(s.Bytes) > 8 {
			v.cosigned(ownTime, int64(binary.BigEndian.Uint64(s.Bytes)))
		}
	}
}

func (v *verification) cosigned(by string, seconds int64) {
	c := cosigned{by, seconds}
	if seconds > 0 && seconds <= lastSecond && !slices.Contains(v.times, c) {
		v.times = append(v.times, c)
	}
}

func (v *verification) mldsa() bool {
	key := v.trust.mldsa
	if key == nil {
		v.open("checkpoint.mldsa", "", "the log's key in "+mldsaFile, "no such file: a signature that outlasts quantum computers is not asked for")
		return true
	}
	if origin := v.opened.Checkpoint().Origin; key.Name() != origin {
		v.unknown("checkpoint.mldsa", "", "a key named "+origin+" in "+mldsaFile, key.Name())
		return true
	}
	if err := ledger.VerifyMLDSA(v.note, key.String()); err != nil {
		v.fail("checkpoint.mldsa", "", "a signature by the log's ML-DSA-44 key", err.Error())
		return true
	}
	v.timed(*key)
	v.pass("checkpoint.mldsa")
	return true
}

func (v *verification) quorum() bool {
	opened, err := v.trust.log.Open(v.note)
	switch {
	case err != nil:
		v.fail("checkpoint.quorum", "", "cosignatures by the keys in "+policyFile, err.Error())
		return true
	case v.trust.log.Quorum == "none":
		v.open("checkpoint.quorum", "", "a quorum of witnesses", policyFile+" asks for none: that the log shows others another history is not excluded")
	case !opened.Quorum:
		v.fail("checkpoint.quorum", "", "the quorum "+v.trust.log.Quorum, fmt.Sprintf("%d cosignatures", len(opened.Cosignatures)))
	default:
		v.pass("checkpoint.quorum")
	}
	for _, c := range opened.Cosignatures {
		v.cosigned("witness "+c.Witness, c.Time)
	}
	return true
}

// lines: a line of a key that the reader does not have says nothing to him. It
// is not false, but it is not checked either, and what is not checked could be
// anything.
func (v *verification) lines() bool {
	known := v.trust.log.Logs
	known = append(slices.Clip(known), v.trust.log.Witnesses...)
	if v.trust.mldsa != nil {
		known = append(known, ledger.PolicyKey{Key: *v.trust.mldsa})
	}
	ok := true
	for _, s := range v.opened.Signatures() {
		has := func(k ledger.PolicyKey) bool { return k.Key.Name() == s.Name && k.Key.KeyHash() == s.KeyID }
		if !slices.ContainsFunc(known, has) {
			ok = v.unknown("checkpoint.lines", "", "signature lines by keys of the trust directory only",
				fmt.Sprintf("a line by %s, key ID %08x", s.Name, s.KeyID))
		}
	}
	if ok {
		v.pass("checkpoint.lines")
	}
	return true
}

// inclusion marks the entries that are in the tree; the others are not looked at
// further.
func (v *verification) inclusion() bool {
	for _, i := range v.items {
		err := ledger.VerifyInclusion(i.proof, i.bytes, v.opened.OpenedCheckpoint)
		if i.included = err == nil; i.included {
			v.pass("entry.inclusion", entryName(i.index))
			continue
		}
		v.fail("entry.inclusion", entryName(i.index), "an entry of the tree of size "+strconv.FormatUint(v.opened.Checkpoint().Size, 10), err.Error())
	}
	return true
}

// order: times do not go back, and one statement is one entry.
func (v *verification) order() bool {
	ok := true
	for n, i := range v.items {
		if n > 0 && i.entry.ReceivedAt < v.items[n-1].entry.ReceivedAt {
			ok = v.fail("entry.order", entryName(i.index), "a time not before that of "+entryName(v.items[n-1].index), instant(i.entry.ReceivedAt))
		}
		if first := v.byID[i.entry.Envelope]; first != i {
			ok = v.fail("entry.order", entryName(i.index), "each statement in one entry", "the statement of "+entryName(first.index))
		}
	}
	if ok {
		v.pass("entry.order")
	}
	return ok
}

// time: no cosignature is older than an entry below it. Of the log's own that is
// false; of a witness, one of two clocks is wrong.
func (v *verification) time() bool {
	last := v.items[len(v.items)-1]
	for _, c := range v.times {
		expected := "a checkpoint not older than its entries"
		found := "signed by " + c.by + " at " + instant(c.seconds*1000) + ", entry of " + instant(last.entry.ReceivedAt)
		switch {
		case c.by == ownTime && c.seconds*1000+clockSlack < last.entry.ReceivedAt:
			v.fail("checkpoint.time", entryName(last.index), expected, found)
			return true
		case c.by != ownTime && c.seconds*1000+witnessSlack < last.entry.ReceivedAt:
			v.unknown("checkpoint.time", entryName(last.index), expected, found)
			return true
		}
	}
	if len(v.times) == 0 {
		v.open("checkpoint.time", "", "a signature with a time", "none: when the checkpoint was made is not shown")
		return true
	}
	v.pass("checkpoint.time")
	return true
}

// genesisPinned: everything the log trusts starts from entry 0.
func (v *verification) genesisPinned() bool {
	const check = "genesis.pinned"
	first := v.items[0]
	switch {
	case first.index != 0 || first.entry.Kind != attest.KindGenesis:
		return v.unknown(check, "", "entry 0, a genesis", entryName(first.index)+", "+string(first.entry.Kind))
	case v.trust.genesis == nil && v.options.AcceptLedgerRoots:
		v.take("the genesis: administrators, server key, trust domains")
		v.open(check, entryName(0), "the reader's own copy", "taken from the bundle")
	case v.trust.genesis == nil:
		v.unknown(check, entryName(0), "the leaf hash of entry 0 in the trust directory's file "+genesisFile, "no such file")
	case *v.trust.genesis != ledger.HashLeaf(first.bytes):
		return v.fail(check, entryName(0), v.trust.genesis.String(), ledger.HashLeaf(first.bytes).String())
	default:
		v.pass(check, entryName(0))
	}
	return true
}

// take notes what is believed on the operator's word.
func (v *verification) take(what string) {
	if !slices.Contains(v.operator, what) {
		v.operator = append(v.operator, what)
	}
}

// instant writes milliseconds in UTC, with milliseconds only where there are some.
func instant(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.999 UTC")
}
