package attest_test

import (
	"bytes"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/go-json-experiment/json/jsontext"
)

func TestDocumentsRoundTrip(t *testing.T) {
	for name, s := range documents(t) {
		t.Run(name, func(t *testing.T) {
			payload := payloadOf(t, s)
			canonical := jsontext.Value(bytes.Clone(payload))
			if err := canonical.Canonicalize(); err != nil || !bytes.Equal(canonical, payload) {
				t.Errorf("not canonical: %v\n%s\n%s", err, payload, canonical)
			}
			again, err := attest.ParsePayload(payload)
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(again, s) && !bytes.Equal(payloadOf(t, again), payload) {
				t.Errorf("read back as %+v", again)
			}
			if h := again.Head(); h.Log != origin || h.V != 1 || h.Nonce == "" {
				t.Errorf("head %+v", h)
			}
			if again.SignedBy().Name() == "" || again.SignedBy().Kind == "" {
				t.Error("signed by nobody")
			}
		})
	}
}

// Every struct that is written has its fields in the order of their names, so
// that Encode needs no sorting.
func TestFieldsAreInOrder(t *testing.T) {
	seen := map[reflect.Type]bool{}
	var visit func(reflect.Type)
	visit = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] || typ == reflect.TypeFor[attest.Value]() {
			return
		}
		seen[typ] = true
		last := ""
		for i := range typ.NumField() {
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if !regexp.MustCompile(`^[a-z0-9_]{1,64}$`).MatchString(name) || name <= last {
				t.Errorf("%s.%s: member %q after %q", typ, typ.Field(i).Name, name, last)
			}
			last = name
			visit(typ.Field(i).Type)
		}
	}
	for _, s := range documents(t) {
		visit(reflect.TypeOf(s))
	}
	visit(reflect.TypeFor[attest.Amount]())
	if len(seen) < 30 {
		t.Errorf("%d structs only", len(seen))
	}
}

// No member of any document can be left out, be of another type or be null,
// except that optional ones can be left out; and none can be added.
func TestEveryMember(t *testing.T) {
	wrong := []any{map[string]any{"unknown_member": "x"}, -1.5e300, []any{[]any{true}}}
	refusals := []string{"profile.member", "profile.canonical", "statement.type", "statement.subject", "statement.field",
		"statement.value", "profile.number", "action.open", "key.algorithm"}
	for name, s := range documents(t) {
		t.Run(name, func(t *testing.T) {
			payload := payloadOf(t, s)
			for _, path := range members(t, payload) {
				_, err := attest.ParsePayload(changed(t, payload, path, nil))
				wantCode(t, err, "profile.null")
				for _, value := range wrong {
					if _, err = attest.ParsePayload(changed(t, payload, path, value)); !slices.Contains(refusals, codeOf(err)) {
						t.Errorf("%s = %v: %v", path, value, err)
					}
				}
				// Without an optional member it is another document, whose subject is another.
				if _, err = attest.ParsePayload(changed(t, payload, path, gone{})); !slices.Contains(refusals, codeOf(err)) && !unbound(path) {
					t.Errorf("without %s: %v", path, err)
				}
			}
			_, err := attest.ParsePayload(changed(t, payload, "predicate.zzz", "x"))
			wantCode(t, err, "profile.member")
			_, err = attest.ParsePayload(changed(t, payload, "zzz", "x"))
			wantCode(t, err, "profile.member")
		})
	}
}

// unbound: the subject of an action is its request, not its predicate, so an
// optional member can go and the payload is still well formed (the signature
// covers it all the same).
func unbound(path string) bool {
	return slices.Contains([]string{"instance", "trace", "credential", "software", "software.build", "software.model", "target", "fields", "fields.seed",
		"authority", "initiator.trigger", "session.parallel_of", "outcome.counterparty", "outcome.result"}, strings.TrimPrefix(path, "predicate."))
}

// mutation changes one member of a document's predicate.
type mutation struct {
	doc, path string
	value     any
	code      string
}

const (
	field = "statement.field"
)

func list(items ...any) []any { return items }

func obj(name string, v any) map[string]any { return map[string]any{name: v} }

func mutations() []mutation {
	return slices.Concat(controlMutations(), tokenMutations(), warrantMutations(), gateMutations(), actionMutations())
}

func controlMutations() []mutation {
	hex31, id, sum := strings.Repeat("0", 31), string(idOf("x")), string(digestOf("x"))
	return []mutation{
		{"genesis", "v", 2, field}, {"genesis", "nonce", hex31, field}, {"genesis", "nonce", hex31 + "A", field}, {"genesis", "log", "https://x", field},
		{"genesis", "log", "a b", field}, {"genesis", "log", "a+b", field}, {"genesis", "log", strings.Repeat("a", 256), field}, {"genesis", "at", 0, field},
		{"genesis", "quorum", 0, field}, {"genesis", "quorum", 3, field}, {"genesis", "administrators", list(), field}, {"genesis", "administrators.0.name", "zoe", field},
		{"genesis", "administrators.0.name", "bob@acme.example", field}, {"genesis", "administrators.0.name", "Alice", field}, {"genesis", "server_key", "AAAA", "key.algorithm"},
		{"genesis", "server_key", "AA=A", "profile.member"}, {"genesis", "server_key", "AAAA\n", "profile.string"}, {"genesis", "trust_domains", list(), field}, {"genesis", "trust_domains", list("b.example", "a.example"), field},
		{"genesis", "trust_domains", list("A.example"), field}, {"genesis", "trust_domains", list("spiffe://a.example"), field}, {"genesis", "log_keys.ed25519", "", field}, {"genesis", "log_keys.mldsa44", strings.Repeat("a", 4097), field},

		{"administrators", "by", "", field}, {"administrators", "quorum", 0, field}, {"administrators", "quorum", 3, field}, {"administrators", "administrators", list(), field},
		{"administrators", "administrators.0.name", "zoe", field}, {"administrators", "administrators.1.key", "AAAA", "key.algorithm"},

		{"root", "type", "jwks", field}, {"root", "type", "tsa", field}, {"root", "name", "x", field}, {"root", "type", "x", field}, {"root", "bundle", id, field}, {"root", "bundle", strings.ToUpper(sum), field},
		{"root", "trust_domain", "a/b", field}, {"root", "source", "", field}, {"root", "source", strings.Repeat("a", 513), field},

		{"person", "by", "", field}, {"person", "name", ".x", field}, {"person", "name", "a:b", field}, {"person", "name", strings.Repeat("a", 129), field}, {"person", "until", moment, field},
		{"person", "until", 0, "profile.canonical"}, {"person", "from", -1, field}, {"person", "reach", strings.Repeat("a", 257), field}, {"person", "reach", "", "profile.canonical"}, {"person", "key", "", "profile.canonical"},

		{"issuer", "bases", list(), field}, {"issuer", "bases", list("human_instruction", "event_trigger"), field}, {"issuer", "bases", list("event_trigger", "event_trigger"), field},
		{"issuer", "bases", list("x"), field}, {"issuer", "issuer.kind", "server", field}, {"issuer", "issuer.kind", "svid", field}, {"issuer", "issuer.id", "Treasurer", field}, {"issuer", "grants", list(), field}, {"issuer", "accountable", "a b", field},

		{"policy", "mode", "off", field}, {"policy", "quotas.denials", 0, field}, {"policy", "quotas.denials", 1_000_001, field}, {"policy", "quotas.leaf_ttl", 0, field}, {"policy", "policies", "x", field},

		{"agent", "agent", "spiffe://acme.example", field}, {"agent", "agent", "spiffe://ACME.example/a", field}, {"agent", "agent", "spiffe://acme.example/a/", field}, {"agent", "agent", "spiffe://acme.example/a/../b", field},
		{"agent", "agent", "https://acme.example/a", field}, {"agent", "agent", "spiffe://acme.example/" + strings.Repeat("a", 2048), field}, {"agent", "agent", "spiffe://" + strings.Repeat("a", 256) + "/a", field}, {"agent", "status", "x", field}, {"agent", "purpose", "", field},

		{"instruction", "expires", moment, field}, {"instruction", "max_actions", -1, field}, {"instruction", "max_actions", 0, "profile.canonical"}, {"instruction", "person", "", field}, {"instruction", "addressee", "x", field},
		{"instruction", "recorded_by", "x", field}, {"instruction", "commitment.root", "x", field}, {"instruction", "requests.0.action", "x y", field}, {"instruction", "requests.0.resource.kind", "", field},

		{"trigger", "cause", "x", field}, {"trigger", "source", "", field}, {"trigger", "recorder", "x", field}, {"trigger", "ref", "x", field},
	}
}

func tokenMutations() []mutation {
	audience := func(names ...any) []any {
		return list(map[string]any{"audiences": list(names...), "plain": true, "type": "access_token"}, map[string]any{"audiences": list("deed-cli"), "type": "id_token"})
	}
	return []mutation{
		{"root", "issuer", idp, field}, {"root", "trust_domain", gone{}, field}, {"root/jwks", "issuer", gone{}, field}, {"root/jwks", "trust_domain", "acme.example", field}, {"root/jwks", "type", "spiffe_bundle", field},

		{"provider", "issuer", "http://login.acme.example", field}, {"provider", "issuer", "https://", field}, {"provider", "issuer", "https:///x", field}, {"provider", "issuer", "https://a?b", field}, {"provider", "issuer", "https://a#b", field}, {"provider", "issuer", "https://a b", field},
		{"provider", "issuer", "https://" + strings.Repeat("a", 256), field}, {"provider", "issuer", "http://localhost.evil.example", field}, {"provider", "issuer", "http://127.0.0.1:8080/x", "statement.subject"}, {"provider", "by", "", field}, {"provider", "until", moment, field},
		{"provider", "algorithms", list(), field}, {"provider", "algorithms", list("HS256"), field}, {"provider", "algorithms", list("none"), field}, {"provider", "algorithms", list("RS256", "ES256"), field}, {"provider", "algorithms", list("RS256", "RS256"), field},
		{"provider", "accepts", list(), field}, {"provider", "accepts.0.type", "jwt", field}, {"provider", "accepts.1.type", "access_token", field}, {"provider", "accepts.1.plain", true, field}, {"provider", "accepts.0.plain", false, "profile.canonical"}, {"provider", "accepts.1.audiences", list(), field},
		{"provider", "accepts.1.audiences", list("b", "a"), field}, {"provider", "accepts.1.audiences", list(""), field}, {"provider", "accepts", audience("deed-cli"), field}, {"provider", "accepts", audience("https://log"), "statement.subject"},
		{"provider", "agents.0.agent", "payments", field}, {"provider", "agents.0.client", "", field}, {"provider", "agents", list(), "statement.subject"},

		{"account", "issuer", "acme", field}, {"account", "subject", "", field}, {"account", "subject", strings.Repeat("a", 256), field}, {"account", "name", "A", field}, {"account", "by", "", field}, {"account", "until", moment, field},

		{"token", "issuer", "acme", field}, {"token", "recorder", "x", field}, {"token", "type", "jwt", field}, {"token", "agent", "x", field}, {"token", "instruction", "x", field}, {"token", "type", "access_token", field}, {"token", "object", gone{}, field},
		{"token", "object", "x", field}, {"token", "expires", gone{}, field}, {"token", "expires", -1, field}, {"token", "at", 0, field}, {"token", "commitment", obj("root", string(digestOf("x"))), field}, {"token/withheld", "commitment", gone{}, field}, {"token/withheld", "expires", moment, field},
		{"token/withheld", "commitment.root", "x", field},
	}
}

func warrantMutations() []mutation {
	id, sum := string(idOf("x")), string(digestOf("x"))
	many := make([]any, 65)
	for i := range many {
		many[i] = "a.b" + strings.Repeat("c", i+1)
	}
	return []mutation{
		{"warrant", "depth", 1, field}, {"warrant", "depth", -1, field}, {"warrant", "max_depth", 8, field}, {"warrant/1", "max_depth", 0, field}, {"warrant/1", "depth", 8, field},
		{"warrant", "parent", id, field}, {"warrant", "root", gone{}, field}, {"warrant/1", "parent", gone{}, field}, {"warrant/1", "parent", sum, field}, {"warrant", "expires", moment, field}, {"warrant", "not_before", 0, field},
		{"warrant", "issuer.kind", "server", field}, {"warrant", "holder.spiffe_id", "treasurer", field}, {"warrant", "holder.key", id, field}, {"warrant", "holder.registration", sum, field}, {"warrant", "task.id", "x", field}, {"warrant", "task.purpose", "", field},
		{"warrant", "task.purpose", strings.Repeat("a", 129), field}, {"warrant", "task.instruction", sum, field}, {"warrant", "root.basis", "x", field}, {"warrant", "root.evidence", list(id, id), field}, {"warrant", "root.evidence", list("x"), field},
		{"warrant", "never.0.actions", list(), field}, {"warrant", "never.1.resource.match", obj("all", list()), field}, {"warrant", "never.1.resource.match", obj("exact", "a/../b"), field},

		{"warrant", "grants.0.actions", list("b", "a"), field}, {"warrant", "grants.0.actions", list("a", "a"), field}, {"warrant", "grants.0.actions", list(), field}, {"warrant", "grants.0.actions", many, field}, {"warrant", "grants.0.actions", list("A"), field}, {"warrant", "grants.0.actions", list("a..b"), field},
		{"warrant", "grants.0.actions", list("*"), field}, {"warrant", "grants.0.max_uses", -1, field}, {"warrant", "grants.0.max_uses", 0, "profile.canonical"}, {"warrant", "grants.0.budget.limit.decimal", "-1", field}, {"warrant", "grants.0.budget.limit.decimal", "900719925474.0992", field},
		{"warrant", "grants.0.budget.limit.unit", "", field}, {"warrant", "grants.0.budget.argument", "", field}, {"warrant", "grants.0.arguments.0.name", "z", field}, {"warrant", "grants.0.arguments.0.name", "argb", field}, {"warrant", "grants.0.arguments.0.name", "a b", field},
		{"warrant", "grants.0.resource.kind", "a-b", field}, {"warrant", "grants.0.resource.match", obj("domain_suffix", "a"), field}, {"warrant", "grants.0.resource.match", obj("prefix", "/a"), field}, {"warrant", "grants.0.resource.match", obj("one_of", list("a", 1)), field}, {"warrant", "grants.0.resource.match", obj("one_of", list("a", "b//c")), field},

		{"warrant", "grants.0.arguments.0.constraint", map[string]any{}, field}, {"warrant", "grants.0.arguments.0.constraint", map[string]any{"exact": 1, "prefix": "a"}, field}, {"warrant", "grants.0.arguments.0.constraint", obj("regex", ".*"), "profile.member"},
		{"warrant", "grants.0.arguments.0.constraint", obj("one_of", list()), "profile.canonical"}, {"warrant", "grants.0.arguments.0.constraint", obj("one_of", many), field}, {"warrant", "grants.0.arguments.0.constraint", obj("subset", many), field}, {"warrant", "grants.0.arguments.0.constraint", obj("subset", list("b", "a")), field},
		{"warrant", "grants.0.arguments.0.constraint", obj("prefix", "a/"), field}, {"warrant", "grants.0.arguments.0.constraint", obj("prefix", ""), "profile.canonical"}, {"warrant", "grants.0.arguments.0.constraint", obj("prefix", `a\b`), field}, {"warrant", "grants.0.arguments.0.constraint", obj("domain_suffix", ".a"), field},
		{"warrant", "grants.0.arguments.0.constraint", obj("domain_suffix", "A.example"), field}, {"warrant", "grants.0.arguments.0.constraint", obj("int_range", map[string]any{"max": 0, "min": 1}), field}, {"warrant", "grants.0.arguments.0.constraint", obj("int_range", obj("max", 0)), "profile.canonical"},
		{"warrant", "grants.0.arguments.0.constraint", obj("decimal_max", map[string]any{"decimal": "01", "unit": "EUR"}), field}, {"warrant", "grants.0.arguments.0.constraint", obj("exact", list(1)), "profile.member"}, {"warrant", "grants.0.arguments.0.constraint", obj("exact", obj("decimal", "1")), "statement.value"},
		{"warrant", "grants.0.arguments.0.constraint", obj("exact", map[string]any{"decimal": "1", "note": "x", "unit": "EUR"}), "profile.member"},
		{"warrant", "grants.0.arguments.0.constraint", deepAll(5), field}, {"warrant", "grants.0.arguments.0.constraint", obj("all", many), "profile.member"},
	}
}

func gateMutations() []mutation {
	names := list("a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n", "o", "p", "q")
	gate := obj("actions", list())
	return []mutation{
		{"warrant", "gates", list(gate, gate, gate, gate, gate, gate, gate, gate, gate), "profile.canonical"}, {"warrant", "gates.0", gate, "profile.canonical"},
		{"warrant", "gates.0.m", 0, field}, {"warrant", "gates.0.m", 3, field}, {"warrant", "gates.0.m", -1, field},
		{"warrant", "gates.0.approvers", list(), field}, {"warrant", "gates.0.approvers", names, field}, {"warrant", "gates.0.approvers", list("bob", "alice"), field},
		{"warrant", "gates.0.approvers", list("alice", "alice"), field}, {"warrant", "gates.0.approvers", list("Alice", "bob"), field},
		{"warrant", "gates.0.actions", list("b", "a"), field}, {"warrant", "gates.0.actions", list("B"), field}, {"warrant", "gates.0.max_age", -1, field},
		{"warrant", "gates.0.max_age", 0, "profile.canonical"}, {"warrant", "gates.0.when", map[string]any{}, field}, {"warrant", "gates.0.when.always", true, field},
		{"warrant", "gates.0.when", obj("always", false), "profile.canonical"}, {"warrant", "gates.0.when", obj("never", true), "profile.member"},
		{"warrant", "gates.0.when", map[string]any{"always": true, "irreversible": true}, field}, {"warrant", "gates.0.display", gone{}, "profile.canonical"},
		{"warrant", "gates.0.when.above.argument", "a b", field}, {"warrant", "gates.0.when.above.limit.decimal", "1,00", field}, {"warrant", "gates.0.when.above.limit.unit", "", field},
		{"warrant", "gates.3.when.outside_hours.from", -1, field}, {"warrant", "gates.3.when.outside_hours.from", 1080, field}, {"warrant", "gates.3.when.outside_hours.to", 1441, field},
		{"warrant", "gates.3.when.outside_hours.weekdays", list(), field}, {"warrant", "gates.3.when.outside_hours.weekdays", list(0), field},
		{"warrant", "gates.3.when.outside_hours.weekdays", list(8), field}, {"warrant", "gates.3.when.outside_hours.weekdays", list(2, 1), field},
	}
}

func actionMutations() []mutation {
	id, sum := string(idOf("x")), string(digestOf("x"))
	progress := map[string]any{"actions": 1, "open": 0}
	target := map[string]any{"endpoint": "a.example", "kind": "external", "protocol": "https"}
	credential := map[string]any{"commitment": sum, "kind": "oauth"}
	return []mutation{
		{"approval", "expires", moment, field}, {"approval", "agent", "x", field}, {"approval", "action", "", field}, {"approval", "resource.id", "a/./b", field}, {"approval", "display", "x", field}, {"approval", "request", id, field}, {"approval", "warrant", sum, field},
		{"approval", "arguments.0.name", "zz", field}, {"approval", "arguments.0.name", "memo", field}, {"approval", "target.kind", "x", field}, {"approval", "target.endpoint", "https://x", field}, {"approval", "target.protocol", "HTTP", field},

		{"action", "phase", "heartbeat", field}, {"action", "phase", "terminal", field}, {"action", "phase", "x", field}, {"action", "phase", "intent", field}, {"action", "phase", "outcome", field}, {"action", "agent", "x", field}, {"action", "claimed_at", 0, field},
		{"refusal", "at", 0, field}, {"refusal", "agent", "x", field}, {"refusal", "action", "", field}, {"refusal", "resource.id", "a/./b", field}, {"refusal", "display", "x", field}, {"refusal", "request", id, field}, {"refusal", "warrant", sum, field}, {"refusal", "person", "", field},
		{"refusal", "arguments.0.name", "zz", field}, {"refusal", "arguments.0.name", "memo", field}, {"refusal", "target.kind", "x", field}, {"refusal", "reason", strings.Repeat("a", 257), field}, {"refusal", "reason", "", "profile.canonical"}, {"refusal", "reason", "another", "statement.subject"},

		{"action", "initiator.claim", "boss", field}, {"action", "initiator.trigger", "x", field}, {"action", "session.id", "x", field}, {"action", "session.seq", -1, field}, {"action", "session.seq", 0, field}, {"action", "session.prev", gone{}, field}, {"action", "session.prev", sum, field},
		{"action/in", "session.seq", 1, field}, {"action/in", "session.prev", id, field}, {"action/in", "intent", id, field}, {"action/out", "intent", gone{}, field}, {"action/out", "outcome", gone{}, field}, {"action", "outcome", gone{}, field}, {"action", "request", gone{}, field},
		{"action", "authority.grant", 64, field}, {"action", "authority.grant", -1, field}, {"action", "authority.warrant", sum, field}, {"action", "authority.approvals", list(id, id), field}, {"action", "credential.kind", "x", field}, {"action", "credential.commitment", "x", field}, {"action", "software", map[string]any{}, field},
		{"action", "outcome.status", "ok", field}, {"action", "outcome.counterparty", "x", field}, {"action", "outcome.result.root", "x", field}, {"action", "fields.root", "x", field}, {"action", "instance", strings.Repeat("a", 257), field}, {"action", "trace", strings.Repeat("a", 129), field},
		{"action", "request.action", "Pay", field}, {"action", "request.resource.id", "", field}, {"action", "request.count", 2, field}, {"action", "request.arguments", sum, "action.open"}, {"action", "open.0.value", "x", "action.open"}, {"action", "open.0.salt", strings.Repeat("0", 64), "action.open"},
		{"action", "open.0.salt", "x", "action.open"}, {"action", "open.0.name", "memo", "action.open"}, {"action", "sealed.0.name", "amount", "action.open"}, {"action", "sealed.0.commitment", strings.Repeat("A", 64), "action.open"}, {"action", "sealed", gone{}, field}, {"action", "open", list(), "profile.canonical"},
		{"action", "request.action", "payments.refund", "statement.subject"}, {"action", "request.resource.id", "iban/DE/2", "statement.subject"}, {"action", "request.reversible", "x", "profile.member"},

		{"action/par", "session.parallel_of", sum, field}, {"action/in", "session.parallel_of", id, field}, {"action/out", "session.parallel_of", id, field}, {"action/beat", "session.parallel_of", id, field},
		{"action", "progress", progress, field}, {"action/beat", "progress", gone{}, field}, {"action/end", "progress", gone{}, field}, {"action/beat", "phase", "terminal", field}, {"action/end", "phase", "heartbeat", field},
		{"action/beat", "progress.actions", 5, field}, {"action/beat", "progress.actions", -1, field}, {"action/beat", "progress.open", 4, field}, {"action/beat", "progress.open", -1, field}, {"action/beat", "progress.pending", list(id), field},
		{"action/beat", "progress.status", "complete", field}, {"action/end", "progress.status", "complete", field}, {"action/end", "progress.status", "done", field}, {"action/end", "progress.status", gone{}, field}, {"action/end", "progress.pending", list(sum), field},
		{"action/end", "progress.pending", list(id, id), field}, {"action/end", "progress.open", 0, field}, {"action/end", "progress.pending", list(), "profile.canonical"}, {"action/end", "progress.sessions", 1, "profile.member"},
		{"action/end", "intent", id, field}, {"action/end", "target", target, field}, {"action/beat", "credential", credential, field}, {"action/end", "outcome", obj("status", "done"), field}, {"action/beat", "open", list(), "profile.canonical"},

		{"countersignature", "agent", "x", field}, {"countersignature", "by", "bank", field}, {"countersignature", "at", 0, field}, {"countersignature", "role", "agent", field}, {"countersignature", "status", "timed_out", field},
		{"countersignature", "of", sum, field}, {"countersignature", "request", id, field}, {"countersignature", "ref", id, field}, {"countersignature/ref", "request", gone{}, field}, {"countersignature", "credential.kind", "x", field},
		{"countersignature", "credential.commitment", "x", field}, {"countersignature", "target.kind", "x", field}, {"countersignature", "status", "failed", "statement.subject"},

		{"erasure", "by", "", field}, {"erasure", "basis", "x", field}, {"erasure", "reason", "", field}, {"erasure", "objects", list(), field}, {"erasure", "objects.0.digest", id, field},
		{"erasure", "objects.0.statements", list(), field}, {"erasure", "objects.0.statements", list(sum), field}, {"erasure", "objects.0.statements", list(id, id), field},

		{"compromise", "by", "", field}, {"compromise", "reason", "", field}, {"compromise", "since", 0, field}, {"compromise", "thing.kind", "x", field}, {"compromise", "thing.id", "treasurer", field}, {"compromise", "thing.key", id, field},
		{"compromise", "thing.key", gone{}, field}, {"compromise", "thing.kind", "spiffe_id", field}, {"compromise/root", "thing.key", sum, field}, {"compromise/root", "thing.id", agent, field}, {"compromise/person", "thing.id", agent, field},

		{"revocation", "by.kind", "server", field}, {"revocation", "by.id", "", field}, {"revocation", "reason", "", field}, {"revocation", "warrant", sum, field}, {"revocation", "reason", "another reason", "statement.subject"},
	}
}

// deepAll nests all this many times.
func deepAll(levels int) any {
	inner := any(map[string]any{"all": []any{}})
	for range levels - 1 {
		inner = map[string]any{"all": []any{inner}}
	}
	return inner
}

func TestMutations(t *testing.T) {
	docs, seen := documents(t), map[string]bool{}
	for _, m := range mutations() {
		seen[m.doc] = true
		payload := changed(t, payloadOf(t, docs[m.doc]), "predicate."+m.path, m.value)
		_, err := attest.ParsePayload(payload)
		if codeOf(err) != m.code {
			t.Errorf("%s: %s = %.60v: got %v, want %s", m.doc, m.path, m.value, err, m.code)
		}
	}
	for _, k := range attest.Kinds() {
		if !seen[string(k)] {
			t.Errorf("no mutation of %s", k)
		}
	}
}

func TestStatementFrame(t *testing.T) {
	other := string(attest.PredicateBase)
	cases := []struct {
		name, path string
		value      any
		code       string
	}{
		{"another statement type", "_type", "https://in-toto.io/Statement/v0.1", "statement.type"},
		{"an unknown kind", "predicateType", other + "gift/v1", "statement.type"},
		{"another version", "predicateType", other + "revocation/v2", "statement.type"},
		{"no version", "predicateType", other + "revocation", "statement.type"},
		{"another base", "predicateType", "https://example.com/revocation/v1", "statement.type"},
		{"an empty kind", "predicateType", other + "/v1", "statement.type"},
		{"another kind's members", "predicateType", other + "agent/v1", "profile.member"},
		{"no subject", "subject", []any{}, "statement.subject"},
		{"no subject at all", "subject", gone{}, "profile.canonical"},
		{"another subject name", "subject.0.name", "action", "statement.subject"},
		{"another digest", "subject.0.digest.sha256", digestOf("x").Hex(), "statement.subject"},
		{"a second algorithm", "subject.0.digest.sha512", "00", "profile.member"},
		{"no predicate", "predicate", gone{}, "profile.canonical"},
		{"a predicate that is no object", "predicate", "x", "profile.member"},
	}
	payload := payloadOf(t, documents(t)["revocation"])
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			_, err := attest.ParsePayload(changed(t, payload, tc.path, tc.value))
			wantCode(t, err, tc.code)
		})
	}
	twice := bytes.Replace(payload, []byte(`"subject":[`), []byte(`"subject":[{"digest":{"sha256":"00"},"name":"x"},`), 1)
	_, err := attest.ParsePayload(twice)
	wantCode(t, err, "statement.subject")
}

// The request digest is that of the IETF agent audit record: the digest of
// exactly these bytes.
func TestRequestDigest(t *testing.T) {
	a := actionDoc(t)
	doc := `{"action":"payments.transfer","argumentsDigest":"` + a.Request.Arguments.Hex() +
		`","resourceId":"iban/DE/nordlicht/DE02120300000000202051","resourceKind":"bank_account"}`
	if got := a.Request.Digest(); got != attest.DigestOf([]byte(doc)) {
		t.Errorf("got %s", got)
	}
	if !bytes.Contains(payloadOf(t, a), []byte(`"subject":[{"digest":{"sha256":"`+a.Request.Digest().Hex()+`"},"name":"payments.transfer"}]`)) {
		t.Error("the subject is another")
	}
}

// A genesis in which two administrators share a key would let one key make a
// quorum of two.
func TestGenesisKeysAreDistinct(t *testing.T) {
	g := genesisDoc(t)
	g.Administrators[1].Key = g.Administrators[0].Key
	_, err := attest.Payload(g)
	wantCode(t, err, "statement.field")
}

func TestPayloadRefusesWhatParsePayloadWould(t *testing.T) {
	w := warrantDoc()
	w.Gates[0].M = 0
	_, err := attest.Payload(w)
	wantCode(t, err, "statement.field")
	w = warrantDoc()
	w.Task.Purpose = "a\tb"
	_, err = attest.Payload(w)
	wantCode(t, err, "profile.string")
}

func TestControlKinds(t *testing.T) {
	var control []attest.Kind
	for _, k := range append(attest.Kinds(), "other") {
		if k.Control() {
			control = append(control, k)
		}
	}
	want := []attest.Kind{"genesis", "administrators", "root", "person", "issuer", "policy", "agent", "revocation", "compromise", "erasure", "provider", "account"}
	if !slices.Equal(control, want) {
		t.Errorf("got %v", control)
	}
}

func FuzzParsePayload(f *testing.F) {
	docs := documents(f)
	for _, s := range docs {
		f.Add(payloadOf(f, s))
	}
	for i, m := range mutations() {
		if i%8 == 0 {
			f.Add(changed(f, payloadOf(f, docs[m.doc]), "predicate."+m.path, m.value))
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		s, err := attest.ParsePayload(payload)
		if err != nil {
			if f := attest.AsFault(err); f == nil || attest.Faults[f.Code].Handling != attest.Refused {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		again, err := attest.Payload(s)
		if err != nil || !bytes.Equal(again, payload) {
			t.Fatalf("written again as %s, %v", again, err)
		}
	})
}
