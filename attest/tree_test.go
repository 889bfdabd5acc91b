package attest_test

import (
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// gone deletes a member.
type gone struct{}

// changed rewrites one member of a document, named as in predicate.session.seq,
// and gives the canonical form of the result. It does not recompute digests.
func changed(t testing.TB, doc []byte, path string, value any) []byte {
	t.Helper()
	var tree any
	if err := json.Unmarshal(doc, &tree); err != nil {
		t.Fatal(err)
	}
	tree = replaced(t, tree, strings.Split(path, "."), value)
	out, err := json.Marshal(tree)
	if err != nil {
		t.Fatal(err)
	}
	canonical := jsontext.Value(out)
	if err := canonical.Canonicalize(); err != nil {
		t.Fatal(err)
	}
	return canonical
}

func replaced(t testing.TB, tree any, path []string, value any) any {
	t.Helper()
	if len(path) == 0 {
		return value
	}
	switch node := tree.(type) {
	case map[string]any:
		if _, there := node[path[0]]; !there && len(path) > 1 {
			t.Fatalf("no member %s", path[0])
		}
		if _, del := value.(gone); del && len(path) == 1 {
			delete(node, path[0])
		} else {
			node[path[0]] = replaced(t, node[path[0]], path[1:], value)
		}
	case []any:
		i, err := strconv.Atoi(path[0])
		if err != nil || i >= len(node) {
			t.Fatalf("no item %s", path[0])
		}
		node[i] = replaced(t, node[i], path[1:], value)
	default:
		t.Fatalf("nothing below %s", path[0])
	}
	return tree
}

// members lists every member of a document as paths for changed.
func members(t testing.TB, doc []byte) []string {
	t.Helper()
	var tree any
	if err := json.Unmarshal(doc, &tree); err != nil {
		t.Fatal(err)
	}
	var out []string
	walk(tree, "", func(path string) { out = append(out, path) })
	return out
}

func walk(tree any, path string, visit func(string)) {
	switch node := tree.(type) {
	case map[string]any:
		for name, inner := range node {
			visit(path + name)
			walk(inner, path+name+".", visit)
		}
	case []any:
		for i, inner := range node {
			walk(inner, path+strconv.Itoa(i)+".", visit)
		}
	}
}
