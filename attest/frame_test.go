package attest

import (
	"strings"
	"testing"
)

// The fast comparison of a frame says yes only where writing it again does.
func TestFrameSpelled(t *testing.T) {
	const good = `{"_type":"https://in-toto.io/Statement/v1","predicate":{"a":"é\"\\","b":[1,-2,true,{}]},"predicateType":"x","subject":[{"digest":{"sha256":"00"},"name":"say \"\\ü\""}]}`
	cases := []struct{ name, old, with string }{
		{"good", "", ""},
		{"no type", `"_type":"https://in-toto.io/Statement/v1",`, ``},
		{"no predicate", `"predicate":{"a":"é\"\\","b":[1,-2,true,{}]},`, ``},
		{"no predicate type", `,"predicateType":"x"`, ``},
		{"no subject", `,"subject":[{"digest":{"sha256":"00"},"name":"say \"\\ü\""}]`, ``},
		{"empty subject", `{"digest":{"sha256":"00"},"name":"say \"\\ü\""}`, ``},
		{"no digest", `"digest":{"sha256":"00"},`, ``},
		{"empty digest", `{"sha256":"00"}`, `{}`},
		{"no name", `,"name":"say \"\\ü\""`, ``},
		{"predicate is text", `{"a":"é\"\\","b":[1,-2,true,{}]}`, `"a"`},
		{"two subjects", `[{`, `[{"digest":{"sha256":"00"},"name":"a"},{`},
	}
	for _, c := range cases {
		doc := []byte(strings.Replace(good, c.old, c.with, 1))
		if c.old != "" && string(doc) == good {
			t.Fatalf("%s: changes nothing", c.name)
		}
		var f frame
		if err := CheckProfile(doc); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		if err := unmarshal(doc, &f); err != nil {
			continue
		}
		slow := checkSpelling(doc, &f) == nil
		if fast := f.spelled(doc); fast && !slow {
			t.Errorf("%s: spelled, and written again it is not", c.name)
		} else if c.name == "good" && (!fast || !slow) {
			t.Errorf("good: spelled %t, written again %t", fast, slow)
		}
	}
}
