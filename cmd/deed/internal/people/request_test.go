package people

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deedlog/deed/cmd/deed/internal/console"
)

// What cannot be read as a request is wrong usage.
func TestParseRequest(t *testing.T) {
	_, err := parseRequest("a.b resource=c:d amount<=")
	if code, hint := console.Classify(err); code != console.ExitCould || hint != console.UsageHint {
		t.Errorf("exit code %d, hint %q", code, hint)
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
