package request_test

import (
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/request"
)

func TestParseValue(t *testing.T) {
	for _, test := range []struct {
		name, text string
		want       attest.Value
	}{
		{"amount", "250.00 EUR", attest.Money("250.00", "EUR")},
		{"whole amount", "3 USD", attest.Money("3", "USD")},
		{"words, not an amount", "12 rue de la Paix", attest.Text("12 rue de la Paix")},
		{"integer", "-42", attest.Int(-42)},
		{"boolean", "true", attest.Value{Kind: attest.BoolValue, Bool: true}},
		{"text", "INV/2026/1", attest.Text("INV/2026/1")},
		{"empty text", "", attest.Text("")},
		{"quoted number", `"4711"`, attest.Text("4711")},
		{"list", `["a","b"]`, attest.List("a", "b")},
		{"amount as JSON", `{"decimal":"1.5","unit":"g"}`, attest.Money("1.5", "g")},
		{"long number", "12345678901234567890", attest.Text("12345678901234567890")},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := request.Value(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if !got.Equal(test.want) {
				t.Errorf("got %s (%s), want %s (%s)", got, got.Kind, test.want, test.want.Kind)
			}
		})
	}
	for _, text := range []string{`"open`, `[1]`, `{"decimal":"1"}`, `["a"] `[:4]} {
		if v, err := request.Value(text); err == nil {
			t.Errorf("%s was taken as %s", text, v)
		}
	}
}

// What a limit says in words is what the person meant.
func TestParseLimit(t *testing.T) {
	for _, test := range []struct{ text, name, says string }{
		{"amount<=250.00 EUR", "amount", "at most 250.00 EUR"},
		{"reference=INV/1", "reference", `exactly "INV/1"`},
		{"reference=INV/...", "reference", `"INV" or below`},
		{"host=*.example.com", "host", "a host under example.com"},
		{"count=1..10", "count", "from 1 to 10"},
		{"count=-5..-1", "count", "from -5 to -1"},
		{"count=7", "count", "exactly 7"},
		{"currency=EUR|USD", "currency", `one of ["EUR", "USD"]`},
		{`note="a|b"`, "note", `exactly "a|b"`},
		{"note", "note", "any value"},
		{"note=*", "note", "any value"},
		{`fields=["a","b"]`, "fields", `exactly ["a", "b"]`},
	} {
		t.Run(test.text, func(t *testing.T) {
			got, err := request.Limit(test.text)
			if err != nil {
				t.Fatal(err)
			}
			if got.Name != test.name || got.Constraint.String() != test.says {
				t.Errorf("got %s %s, want %s %s", got.Name, got.Constraint, test.name, test.says)
			}
		})
	}
	for _, text := range []string{"amount<=250", "amount<=EUR", "amount<=1,5 EUR", `x="`} {
		if got, err := request.Limit(text); err == nil {
			t.Errorf("%s was taken as %s", text, got.Constraint)
		}
	}
}

func TestResource(t *testing.T) {
	for _, test := range []struct{ text, says string }{
		{"bank_account:iban/DE/1", `exactly "iban/DE/1"`},
		{"bank_account:iban/...", `"iban" or below`},
	} {
		m, err := request.Resource(test.text)
		if err != nil || m.Kind != "bank_account" || m.Match.String() != test.says {
			t.Errorf("%s: got %s %s, %v", test.text, m.Kind, m.Match, err)
		}
	}
	for _, text := range []string{"", "iban/DE/1"} {
		if m, err := request.Resource(text); err == nil {
			t.Errorf("%q was taken as %v", text, m)
		}
	}
}
