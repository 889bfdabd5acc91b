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
	"where": orBundle, "omission": func() string { return omissionTitle }, "entry": entryName, "args": func(title string, list []Finding) titled { return titled{title, list} },
}).Parse(reportText))

// titled is a table of findings.
type titled struct {
	Title string
	List  []Finding
}

// pageSubject is a subject as the template takes it.
type pageSubject struct {
	*Subject
	Title  string
	Fields [][2]string
}

// pageVerdict is a verdict as the template takes it.
type pageVerdict struct {
	*Verdict
	Headline                                     string
	False, Unchecked, Noted, NotRequired, Passed []Finding
	About                                        []pageSubject
}

// HTML writes verdicts as one page that needs nothing else: no script, no image,
// no font, no network. Everything that came from a bundle is escaped.
func HTML(verdicts ...*Verdict) []byte {
	pages := make([]pageVerdict, len(verdicts))
	for i, v := range verdicts {
		pages[i] = pageVerdict{
			Verdict: v, Headline: v.headline(),
			False: v.selected(fail, true), Unchecked: v.selected(unknown, true),
			Noted: v.selected(fail, false), NotRequired: v.selected(unknown, false), Passed: v.selected(pass, true, false),
		}
		for j := range v.Subjects {
			s := &v.Subjects[j]
			about := pageSubject{Subject: s, Title: s.title()}
			if s.Established {
				about.Fields = s.fields()
			}
			pages[i].About = append(pages[i].About, about)
		}
	}
	var out bytes.Buffer
	if err := report.Execute(&out, pages); err != nil {
		panic("rendering verdict: " + err.Error()) // a fixed template over our own structs
	}
	return out.Bytes()
}
