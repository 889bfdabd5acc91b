package verifier

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// approvalsPerMinute is the most that one person may approve within a minute before
// the verdict says so: nobody reads more than one in ten seconds or so.
const approvalsPerMinute = 5

const minute = 60_000 // ms

// approvalRate counts the approvals of each person within any minute of the
// register's clock, among the entries of this bundle. It is a fact about people and
// takes nothing from the evidence, so it is not required.
func (v *verification) approvalRate() bool {
	times, entries := map[string][]int64{}, map[string][]string{}
	for _, i := range v.items {
		if a, ok := i.statement().(*attest.Approval); ok && i.logged.Allowed() {
			times[a.Person] = append(times[a.Person], i.entry.ReceivedAt)
			entries[a.Person] = append(entries[a.Person], entryName(i.index))
		}
	}
	for _, person := range slices.Sorted(maps.Keys(times)) {
		f := Finding{
			Check: "approval.rate", Status: pass, Where: entries[person],
			Expected: "at most " + fmt.Sprint(approvalsPerMinute) + " approvals of a person within one minute, among the entries of this bundle",
			Found:    "no more",
		}
		if n := mostWithin(times[person], minute); n > approvalsPerMinute {
			f.Status, f.Found = fail, fmt.Sprintf("%d of %s", n, person)
			v.hasty[person] = n
		}
		v.add(f)
	}
	return true
}

// mostWithin is how many of ascending times lie within one span at most.
func mostWithin(times []int64, span int64) (most int) {
	first := 0
	for i, at := range times {
		for at-times[first] >= span {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}

// gateWords say of every gate that applied whether it was open, and what that does
// not show. The sentences are fixed.
func (v *verification) gateWords(s *Subject, i *item) {
	several := false
	for _, f := range i.gates {
		s.Shows = append(s.Shows, v.gateSentence(f))
		if len(f.Refused) > 0 {
			s.Shows = append(s.Shows, refusedWords(f.Refused))
		}
		several = several || len(f.People) > 1
	}
	if several {
		s.DoesNotShow = append(s.DoesNotShow, "This does not show that those who approved are different humans, nor that they decided apart from each other; only that their keys are registered under different names.")
	}
	if a, ok := i.statement().(*attest.Action); ok && v.spared(a, i.gates) {
		s.DoesNotShow = append(s.DoesNotShow, "This does not show that the action can be undone: that it can is what the policy in force says of such actions and the agent of this one, and a warrant asks for approvals only where it cannot.")
	}
	v.hastyWords(s, i)
}

// displays: where a gate was open only because people were shown something, that is
// here. That it was ever sent is the register's word otherwise. What no subject relies
// on costs no verdict.
func (v *verification) displays() bool {
	const check, expected = "gate.display", "what the people were shown whose approvals a gate asks for"
	needed := map[*item]bool{}
	for _, s := range v.bundle.Subjects() {
		for _, i := range v.relied(v.at(s), "") {
			needed[i] = true
		}
	}
	for _, i := range v.items {
		for _, f := range i.gates {
			if !f.Gate.Display || !f.Enough() {
				continue
			}
			finding := Finding{Check: check, Status: pass, Required: needed[i], Where: []string{entryName(i.index)}}
			if gone := v.unseenBy(f); !v.shownEnough(f) {
				finding.Status, finding.Expected = unknown, expected
				finding.Found = "not that of " + people(gone) + ": erased or kept back, so that it was ever sent is the register's word"
			}
			v.add(finding)
		}
	}
	return true
}

// unseenBy lists whose approvals count for a gate though what they were shown is not
// here.
func (v *verification) unseenBy(f admission.GateFinding) (names []string) {
	for n, by := range f.By {
		if a, ok := by.Verified.Statement().(*attest.Approval); f.Gate.Display && ok && v.bundle.Object(a.Display) == nil {
			names = append(names, f.People[n])
		}
	}
	return names
}

// shownEnough reports whether a gate would have been open without them.
func (v *verification) shownEnough(f admission.GateFinding) bool {
	return len(f.People)-len(v.unseenBy(f)) >= f.Gate.M
}

// gateSentence says of one gate what it asks for and what it got.
func (v *verification) gateSentence(f admission.GateFinding) string {
	asked := fmt.Sprintf("Gate %d of the warrant at depth %d applies: it asks that %d of %s approve exactly this action. ",
		f.Number, f.Depth, f.Gate.M, strings.Join(f.Gate.Approvers, ", "))
	switch n := len(f.People); {
	case n == 0:
		return asked + "Nobody's approval counts: the gate was not open."
	case f.Enough() && !v.shownEnough(f):
		return asked + approvedWords(f.People) + ". It also asks for what they were shown, and that of " + people(v.unseenBy(f)) + " is not in this bundle: whether the gate was open is not shown."
	case f.Enough():
		return asked + approvedWords(f.People) + ": the gate was open."
	default:
		return asked + approvedWords(f.People) + ", and nobody else: the gate was not open."
	}
}

// approvedWords say who approved.
func approvedWords(names []string) string {
	if len(names) == 1 {
		return "Before the action, " + names[0] + " had done so with a key that is registered or certified as theirs, by an approval that had neither expired nor been used"
	}
	return "Before the action, " + people(names) + " had done so, each with a key that is registered or certified as theirs, by approvals that had neither expired nor been used"
}

// refusedWords say who refused.
func refusedWords(names []string) string {
	return "Before the action, " + people(names) + " refused exactly this action, and the action names no approval of theirs from after that: the gate was closed."
}

// people are names in one phrase.
func people(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// spared reports whether a gate would have asked, had the policy in force and the
// agent not both said that the action can be undone.
func (v *verification) spared(a *attest.Action, applied []admission.GateFinding) bool {
	for depth, link := range v.chain(a) {
		w, _ := link.statement().(*attest.Warrant)
		for n, g := range w.Gates {
			applies := slices.ContainsFunc(applied, func(f admission.GateFinding) bool { return f.Depth == depth && f.Number == n })
			if g.When.Irreversible && !applies && a.Request != nil && (len(g.Actions) == 0 || slices.Contains(g.Actions, a.Request.Action)) {
				return true
			}
		}
	}
	return false
}

// hastyWords: who approved this action approved others in the same minute.
func (v *verification) hastyWords(s *Subject, i *item) {
	a, ok := i.statement().(*attest.Action)
	if !ok || a.Authority == nil {
		return
	}
	said := map[string]bool{}
	for _, id := range a.Authority.Approvals {
		approval, ok := v.byID[id].statement().(*attest.Approval)
		if !ok || v.hasty[approval.Person] == 0 || said[approval.Person] {
			continue
		}
		said[approval.Person] = true
		s.DoesNotShow = append(s.DoesNotShow, fmt.Sprintf("This does not show that %s read what they approved: among the entries of this bundle are %d approvals of theirs within one minute.",
			approval.Person, v.hasty[approval.Person]))
	}
}
