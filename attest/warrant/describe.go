package warrant

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/deedlog/deed/attest"
)

// Describe says in words, one line each and the same for the same warrant: who
// may do what, on what, within which limits, until when, what never, what takes
// people's approval, and how deep it may be delegated. Free text is quoted, so that it cannot pass for a
// line of ours.
func Describe(w *attest.Warrant) string {
	var b strings.Builder
	fmt.Fprintf(&b, "holder:    %s\n", describeHolder(w.Holder))
	fmt.Fprintf(&b, "issuer:    %s\n", w.Issuer.Name())
	fmt.Fprintf(&b, "task:      %s\n", describeTask(w.Task))
	if w.Root != nil {
		fmt.Fprintf(&b, "basis:     %s; %s is accountable; %s of evidence\n", w.Root.Basis, w.Root.Accountable, count(len(w.Root.Evidence), "statement"))
	} else {
		fmt.Fprintf(&b, "parent:    %s\n", w.Parent)
	}
	for i, g := range w.Grants {
		fmt.Fprintf(&b, "grant %-3s  %s\n", strconv.Itoa(i)+":", describeGrant(g))
	}
	for _, n := range w.Never {
		fmt.Fprintf(&b, "never:     %s\n", describeDenial(n))
	}
	for i, g := range w.Gates {
		fmt.Fprintf(&b, "gate %-4s  %s\n", strconv.Itoa(i)+":", DescribeGate(g))
	}
	fmt.Fprintf(&b, "valid:     from %s until just before %s\n", instant(w.NotBefore), instant(w.Expires))
	fmt.Fprintf(&b, "delegates: %s\n", describeDepth(w))
	return b.String()
}

func describeHolder(h attest.Holder) string {
	s := h.SPIFFEID
	if h.Key != "" {
		s += ", only with key " + string(h.Key)
	}
	if h.Registration != "" {
		s += ", only as registered by " + string(h.Registration)
	}
	return s
}

func describeTask(t attest.Task) string {
	s := attest.Quote(t.Purpose) + " (" + t.ID + ")"
	if t.Instruction != "" {
		s += ", as instructed by " + string(t.Instruction)
	}
	return s
}

// describeGrant is such as: payments.transfer on bank_account exactly
// "iban/DE/1", with amount at most 5.00 EUR; at most 3 uses.
func describeGrant(g attest.Grant) string {
	s := strings.Join(g.Actions, ", ") + " on " + describeMatch(g.Resource)
	args := make([]string, len(g.Arguments))
	for i, a := range g.Arguments {
		args[i] = a.Name + " " + a.Constraint.String()
	}
	if len(args) == 0 {
		s += ", with no arguments"
	} else {
		s += ", with " + strings.Join(args, ", ")
	}
	if g.MaxUses > 0 {
		s += "; at most " + count(int(g.MaxUses), "use")
	}
	if g.Budget != nil {
		s += "; " + describeBudget(g.Budget)
	}
	return s
}

func describeMatch(m attest.Match) string { return m.Kind + " " + m.Match.String() }

func describeBudget(b *attest.Budget) string {
	if b == nil {
		return "no budget"
	}
	return b.Argument + " at most " + b.Limit.Decimal + " " + b.Limit.Unit + " in all"
}

func describeDenial(n attest.Denial) string {
	s := strings.Join(n.Actions, ", ") + " on "
	if n.Resource == nil {
		return s + "any resource"
	}
	return s + describeMatch(*n.Resource)
}

func describeDepth(w *attest.Warrant) string {
	if left := w.MaxDepth - w.Depth; left > 0 {
		return "at most " + count(left, "level") + " deeper (depth " + strconv.Itoa(w.Depth) + " of " + strconv.Itoa(w.MaxDepth) + ")"
	}
	return "no further (depth " + strconv.Itoa(w.Depth) + " of " + strconv.Itoa(w.MaxDepth) + ")"
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// instant writes milliseconds in UTC, with milliseconds only where there are
// some.
func instant(ms int64) string {
	return time.UnixMilli(ms).UTC().Format("2006-01-02 15:04:05.999 UTC")
}
