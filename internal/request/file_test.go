package request_test

import (
	"strings"
	"testing"

	"github.com/deedlog/deed/internal/request"
)

func TestFile(t *testing.T) {
	for doc, want := range map[string]string{
		"- {action: a.b, resource: c:d}\n- {action: a.c, resource: c:d, arguments: [count=3]}": "",
		"[]":          "no requests",
		"# nothing\n": "no requests",
		"":            "no requests",
		"null":        `line 1: want a list, each request of it beginning with '- ', found "null"`,
		"- {action: a.b, resource: c:d}\n---\n- {}": "more than one document",
		"- action: a.b\n":                   "line 1: want resource=KIND:PATH",
		"- resource: c:d\n":                 `line 1: want an action first, found ""`,
		"- action: a.b\n  ressource: c:d\n": `line 2: want action, resource or arguments, found "ressource"`,
		"action: a.b":                       "line 1: want a list, each request of it beginning with '- ', found keys with values",
		"- action: a.b\n  resource: c:d\n  action: a.c\n": "line 3: action is there twice",
		"- [":                               "it is no YAML: line 1: ",
		"- hello":                           `line 1: want a request, with action, resource and arguments, found "hello"`,
		"- action: [a.b]":                   "line 1: want a text, found a list",
		"- action:\n  resource: c:d":        "line 1: want a text, found nothing",
		"- {action: a.b, resource: {c: d}}": "line 1: want a text, found keys with values",
		"- &a {action: a.b, resource: c:d}\n- *a":          "line 2: want a request, with action, resource and arguments, found an alias",
		"- {action: a.b, resource: c:d, arguments: x}":     `line 1: want a list, such as [amount<=250.00 EUR, reference=INV/4711], found "x"`,
		"- {action: a.b, resource: c:d, arguments: [[x]]}": "line 1: want a text, found a list",
		strings.Repeat("#", request.MaxFile+1):             "it has 1048577 bytes, the limit is 1048576",
	} {
		list, err := request.File([]byte(doc))
		if want == "" && (err != nil || len(list) != 2 || list[1].Arguments[0].Name != "count") {
			t.Errorf("%v, %v", list, err)
		}
		if want != "" && (err == nil || !strings.HasPrefix(err.Error(), want)) {
			t.Errorf("%.60q: %v; want %s", doc, err, want)
		}
	}
}

// FuzzFile: what is read has an action and a resource, and errors have one line
// without words of the program's own.
func FuzzFile(f *testing.F) {
	f.Add([]byte("- action: a.b\n  resource: c:d\n  arguments: [amount<=250.00 EUR]\n"))
	f.Add([]byte("- &a {action: a.b, resource: c:d}\n- *a"))
	f.Add([]byte("- ["))
	f.Fuzz(func(t *testing.T, doc []byte) {
		list, err := request.File(doc)
		if err != nil {
			if list != nil || strings.ContainsAny(err.Error(), "\n") || strings.Contains(err.Error(), "yaml.") {
				t.Errorf("%v, %v", list, err)
			}
			return
		}
		for _, r := range list {
			if r.Action == "" || r.Resource.Kind == "" && r.Resource.Match.Exact == nil && r.Resource.Match.Prefix == "" {
				t.Errorf("%+v", r)
			}
		}
	})
}
