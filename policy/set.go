package policy

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/cedar-policy/cedar-go"
	"github.com/deedlog/deed/attest"
)

// Set is an organisation's policy set, loaded and checked. It is immutable and
// may be used by several goroutines.
type Set struct {
	id       attest.Digest
	policies *index
	actions  map[string]recordValidator // of the arguments of each action
	undoable map[string]bool            // the actions that the schema puts among the reversible ones
	entities cedar.EntityMap            // as logged, and the schema's hierarchy of actions
	memos    memos                      // which change nothing
}

// ID names the set by its content: the digest of its three parts.
func (s *Set) ID() attest.Digest { return s.id }

// Declares reports whether the schema declares an action for agents.
func (s *Set) Declares(action string) bool {
	_, ok := s.actions[action]
	return ok
}

// Reversible reports whether the schema says of an action that it can be undone: it
// is in the group Deed::Action::"reversible", itself or through other groups. What is
// not in it cannot, nor can anything where no set is in force.
func (s *Set) Reversible(action string) bool { return s != nil && s.undoable[action] }

// remembered are the memos of the set, or of none.
func (s *Set) remembered() *memos {
	if s == nil {
		return &memos{}
	}
	return &s.memos
}

// takes reports whether the schema declares the action of a question with its
// arguments. That it takes all other facts was tried when it was loaded.
func (s *Set) takes(q *question) bool {
	arguments, ok := s.actions[q.Action]
	return ok && arguments.accepts(q.argumentRecord())
}

// policySet is a list of policies in ascending order of their IDs.
type policySet []namedPolicy

type namedPolicy struct {
	id     cedar.PolicyID
	policy *cedar.Policy
}

// at tells a person where an error is.
func (p namedPolicy) at(err error) error {
	return fmt.Errorf("line %d: %s: %w", p.policy.Position().Line, p.id, err)
}

var policyID = regexp.MustCompile(`^[a-z0-9_/-]{1,64}$`)

// parse reads Cedar policies, each named by its @id.
func parse(text []byte) (policySet, error) {
	list, err := cedar.NewPolicyListFromBytes("", text)
	if err != nil {
		return nil, err
	}
	set := make(policySet, 0, len(list))
	for _, p := range list {
		id := string(p.Annotations()["id"])
		if !policyID.MatchString(id) {
			return nil, fmt.Errorf("line %d: a policy needs an @id of [a-z0-9_/-]{1,64}, has %q", p.Position().Line, id)
		}
		set = append(set, namedPolicy{cedar.PolicyID(id), p})
	}
	slices.SortStableFunc(set, func(a, b namedPolicy) int { return strings.Compare(string(a.id), string(b.id)) })
	for i := 1; i < len(set); i++ {
		if set[i-1].id == set[i].id {
			return nil, set[i].at(errors.New("its @id is used twice"))
		}
	}
	return set, nil
}
