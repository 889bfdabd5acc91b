package verifier

import (
	"errors"
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/internal/admission"
)

// The results of a verdict.
const (
	Verified      = "verified"
	False         = "false"
	CouldNotCheck = "could_not_check"
)

// Verdict is what a bundle shows to a reader with this trust directory
// (docs/spec/verdict.md). The same inputs give the same verdict, byte for byte
// in every rendering.
type Verdict struct {
	Exit            int       `json:"exit_code"`
	File            string    `json:"file,omitzero"` // for the reader: set by whoever read it
	Findings        []Finding `json:"findings"`
	Log             string    `json:"log"`              // origin
	OperatorTrusted []string  `json:"operator_trusted"` // what was believed on the operator's word
	Result          string    `json:"result"`           // verified | false | could_not_check
	Size            uint64    `json:"size"`             // of the tree that the checkpoint states
	Subjects        []Subject `json:"subjects"`
	Trust           string    `json:"trust,omitzero"` // the directory that was believed, likewise
	V               int       `json:"v"`
}

// Subject is one entry that the bundle is about. Unless Established, only Index
// means anything.
type Subject struct {
	Action      *ActionWords        `json:"action,omitzero"`
	Attribution *agency.Attribution `json:"attribution,omitzero"`
	Chain       []Words             `json:"chain"`    // of warrants, root first
	Complete    []string            `json:"complete"` // what a walk shows
	Contested   []Contest           `json:"contested"`
	Decision    admission.Decision  `json:"decision"`
	DoesNotShow []string            `json:"does_not_show"`
	Established bool                `json:"established"`
	Evidence    []Words             `json:"evidence"` // instruction, approvals, trigger, registration, policy
	ID          attest.ID           `json:"id"`
	Incomplete  []string            `json:"incomplete"`
	Index       uint64              `json:"index"`
	Kind        attest.Kind         `json:"kind"`
	Mode        attest.Mode         `json:"mode,omitzero"`
	Origins     []Origin            `json:"origins"` // of an action's values
	Shows       []string            `json:"shows"`
	Signer      SignerWords         `json:"signer"`
	Stronger    string              `json:"stronger,omitzero"`
	Summary     string              `json:"summary"`
	When        Interval            `json:"when"`
	WouldShow   []string            `json:"would_show"` // instead of Shows, where a required check could not be made

	// Completeness is of actions and countersignatures, in a verdict that is verified.
	Completeness *Completeness `json:"completeness,omitzero"`
}

// SignerWords is who signed a subject.
type SignerWords struct {
	Key  attest.Digest     `json:"key"`
	Kind attest.SignerKind `json:"kind"`
	Name string            `json:"name"`
}

// Interval is when an entry was made, with the source of each bound.
type Interval struct {
	From       string `json:"from"`
	FromSource string `json:"from_source"`
	To         string `json:"to,omitzero"`
	ToSource   string `json:"to_source,omitzero"`
}

// Words is something that a subject relies on, in lines of text.
type Words struct {
	Index uint64   `json:"index"`
	Lines []string `json:"lines"`
	Title string   `json:"title"`
}

// ActionWords is what an agent did or meant to do.
type ActionWords struct {
	Agent     string   `json:"agent"`
	Arguments []string `json:"arguments"`
	Lines     []string `json:"lines"`
	Name      string   `json:"name,omitzero"`
	Phase     string   `json:"phase"`
	Resource  string   `json:"resource,omitzero"`
}

// verdict sums up the findings.
func (v *verification) verdict() *Verdict {
	out := &Verdict{Findings: v.list, OperatorTrusted: []string{}, Subjects: []Subject{}, V: 1}
	out.OperatorTrusted = append(out.OperatorTrusted, v.operator...)
	c := v.opened.Checkpoint()
	out.Log, out.Size = c.Origin, c.Size
	out.conclude()
	if v.bundle == nil {
		return out
	}
	for _, index := range v.bundle.Subjects() {
		s := v.subject(index)
		s.Completeness = v.completeness[index]
		s.qualify(out.Result)
		out.Subjects = append(out.Subjects, s)
	}
	return out
}

// qualify: what rests on a check that could not be made is not shown, and of
// what is false nothing is said at all.
func (s *Subject) qualify(result string) {
	switch {
	case !s.Established || result == Verified:
		return
	case result == CouldNotCheck:
		s.WouldShow = s.Shows // and what contests it, which must not be missed
	default:
		s.Contested = []Contest{}
	}
	s.Shows, s.Complete, s.Origins, s.Stronger = []string{}, []string{}, []Origin{}, ""
	s.Completeness = nil
	s.Summary = "Not proven; as the bundle has it: " + s.Summary
}

// refusal is the verdict on a file that [Open] does not take.
func refusal(err error) *Verdict {
	f := Finding{Check: "bundle.container", Status: unknown, Required: true, Expected: "a bundle", Found: printable(err.Error())}
	var format *FormatError
	if errors.As(err, &format) {
		f = format.Finding
	}
	out := &Verdict{OperatorTrusted: []string{}, Subjects: []Subject{}, V: 1}
	var fs findings
	fs.add(f)
	out.Findings = fs.list
	out.conclude()
	return out
}

// ExitCode is what a command that prints the verdict exits with: 0 all required
// checks passed, 1 one is false, 2 one could not be checked and none is false.
func (v *Verdict) ExitCode() int { return v.Exit }

// Failure is the first required finding that did not pass, false ones first, in
// one line, or "".
func (v *Verdict) Failure() string {
	for _, s := range []Status{fail, unknown} {
		for _, f := range v.Findings {
			if f.Required && f.Status == s {
				return f.String()
			}
		}
	}
	return ""
}

// conclude draws result and exit code from the required findings.
func (v *Verdict) conclude() {
	v.Result, v.Exit = Verified, 0
	for _, f := range v.Findings {
		switch {
		case !f.Required:
		case f.Status == fail:
			v.Result, v.Exit = False, 1
			return
		case f.Status == unknown:
			v.Result, v.Exit = CouldNotCheck, 2
		}
	}
	if len(v.Findings) == 0 {
		v.Result, v.Exit = CouldNotCheck, 2
	}
}

// subject puts one entry in words.
func (v *verification) subject(index uint64) Subject {
	s := Subject{Index: index, Chain: []Words{}, Complete: []string{}, Contested: []Contest{}, Evidence: []Words{}, Shows: []string{}, DoesNotShow: []string{}, Incomplete: []string{}, WouldShow: []string{}, Origins: []Origin{}}
	i := v.at(index)
	if i == nil || i.logged == nil {
		return s
	}
	r := i.record
	s.Established, s.ID, s.Kind, s.Mode, s.Decision = true, r.ID, r.Kind, r.Mode, r.Decision
	if len(i.unseen) > 0 { // what the policies said is the record's word then: names that nobody has checked
		s.Decision.Determining, s.Decision.Errors = []string{}, []string{}
	}
	s.Signer = SignerWords{Key: r.Signer.Key, Kind: r.Signer.Kind, Name: r.Signer.Name}
	s.When = v.when(i)
	s.Contested = v.contests(i)
	believed, note := v.believed(i)
	believed = v.withLater(i, believed, len(s.Contested) > 0)
	s.Attribution = believed
	v.describe(&s, i)
	if believed != nil {
		s.Shows, s.DoesNotShow = agency.Statement(*believed)
		s.Stronger = agency.Stronger(*believed)
		v.gateWords(&s, i)
	}
	for _, check := range i.walks {
		s.Complete = append(s.Complete, completeWords[check])
	}
	if a, ok := i.statement().(*attest.Action); ok {
		s.Origins = v.origins(a, believed)
	}
	if s.unstated() {
		s.DoesNotShow = append(s.DoesNotShow, originLimit)
	}
	s.Incomplete = v.incomplete(i)
	if note != "" {
		s.Incomplete = append([]string{note}, s.Incomplete...)
	}
	s.Summary = s.summary()
	s.DoesNotShow = append(append(s.DoesNotShow, v.tokenLimits(believed)...), v.signatureLimits(i)...)
	s.DoesNotShow = append(s.DoesNotShow, limits...)
	if len(v.operator) > 0 {
		s.DoesNotShow = append(s.DoesNotShow, operatorLimit)
	}
	return s
}

// when is the interval in which an entry was made.
func (v *verification) when(i *item) Interval {
	w := Interval{From: instant(i.entry.ReceivedAt), FromSource: "the register's clock"}
	for _, c := range v.times {
		at := instant(c.seconds*1000 + 999) // signed in whole seconds: until its end
		if w.To == "" || at < w.To {
			w.To, w.ToSource = at, "signature of the checkpoint by "+c.by
		}
	}
	return w
}

// incomplete lists, in order, what is not shown about this entry.
func (v *verification) incomplete(i *item) []string {
	out := []string{}
	for _, f := range v.list {
		note, ok := incompleteWords[f.Check]
		if ok && f.Status == unknown && slices.Contains(f.Where, entryName(i.index)) {
			out = append(out, note)
		}
		if f.Check == "action.fields" && f.Status == fail && slices.Contains(f.Where, entryName(i.index)) {
			out = append(out, "The agent's commitment to its own values is false: it was made over other values than those in the action.")
		}
	}
	for _, on := range v.relied(i, "") {
		out = append(out, on.gone...)
	}
	out = append(out, v.uncounted(i)...)
	if !v.whole {
		out = append(out, laterWords)
	}
	if n := i.record.Read.Size; uint64(len(v.items)) <= n {
		out = append(out, fmt.Sprintf("The bundle holds %d of the %d entries up to this one. Others may bear on it; none of them can change what is shown above, except as said, if the register counted its control entries truthfully.", v.upTo(i), n+1))
	}
	return out
}

// upTo counts the entries of the bundle up to and with this one.
func (v *verification) upTo(i *item) int {
	at, _ := slices.BinarySearchFunc(v.items, i.index, func(i *item, n uint64) int { return compareIndex(i.index, n) })
	return at + 1
}
