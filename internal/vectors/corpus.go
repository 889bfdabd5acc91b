package vectors

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
)

// Corpus is all vectors, with what they share. Files: objects.json,
// envelopes.json, stages.json, and one file for each group of vectors.
type Corpus struct {
	Objects   map[attest.Digest][]byte         // by digest; not the envelopes
	Envelopes map[attest.Digest]jsontext.Value // JSON form, by digest
	Stages    map[string][]Step                // how vectors begin, by name
	Vectors   []Vector                         // by group, in the order of the files
}

// Vector is one case: a register, the statement under test, and the answer.
type Vector struct {
	Name   string      `json:"name"` // group/what
	Why    string      `json:"why"`
	Rule   string      `json:"rule"`  // the one that decides
	Stage  string      `json:"stage"` // how the register begins; "" is empty
	Steps  []Step      `json:"steps"` // what is logged then
	Test   Step        `json:"test"`
	Expect Expectation `json:"expect"`
}

// Step is one submission.
type Step struct {
	ID       attest.ID       `json:"id"` // of the statement, for a signer as it names
	Envelope attest.Digest   `json:"envelope"`
	Objects  []attest.Digest `json:"objects,omitempty"` // sent along, ascending
	At       int64           `json:"at"`                // ms: when it is checked
	Received int64           `json:"received,omitzero"` // ms: of the entry, if another than at
	Faults   []string        `json:"faults,omitempty"`  // of a step that is logged as denied
}

// Expectation is the answer to the statement under test: one of the two.
type Expectation struct {
	Refused *Refusal `json:"refused,omitzero"`
	Logged  *Answer  `json:"logged,omitzero"`
}

// Refusal is a fault with which nothing is logged.
type Refusal struct {
	Fault string `json:"fault"`
	Field string `json:"field"`
}

// Answer is what the record says.
type Answer struct {
	Attribution *agency.Attribution `json:"attribution,omitzero"` // of an intent or record
	Effect      string              `json:"effect"`
	Evaluated   bool                `json:"evaluated"`
	Faults      []string            `json:"faults"`
}

// Group is the file that the vector stands in.
func (v *Vector) Group() string {
	group, _, _ := strings.Cut(v.Name, "/")
	return group
}

// shared are the files that hold no vectors.
const (
	objectsFile   = "objects.json"
	envelopesFile = "envelopes.json"
	stagesFile    = "stages.json"
)

// Load reads a directory of vectors.
func Load(dir string) (*Corpus, error) {
	c := &Corpus{}
	names, err := fs.Glob(os.DirFS(dir), "*.json")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		doc, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		if err := c.read(name, doc); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
	}
	return c, nil
}

func (c *Corpus) read(name string, doc []byte) error {
	switch name {
	case objectsFile:
		return json.Unmarshal(doc, &c.Objects)
	case envelopesFile:
		return json.Unmarshal(doc, &c.Envelopes)
	case stagesFile:
		return json.Unmarshal(doc, &c.Stages, json.RejectUnknownMembers(true))
	}
	var group []Vector
	if err := json.Unmarshal(doc, &group, json.RejectUnknownMembers(true)); err != nil {
		return err
	}
	for _, v := range group {
		if v.Group()+".json" != name {
			return fmt.Errorf("vector %q is of another group", v.Name)
		}
	}
	c.Vectors = append(c.Vectors, group...)
	return nil
}

// Files writes the corpus, one item on a line, so that a change shows as one.
func (c *Corpus) Files() (map[string][]byte, error) {
	groups := map[string][]any{}
	for _, v := range c.Vectors {
		groups[v.Group()+".json"] = append(groups[v.Group()+".json"], v)
	}
	files := map[string][]byte{}
	for name, group := range groups {
		doc, err := lines("[", "]", nil, group)
		if err != nil {
			return nil, err
		}
		files[name] = doc
	}
	for _, err := range []error{put(files, objectsFile, c.Objects), put(files, envelopesFile, c.Envelopes), put(files, stagesFile, c.Stages)} {
		if err != nil {
			return nil, err
		}
	}
	return files, nil
}

// put writes a map by its keys, ascending.
func put[K ~string, V any](files map[string][]byte, name string, m map[K]V) error {
	var names []string
	var values []any
	for _, k := range slices.Sorted(maps.Keys(m)) {
		names, values = append(names, string(k)), append(values, m[k])
	}
	doc, err := lines("{", "}", names, values)
	files[name] = doc
	return err
}

func lines(begin, end string, names []string, items []any) ([]byte, error) {
	var b bytes.Buffer
	b.WriteString(begin)
	for i, item := range items {
		doc, err := json.Marshal(item)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteByte('\n')
		if names != nil {
			fmt.Fprintf(&b, "%q:", names[i])
		}
		b.Write(doc)
	}
	b.WriteString("\n" + end + "\n")
	return b.Bytes(), nil
}
