package attest_test

import (
	"bytes"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/deedlog/deed/attest"
	"github.com/go-json-experiment/json/jsontext"
)

// profileCase is a document and the code of its refusal, "" if it is accepted.
type profileCase struct {
	name, doc, code string
}

func nested(levels int) string {
	return `{"a":` + strings.Repeat("[", levels-1) + strings.Repeat("]", levels-1) + "}"
}

func profileCases() []profileCase {
	return slices.Concat(acceptedCases(), shapeCases(), memberCases(), scalarCases())
}

func acceptedCases() []profileCase {
	return []profileCase{
		{"empty object", `{}`, ""},
		{"members in order", `{"_a":1,"a":{"b":[true,false,"x",[]]},"a1":{},"a_":-1,"b":0}`, ""},
		{"in-toto's name", `{"_type":"t","predicate":{},"predicateType":"p","subject":[]}`, ""},
		{"largest integers", `{"a":9007199254740991,"b":-9007199254740991}`, ""},
		{"quote and backslash", `{"a":"\"\\"}`, ""},
		{"slash, DEL's neighbours and non-ASCII as they are", "{\"a\":\"/~\u00a0\u2028\u2029\ufeff\ufffd\U0010ffffé\"}", ""},
		{"a name of 64", `{"` + strings.Repeat("a", 64) + `":1}`, ""},
		{"16 levels", nested(16), ""},
		{"same name in another object", `{"a":{"a":1},"b":{"a":1}}`, ""},
	}
}

func shapeCases() []profileCase {
	return []profileCase{
		{"nothing", ``, "profile.size"},
		{"one byte too many", `{"a":"` + strings.Repeat("x", attest.MaxPayload-7) + `"}`, "profile.size"},
		{"an array", `[]`, "profile.syntax"},
		{"a string", `"a"`, "profile.syntax"},
		{"white space before", ` {}`, "profile.syntax"},
		{"white space inside", `{ }`, "profile.syntax"},
		{"white space after the colon", `{"a": 1}`, "profile.syntax"},
		{"a newline at the end", "{}\n", "profile.syntax"},
		{"two documents", `{}{}`, "profile.syntax"},
		{"no end", `{"a":1`, "profile.syntax"},
		{"no value", `{"a":`, "profile.syntax"},
		{"no closing quote", `{"a":"`, "profile.syntax"},
		{"a comma at the end", `{"a":1,}`, "profile.syntax"},
		{"a comma at the end of an array", `{"a":[1,]}`, "profile.syntax"},
		{"no comma", `{"a":[1 2]}`, "profile.syntax"},
		{"a word", `{"a":truE}`, "profile.syntax"},
		{"a comment", `{"a":1/**/}`, "profile.syntax"},
		{"a NUL for a value", "{\"a\":\x00}", "profile.syntax"},
		{"a byte order mark", "\xef\xbb\xbf{}", "profile.syntax"},
		{"a name without quotes", `{a:1}`, "profile.syntax"},
	}
}

func memberCases() []profileCase {
	return []profileCase{
		{"17 levels", nested(17), "profile.depth"},
		{"17 levels of objects", strings.Repeat(`{"a":`, 16) + `{}` + strings.Repeat(`}`, 16), "profile.depth"},
		{"an empty name", `{"":1}`, "profile.name"},
		{"an upper-case name", `{"A":1}`, "profile.name"},
		{"a hyphen in a name", `{"a-b":1}`, "profile.name"},
		{"a non-ASCII name", `{"é":1}`, "profile.name"},
		{"a name of 65", `{"` + strings.Repeat("a", 65) + `":1}`, "profile.name"},
		{"in-toto's name in another case", `{"predicatetype_":1,"predicateTypE":1}`, "profile.name"},
		{"an escaped name", `{"a\"":1}`, "profile.name"},
		{"not in order", `{"b":1,"a":1}`, "profile.order"},
		{"a prefix after the longer name", `{"ab":1,"a":1}`, "profile.order"},
		{"not in order, in depth", `{"a":[{"b":1,"a":1}]}`, "profile.order"},
		{"twice", `{"a":1,"a":1}`, "profile.duplicate"},
	}
}

func scalarCases() []profileCase {
	return []profileCase{
		{"two to the 53rd", `{"a":9007199254740992}`, "profile.number"},
		{"minus two to the 53rd", `{"a":-9007199254740992}`, "profile.number"},
		{"many digits", `{"a":` + strings.Repeat("9", 400) + `}`, "profile.number"},
		{"a fraction", `{"a":1.5}`, "profile.number"},
		{"a whole fraction", `{"a":1.0}`, "profile.number"},
		{"an exponent", `{"a":1e3}`, "profile.number"},
		{"minus zero", `{"a":-0}`, "profile.number"},
		{"a leading zero", `{"a":01}`, "profile.number"},
		{"minus and a leading zero", `{"a":-01}`, "profile.number"},
		{"a minus alone", `{"a":-}`, "profile.number"},
		{"a minus at the end", `{"a":-`, "profile.number"},
		{"a plus inside", `{"a":1+1}`, "profile.number"},
		{"a plus", `{"a":+1}`, "profile.syntax"},
		{"infinity", `{"a":Infinity}`, "profile.syntax"},
		{"a tab in a string", "{\"a\":\"\t\"}", "profile.string"},
		{"an escaped tab", `{"a":"\t"}`, "profile.string"},
		{"DEL", "{\"a\":\"\x7f\"}", "profile.string"},
		{"a C1 control", "{\"a\":\"\u0085\"}", "profile.string"},
		{"an escaped letter", `{"a":"\u0061"}`, "profile.string"},
		{"an escaped slash", `{"a":"\/"}`, "profile.string"},
		{"a surrogate", `{"a":"\ud800"}`, "profile.string"},
		{"a backslash at the end", `{"a":"\`, "profile.string"},
		{"a byte that is no UTF-8", "{\"a\":\"\xff\"}", "profile.utf8"},
		{"an overlong slash", "{\"a\":\"\xc0\xaf\"}", "profile.utf8"},
		{"a UTF-8 surrogate", "{\"a\":\"\xed\xa0\x80\"}", "profile.utf8"},
		{"beyond Unicode", "{\"a\":\"\xf4\x90\x80\x80\"}", "profile.utf8"},
		{"a cut rune", "{\"a\":\"\xe2\x82\"}", "profile.utf8"},
		{"null", `{"a":null}`, "profile.null"},
		{"null in an array", `{"a":[null]}`, "profile.null"},
	}
}

func TestCheckProfile(t *testing.T) {
	codes := map[string]bool{}
	for _, tc := range profileCases() {
		t.Run(tc.name, func(t *testing.T) {
			codes[tc.code] = true
			wantCode(t, attest.CheckProfile([]byte(tc.doc)), tc.code)
			if accepted, why := slowProfile([]byte(tc.doc)); accepted != (tc.code == "") {
				t.Errorf("the slow checker says otherwise: %s", why)
			}
		})
	}
	for code := range attest.Faults {
		here := strings.HasPrefix(code, "profile.") && code != "profile.member" && code != "profile.canonical"
		if here && !codes[code] {
			t.Errorf("no case for %s", code)
		}
	}
}

func TestCheckProfileAtTheLimit(t *testing.T) {
	doc := []byte(`{"a":"` + strings.Repeat("x", attest.MaxPayload-8) + `"}`)
	if len(doc) != attest.MaxPayload {
		t.Fatal(len(doc))
	}
	wantCode(t, attest.CheckProfile(doc), "")
	if n := testing.AllocsPerRun(10, func() { _ = attest.CheckProfile(doc) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

var (
	slowName   = regexp.MustCompile(`^([a-z0-9_]{1,64}|predicateType)$`)
	slowNumber = regexp.MustCompile(`^(0|-?[1-9][0-9]*)$`)
)

// slowProfile is a second reading of docs/spec/bytes.md, "Profile": the tokens
// of a JSON parser, one by one, and then the canonical form.
func slowProfile(doc []byte) (accepted bool, why string) {
	if len(doc) == 0 || len(doc) > attest.MaxPayload {
		return false, "size"
	}
	if !utf8.Valid(doc) {
		return false, "UTF-8"
	}
	dec := jsontext.NewDecoder(bytes.NewReader(doc))
	for first := true; ; first = false {
		tok, err := dec.ReadToken()
		if err != nil {
			return false, err.Error()
		}
		if first && tok.Kind() != '{' {
			return false, "no object"
		}
		if why := slowToken(dec, tok); why != "" {
			return false, why
		}
		if dec.StackDepth() == 0 {
			break
		}
	}
	canonical := jsontext.Value(bytes.Clone(doc))
	if err := canonical.Canonicalize(); err != nil {
		return false, err.Error()
	}
	return bytes.Equal(canonical, doc), "canonical form"
}

func slowToken(dec *jsontext.Decoder, tok jsontext.Token) string {
	if dec.StackDepth() > 16 {
		return "depth"
	}
	switch tok.Kind() {
	case 'n':
		return "null"
	case '0':
		n, ok := new(big.Int).SetString(tok.String(), 10)
		limit := new(big.Int).Lsh(big.NewInt(1), 53)
		if !slowNumber.MatchString(tok.String()) || !ok || n.CmpAbs(limit) >= 0 {
			return "number"
		}
	case '"':
		if strings.ContainsFunc(tok.String(), unicode.IsControl) {
			return "control character"
		}
		kind, length := dec.StackIndex(dec.StackDepth())
		if kind == '{' && length%2 == 1 && !slowName.MatchString(tok.String()) {
			return "name"
		}
	}
	return ""
}

// Accepted by the scanner = accepted by the slow checker; and what is accepted
// is an object in its own canonical form.
func FuzzCheckProfile(f *testing.F) {
	for _, tc := range profileCases() {
		if len(tc.doc) < 4096 {
			f.Add([]byte(tc.doc))
		}
	}
	for _, s := range documents(f) {
		f.Add(payloadOf(f, s))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		err := attest.CheckProfile(doc)
		if accepted, why := slowProfile(doc); accepted != (err == nil) {
			t.Fatalf("scanner: %v; slow checker: %v %s", err, accepted, why)
		}
		if err != nil {
			if f := attest.AsFault(err); f == nil || attest.Faults[f.Code].Handling != attest.Refused {
				t.Fatalf("not a refusal: %v", err)
			}
			return
		}
		canonical := jsontext.Value(bytes.Clone(doc))
		if err := canonical.Canonicalize(); err != nil || !bytes.Equal(canonical, doc) || doc[0] != '{' {
			t.Fatalf("not canonical: %v", err)
		}
	})
}
