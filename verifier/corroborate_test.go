package verifier_test

import (
	"maps"
	"testing"

	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/verifier"
)

// TestPeopleOnTheOperatorsWord: whose key it is, is the administrators' word if the
// genesis is the reader's own, and the operator's if it was taken as well. A key of a
// name that the reader's list lacks is the operator's word, whatever genesis it is.
func TestPeopleOnTheOperatorsWord(t *testing.T) {
	w := world(t, "one")
	without := func(names ...string) map[string][]byte {
		files := maps.Clone(w.trust)
		for _, name := range names {
			delete(files, name)
		}
		return files
	}
	empty := []byte(`[]`)
	accept := verifier.Options{AcceptLedgerRoots: true}
	for name, c := range map[string]struct {
		files map[string][]byte
		o     verifier.Options
		class agency.Class
		key   agency.Key
	}{
		"all known":                      {without(), verifier.Options{}, agency.HumanDirected, agency.K3},
		"all known, accepted":            {without(), accept, agency.HumanDirected, agency.K3},
		"own genesis, no list":           {without("people.json"), verifier.Options{}, agency.HumanDirected, agency.K3},
		"own genesis, no list, accepted": {without("people.json"), accept, agency.HumanDirected, agency.K3},
		"their genesis, own list":        {without("genesis"), accept, agency.HumanDirected, agency.K3},
		"their genesis, no list":         {without("genesis", "people.json"), accept, agency.Unattributed, agency.K1},
		"own genesis, not on the list":   {with(w.trust, "people.json", empty), accept, agency.Unattributed, agency.K1},
		"their genesis, not on the list": {with(without("genesis"), "people.json", empty), accept, agency.Unattributed, agency.K1},
	} {
		v := verifier.Verify(build(t, w.contents["human_directed"]), load(t, c.files), c.o)
		if v.ExitCode() != 0 {
			t.Errorf("%s: %s", name, v.Failure())
			continue
		}
		if a := v.Subjects[0].Attribution; a.Agency != c.class || a.Key != c.key {
			t.Errorf("%s: %s at K%d, want %s at K%d", name, a.Agency, a.Key, c.class, c.key)
		}
	}
}
