package request_test

import (
	"testing"

	"github.com/deedlog/deed/internal/consent"
	"github.com/deedlog/deed/internal/request"
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
		r, err := request.Parse(text)
		if want == "" {
			if err == nil {
				t.Errorf("%q: read as %s", text, consent.RequestWords(r))
			}
			continue
		}
		if err != nil || consent.RequestWords(r) != want {
			t.Errorf("%q: %s, %v; want %s", text, consent.RequestWords(r), err, want)
		}
	}
}

// FuzzParse: what is read as a request reads the same from its parts, and nothing
// makes the reader panic.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"a.b resource=c:d", `a.b resource=c:d/... note="two words" z`, "a.b amount<=1EUR resource=c:d n=1..3",
		`a.b resource=c:d list=["x y","z"] host=*.example.com`, `a.b resource=c:d x="`, "a.b resource=c/d amount=7.5 EUR",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := request.Parse(text)
		if err != nil {
			return
		}
		if r.Action == "" || r.Resource.Kind == "" && r.Resource.Match.Exact == nil && r.Resource.Match.Prefix == "" {
			t.Errorf("%q is read as %+v", text, r)
		}
		for i := 1; i < len(r.Arguments); i++ {
			if r.Arguments[i-1].Name > r.Arguments[i].Name {
				t.Errorf("%q: arguments are not in order", text)
			}
		}
		_ = consent.RequestWords(r)
	})
}
