package docs_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
)

// members lists the tables of members: under which heading of which page the
// members of which struct stand.
var members = []struct {
	page, heading string
	of            any
}{
	{"spec/statements.md", "genesis", attest.Genesis{}},
	{"spec/statements.md", "administrator", attest.Administrator{}},
	{"spec/statements.md", "log keys", attest.LogKeys{}},
	{"spec/statements.md", "administrators", attest.Administrators{}},
	{"spec/statements.md", "root", attest.Root{}},
	{"spec/statements.md", "person", attest.Person{}},
	{"spec/statements.md", "passkey", attest.Passkey{}},
	{"spec/statements.md", "ssh", attest.SSH{}},
	{"spec/statements.md", "x509", attest.X509{}},
	{"spec/statements.md", "fulcio", attest.Fulcio{}},
	{"spec/statements.md", "issuer", attest.Issuer{}},
	{"spec/statements.md", "policy", attest.Policy{}},
	{"spec/statements.md", "quotas", attest.Quotas{}},
	{"spec/statements.md", "agent", attest.Agent{}},
	{"spec/statements.md", "instruction", attest.Instruction{}},
	{"spec/statements.md", "request of an instruction", attest.Request{}},
	{"spec/statements.md", "trigger", attest.Trigger{}},
	{"spec/statements.md", "warrant", attest.Warrant{}},
	{"spec/statements.md", "holder", attest.Holder{}},
	{"spec/statements.md", "task", attest.Task{}},
	{"spec/statements.md", "root of a warrant", attest.WarrantRoot{}},
	{"spec/statements.md", "approval", attest.Approval{}},
	{"spec/statements.md", "refusal", attest.Refusal{}},
	{"spec/statements.md", "action", attest.Action{}},
	{"spec/statements.md", "authority", attest.Authority{}},
	{"spec/statements.md", "request", attest.ActionRequest{}},
	{"spec/statements.md", "resource", attest.Resource{}},
	{"spec/statements.md", "session", attest.Session{}},
	{"spec/statements.md", "progress", attest.Progress{}},
	{"spec/statements.md", "target", attest.Target{}},
	{"spec/statements.md", "credential", attest.Credential{}},
	{"spec/statements.md", "initiator", attest.Initiator{}},
	{"spec/statements.md", "outcome", attest.Result{}},
	{"spec/statements.md", "software", attest.Software{}},
	{"spec/statements.md", "opening", attest.Opening{}},
	{"spec/statements.md", "sealed argument", attest.Sealed{}},
	{"spec/statements.md", "named value", attest.NamedValue{}},
	{"spec/statements.md", "revocation", attest.Revocation{}},
	{"spec/statements.md", "countersignature", attest.Countersignature{}},
	{"spec/statements.md", "erasure", attest.Erasure{}},
	{"spec/statements.md", "erased object", attest.ErasedObject{}},
	{"spec/statements.md", "compromise", attest.Compromise{}},
	{"spec/statements.md", "thing", attest.CompromisedThing{}},
	{"spec/statements.md", "provider", attest.Provider{}},
	{"spec/statements.md", "acceptance", attest.Acceptance{}},
	{"spec/statements.md", "client agent", attest.ClientAgent{}},
	{"spec/statements.md", "account", attest.Account{}},
	{"spec/statements.md", "token", attest.Token{}},
	{"spec/statements.md", "party", attest.Party{}},
	{"spec/statements.md", "commitment", attest.Commitment{}},
	{"spec/warrants.md", "Grants", attest.Grant{}},
	{"spec/warrants.md", "Argument", attest.Argument{}},
	{"spec/warrants.md", "Budget", attest.Budget{}},
	{"spec/warrants.md", "Match", attest.Match{}},
	{"spec/warrants.md", "Never", attest.Denial{}},
	{"spec/warrants.md", "Gates", attest.WarrantGate{}},
	{"spec/warrants.md", "When", attest.When{}},
	{"spec/warrants.md", "Threshold", attest.Threshold{}},
	{"spec/warrants.md", "Hours", attest.Hours{}},
	{"spec/warrants.md", "Constraints", attest.Constraint{}},
	{"spec/admission.md", "Entry", admission.Entry{}},
	{"spec/admission.md", "Control hash", admission.Control{}},
	{"spec/admission.md", "Record", admission.Record{}},
	{"spec/admission.md", "Attribution", agency.Attribution{}},
	{"spec/admission.md", "Basis", admission.Basis{}},
	{"spec/admission.md", "Decision", admission.Decision{}},
	{"spec/admission.md", "Endorsement", admission.Endorsement{}},
	{"spec/admission.md", "Signer", admission.RecordSigner{}},
	{"spec/admission.md", "Submitter", admission.Submitter{}},
	{"spec/admission.md", "Read", admission.Read{}},
	{"spec/admission.md", "Pin", admission.Pin{}},
	{"spec/admission.md", "Ref", admission.Ref{}},
	{"spec/admission.md", "Refused", admission.Refused{}},
	{"spec/admission.md", "Mark", admission.Mark{}},
	{"spec/admission.md", "Tip", admission.Tip{}},
	{"spec/admission.md", "Spent", admission.Spent{}},
}

// TestMembers compares the tables with the structs, both ways, and what is
// optional.
func TestMembers(t *testing.T) {
	for _, m := range members {
		want := membersOf(reflect.TypeOf(m.of))
		got := membersUnder(read(t, m.page), m.heading)
		for name, required := range want {
			has, ok := got[name]
			switch {
			case !ok:
				t.Errorf("%s, %q: member %s is missing", m.page, m.heading, name)
			case has != required:
				t.Errorf("%s, %q: member %s: required is %v in the code", m.page, m.heading, name, required)
			}
		}
		for name := range got {
			if _, ok := want[name]; !ok {
				t.Errorf("%s, %q: member %s is not in the code", m.page, m.heading, name)
			}
		}
	}
}

// membersOf returns the JSON members of a struct, and whether each is required.
func membersOf(typ reflect.Type) map[string]bool {
	out := map[string]bool{}
	for i := range typ.NumField() {
		name, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		out[name] = !strings.Contains(options, "omit")
	}
	return out
}

var memberRow = regexp.MustCompile("^\\| `([a-z0-9_]+)` \\| [^|]+ \\| (yes|no|\\*) \\|")

// membersUnder reads the first table below a heading.
func membersUnder(doc, heading string) map[string]bool {
	out := map[string]bool{}
	under := false
	for line := range strings.SplitSeq(doc, "\n") {
		if text := strings.TrimLeft(line, "#"); text != line {
			if under {
				break
			}
			under = strings.TrimSpace(text) == heading
		}
		if m := memberRow.FindStringSubmatch(line); under && m != nil {
			out[m[1]] = m[2] == "yes"
		}
	}
	return out
}
