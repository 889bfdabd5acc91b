package attest_test

import (
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
)

func TestAmounts(t *testing.T) {
	good := map[string]int64{"0": 0, "0.0": 0, "1": 10_000, "12.5": 125_000, "12.50": 125_000, "0.0001": 1, "99999999999999.9999": 999_999_999_999_999_999}
	for decimal, want := range good {
		a := attest.Amount{Decimal: decimal, Unit: "EUR"}
		if got, ok := a.Parts(); !ok || got != want || !a.Valid() {
			t.Errorf("%s: %d %v", decimal, got, ok)
		}
		if got, ok := attest.AmountOf(want, "EUR").Parts(); !ok || got != want {
			t.Errorf("%d written as %v", want, attest.AmountOf(want, "EUR"))
		}
	}
	for _, decimal := range []string{"", ".", "1.", ".5", "-1", "+1", "01", "00", "1.00001", "1e3", "1,5", " 1", "1 ", "100000000000000", "1.2.3", "١", "0x1", "1_0"} {
		if _, ok := (attest.Amount{Decimal: decimal, Unit: "EUR"}).Parts(); ok {
			t.Errorf("%q is taken for an amount", decimal)
		}
	}
	for _, unit := range []string{"", "E R", "EUR ", "€", strings.Repeat("E", 17), "E-R"} {
		if (attest.Amount{Decimal: "1", Unit: unit}).Valid() {
			t.Errorf("%q is taken for a unit", unit)
		}
	}
	for parts, want := range map[int64]string{0: "0.00", 1: "0.0001", 100: "0.01", 125_000: "12.50", 1_234_560: "123.456"} {
		if got := attest.AmountOf(parts, "EUR").Decimal; got != want {
			t.Errorf("%d: %s, want %s", parts, got, want)
		}
	}
}

// values are one per kind, no two equal, with their canonical JSON.
var values = []struct {
	v    attest.Value
	json string
}{
	{attest.Text("1"), `"1"`},
	{attest.Text("a\"\\\u2028é"), "\"a\\\"\\\\\u2028é\""},
	{attest.Int(1), `1`},
	{attest.Int(-9007199254740991), `-9007199254740991`},
	{attest.Value{Kind: attest.BoolValue, Bool: true}, `true`},
	{attest.Value{Kind: attest.BoolValue}, `false`},
	{attest.Money("1", "EUR"), `{"decimal":"1","unit":"EUR"}`},
	{attest.Money("1", "USD"), `{"decimal":"1","unit":"USD"}`},
	{attest.List("1"), `["1"]`},
	{attest.List(), `[]`},
	{attest.List("a", "b"), `["a","b"]`},
	{attest.List("b", "a"), `["b","a"]`},
}

func TestValues(t *testing.T) {
	for i, a := range values {
		doc, err := a.v.Canonical()
		if err != nil || string(doc) != a.json {
			t.Errorf("%v: %s, %v", a.v, doc, err)
		}
		var back struct {
			Value attest.Value `json:"value"`
		}
		if err := attest.Decode([]byte(`{"value":`+a.json+`}`), &back); err != nil || !back.Value.Equal(a.v) {
			t.Errorf("%s: %v, %v", a.json, back.Value, err)
		}
		for j, b := range values {
			if a.v.Equal(b.v) != (i == j) {
				t.Errorf("%v and %v", a.v, b.v)
			}
		}
	}
	if !attest.Money("12.5", "EUR").Equal(attest.Money("12.50", "EUR")) || attest.Money("x", "EUR").Equal(attest.Money("x", "EUR")) {
		t.Error("amounts compare by number")
	}
	if _, err := (attest.Value{}).Canonical(); err == nil {
		t.Error("the zero value is written")
	}
	if got := attest.List("a, b", "\u202e").String(); got != `["a, b", "\u202e"]` {
		t.Errorf("%s: items run together", got)
	}
	for _, doc := range []string{`{"value":[1]}`, `{"value":[[]]}`, `{"value":{}}`, `{"value":{"decimal":"1"}}`, `{"value":{"decimal":"1","unit":"EUR","x":1}}`, `{"value":{"decimal":1,"unit":"EUR"}}`, `{}`, `{"value":{"decimal":"1.","unit":"EUR"}}`} {
		var back struct {
			Value attest.Value `json:"value"`
		}
		if err := attest.Decode([]byte(doc), &back); err == nil {
			t.Errorf("%s is read as %v", doc, back.Value)
		}
	}
	for k, want := range map[attest.ValueKind]string{0: "none", attest.TextValue: "text", attest.ListValue: "list", 250: "list"} {
		if k.String() != want {
			t.Errorf("kind %d: %s", k, k)
		}
	}
}

func TestDigestsAndIDs(t *testing.T) {
	const hex = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	if d := attest.DigestOf(nil); string(d) != "sha256:"+hex || d.Hex() != hex || !d.Valid() {
		t.Errorf("%s", d)
	}
	if sum, ok := attest.ID("id:" + hex).Sum(); !ok || attest.IDFrom(sum) != "id:"+hex || attest.DigestFrom(sum) != "sha256:"+hex {
		t.Error("an ID and its bytes differ")
	}
	for _, bad := range []string{"", hex, "id:", "sha256:" + hex, "id:" + hex[1:], "id:" + hex + "0", "id:" + strings.ToUpper(hex), "ID:" + hex, "id: " + hex[1:], "id:" + hex[1:] + "g"} {
		if attest.ID(bad).Valid() {
			t.Errorf("%q is taken for an ID", bad)
		}
	}
	for _, bad := range []string{"", hex, "id:" + hex, "sha512:" + hex, "sha256:" + strings.ToUpper(hex), "sha256:" + hex + "\n"} {
		if attest.Digest(bad).Valid() {
			t.Errorf("%q is taken for a digest", bad)
		}
	}
}

func TestNames(t *testing.T) {
	type checks map[string]bool
	all := map[string]struct {
		check func(string) bool
		cases checks
	}{
		"path":   {attest.ValidPath, checks{"a": true, "a/b.c/d-e": true, "..a/b..": true, strings.Repeat("a", 512): true, strings.Repeat("a", 513): false, "": false, "/": false, "/a": false, "a/": false, "a//b": false, ".": false, "a/..": false, "./a": false, `a\b`: false}},
		"action": {attest.ValidAction, checks{"a": true, "a.b_1": true, "": false, ".a": false, "a.": false, "a..b": false, "A": false, "a-b": false, "a b": false, strings.Repeat("a", 64): true, strings.Repeat("a", 65): false, strings.Repeat("a.", 64) + "a": false}},
		"person": {attest.ValidPerson, checks{"a": true, "0a": true, "a.b_c-d@e": true, "": false, "@a": false, "-a": false, "A": false, "a:b": false, "a/b": false, strings.Repeat("a", 128): true, strings.Repeat("a", 129): false}},
		"origin": {attest.ValidOrigin, checks{"a.example/2026": true, "": false, "a b": false, "a+b": false, "https://a": false, "é": false, "a\n": false}},
		"host":   {attest.ValidHost, checks{"a": true, "a.b-c.d": true, "a.1b": true, "10.0.0.1": false, "1": false, "xn--a": true, "": false, ".a": false, "a.": false, "a..b": false, "-a": false, "a-": false, "A": false, "a_b": false, "a/b": false, "a:1": false, "é": false, strings.Repeat("a", 64): false, strings.Repeat("a.", 126) + "a": true, strings.Repeat("a.", 127) + "a": false}},
		"trust":  {attest.ValidTrustDomain, checks{"a.example": true, "": false, "A": false, "spiffe://a": false, "a/b": false, strings.Repeat("a", 255): true, strings.Repeat("a", 256): false}},
		"spiffe": {attest.ValidSPIFFEID, checks{"spiffe://a/b": true, "spiffe://a": false, "spiffe://a/": false, "spiffe://a/b/": false, "spiffe://A/b": false, "spiffe://a/../b": false, "SPIFFE://a/b": false, "spiffe://a/b?c": false, "spiffe://a:1/b": false, "spiffe://u@a/b": false, "spiffe://" + strings.Repeat("a", 255) + "/b": true, "spiffe://" + strings.Repeat("a", 256) + "/b": false}},
	}
	for what, group := range all {
		for s, want := range group.cases {
			if group.check(s) != want {
				t.Errorf("%s %.40q: want %v", what, s, want)
			}
		}
	}
	if attest.TrustDomain("spiffe://a.example/b/c") != "a.example" || attest.TrustDomain("a.example/b") != "" {
		t.Error("the trust domain of an ID")
	}
}

func TestIn(t *testing.T) {
	for _, tc := range []struct {
		at, from, until int64
		want            bool
	}{{5, 5, 6, true}, {4, 5, 6, false}, {6, 5, 6, false}, {1 << 50, 5, 0, true}, {4, 5, 0, false}} {
		if attest.In(tc.at, tc.from, tc.until) != tc.want {
			t.Errorf("%+v", tc)
		}
	}
}

func TestFaultsAreOneLine(t *testing.T) {
	f := attest.AsFault(attest.Refuse("profile.null", "a", strings.Repeat("é", 200), "x\xff"+strings.Repeat("\u202e", 100)))
	if f == nil || len(f.Error()) > 1024 || strings.ContainsAny(f.Error(), "\u202e\n") || strings.ToValidUTF8(f.Error(), "") != f.Error() {
		t.Errorf("%q", f.Error())
	}
	if f.Retry() || !attest.AsFault(attest.Refuse("session.order", "", "", "")).Retry() {
		t.Error("retry follows the registry")
	}
	if attest.AsFault(nil) != nil {
		t.Error("nil has a fault")
	}
	for code, info := range attest.Faults {
		if info.Cause == "" || info.Fix == "" || info.Handling == "" {
			t.Errorf("%s says nothing", code)
		}
	}
}
