package attest

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// fullActions are actions that between them have every member and every kind of
// value, and lack all that may be left out. They need not be valid.
func fullActions() []*Action {
	id, sum := ID("id:"+strings.Repeat("0a", 32)), Digest("sha256:"+strings.Repeat("1b", 32))
	full := &Action{
		Agent: "spiffe://acme.example/a", Authority: &Authority{Approvals: []ID{id, "x"}, Grant: 3, Warrant: id},
		ClaimedAt: 1790150472398, Credential: &Credential{Commitment: sum, Kind: "svid"}, Fields: &Commitment{Root: sum, Seed: sum},
		Initiator: Initiator{Claim: "human", Trigger: id}, Instance: `i "1" \ é`, Intent: id, Log: "acme.example/log", Nonce: "00",
		Open: []Opening{{"amount", "aa", Money("12.50", "EUR")}, {"b", "", Text(`"\`)}, {"c", "c", Int(-7)}, {"d", "d", Value{Kind: BoolValue, Bool: true}},
			{"e", "e", List("x", `y"`, "")}, {"f", "f", List()}, {"g", "g", Value{Kind: BoolValue}}, {"h", "h", Int(0)}},
		Outcome: &Result{Counterparty: sum, Result: &Commitment{Root: sum}, Status: "done"}, Phase: Record,
		Progress: &Progress{Actions: 3, Open: 2, Pending: []ID{id, "y"}, Status: "interrupted"},
		Request:  &ActionRequest{Action: "payments.transfer", Arguments: sum, Count: 4, Resource: Resource{"iban/DE", "bank_account"}, Reversible: true},
		Sealed:   []Sealed{{"cc", "z"}}, Session: Session{ID: "11", ParallelOf: id, Prev: id, Seq: 9}, Software: &Software{Build: sum, Model: "m"},
		Target: &Target{"bank.example", "external", "https"}, Trace: "00-1-2-01", V: 1,
	}
	return []*Action{full, {Authority: &Authority{}, Credential: &Credential{}, Fields: &Commitment{}, Outcome: &Result{}, Progress: &Progress{}, Request: &ActionRequest{},
		Software: &Software{}, Target: &Target{}, Session: Session{Seq: -1}}, {}}
}

func actionPayload(t testing.TB, a *Action) []byte {
	t.Helper()
	predicate, err := Encode(a)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := Encode(frame{statementType, predicate, PredicateBase + "action/v1", []Subject{{SubjectDigest{"ab"}, `s"`}}})
	if err != nil {
		t.Fatal(err)
	}
	return payload
}

// sameReading: readAction takes exactly the actions that decodeAny takes, and
// reads the same from them.
func sameReading(t *testing.T, payload []byte) (taken bool) {
	t.Helper()
	given := bytes.Clone(payload)
	a, f, ok := readAction(payload)
	s, g, err := decodeAny(payload)
	want, _ := s.(*Action)
	if ok != (err == nil && want != nil && len(g.Subject) == 1) {
		t.Fatalf("read is %v, decoding says %v\n%s", ok, err, payload)
	}
	if ok && (!reflect.DeepEqual(a, want) || !reflect.DeepEqual(f.Subject, g.Subject) || !bytes.Equal(f.Predicate, g.Predicate)) {
		t.Fatalf("read is %+v %+v, decoding says %+v %+v", a, f, want, g)
	}
	if !bytes.Equal(given, payload) {
		t.Fatal("the payload was changed")
	}
	return ok
}

func TestReadAction(t *testing.T) {
	for i, a := range fullActions() {
		if !sameReading(t, actionPayload(t, a)) {
			t.Errorf("action %d is not taken", i)
		}
	}
	large := fullActions()[0]
	large.Instance = strings.Repeat("x", MaxPayload)
	predicate := strings.Replace(string(actionPayload(t, fullActions()[0])), `"instance":"i `, `"instance":"`+large.Instance, 1)
	if sameReading(t, []byte(predicate)) {
		t.Error("a payload that is too large is taken")
	}
}

// TestReadActionHostile changes payloads at every byte and by parts.
func TestReadActionHostile(t *testing.T) {
	for _, a := range fullActions() {
		payload := actionPayload(t, a)
		for at := range payload {
			for _, c := range []byte("\"\\{}[],:0-.ea _\x00\x7f\x80\xff") {
				changed := bytes.Clone(payload)
				changed[at] = c
				sameReading(t, changed)
			}
			sameReading(t, payload[:at])
			sameReading(t, append(bytes.Clone(payload[:at]), payload[at+1:]...))
		}
	}
	r, taken := rand.New(rand.NewPCG(3, 5)), 0
	for range 20000 {
		if sameReading(t, spliced(r, actionPayload(t, fullActions()[r.IntN(2)]))) {
			taken++
		}
	}
	if taken < 50 {
		t.Errorf("%d changed payloads are taken: the changes are too coarse", taken)
	}
}

// spliced replaces what stands between two marks of a payload by what stands
// between two others, or by something short.
func spliced(r *rand.Rand, payload []byte) []byte {
	mark := func() int {
		for {
			if i := r.IntN(len(payload)); strings.IndexByte(`{}[],:"`, payload[i]) >= 0 {
				return i + r.IntN(2)
			}
		}
	}
	cut := func() (int, int) {
		a := mark()
		b := min(a+r.IntN(40), len(payload))
		return a, b
	}
	a, b := cut()
	c, d := cut()
	short := []string{"", `""`, "{}", "[]", "null", "0", "-0", "00", "1.0", "true", "9007199254740992", "9007199254740991", ",", `"a":1,`, " ", `\u0041`, `"\/"`, "\u0085", "é"}
	with := payload[c:d]
	if r.IntN(2) == 0 {
		with = []byte(short[r.IntN(len(short))])
	}
	return append(append(bytes.Clone(payload[:a]), with...), payload[b:]...)
}

// FuzzReadAction is the check of TestReadAction on anything.
func FuzzReadAction(f *testing.F) {
	for _, a := range fullActions() {
		f.Add(actionPayload(f, a))
	}
	f.Fuzz(func(t *testing.T, payload []byte) { sameReading(t, payload) })
}

// FuzzCanonical: a value is written as the JSON encoder writes it.
func FuzzCanonical(f *testing.F) {
	f.Add(uint8(TextValue), "é\"\\<&\x01\u2028", int64(-5), true, "12.50", "EUR")
	f.Add(uint8(AmountValue), "", int64(1)<<62, false, "\xff", "\"")
	f.Add(uint8(ListValue), "\xff", int64(0), false, "", "")
	f.Fuzz(func(t *testing.T, kind uint8, text string, n int64, truth bool, decimal, unit string) {
		v := Value{ValueKind(kind % 7), text, n, truth, Amount{decimal, unit}, []string{text, unit}}
		want, wantErr := json.Marshal(v)
		if got, err := v.Canonical(); (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Errorf("canonical form is %q, %v; want %q, %v", got, err, want, wantErr)
		}
	})
}
