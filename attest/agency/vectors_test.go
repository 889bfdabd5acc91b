package agency_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/go-json-experiment/json"
)

const vectorFile = "../../testdata/vectors/agency.json"

// vector is one case of the shared file: a name, the evidence, the attribution.
type vector struct {
	Name        string             `json:"name"`
	Evidence    agency.Evidence    `json:"evidence"`
	Attribution agency.Attribution `json:"attribution"`
}

// sentences is the wording of one attribution.
type sentences struct {
	Name        string             `json:"name"`
	Attribution agency.Attribution `json:"attribution"`
	Says        []string           `json:"says"`
	DoesNotShow []string           `json:"does_not_show"`
	Stronger    string             `json:"stronger"`
}

type vectors struct {
	Spec    string      `json:"spec"`
	Vectors []vector    `json:"vectors"`
	Wording []sentences `json:"wording"`
}

// TestVectors keeps the file equal to the code: the attributions and every
// sentence.
func TestVectors(t *testing.T) {
	want := made().lines(t)
	got, err := os.ReadFile(vectorFile)
	if err != nil && !*update {
		t.Fatal(err)
	}
	compare(t, vectorFile, got, want)
}

// lines writes one vector per line, so that a change shows as one line.
func (v vectors) lines(t *testing.T) []byte {
	t.Helper()
	return []byte(fmt.Sprintf("{\"spec\":%q,\n\"vectors\":[\n%s\n],\n\"wording\":[\n%s\n]}\n", v.Spec, eachLine(t, v.Vectors), eachLine(t, v.Wording)))
}

func eachLine[T any](t *testing.T, items []T) string {
	t.Helper()
	out := make([]string, len(items))
	for i, item := range items {
		doc, err := json.Marshal(item)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = string(doc)
	}
	return strings.Join(out, ",\n")
}

// TestVectorsHold reads the file as another implementation would: it trusts
// nothing but the bytes of the file.
func TestVectorsHold(t *testing.T) {
	doc, err := os.ReadFile(vectorFile)
	if err != nil {
		t.Fatal(err)
	}
	var file vectors
	if err := json.Unmarshal(doc, &file, json.RejectUnknownMembers(true)); err != nil {
		t.Fatal(err)
	}
	for _, v := range file.Vectors {
		t.Run(v.Name, func(t *testing.T) {
			if got, want := encoded(t, agency.Attribute(v.Evidence)), encoded(t, v.Attribution); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
	for _, w := range file.Wording {
		says, not := agency.Statement(w.Attribution)
		if fmt.Sprint(says, not, agency.Stronger(w.Attribution)) != fmt.Sprint(w.Says, w.DoesNotShow, w.Stronger) {
			t.Errorf("%s: the sentences differ", w.Name)
		}
	}
}

// encoded writes an attribution in the strict profile and reads it back.
func encoded(t *testing.T, a agency.Attribution) string {
	t.Helper()
	doc, err := attest.Encode(a)
	if err != nil {
		t.Fatal(err)
	}
	var back agency.Attribution
	if err := attest.Decode(doc, &back); err != nil {
		t.Fatal(err)
	}
	return string(doc)
}

func made() vectors {
	out := vectors{Spec: "docs/spec/attribution.md"}
	for _, v := range append(append(rowVectors(), nearMisses()...), others()...) {
		v.Attribution = agency.Attribute(v.Evidence)
		out.Vectors = append(out.Vectors, v)
	}
	for _, v := range cellsInWords() {
		says, not := agency.Statement(v.Attribution)
		out.Wording = append(out.Wording, sentences{v.Name, v.Attribution, says, not, agency.Stronger(v.Attribution)})
	}
	return out
}

func ref(digit string) attest.ID { return attest.ID("id:" + strings.Repeat(digit, 64)) }

// human returns evidence for which every condition of the table holds.
func human(b agency.Binding, k agency.Key) agency.Human {
	return agency.Human{
		Ref: ref("a"), Kind: [...]string{"string", "login", "warrant", "instruction", "approval"}[b], Person: "alice",
		Binding: b, Key: k, Before: true, Unexpired: true, FirstUse: true, Bound: true, Requests: b == agency.B3,
	}
}

func byHuman(basis attest.Basis, hops int, humans ...agency.Human) agency.Evidence {
	return agency.Evidence{Sound: true, Basis: basis, Humans: humans, Hops: hops, Accountable: "carol", Authority: agency.AuthorityWithin, Claim: "unknown"}
}

func byTrigger(cause attest.Cause) agency.Evidence {
	e := byHuman(attest.OrgStanding, 0)
	e.Trigger = &agency.Trigger{Ref: ref("b"), Key: agency.K1, Cause: cause, Before: true}
	return e
}

// rowVectors holds one vector for each row, in order.
func rowVectors() []vector {
	best := byHuman(attest.HumanInstruction, 0, human(agency.B4, agency.K4))
	unsound, missing, disagree := best, best, best
	unsound.Sound = false
	missing.Missing = []string{"person " + string(ref("c"))}
	disagree.Disagree = []string{string(ref("d")), string(ref("a"))}
	task := human(agency.B3, agency.K3)
	task.Requests = false
	return []vector{
		{Name: "row 1 unsound", Evidence: unsound},
		{Name: "row 2 something missing", Evidence: missing},
		{Name: "row 3 evidences disagree", Evidence: disagree},
		{Name: "row 4 consent to the exact action", Evidence: best},
		{Name: "row 5 instruction with the request", Evidence: byHuman(attest.HumanInstruction, 1, human(agency.B3, agency.K3))},
		{Name: "row 6 instruction without the request", Evidence: byHuman(attest.HumanInstruction, 0, task)},
		{Name: "row 7 scope", Evidence: byHuman(attest.HumanStanding, 2, human(agency.B2, agency.K3))},
		{Name: "row 8 schedule", Evidence: byTrigger(attest.Schedule)},
		{Name: "row 9 nothing", Evidence: byHuman("", 0)},
	}
}
