package consent

import (
	"slices"
	"testing"
)

func TestNamedApprovers(t *testing.T) {
	text := `@id("a") forbid (principal, action, resource) unless { context.approvers.containsAny(["carol", "bob"]) };
@id("b") forbid (principal, action, resource) unless { context.approvals >= 1 };
@id("c") forbid (principal, action, resource) unless { context.approvers.contains( "bob" ) && context.note == "dave" };`
	for _, test := range []struct {
		rules, want []string
	}{
		{[]string{"a"}, []string{"bob", "carol"}}, {[]string{"b"}, nil}, {[]string{"b", "c"}, []string{"bob"}}, {nil, nil}, {[]string{"d"}, nil},
	} {
		if got := namedApprovers(text, test.rules); !slices.Equal(got, test.want) {
			t.Errorf("%v: %v, want %v", test.rules, got, test.want)
		}
	}
}

// An action is shown to whom it concerns, and to nobody else.
func TestConcern(t *testing.T) {
	p := People{Instructor: "maria", Issuers: []string{"ines"}, Accountable: "ada", Owner: "olga", Approvers: []string{"bob"}}
	for _, name := range []string{"maria", "ines", "ada", "olga", "bob"} {
		if p.Concern(name) == "" {
			t.Errorf("%s may not see it", name)
		}
	}
	if why := p.Concern("eve"); why != "" {
		t.Errorf("eve may see it: %s", why)
	}
	if p.Approvers = nil; p.Concern("eve") == "" {
		t.Error("no rule names an approver, and eve may not see it")
	}
}
