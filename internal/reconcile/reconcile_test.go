package reconcile_test

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/reconcile"
)

const noon = int64(1_772_366_400_000) // 2026-03-01 12:00 UTC

func digest(name string) attest.Digest { return attest.DigestOf([]byte(name)) }

func id(name string) attest.ID { return attest.ID("id:" + digest(name).Hex()) }

func action(n uint64, name string, at int64, allowed bool) reconcile.Action {
	return reconcile.Action{Agent: "spiffe://a.example/a", Allowed: allowed, At: at, ID: id(fmt.Sprint(name, n)), Index: n, Name: "pay", Request: digest(name)}
}

// vault is a response line of an audit device.
func vault(at, request, header, lease string) string {
	return fmt.Sprintf(`{"time":%q,"type":"response","auth":{"accessor":"hmac-sha256:aa","entity_id":"e"},"request":{"id":%q,"operation":"read","path":"secret/data/x","headers":{"x-action-digest":[%q]}},"response":{"secret":{"lease_id":%q}}}`, at, request, header, lease)
}

func run(t testing.TB, actions []reconcile.Action, o reconcile.Options, parse reconcile.Parser, lines ...string) *reconcile.Report {
	t.Helper()
	j := reconcile.New(actions, o)
	if err := j.Read(strings.NewReader(strings.Join(lines, "\n")), parse, nil); err != nil {
		t.Fatal(err)
	}
	return j.Report()
}

// counts is a report in one line.
func counts(r *reconcile.Report) string {
	return fmt.Sprintf("matched %d denied %d log %d service %d ambiguous %d malformed %d skipped %d outside %d: %s", r.Matched.Count, r.Denied.Count,
		r.LogOnly.Count, r.ServiceOnly.Count, r.Ambiguous.Count, r.Malformed.Count, r.Skipped, r.Outside, r.Result())
}

// TestJoin has each way in which line and action meet or do not.
func TestJoin(t *testing.T) {
	seed := [32]byte{7}
	lease := action(3, "lease", noon, true)
	lease.Kind, lease.Commitment = "vault_lease", attest.CredentialCommitment(seed, "vault_lease", "pki/issue/r/1")
	shared := []reconcile.Action{action(5, "s", noon, true), action(6, "s2", noon, true)}
	for i := range shared {
		shared[i].Kind, shared[i].Commitment = lease.Kind, lease.Commitment
	}
	opening := []reconcile.Opening{{Kind: "vault_lease", Seed: seed}}
	const at = "2026-03-01T12:00:01Z"
	window := reconcile.Options{Since: noon - 3_600_000, Until: noon + 3_600_000, Slack: 60_000, Openings: opening}
	for _, c := range []struct {
		name    string
		actions []reconcile.Action
		lines   []string
		want    string
	}{
		{"by digest", []reconcile.Action{action(1, "a", noon, true)}, []string{vault(at, "r1", string(digest("a")), "")}, "matched 1 denied 0 log 0 service 0 ambiguous 0 malformed 0 skipped 0 outside 0: agree"},
		{"twice", []reconcile.Action{action(1, "a", noon, true)}, []string{vault(at, "r1", string(digest("a")), ""), vault(at, "r2", string(digest("a")), "")}, "matched 1 denied 0 log 0 service 0 ambiguous 0 malformed 0 skipped 0 outside 0: unclear"},
		{"by credential", []reconcile.Action{lease}, []string{vault(at, "r1", "", "pki/issue/r/1")}, "matched 1 denied 0 log 0 service 0 ambiguous 0 malformed 0 skipped 0 outside 0: agree"},
		{"another credential", []reconcile.Action{lease}, []string{vault(at, "r1", "", "pki/issue/r/2")}, "matched 0 denied 0 log 1 service 1 ambiguous 0 malformed 0 skipped 0 outside 0: differ"},
		{"a credential of two", shared, []string{vault(at, "r1", "", "pki/issue/r/1")}, "matched 0 denied 0 log 2 service 0 ambiguous 1 malformed 0 skipped 0 outside 0: differ"},
		{"a digest that is not logged, with a credential that is", []reconcile.Action{lease}, []string{vault(at, "r1", string(digest("b")), "pki/issue/r/1")}, "matched 0 denied 0 log 1 service 1 ambiguous 0 malformed 0 skipped 0 outside 0: differ"},
		{"denied", []reconcile.Action{action(1, "a", noon, false)}, []string{vault(at, "r1", string(digest("a")), "")}, "matched 0 denied 1 log 0 service 0 ambiguous 0 malformed 0 skipped 0 outside 0: differ"},
		{"denied and not done", []reconcile.Action{action(1, "a", noon, false)}, nil, "matched 0 denied 0 log 0 service 0 ambiguous 0 malformed 0 skipped 0 outside 0: agree"},
		{"denied, then allowed", []reconcile.Action{action(1, "a", noon, false), action(2, "a", noon, true)}, []string{vault(at, "r1", string(digest("a")), "")}, "matched 1 denied 0 log 0 service 0 ambiguous 0 malformed 0 skipped 0 outside 0: agree"},
		{"allowed twice", []reconcile.Action{action(1, "a", noon, true), action(2, "a", noon, true)}, []string{vault(at, "r1", string(digest("a")), "")}, "matched 0 denied 0 log 2 service 0 ambiguous 1 malformed 0 skipped 0 outside 0: differ"},
		{"allowed twice and done twice", []reconcile.Action{action(1, "a", noon, true), action(2, "a", noon, true)}, []string{vault(at, "r1", string(digest("a")), ""), vault(at, "r2", string(digest("a")), "")}, "matched 0 denied 0 log 2 service 0 ambiguous 2 malformed 0 skipped 0 outside 0: unclear"},
		{"allowed twice and done twice, and another not", []reconcile.Action{action(1, "a", noon, true), action(2, "a", noon, true), action(3, "b", noon, true)}, []string{vault(at, "r1", string(digest("a")), ""), vault(at, "r2", string(digest("a")), ""), vault(at, "r3", string(digest("a")), "")}, "matched 0 denied 0 log 3 service 0 ambiguous 3 malformed 0 skipped 0 outside 0: differ"},
		{"a digest that is hashed", []reconcile.Action{action(1, "a", noon, true)}, []string{vault(at, "r1", "hmac-sha256:00", "")}, "matched 0 denied 0 log 1 service 0 ambiguous 1 malformed 0 skipped 0 outside 0: unclear"},
		{"a digest that is hashed, of two", []reconcile.Action{action(1, "a", noon, true), action(2, "b", noon, true)}, []string{vault(at, "r1", "hmac-sha256:00", "")}, "matched 0 denied 0 log 2 service 0 ambiguous 1 malformed 0 skipped 0 outside 0: differ"},
		{"outside the window", []reconcile.Action{action(1, "a", noon-7_200_000, true)}, []string{vault("2026-03-01T20:00:00Z", "r1", string(digest("x")), "")}, "matched 0 denied 0 log 0 service 0 ambiguous 0 malformed 0 skipped 0 outside 1: agree"},
		{"across the end of the window", []reconcile.Action{action(1, "a", noon+3_599_000, true)}, []string{vault("2026-03-01T13:00:30Z", "r1", string(digest("a")), "")}, "matched 1 denied 0 log 0 service 0 ambiguous 0 malformed 0 skipped 0 outside 0: agree"},
		{"unknown after its end", nil, []string{vault("2026-03-01T13:00:30Z", "r1", string(digest("a")), "")}, "matched 0 denied 0 log 0 service 0 ambiguous 0 malformed 0 skipped 0 outside 0: agree"},
		{"requests and rubbish", nil, []string{`{"type":"request"}`, ``, `{"type":"respons`, `{"type":"other"}`, `{"type":"response","time":"noon"}`}, "matched 0 denied 0 log 0 service 0 ambiguous 0 malformed 3 skipped 1 outside 0: unclear"},
	} {
		if got := counts(run(t, c.actions, window, reconcile.Vault, c.lines...)); got != c.want {
			t.Errorf("%s:\ngot  %s\nwant %s", c.name, got, c.want)
		}
	}
}

// TestMalformed: lines are named by number, also after one that is too long, and
// lists are bounded where counts are not.
func TestMalformed(t *testing.T) {
	long := `{"type":"` + strings.Repeat("x", 2<<20) + `"}`
	r := run(t, nil, reconcile.Options{List: 2}, reconcile.Vault, "x", long, "", "y", vault("2026-03-01T12:00:01Z", "r", "", ""))
	if r.Malformed.Count != 3 || len(r.Malformed.Items) != 2 || r.Malformed.Items[1].Number != 2 || r.Malformed.Items[1].Reason != "longer than 1 MiB" ||
		r.ServiceOnly.Count != 1 || r.ServiceOnly.Items[0].Number != 5 || r.Lines != 4 {
		t.Errorf("%+v", r)
	}
}

// TestHashed: an audit device that hashes the header is told from one without it.
func TestHashed(t *testing.T) {
	r := run(t, nil, reconcile.Options{}, reconcile.Vault, vault("2026-03-01T12:00:01Z", "r", "hmac-sha256:00", ""))
	if r.Hashed != 1 || r.ServiceOnly.Count != 1 {
		t.Errorf("%+v", r)
	}
}

// TestOpenings: a seed for one credential opens that one only, and a commitment
// of another kind is none.
func TestOpenings(t *testing.T) {
	seed := [32]byte{7}
	a := action(1, "a", noon, true)
	a.Kind, a.Commitment = "oauth", attest.CredentialCommitment(seed, "oauth", "jti-1")
	line := `{"time":"2026-03-01T12:00:00Z","jti":"jti-1","path":"/x"}`
	for name, c := range map[string]struct {
		opening reconcile.Opening
		matched int64
	}{
		"any":          {reconcile.Opening{Kind: "oauth", Seed: seed}, 1},
		"this one":     {reconcile.Opening{ID: "jti-1", Kind: "oauth", Seed: seed}, 1},
		"another":      {reconcile.Opening{ID: "jti-2", Kind: "oauth", Seed: seed}, 0},
		"another kind": {reconcile.Opening{Kind: "api_key", Seed: seed}, 0},
		"another seed": {reconcile.Opening{Kind: "oauth"}, 0},
	} {
		r := run(t, []reconcile.Action{a}, reconcile.Options{Openings: []reconcile.Opening{c.opening}}, reconcile.JSON(reconcile.Fields{}), line)
		if r.Matched.Count != c.matched || r.MatchedBy.Credential != c.matched {
			t.Errorf("%s: %s", name, counts(r))
		}
	}
}

// TestAccess reads what the usual servers write.
func TestAccess(t *testing.T) {
	d := string(digest("a"))
	other := reconcile.Fields{}
	for field, name := range map[string]string{"digest": "d.e", "time": "at", "credential": "c", "path": "p", "id": "i"} {
		if !other.Set(field, name) {
			t.Errorf("no field %s", field)
		}
	}
	if other.Set("colour", "x") {
		t.Error("a field that is none is set")
	}
	for name, c := range map[string]struct {
		parse reconcile.Parser
		line  string
		want  reconcile.Line
		used  string
	}{
		"common":            {reconcile.Combined, `10.0.0.7 - key-1 [01/Mar/2026:13:00:00 +0100] "POST /pay HTTP/1.1" 201 12`, reconcile.Line{At: noon, Path: "/pay", What: "POST /pay HTTP/1.1 201"}, "key-1"},
		"combined":          {reconcile.Combined, `h - - [01/Mar/2026:12:00:00 +0000] "GET /a\"b HTTP/1.1" 200 - "-" "curl \" sha256:x" "` + d + `"`, reconcile.Line{At: noon, Digest: digest("a"), Path: `/a\"b`, What: `GET /a\"b HTTP/1.1 200`}, ""},
		"not in quotes":     {reconcile.Combined, `h - - [01/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 0 ` + d, reconcile.Line{At: noon, Digest: digest("a"), Path: "/", What: "GET / HTTP/1.1 200"}, ""},
		"a digest in a URL": {reconcile.Combined, `h - - [01/Mar/2026:12:00:00 +0000] "GET /` + d + ` HTTP/1.1" 200 0 "http://x/` + d + `" "-"`, reconcile.Line{At: noon, Path: "/" + d, What: "GET /" + d + " HTTP/1.1 200"}, ""},
		"caddy":             {reconcile.JSON(reconcile.Fields{}), `{"ts":1772366400.0,"request":{"uri":"/pay","headers":{"X-Action-Digest":["` + d + `"]}},"user":"key-1"}`, reconcile.Line{At: noon, Digest: digest("a"), Path: "/pay", What: "/pay"}, "key-1"},
		"milliseconds":      {reconcile.JSON(reconcile.Fields{}), `{"time":1772366400000,"x_action_digest":"` + d + `"}`, reconcile.Line{At: noon, Digest: digest("a")}, ""},
		"own names":         {reconcile.JSON(other), `{"at":"2026-03-01T12:00:00Z","d":{"e":"` + d + `"},"c":"k","p":"/x","i":"r-1"}`, reconcile.Line{At: noon, Digest: digest("a"), ID: "r-1", Path: "/x", What: "/x"}, "k"},
	} {
		got, err := c.parse([]byte(c.line))
		used := strings.Join(got.Credentials, " ")
		got.Credentials = nil
		if err != nil || fmt.Sprint(got) != fmt.Sprint(c.want) || used != c.used {
			t.Errorf("%s: %+v by %q, %v", name, got, used, err)
		}
	}
	for name, c := range map[string]struct {
		parse reconcile.Parser
		line  string
	}{
		"no request":       {reconcile.Combined, `h - - [01/Mar/2026:12:00:00 +0000] 200 0`},
		"another time":     {reconcile.Combined, `h - - [2026-03-01T12:00:00Z] "GET / HTTP/1.1" 200 0`},
		"an open quote":    {reconcile.Combined, `h - - [01/Mar/2026:12:00:00 +0000] "GET / HTTP/1.1" 200 0 "x`},
		"JSON as combined": {reconcile.Combined, `{"time":"x"}`},
		"no object":        {reconcile.JSON(reconcile.Fields{}), `[1]`},
		"no time":          {reconcile.JSON(reconcile.Fields{}), `{"path":"/"}`},
		"half an object":   {reconcile.JSON(reconcile.Fields{}), `{"time":"2026-03-01T12:00:00Z"`},
		"a negative time":  {reconcile.JSON(reconcile.Fields{}), `{"time":-1}`},
	} {
		if l, err := c.parse([]byte(c.line)); err == nil {
			t.Errorf("%s is read as %+v", name, l)
		}
	}
}

// TestRepeated: calls beyond those that one action makes are not of the logged
// action for sure, whatever digest they name.
func TestRepeated(t *testing.T) {
	lines := []string{vault("2026-03-01T12:00:01Z", "r1", string(digest("a")), ""), vault("2026-03-01T12:00:02Z", "r2", string(digest("a")), "")}
	for calls, want := range map[int64]string{0: "unclear", 1: "unclear", 2: "agree"} {
		r := run(t, []reconcile.Action{action(1, "a", noon, true)}, reconcile.Options{Calls: calls}, reconcile.Vault, lines...)
		if r.Result() != want || r.Matched.Items[0].Lines != 2 || (r.Repeated.Count == 1) != (want == "unclear") {
			t.Errorf("%d calls: %+v", calls, r)
		}
	}
}

// TestEndpoint: of actions on another target the service need not have a line; it
// may have one all the same, and then it is one of those that were compared.
func TestEndpoint(t *testing.T) {
	here, there, elsewhere := action(1, "a", noon, true), action(2, "b", noon, true), action(3, "c", noon, true)
	here.Endpoint, there.Endpoint, elsewhere.Endpoint = "vault.example", "bank.example", "bank.example"
	r := run(t, []reconcile.Action{here, there, elsewhere}, reconcile.Options{Endpoint: "vault.example"}, reconcile.Vault,
		vault("2026-03-01T12:00:01Z", "r", string(digest("c")), ""))
	if r.Actions != 2 || r.LogOnly.Count != 1 || r.LogOnly.Items[0].Index != 1 || r.Matched.Count != 1 {
		t.Errorf("%+v", r)
	}
}

// TestPaths: only what is asked for is compared.
func TestPaths(t *testing.T) {
	line := func(path string) string { return `{"time":"2026-03-01T12:00:00Z","path":"` + path + `"}` }
	r := run(t, nil, reconcile.Options{Paths: []string{"/pay", "/x"}}, reconcile.JSON(reconcile.Fields{}), line("/pay/1"), line("/health"), line("/x"))
	if r.Outside != 1 || r.ServiceOnly.Count != 2 {
		t.Errorf("%s", counts(r))
	}
}

// endless is a log without end, of the same line.
type endless struct {
	line string
	left int
}

func (e *endless) Read(b []byte) (int, error) {
	if e.left == 0 {
		return 0, io.EOF
	}
	e.left--
	return copy(b, e.line), nil
}

// TestLong: of a log of any length no more is kept than the report lists, and how
// far it is read is said to its end.
func TestLong(t *testing.T) {
	const lines = 50_000
	j, last := reconcile.New(nil, reconcile.Options{List: 10}), int64(0)
	source := &endless{line: vault("2026-03-01T12:00:01Z", "r", "", "") + "\n", left: lines}
	if err := j.Read(source, reconcile.Vault, func(_, n int64) { last = n }); err != nil {
		t.Fatal(err)
	}
	if r := j.Report(); r.ServiceOnly.Count != lines || len(r.ServiceOnly.Items) != 10 || last != lines {
		t.Errorf("%s, said %d", counts(r), last)
	}
}

func FuzzVault(f *testing.F) {
	f.Add([]byte(vault("2026-03-01T12:00:01Z", "r", string(digest("a")), "l")))
	f.Add([]byte(`{"type":"request"}`))
	f.Fuzz(func(t *testing.T, line []byte) { readable(t, reconcile.Vault, line) })
}

func FuzzCombined(f *testing.F) {
	f.Add([]byte(`h - - [01/Mar/2026:12:00:00 +0000] "GET /a\"b HTTP/1.1" 200 - "-" "curl \\" "` + string(digest("a")) + `"`))
	f.Add([]byte(`h - - [`))
	f.Fuzz(func(t *testing.T, line []byte) { readable(t, reconcile.Combined, line) })
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"ts":1772366400.5,"request":{"uri":"/pay","headers":{"X-Action-Digest":["` + string(digest("a")) + `"]}},"user":"key-1"}`))
	f.Add([]byte(`{"time":1e400}`))
	f.Fuzz(func(t *testing.T, line []byte) { readable(t, reconcile.JSON(reconcile.Fields{}), line) })
}

// readable: what is taken of a line is in form and can be printed; the reason why
// nothing is, too.
func readable(t *testing.T, parse reconcile.Parser, line []byte) {
	l, err := parse(line)
	if err != nil {
		if len(err.Error()) > 100 {
			t.Errorf("a long reason: %v", err)
		}
		return
	}
	if l.Digest != "" && !l.Digest.Valid() || l.At <= 0 {
		t.Errorf("read %+v", l)
	}
	for _, text := range []string{l.ID, l.Path, l.What} {
		if len(text) > 210 || strings.ContainsAny(text, "\x00\n\r\x1b\u202e") || strings.ToValidUTF8(text, "") != text {
			t.Errorf("text %q", text)
		}
	}
}
