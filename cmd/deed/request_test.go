package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deedlog/deed/internal/consent"
)

func TestParseRequest(t *testing.T) {
	for text, want := range map[string]string{
		"a.b resource=c:d":                                   `a.b on c exactly "d", with no arguments`,
		"a.b resource=c/d/e":                                 `a.b on c exactly "d/e", with no arguments`,
		"a.b resource=c:d/x:y":                               `a.b on c exactly "d/x:y", with no arguments`,
		"a.b   resource=c:d/...  x":                          `a.b on c "d" or below, with x any value`,
		"a.b resource=c:d amount<=100.00USD":                 `a.b on c exactly "d", with amount at most 100.00 USD`,
		"a.b resource=c:d amount<=100.00 USD":                `a.b on c exactly "d", with amount at most 100.00 USD`,
		"a.b resource=c:d amount=7.5 EUR":                    `a.b on c exactly "d", with amount exactly 7.5 EUR`,
		"a.b amount<=1EUR resource=c:d n=1..3":               `a.b on c exactly "d", with amount at most 1 EUR, n from 1 to 3`,
		`a.b resource=c:d note="two words" z`:                `a.b on c exactly "d", with note exactly "two words", z any value`,
		`a.b resource=c:d note="a \" b"`:                     `a.b on c exactly "d", with note exactly "a \" b"`,
		`a.b resource=c:d list=["x y","z"]`:                  `a.b on c exactly "d", with list exactly ["x y", "z"]`,
		"a.b resource=c:d currency=EUR|USD URGENT":           `a.b on c exactly "d", with URGENT any value, currency one of ["EUR", "USD"]`,
		"a.b resource=c:d host=*.example.com path=INV/...":   `a.b on c exactly "d", with host a host under example.com, path "INV" or below`,
		"a.b resource=c:d resource2=x amount<=5.00EUR/month": "",
		"a.b":                               "",
		"":                                  "",
		"a.b resource=c:d amount=100.00USD": "",
		"a.b resource=c:d amount=100USD":    "",
		`a.b resource=c:d amount="100USD"`:  `a.b on c exactly "d", with amount exactly "100USD"`,
		"a.b resource=c:d ref=123ABCD":      `a.b on c exactly "d", with ref exactly "123ABCD"`,
		"resource=c:d":                      "",
		"a.b resource=":                     "",
		"a.b resource=d":                    "",
		"a.b resource=c:d amount<=":         "",
		`a.b resource=c:d x="`:              "",
	} {
		r, err := parseRequest(text)
		switch {
		case want == "" && err == nil:
			t.Errorf("%q: read as %s", text, consent.RequestWords(r))
		case want == "":
			if code, hint := classify(err); code != exitCould || hint == "" {
				t.Errorf("%q: exit code %d, hint %q", text, code, hint)
			}
		case err != nil || consent.RequestWords(r) != want:
			t.Errorf("%q: %s, %v; want %s", text, consent.RequestWords(r), err, want)
		}
	}
}

func TestReadRequests(t *testing.T) {
	file := filepath.Join(t.TempDir(), "requests.yaml")
	for doc, want := range map[string]string{
		"- {action: a.b, resource: c:d}\n- {action: a.c, resource: c:d, arguments: [count=3]}": "",
		"[]":          "no requests",
		"# nothing\n": "no requests",
		"- {action: a.b, resource: c:d}\n---\n- {}": "more than one document",
		"- {action: a.b}":                             "request 0: want resource=KIND:PATH",
		"- {action: a.b, resource: c:d, max: 3}":      "field max not found",
		"action: a.b":                                 "cannot unmarshal",
		"- {action: a.b, resource: c:d, action: a.c}": "already",
		"- [":                              "yaml",
		strings.Repeat("#", maxRequests+1): "the limit is",
		"- {action: a.b, resource: c:d, arguments: x}": "cannot unmarshal",
	} {
		if err := os.WriteFile(file, []byte(doc), 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := readRequests(file)
		if want == "" && (err != nil || len(list) != 2 || list[1].Arguments[0].Name != "count") {
			t.Errorf("%v, %v", list, err)
		}
		if want != "" && (err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "requestYAML")) {
			t.Errorf("%.40q: %v; want %s", doc, err, want)
		}
	}
}
