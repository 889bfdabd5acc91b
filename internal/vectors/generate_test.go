package vectors_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/testkit/cast"
	"github.com/deedlog/deed/internal/testkit/idp"
	"github.com/deedlog/deed/internal/vectors"
)

// update rewrites the vectors: go test ./internal/vectors -run Generate -update
var update = flag.Bool("update", false, "rewrite testdata/vectors/attribution")

// directory is where the vectors are published.
const directory = "../../testdata/vectors/attribution"

// A vectorCase is a vector as it is written down here: what happens, and what
// has to come of it.
type vectorCase struct {
	name string // group/what
	rule string // that decides
	why  string
	want string // see check
	make func(s *scene) cast.Sent
}

// cases are all vectors, in order. Files of this package add theirs.
func cases() []vectorCase {
	return slices.Concat(classCases(), evidenceCases(), chainCases(), grantCases(), containmentCases(), signerCases(),
		passkeyCases(), controlCases(), actionCases(), refusalCases(), endCases(), boardCases(), peopleCases(), gateCases(), tokenCases(), timeCases(), attackCases())
}

// TestGenerate makes all vectors again: the files are equal to them, byte for
// byte.
func TestGenerate(t *testing.T) {
	c := generate(t)
	files, err := c.Files()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	for name, want := range files {
		total += len(want)
		path := filepath.Join(directory, name)
		if *update {
			if err := os.WriteFile(path, want, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
			t.Errorf("%s is not what the cases give; if that is meant, run with -update (%v)", name, err)
		}
	}
	if n := len(c.Vectors); n < 300 || total > 5<<20 {
		t.Errorf("%d vectors in %d bytes", n, total)
	}
	t.Logf("%d vectors in %d bytes", len(c.Vectors), total)
}

var made struct {
	sync.Once
	corpus *vectors.Corpus
}

// generate makes the corpus, once.
func generate(t *testing.T) *vectors.Corpus {
	t.Helper()
	made.Do(func() {
		m := newMaker(t)
		names := map[string]bool{}
		for _, c := range cases() {
			if names[c.name] {
				t.Errorf("%s: twice", c.name)
			}
			names[c.name] = true
			m.vector(t, c)
		}
		made.corpus = m.corpus
	})
	if made.corpus == nil {
		t.Fatal("no vectors were made")
	}
	return made.corpus
}

// A maker makes vectors of cases.
type maker struct {
	corpus *vectors.Corpus
	stage  *scene
	people *scene // the stage of people who sign otherwise
	logins *scene // the stage of an identity provider
}

// stageOf is the stage of a group of vectors.
func (m *maker) stageOf(name string) (string, *scene) {
	switch group, what, _ := strings.Cut(name, "/"); group {
	case "attack":
		if slices.ContainsFunc(tokenAttacks(), func(a attack) bool { return a.name == what }) {
			return "logins", m.logins
		}
	case "signature", "certificate", "fulcio", "authorities", "countersignature":
		return "people", m.people
	case "token", "login", "provider", "account":
		return "logins", m.logins
	}
	return "scene", m.stage
}

func (m *maker) vector(t *testing.T, c vectorCase) {
	t.Helper()
	stage, from := m.stageOf(c.name)
	s := from.fork(t, c.name)
	sent := c.make(s)
	if s.empty {
		stage = ""
	}
	v := vectors.Vector{Name: c.name, Why: c.why, Rule: c.rule, Stage: stage, Steps: s.steps, Test: s.step(sent)}
	if v.Steps == nil {
		v.Steps = []vectors.Step{}
	}
	v.Test.Received = s.received
	record, err := m.corpus.Submit(s.reg, v.Test)
	if f := attest.AsFault(err); f != nil {
		v.Expect.Refused = &vectors.Refusal{Fault: f.Code, Field: f.Field}
	} else if err != nil {
		t.Errorf("%s: %v", c.name, err)
		return
	} else {
		v.Expect.Logged = vectors.AnswerOf(record)
	}
	if got := summary(v.Expect); got != c.want {
		t.Errorf("%s: %s, want %s (%v)", c.name, got, c.want, err)
	}
	m.corpus.Vectors = append(m.corpus.Vectors, v)
}

// summary is an answer in short: "refused CODE", or "CLASS" where there is one,
// "denied CODES" where there are faults, and "flags" where there are some.
// Allowed without a class is "allowed".
func summary(e vectors.Expectation) string {
	if e.Refused != nil {
		return "refused " + e.Refused.Fault
	}
	var parts []string
	if a := e.Logged.Attribution; a != nil {
		parts = append(parts, string(a.Agency))
	}
	if len(e.Logged.Faults) > 0 {
		parts = append(parts, "denied "+strings.Join(e.Logged.Faults, " "))
	}
	if a := e.Logged.Attribution; a != nil && len(a.Flags) > 0 {
		parts = append(parts, "flags "+strings.Join(a.Flags, " "))
	}
	if len(parts) == 0 {
		return "allowed"
	}
	return strings.Join(parts, ", ")
}

// A scene is a register with a cast, and what its vector logs in it.
type scene struct {
	*cast.Cast
	corpus   *vectors.Corpus
	reg      *vectors.Register
	steps    []vectors.Step
	empty    bool  // the vector begins with nothing
	received int64 // of the statement under test, if another than its check

	*authority
	people *people       // of the stage of that name
	idp    *idp.Provider // of the stage of logins
}

// step keeps a submission in the corpus.
func (s *scene) step(sent cast.Sent) vectors.Step {
	doc := sent.Envelope.JSON()
	id := sent.ID
	if st, err := attest.ParsePayload(sent.Envelope.Payload); err == nil {
		id = sent.Envelope.ID(st.SignedBy().Name())
	}
	step := vectors.Step{ID: id, Envelope: attest.DigestOf(doc), At: s.Now()}
	s.corpus.Envelopes[step.Envelope] = doc
	for _, o := range sent.Objects {
		d := attest.DigestOf(o)
		if _, err := attest.ParseEnvelope(o); err == nil {
			s.corpus.Envelopes[d] = o
		} else {
			s.corpus.Objects[d] = o
		}
		step.Objects = append(step.Objects, d)
	}
	slices.Sort(step.Objects)
	step.Objects = slices.Compact(step.Objects)
	return step
}

// log admits a statement on the way to the one under test.
func (s *scene) log(sent cast.Sent) *admission.Record {
	s.Helper()
	step := s.step(sent)
	record, err := s.corpus.Submit(s.reg, step)
	if err != nil {
		s.Fatalf("a step is refused: %v", err)
	}
	if len(record.Decision.Faults) > 0 {
		step.Faults = record.Decision.Faults
	}
	s.steps = append(s.steps, step)
	return record
}

func (s *scene) allow(sent cast.Sent) attest.ID {
	s.Helper()
	if r := s.log(sent); len(r.Decision.Faults) > 0 {
		s.Fatalf("denied: %v", r.Decision.Faults)
	}
	return sent.ID
}

func (s *scene) deny(sent cast.Sent, codes ...string) attest.ID {
	s.Helper()
	if r := s.log(sent); !slices.Equal(r.Decision.Faults, codes) {
		s.Fatalf("faults %v, want %v", r.Decision.Faults, codes)
	}
	return sent.ID
}

func (s *scene) move(d time.Duration) { s.Clock.Move(d) }

// fork is the scene of one vector: at the end of the stage, with nonces of its own.
func (s *scene) fork(t *testing.T, seed string) *scene {
	f := *s
	f.Cast, f.reg, f.steps = s.Fork(t, "deed vector "+seed), s.reg.Fork(), nil
	return &f
}

// start begins the vector with an empty register.
func (s *scene) start() {
	s.empty, s.reg, s.steps = true, vectors.NewRegister(vectors.Origin, admission.NewCache(100)), nil
}
