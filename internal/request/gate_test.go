package request_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/internal/request"
)

func TestGate(t *testing.T) {
	for text, want := range map[string]string{
		"payments.transfer above amount 1000.00 EUR by 2 of bob,alice": "payments.transfer, if amount is above 1000.00 EUR or is not shown: 2 of alice, bob must approve exactly that action",
		"* always by 1 of alice":                                  "any action: 1 of alice must approve exactly that action",
		"  *   irreversible by 1 of alice,bob shown  within 30m ": "any action, unless the policy in force and the agent say that it can be undone: 1 of alice, bob must approve exactly that action; what they were shown must come with the approval; at most 30m0s before it",
		"b.x,a.y outside mon-fri 08:00-18:00 by 1 of alice":       "a.y, b.x, except from 08:00 until before 18:00 UTC on Monday, Tuesday, Wednesday, Thursday, Friday: 1 of alice must approve exactly that action",
		"* outside sun,wed 00:00-24:00 by 1 of alice within 1ms":  "any action, except from 00:00 until before 24:00 UTC on Wednesday, Sunday: 1 of alice must approve exactly that action; at most 1ms before it",
	} {
		g, err := request.Gate(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := warrant.DescribeGate(g); got != want {
			t.Errorf("%s is read as\n%s, want\n%s", text, got, want)
		}
	}
	for text, want := range map[string]string{
		"": "ACTIONS", "*": "a condition", "* always": "want by", "* always by": "how many", "* always by 1": "want of", "* always by 1 of": "PERSON",
		"* sometimes by 1 of alice":                   "always, above",
		"Pay always by 1 of alice":                    "an action",
		"a,a always by 1 of alice":                    "an action, each once",
		"a, b always by 1 of alice":                   "an action",
		"* always by 0 of alice":                      "a number from 1 to 8",
		"* always by 9 of alice":                      "a number from 1 to 8",
		"* always by +1 of alice":                     "a number from 1 to 8",
		"* always by 01 of alice":                     "a number from 1 to 8",
		"* always by 2 of alice":                      "as many persons as approvals",
		"* always by 1 of alice,alice":                "a person, each once",
		"* always by 1 of Alice":                      "a person",
		"* always by 1 of " + manyPeople(17):          "at most 16",
		"* always by 1 of alice, bob":                 "a person",
		"* always by 1 of alice bob":                  "want the end",
		"* always by 1 of alice within":               "a time such as 30m",
		"* always by 1 of alice within 0s":            "a time such as 30m",
		"* always by 1 of alice within -1m":           "a time such as 30m",
		"* always by 1 of alice within 1us":           "a time such as 30m",
		"* always by 1 of alice within 30":            "a time such as 30m",
		"* always by 1 of alice within 30m shown":     "want the end",
		"* always by 1 of alice shown shown":          "want the end",
		"* above amount 1000.00 by 1 of alice":        "want by",
		"* above amount 1,000.00 EUR by 1 of alice":   "an amount such as",
		"* above amount":                              "an amount such as",
		"* outside mon-fri 18:00-08:00 by 1 of alice": "times of one day",
		"* outside mon-fri 8:00-18:00 by 1 of alice":  "times of one day",
		"* outside mon-fri 08:00-24:01 by 1 of alice": "times of one day",
		"* outside mon-fri 08:60-18:00 by 1 of alice": "times of one day",
		"* outside mon-fri 08:00 by 1 of alice":       "times of one day",
		"* outside fri-mon 08:00-18:00 by 1 of alice": "days such as",
		"* outside mon,mon 08:00-18:00 by 1 of alice": "days such as",
		"* outside monday 08:00-18:00 by 1 of alice":  "days such as",
		"* outside , 08:00-18:00 by 1 of alice":       "days such as",
	} {
		g, err := request.Gate(text)
		if err == nil || !strings.Contains(err.Error(), want) || !reflect.DeepEqual(g, attest.WarrantGate{}) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func manyPeople(n int) string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprintf("p%02d", i))
	}
	return strings.Join(names, ",")
}

// written is a gate in the form that Gate reads.
func written(g attest.WarrantGate) string {
	actions := "*"
	if len(g.Actions) > 0 {
		actions = strings.Join(g.Actions, ",")
	}
	when := "always"
	switch w := g.When; {
	case w.Irreversible:
		when = "irreversible"
	case w.Above != nil:
		when = "above " + w.Above.Argument + " " + w.Above.Limit.Decimal + " " + w.Above.Limit.Unit
	case w.OutsideHours != nil:
		var days []string
		for _, d := range w.OutsideHours.Weekdays {
			days = append(days, []string{"mon", "tue", "wed", "thu", "fri", "sat", "sun"}[d-1])
		}
		h := w.OutsideHours
		when = fmt.Sprintf("outside %s %02d:%02d-%02d:%02d", strings.Join(days, ","), h.From/60, h.From%60, h.To/60, h.To%60)
	}
	text := fmt.Sprintf("%s %s by %d of %s", actions, when, g.M, strings.Join(g.Approvers, ","))
	if g.Display {
		text += " shown"
	}
	if g.MaxAge > 0 {
		text += " within " + (time.Duration(g.MaxAge) * time.Millisecond).String()
	}
	return text
}

// FuzzGate: what is read is written and read again as the same, and it is a gate of
// a warrant but for what words cannot tell: how many actions, and the name of the
// argument.
func FuzzGate(f *testing.F) {
	for _, text := range []string{
		"payments.transfer above amount 1000.00 EUR by 2 of alice,bob", "* always by 1 of alice shown within 30m", "* irreversible by 1 of a",
		"a.b,c outside mon-fri 08:00-18:00 by 1 of alice", "* outside sun,wed 00:00-24:00 by 1 of alice within 1h0m0.001s", "",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		g, err := request.Gate(text)
		if err != nil {
			return
		}
		again, err := request.Gate(written(g))
		if err != nil || !reflect.DeepEqual(again, g) {
			t.Fatalf("%q is %+v, written %q and read as %+v, %v", text, g, written(g), again, err)
		}
		if warrant.GateMayApply(g, &attest.Action{}, false) || len(g.Approvers) < g.M || g.M < 1 {
			t.Fatalf("%+v", g)
		}
	})
}
