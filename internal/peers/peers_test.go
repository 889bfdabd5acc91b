package main

import (
	"strings"
	"testing"

	"github.com/deedlog/deed/policy"
)

// TestOrganisation: the register takes the policies, and as many of them as
// intended are about one team.
func TestOrganisation(t *testing.T) {
	for policies, match := range map[int]int{10: 1, 100: 5, 1000: 50} {
		o := newOrganisation(policies, usual.agents)
		src := o.source()
		if _, err := policy.Load(src); err != nil {
			t.Errorf("%d policies: %v", policies, err)
		}
		text := string(src.Policies)
		if got := strings.Count(text, "@id("); got != policies {
			t.Errorf("%d policies, want %d", got, policies)
		}
		for _, group := range []string{`"team/03"`, `"folder/03"`} {
			if got := strings.Count(text, group); got != match {
				t.Errorf("of %d policies %d name %s, want %d", policies, got, group, match)
			}
		}
		if got := strings.Count(string(src.Entities), `"uid"`); got < inHierarchy-o.teams || got > inHierarchy {
			t.Errorf("%d entities for %d policies", got, policies)
		}
	}
}

func TestRatio(t *testing.T) {
	var tab table
	for i, v := range []float64{2, 30, 8} {
		tab.add("above", "x", v)
		tab.add("below", "x", []float64{1, 10, 2, 5}[i])
	}
	if got := median(per("above", "below")(&tab)); got != 3 { // of 2, 3 and 4
		t.Errorf("median of the quotients is %v", got)
	}
	if got := per("above", "absent")(&tab); len(got) != 0 {
		t.Errorf("a row that is absent gives %v", got)
	}
}

func TestDigits(t *testing.T) {
	for v, want := range map[float64]string{0: "0.00", 0.0665: "0.0665", 0.70249: "0.702", 3.456: "3.46", 99.96: "100", 70.34: "70.3", 28400: "28400", 123456: "123000"} {
		if got := digits(v); got != want {
			t.Errorf("%v is written %s, want %s", v, got, want)
		}
	}
}

// TestNames: every ratio belongs to a measurement, and every measurement's to
// the list.
func TestNames(t *testing.T) {
	made := map[string]bool{}
	for _, m := range new(run).measurements() {
		for _, name := range m.ratios {
			if made[name] = true; known(name) != nil {
				t.Errorf("%s is for %s, which is no ratio", m.name, name)
			}
		}
	}
	for _, q := range ratios {
		if !made[q.name] {
			t.Errorf("nothing measures %s", q.name)
		}
	}
}
