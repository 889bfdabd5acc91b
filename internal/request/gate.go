package request

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/deedlog/deed/attest"
)

// GateForm is how a gate is written.
const GateForm = "ACTIONS CONDITION by M of PERSON,... [shown] [within TIME]"

// weekdays are the days of a gate's hours, as they are written: 1 is Monday.
var weekdays = [...]string{"", "mon", "tue", "wed", "thu", "fri", "sat", "sun"}

// Gate reads a gate of a warrant in its one-line form:
//
//	payments.transfer above amount 1000.00 EUR by 2 of alice,bob
//	* always by 1 of alice
//	* irreversible by 1 of alice,bob shown within 30m
//	payments.transfer,payments.refund outside mon-fri 08:00-18:00 by 1 of alice
//
// ACTIONS are names joined by commas, or * for any; hours are UTC. Words are in this
// order, each once. What it takes is in the form that a warrant wants.
func Gate(text string) (g attest.WarrantGate, err error) {
	w := &words{rest: strings.Fields(text)}
	if actions := w.next("ACTIONS"); actions != "*" {
		g.Actions = w.list(actions, "an action", attest.ValidAction)
	}
	g.When = w.when()
	w.exactly("by")
	g.M = w.number(w.next("how many approvals"), 1, attest.MaxApprovals)
	w.exactly("of")
	g.Approvers = w.list(w.next("PERSON,..."), "a person", attest.ValidPerson)
	g.Display = w.skip("shown")
	if w.skip("within") {
		g.MaxAge = w.age(w.next("a time such as 30m"))
	}
	switch {
	case w.err != nil:
	case len(w.rest) > 0:
		w.fail("the end", w.rest[0])
	case len(g.Approvers) > attest.MaxApprovers || g.M > len(g.Approvers):
		w.fail("as many persons as approvals, and at most "+strconv.Itoa(attest.MaxApprovers), strings.Join(g.Approvers, ","))
	}
	if w.err != nil {
		return attest.WarrantGate{}, w.err
	}
	return g, nil
}

// words reads words one after the other; the first that does not fit ends it.
type words struct {
	rest []string
	err  error
}

func (w *words) fail(want, found string) {
	if w.err == nil {
		w.err = fmt.Errorf("want %s, found %q; a gate is %s", want, found, GateForm)
	}
}

func (w *words) next(want string) string {
	if len(w.rest) == 0 {
		w.fail(want, "the end")
	}
	if w.err != nil {
		return ""
	}
	word := w.rest[0]
	w.rest = w.rest[1:]
	return word
}

// skip passes over a word if it comes next.
func (w *words) skip(word string) bool {
	if w.err != nil || len(w.rest) == 0 || w.rest[0] != word {
		return false
	}
	w.rest = w.rest[1:]
	return true
}

func (w *words) exactly(word string) {
	if found := w.next(word); found != word {
		w.fail(word, found)
	}
}

// list reads names joined by commas, in any order, each once.
func (w *words) list(text, what string, valid func(string) bool) []string {
	if w.err != nil {
		return nil
	}
	names := strings.Split(text, ",")
	slices.Sort(names)
	for i, name := range names {
		if !valid(name) || i > 0 && names[i-1] == name {
			w.fail(what+", each once, joined by commas", text)
			return nil
		}
	}
	return names
}

func (w *words) number(text string, least, most int) int {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most || strconv.Itoa(n) != text {
		w.fail(fmt.Sprintf("a number from %d to %d", least, most), text)
	}
	return n
}

func (w *words) age(text string) int64 {
	d, err := time.ParseDuration(text)
	if err != nil || d < time.Millisecond || d%time.Millisecond != 0 {
		w.fail("a time such as 30m", text)
	}
	return d.Milliseconds()
}

func (w *words) when() (when attest.When) {
	switch word := w.next("a condition"); word {
	case "always":
		when.Always = true
	case "irreversible":
		when.Irreversible = true
	case "above":
		when.Above = w.threshold()
	case "outside":
		when.OutsideHours = w.hours()
	default:
		w.fail("always, above, irreversible or outside", word)
	}
	return when
}

func (w *words) threshold() *attest.Threshold {
	t := &attest.Threshold{Argument: w.next("the name of an argument")}
	t.Limit = attest.Amount{Decimal: w.next("an amount such as 1000.00 EUR"), Unit: w.next("the unit of the amount")}
	if !t.Limit.Valid() {
		w.fail("an amount such as 1000.00 EUR", t.Limit.Decimal+" "+t.Limit.Unit)
	}
	return t
}

// hours reads days and times: mon-fri 08:00-18:00, or mon,wed 08:00-12:30.
func (w *words) hours() *attest.Hours {
	h := &attest.Hours{Weekdays: w.days(w.next("days such as mon-fri"))}
	text := w.next("times such as 08:00-18:00")
	from, to, _ := strings.Cut(text, "-")
	var okFrom, okTo bool
	h.From, okFrom = minuteOf(from)
	h.To, okTo = minuteOf(to)
	if !okFrom || !okTo || h.From >= h.To {
		w.fail("times of one day such as 08:00-18:00", text)
	}
	return h
}

func (w *words) days(text string) (days []int) {
	bad := func() []int {
		w.fail("days such as mon-fri or mon,wed", text)
		return nil
	}
	if first, last, ok := strings.Cut(text, "-"); ok {
		from, to := slices.Index(weekdays[:], first), slices.Index(weekdays[:], last)
		if from < 1 || to <= from {
			return bad()
		}
		for d := from; d <= to; d++ {
			days = append(days, d)
		}
		return days
	}
	for name := range strings.SplitSeq(text, ",") {
		d := slices.Index(weekdays[:], name)
		if d < 1 || slices.Contains(days, d) {
			return bad()
		}
		days = append(days, d)
	}
	slices.Sort(days)
	return days
}

// minuteOf reads a time of the day, 00:00 to 24:00.
func minuteOf(text string) (minute int, ok bool) {
	if len(text) != 5 || text[2] != ':' {
		return 0, false
	}
	hour, errHour := strconv.ParseUint(text[:2], 10, 8)
	min, errMin := strconv.ParseUint(text[3:], 10, 8)
	minute = int(hour*60 + min)
	return minute, errHour == nil && errMin == nil && min < 60 && minute <= 24*60
}
