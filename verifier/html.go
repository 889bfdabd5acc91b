package verifier

import (
	"bytes"
	_ "embed"
	"html/template"
)

//go:embed report.tmpl
var reportText string

// report is parsed once; it has no functions that could differ between runs.
var report = template.Must(template.New("report").Funcs(template.FuncMap{
	"where": whereText, "entry": entryName, "args": func(title string, list []Finding) titled { return titled{title, list} },
}).Parse(reportText))

// titled is a table of findings.
type titled struct {
	Title string
	List  []Finding
}

// HTML writes a verdict as one page that needs nothing else: no script, no
// image, no font, no network. Everything that came from the bundle is escaped.
func HTML(v *Verdict) []byte {
	var out bytes.Buffer
	type subject struct {
		*Subject
		Title  string
		Fields [][2]string
	}
	page := struct {
		*Verdict
		Headline                              string
		False, Unchecked, NotRequired, Passed []Finding
		About                                 []subject
	}{
		Verdict: v, Headline: v.headline(),
		False: v.selected(fail, true, false), Unchecked: v.selected(unknown, true),
		NotRequired: v.selected(unknown, false), Passed: v.selected(pass, true, false),
	}
	for i := range v.Subjects {
		s := &v.Subjects[i]
		about := subject{Subject: s, Title: s.title()}
		if s.Established {
			about.Fields = s.fields()
		}
		page.About = append(page.About, about)
	}
	if err := report.Execute(&out, page); err != nil {
		panic("rendering verdict: " + err.Error()) // a fixed template over our own structs
	}
	return out.Bytes()
}
