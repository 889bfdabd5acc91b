package server

import (
	"slices"
	"strings"
	"testing"

	"github.com/deedlog/deed/internal/admission"
)

// TestLayout keeps what a database of the layout has. Where this fails, or the form
// of a cell's key or value changes, the layout needs another number: a database that
// was made before lacks what is new.
func TestLayout(t *testing.T) {
	const want = "1: action agent bundle class compromised decision erased force kind log of outcome person refused revoked sealed session session spent used warrant"
	names := append(admission.Tables(), byAgent, bySession, byPerson, byWarrant, byAction, byDecision, byClass, byKind, byOf)
	slices.Sort(names)
	if got := string(rune('0'+Layout)) + ": " + strings.Join(names, " "); got != want {
		t.Errorf("layout %s\n  want %s", got, want)
	}
}
