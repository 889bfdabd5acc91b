package verifier

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// JSON writes a verdict as one line of JSON.
func JSON(v *Verdict) []byte {
	doc, err := json.Marshal(v, jsontext.AllowInvalidUTF8(true))
	if err != nil {
		panic("encoding verdict: " + err.Error()) // strings and numbers of our own structs
	}
	return append(doc, '\n')
}

// Text writes a verdict for a terminal: the result, then the subjects, then the
// findings, those that are false first, then what was not checked.
func Text(v *Verdict) string {
	p := &page{}
	p.para(0, "", v.headline())
	if v.File != "" {
		p.para(0, "", "File "+printable(v.File)+v.believed()+".")
	}
	if v.Log != "" {
		p.para(0, "", fmt.Sprintf("Log %s, a tree of %d entries.", v.Log, v.Size))
	}
	for _, what := range v.OperatorTrusted {
		p.para(0, "", "operator_trusted: "+what+".")
	}
	for i := range v.Subjects {
		p.gap()
		p.subject(&v.Subjects[i])
	}
	p.findings("False, and required", v.selected(fail, true))
	p.findings("Could not be checked, and required", v.selected(unknown, true))
	p.findings("Does not hold, and not required", v.selected(fail, false))
	p.findings("Not checked, and not required", v.selected(unknown, false))
	p.passed(v.selected(pass, true, false))
	return p.String()
}

// headline is the verdict in one sentence, and a second one where it has two readings.
func (v *Verdict) headline() string {
	switch {
	case v.Result == False:
		return "FALSE: a required check does not hold. Do not rely on this evidence."
	case v.Result == CouldNotCheck:
		return "COULD NOT CHECK: a required check could not be made. Nothing is shown to be false, and nothing is proven."
	case len(v.OperatorTrusted) > 0:
		return "VERIFIED, ON THE OPERATOR'S WORD: every required check passed, with roots of trust taken from the evidence itself." + v.readings()
	}
	return "VERIFIED: every required check passed." + v.readings()
}

// believed names the trust directory, where it is known.
func (v *Verdict) believed() string {
	if v.Trust == "" {
		return ""
	}
	return ", with the trust directory " + printable(v.Trust)
}

// readings name the subjects of which there are two, or are "".
func (v *Verdict) readings() string {
	var names []string
	for _, s := range v.Subjects {
		if len(s.Contested) > 0 {
			names = append(names, entryName(s.Index))
		}
	}
	if len(names) == 0 {
		return ""
	}
	return " CONTESTED: of " + people(names) + " both readings are given."
}

// selected returns the findings of a status, required or not.
func (v *Verdict) selected(s Status, required ...bool) []Finding {
	var out []Finding
	for _, f := range v.Findings {
		for _, r := range required {
			if f.Status == s && f.Required == r {
				out = append(out, f)
			}
		}
	}
	return out
}

// page is a text under construction.
type page struct{ strings.Builder }

const pageWidth = 92

func (p *page) gap() { p.WriteString("\n") }

// para writes a paragraph after a label, wrapped, its lines after the first
// under its text. A word that is too long for a line stays whole.
func (p *page) para(indent int, label, text string) {
	under := indent + utf8.RuneCountInString(label)
	p.WriteString(strings.Repeat(" ", indent))
	if strings.TrimSpace(label) == "" {
		label = "" // only what follows hangs
	}
	p.WriteString(label)
	width, fresh := indent+utf8.RuneCountInString(label), true
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		if !fresh && width+1+n > pageWidth {
			p.WriteString("\n" + strings.Repeat(" ", under))
			width, fresh = under, true
		}
		if !fresh {
			p.WriteString(" ")
			width++
		}
		p.WriteString(word)
		width, fresh = width+n, false
	}
	p.gap()
}

// field writes a named value.
func (p *page) field(name, value string) {
	if value != "" {
		p.para(2, fmt.Sprintf("%-14s", name), value)
	}
}

func (p *page) list(title string, items []string) {
	if len(items) == 0 {
		return
	}
	p.gap()
	p.para(2, "", title)
	for _, item := range items {
		p.para(4, "- ", item)
	}
}

func (p *page) subject(s *Subject) {
	p.para(0, "", s.title())
	if !s.Established {
		p.para(2, "", "Nothing is shown about this entry: see the findings.")
		return
	}
	p.para(2, "", s.Summary)
	p.gap()
	for _, f := range s.fields() {
		p.field(f[0], f[1])
	}
	p.list("What this shows", s.Shows)
	p.list("Where the values of the action are from", s.OriginLines())
	p.list("What this would show, had every required check been made and passed", s.WouldShow)
	p.list("What this does not show", s.DoesNotShow)
	if s.Stronger != "" {
		p.list("What would have been stronger", []string{s.Stronger})
	}
	for _, c := range s.Contested {
		p.list("Contested", c.Lines)
		p.list("If what was signed with it is not believed, this would show instead", c.Shows)
	}
	p.words("Chain of warrants, root first", s.Chain)
	p.words("What else it relies on", s.Evidence)
	p.list("What is complete", s.Complete)
	p.list("What is not complete", s.Incomplete)
	if c := s.Completeness; c != nil {
		p.list(omissionTitle, c.Lines)
		if c.Stronger != "" {
			p.para(4, "", c.Stronger)
		}
	}
}

func (p *page) words(title string, list []Words) {
	if len(list) == 0 {
		return
	}
	p.gap()
	p.para(2, "", title)
	for _, w := range list {
		p.para(4, "", entryName(w.Index)+", "+w.Title)
		for _, line := range w.Lines {
			p.para(6, "  ", line)
		}
	}
}

func (p *page) findings(title string, list []Finding) {
	if len(list) == 0 {
		return
	}
	p.gap()
	p.para(0, "", title)
	for _, f := range list {
		p.para(2, "", f.Check)
		p.field("  where", orBundle(f.Where))
		p.field("  expected", f.Expected)
		p.field("  found", f.Found)
	}
}

func (p *page) passed(list []Finding) {
	if len(list) == 0 {
		return
	}
	p.gap()
	p.para(0, "", "Passed")
	for _, f := range list {
		p.para(2, fmt.Sprintf("%-22s", f.Check), orBundle(f.Where))
	}
}

// title names the subject.
func (s *Subject) title() string {
	if !s.Established {
		return "Entry " + strconv.FormatUint(s.Index, 10) + ": not established"
	}
	title := "Entry " + strconv.FormatUint(s.Index, 10) + ": " + string(s.Kind)
	if s.Action != nil {
		title += ", " + s.Action.Phase
	}
	if s.Decision.Effect != "" {
		title += ", " + map[string]string{"allow": "allowed", "deny": "DENIED"}[string(s.Decision.Effect)] + " by the log"
	}
	return title
}

// fields are the named facts of a subject, for every rendering.
func (s *Subject) fields() [][2]string {
	out := [][2]string{
		{"statement", string(s.ID)},
		{"signed by", s.Signer.Name + " (" + string(s.Signer.Kind) + ", key " + string(s.Signer.Key) + ")"},
		{"not before", s.When.From + ", by " + s.When.FromSource},
		{"not after", s.When.to()},
	}
	if a := s.Action; a != nil {
		if a.Name != "" {
			out = append(out, [2]string{"action", a.Name + " on " + a.Resource})
		}
		out = append(out, [2]string{"arguments", strings.Join(a.Arguments, "; ")})
		for _, line := range a.Lines {
			name, value, _ := strings.Cut(line, ": ")
			out = append(out, [2]string{name, value})
		}
	}
	return append(append(out, s.decisionFields()...), s.attributionFields()...)
}

func (w Interval) to() string {
	if w.To == "" {
		return "not shown"
	}
	return w.To + ", by " + w.ToSource
}

// orBundle names the places of a finding.
func orBundle(where []string) string {
	if len(where) == 0 {
		return "the bundle"
	}
	return whereText(where)
}
