package verifier

import (
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
)

// Countersigned is what another than the agent saw of an action, beside what the
// agent says of it.
type Countersigned struct {
	By     string      `json:"by"`     // SPIFFE ID
	Differ []string    `json:"differ"` // of what both say, that which differs
	Index  uint64      `json:"index"`
	Result string      `json:"result"` // agree | disagree | one_sided
	Role   attest.Role `json:"role"`
	Same   []string    `json:"same"`
}

// countersigned compares an action with what was seen of it from a place.
func (o *omission) countersigned(role attest.Role, status string) {
	check := roleChecks[role]
	found := false
	for _, i := range o.items {
		s, ok := i.statement().(*attest.Countersignature)
		if !ok || s.Role != role || !i.logged.Allowed() || !isOf(s, o.item) {
			continue
		}
		found = true
		c := compared(i, s, o.item, status)
		o.out.Countersigned = append(o.out.Countersigned, c)
		o.sayCompared(check, s, c)
		o.sayContested(i)
	}
	if !found && o.logged.Allowed() { // of what the log denied none is missed
		o.find(check, unknown, "a countersignature of "+roleWords[role], "none in this bundle")
		o.say("%s", missingWords[role])
		o.lacks("a countersignature of " + roleWords[role])
	}
}

// leftOut: whoever made the bundle says that there are more than it holds.
func (o *omission) leftOut() {
	if o.out.LeftOut = o.bundle.LeftOut(o.index); o.out.LeftOut == 0 {
		return
	}
	o.say("Whoever made this bundle says that further countersignatures of this action are not in it, at least %d. Whether they say the same as the agent is not shown.", o.out.LeftOut)
	o.lacks("the countersignatures that were left out")
}

// sayCompared puts a comparison in words. Where the signer stands is its own word:
// the administrators registered a workload, and not what it is to this action.
func (o *omission) sayCompared(check string, s *attest.Countersignature, c Countersigned) {
	seen := c.By + ", which says that it is " + roleWords[c.Role] + ", signed what it saw (" + entryName(c.Index) + ")"
	switch several := s.Of == "" && o.alike(s) > 1; {
	case c.Result == "disagree":
		o.find(check, fail, "the agent and "+roleWords[c.Role]+" to say the same", entryName(c.Index)+" differs about "+strings.Join(c.Differ, ", "))
		o.say("%s. It says otherwise than the agent about: %s. Who is right is not shown.", seen, strings.Join(c.Differ, ", "))
		return
	case several:
		o.find(check, unknown, "a countersignature of this action", entryName(c.Index)+" is of a request that several actions have")
		o.lacks("a countersignature that names this statement")
	default:
		o.find(check, pass, "", "")
	}
	o.say("%s. It says the same as the agent about: %s.", seen, strings.Join(c.Same, ", "))
	if s.Of == "" {
		o.say("It names the request and no statement: which action it saw, if the agent made several of the same request, is not shown.")
	}
}

// alike counts the actions that a countersignature may be of.
func (v *verification) alike(s *attest.Countersignature) (n int) {
	for _, i := range v.items {
		if a, ok := i.statement().(*attest.Action); ok && a.Phase.Asks() && isOf(s, i) {
			n++
		}
	}
	return n
}

// sayContested: what another saw is worth no more than the key that signed it.
func (o *omission) sayContested(i *item) {
	for _, c := range o.contests(i) {
		o.say("%s rests on what may have been in other hands: %s declared in entry %d that %s may have been so since %s.", capital(entryName(i.index)), c.By, c.Index, c.What, c.Since)
	}
}

// ofCountersignature compares the other way round: the agent's own statement of
// what was countersigned.
func (o *omission) ofCountersignature(s *attest.Countersignature) {
	const check, expected = "complete.agent", "the agent's own statement of the action"
	for _, i := range o.items {
		if a, ok := i.statement().(*attest.Action); ok && a.Phase.Asks() && isOf(s, i) {
			c := compared(o.item, s, i, o.statusOf(i, a))
			o.out.Countersigned = append(o.out.Countersigned, c)
			o.sayCompared(check, s, c)
			return
		}
	}
	o.out.Countersigned = append(o.out.Countersigned, Countersigned{
		By: s.By, Differ: []string{}, Index: o.index, Result: "one_sided", Role: s.Role, Same: []string{},
	})
	o.find(check, unknown, expected, "none in this bundle")
	o.say("No statement of the agent about this action is in this bundle: what is said here rests on the word of %s alone, which says that it is %s.", s.By, roleWords[s.Role])
	o.lacks("the agent's own statement")
}

// statusOf is what the agent says came of an action, or "".
func (v *verification) statusOf(i *item, a *attest.Action) string {
	if a.Outcome != nil {
		return a.Outcome.Status
	}
	for _, j := range v.items {
		if b, ok := j.statement().(*attest.Action); ok && b.Phase == attest.Outcome && b.Intent == i.logged.ID() {
			return b.Outcome.Status
		}
	}
	return ""
}

// isOf reports whether a countersignature is of an action: by its ID, or where it
// has none, by its request digest.
func isOf(s *attest.Countersignature, i *item) bool {
	if s.Of != "" {
		return s.Of == i.logged.ID()
	}
	a, ok := i.statement().(*attest.Action)
	return ok && a.Request != nil && s.Request == a.Request.Digest()
}

// compared lists what both say, and whether it is the same. What one of them
// leaves out is not compared.
func compared(at *item, s *attest.Countersignature, of *item, status string) Countersigned {
	c := Countersigned{By: s.By, Differ: []string{}, Index: at.index, Result: "agree", Role: s.Role, Same: []string{}}
	c.Same, c.Differ = Compare(s, of.statement().(*attest.Action), of.logged.Allowed(), status)
	if len(c.Differ) > 0 {
		c.Result = "disagree"
	}
	return c
}

// Compare lists what a countersignature and the agent's own statement of an action both
// say: what is the same, and what differs. allowed is the log's decision, status what
// the agent says came of it, or "".
func Compare(s *attest.Countersignature, a *attest.Action, allowed bool, status string) (same, differ []string) {
	same, differ = []string{}, []string{}
	put := func(what string, both, alike bool) {
		switch {
		case !both:
		case alike:
			same = append(same, what)
		default:
			differ = append(differ, what)
		}
	}
	put("agent", true, s.Agent == a.Agent)
	put("request", s.Request != "", s.Request == a.Request.Digest())
	put("target", s.Target != nil && a.Target != nil, sameValue(s.Target, a.Target))
	put("credential", s.Credential != nil && a.Credential != nil, sameValue(s.Credential, a.Credential))
	put("status", said(s.Status) && said(status), sameStatus(s.Status, status))
	put("decision", !allowed && said(s.Status), s.Status == "refused")
	return same, differ
}

func sameValue[T comparable](a, b *T) bool { return a != nil && b != nil && *a == *b }

// said reports whether a status says what came of an action.
func said(status string) bool { return !slices.Contains([]string{"", "unknown", "timed_out"}, status) }

// sameStatus: what was refused failed for the agent; what was reverted may have
// been seen as done or as failed.
func sameStatus(seen, agent string) bool {
	return agent == "reverted" || (seen == "done") == (agent == "done")
}

func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// countersignatureLines put what another than the agent saw in words.
func countersignatureLines(s *attest.Countersignature) []string {
	lines := []string{roleWords[s.Role] + " " + s.By + " saw " + s.Agent + " at " + instant(s.At) + ": " + s.Status}
	if s.Of != "" {
		lines = append(lines, "of "+string(s.Of))
	}
	if s.Request != "" {
		lines = append(lines, "request "+string(s.Request))
	}
	if t := s.Target; t != nil {
		lines = append(lines, "target: "+t.Endpoint+", "+t.Protocol+", "+t.Kind)
	}
	if k := s.Credential; k != nil {
		lines = append(lines, "credential: "+k.Kind+", "+string(k.Commitment))
	}
	if s.Ref != "" {
		lines = append(lines, "own note: "+string(s.Ref))
	}
	return lines
}

// roleChecks are the findings about countersignatures, roleWords name who signed
// them, missingWords what is not shown without them.
var (
	roleChecks = map[attest.Role]string{attest.GatewayRole: "complete.gateway", attest.ServiceRole: "complete.service"}
	roleWords  = map[attest.Role]string{
		attest.GatewayRole: "the gateway",
		attest.ServiceRole: "the called service",
	}
	missingWords = map[attest.Role]string{
		attest.GatewayRole: "No gateway signed what it saw of this action, as far as this bundle shows: that the call was as stated is the agent's word.",
		attest.ServiceRole: "No called service signed what it received, as far as this bundle shows: that the action reached its target is the agent's word.",
	}
)
