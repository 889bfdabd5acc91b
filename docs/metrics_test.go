package docs_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/deedlog/deed/internal/metrics"
	"github.com/deedlog/deed/internal/server"
)

func names(t *testing.T) []metrics.Name {
	t.Helper()
	list, err := server.NewMetrics([]string{"acme.example"}).Names()
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// TestMetrics keeps the table of docs/operating.md equal to the registry.
func TestMetrics(t *testing.T) {
	var b strings.Builder
	b.WriteString("| metric | kind | labels | is |\n|---|---|---|---|\n")
	for _, n := range names(t) {
		labels := ""
		if len(n.Labels) > 0 {
			labels = "`" + strings.Join(n.Labels, "`, `") + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", n.Name, n.Kind, labels, n.Help)
	}
	generated(t, "operating.md", "metrics", b.String())
}

// dashboard is what the tests read of docs/grafana.json.
type dashboard struct {
	Templating struct {
		List []struct{ Name, Type string }
	}
	Panels []struct {
		ID         int
		Title      string
		Type       string
		Datasource struct{ UID string }
		Targets    []struct{ Expr string }
	}
}

// TestDashboard: every query asks for metrics that there are, and every metric
// of ours is shown somewhere.
func TestDashboard(t *testing.T) {
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "grafana.json")), &d); err != nil {
		t.Fatal(err)
	}
	if len(d.Templating.List) == 0 || d.Templating.List[0].Type != "datasource" || d.Templating.List[0].Name != "datasource" {
		t.Errorf("no variable for the data source: %+v", d.Templating.List)
	}
	known := map[string]string{}
	for _, n := range names(t) {
		known[n.Name] = n.Name
		if n.Kind == "histogram" {
			delete(known, n.Name)
			for _, suffix := range []string{"_bucket", "_sum", "_count"} {
				known[n.Name+suffix] = n.Name
			}
		}
	}
	shown, ids := map[string]bool{}, map[int]bool{}
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("panel %d is there twice", p.ID)
		}
		ids[p.ID] = true
		if p.Type == "row" {
			continue
		}
		if p.Datasource.UID != "${datasource}" || len(p.Targets) == 0 {
			t.Errorf("%s: source %q, %d queries", p.Title, p.Datasource.UID, len(p.Targets))
		}
		for _, target := range p.Targets {
			for _, name := range regexp.MustCompile(`deed_[a-z0-9_]+`).FindAllString(target.Expr, -1) {
				if known[name] == "" {
					t.Errorf("%s asks for %s, which there is not", p.Title, name)
				}
				shown[known[name]] = true
			}
		}
	}
	for _, n := range names(t) {
		if !shown[n.Name] {
			t.Errorf("no panel shows %s", n.Name)
		}
	}
}
