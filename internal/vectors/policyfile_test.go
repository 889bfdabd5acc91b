package vectors_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/policy"
)

// policyFile is testdata/vectors/policies.json: policy sets that load and that do
// not, and decisions. A set is the default one with changes, a request the one of
// the file with changes.
type policyFile struct {
	Spec      string             `json:"spec"`
	Default   setTexts           `json:"default"`
	Request   jsontext.Value     `json:"request"`
	Sets      []policySet        `json:"sets"`
	Warrants  []malformedWarrant `json:"warrants"`
	Decisions []decisionCase     `json:"decisions"`
}

// setTexts are the three parts of a policy set.
type setTexts struct {
	Policies string `json:"policies"`
	Schema   string `json:"schema"`
	Entities string `json:"entities"`
}

// policySet is a set that loads, or is refused with policy.invalid.
type policySet struct {
	Name    string   `json:"name"`
	Why     string   `json:"why"`
	Changes []change `json:"changes"`
	ID      string   `json:"id,omitzero"`      // of one that loads
	Refused setPart  `json:"refused,omitzero"` // the part that is refused
}

// setPart names a part of a set.
type setPart string

// change replaces something in a part of a set, once.
type change struct {
	Part  setPart `json:"part"`
	Old   string  `json:"old"`            // all of the part if empty
	New   string  `json:"new,omitzero"`   // in which # is the number of the repetition, from 0
	Hex   string  `json:"hex,omitzero"`   // the bytes instead, in hex
	Times int     `json:"times,omitzero"` // how often it stands there; 0 is once
}

// malformedWarrant is what no statement holds and is never compiled.
type malformedWarrant struct {
	Name    string        `json:"name"`
	Warrant policyWarrant `json:"warrant"`
}

// policyWarrant is what of a warrant Cedar is told.
type policyWarrant struct {
	Depth     int             `json:"depth"`
	Expires   int64           `json:"expires"`
	Grants    []attest.Grant  `json:"grants"`
	Never     []attest.Denial `json:"never"`
	NotBefore int64           `json:"not_before"`
}

// decisionCase is one request and what becomes of it.
type decisionCase struct {
	Name     string          `json:"name"`
	Why      string          `json:"why"`
	None     bool            `json:"none,omitzero"` // no set is in force
	Changes  []change        `json:"changes"`       // to the default set
	Warrants []policyWarrant `json:"warrants"`      // of the chain, the root first
	Cedar    []string        `json:"cedar"`         // of each warrant, as it is compiled here
	Request  jsontext.Value  `json:"request"`       // a merge patch (RFC 7396)
	Decision decided         `json:"decision"`
	Undoable bool            `json:"reversible,omitzero"` // the set has the action among those that can be undone
}

// decided is a decision; the lists are ascending.
type decided struct {
	Allow       bool     `json:"allow"`
	Evaluated   bool     `json:"evaluated"`
	Determining []string `json:"determining"`
	Errors      []string `json:"errors"`
	Faults      []string `json:"faults"`
	Granted     [][]int  `json:"granted"` // per warrant the grants that permit
}

// asking is a request; the names are those of the context in Cedar.
type asking struct {
	Agent struct {
		ID          string `json:"id"`
		TrustDomain string `json:"trust_domain"`
		Path        string `json:"path"`
		Owner       string `json:"owner"`
		Registered  bool   `json:"registered"`
		Suspended   bool   `json:"suspended"`
	} `json:"agent"`
	Action     string          `json:"action"`
	Resource   attest.Resource `json:"resource"`
	Open       []opening       `json:"open"`
	Sealed     []string        `json:"sealed"`
	At         int64           `json:"at"`
	Phase      string          `json:"phase"`
	Mode       string          `json:"mode"`
	Reversible bool            `json:"reversible"`
	Target     *attest.Target  `json:"target"`
	Credential string          `json:"credential"`
	Warrant    struct {
		Present     bool   `json:"present"`
		Depth       int    `json:"depth"`
		Basis       string `json:"basis"`
		Accountable string `json:"accountable"`
		Purpose     string `json:"purpose"`
	} `json:"warrant"`
	Approvers []string `json:"approvers"`
	Human     struct {
		Binding int `json:"binding"`
		Key     int `json:"key"`
	} `json:"human"`
}

// opening is one argument that is not sealed.
type opening struct {
	Name  string       `json:"name"`
	Value attest.Value `json:"value"`
}

// request is what a patch makes of the file's request.
func (f *policyFile) request(patch jsontext.Value) (policy.Request, error) {
	var a asking
	if err := errors.Join(json.Unmarshal(f.Request, &a), json.Unmarshal(patch, &a)); err != nil {
		return policy.Request{}, err
	}
	r := policy.Request{
		Agent: policy.Principal(a.Agent), Action: a.Action, Resource: a.Resource, Open: map[string]attest.Value{}, Sealed: a.Sealed,
		At: a.At, Phase: a.Phase, Mode: a.Mode, Reversible: a.Reversible, Target: a.Target, Credential: a.Credential,
		Warrant: policy.Authority(a.Warrant), Approvers: a.Approvers, Human: policy.Human(a.Human),
	}
	for _, o := range a.Open {
		r.Open[o.Name] = o.Value
	}
	return r, nil
}

// source is the default set with changes.
func (f *policyFile) source(changes []change) (policy.Source, error) {
	src := policy.Source{Policies: []byte(f.Default.Policies), Schema: []byte(f.Default.Schema), Entities: []byte(f.Default.Entities)}
	parts := map[setPart]*[]byte{"policies": &src.Policies, "schema": &src.Schema, "entities": &src.Entities}
	for _, c := range changes {
		part, ok := parts[c.Part]
		if !ok {
			return src, errors.New("no such part: " + string(c.Part))
		}
		text, err := c.text()
		if err != nil {
			return src, err
		}
		before, after, found := bytes.Cut(*part, []byte(c.Old))
		if c.Old == "" {
			before, after = nil, nil
		} else if !found {
			return src, errors.New("nothing to replace: " + c.Old)
		}
		*part = bytes.Join([][]byte{before, text, after}, nil)
	}
	return src, nil
}

// text is what a change puts in place.
func (c change) text() ([]byte, error) {
	if c.Hex != "" {
		return hex.DecodeString(c.Hex)
	}
	var b strings.Builder
	for i := range max(c.Times, 1) {
		b.WriteString(strings.ReplaceAll(c.New, "#", strconv.Itoa(i)))
	}
	return []byte(b.String()), nil
}

// load is the ID of a set, or the part that is refused.
func (f *policyFile) load(changes []change) (id string, refused setPart, err error) {
	src, err := f.source(changes)
	if err != nil {
		return "", "", err
	}
	set, err := policy.Load(src)
	if fault := attest.AsFault(err); fault != nil && fault.Code == "policy.invalid" {
		return "", setPart(fault.Field), nil
	}
	if err != nil {
		return "", "", err
	}
	return string(set.ID()), "", nil
}

func (w policyWarrant) compile() (*policy.Warrant, error) {
	return policy.Compile(&attest.Warrant{Depth: w.Depth, Expires: w.Expires, Grants: w.Grants, Never: w.Never, NotBefore: w.NotBefore})
}

// decide answers a case and gives the Cedar of its warrants, in place.
func (f *policyFile) decide(c *decisionCase) error {
	var set *policy.Set
	if !c.None {
		src, err := f.source(c.Changes)
		if err != nil {
			return err
		}
		if set, err = policy.Load(src); err != nil {
			return err
		}
	}
	r, err := f.request(c.Request)
	if err != nil {
		return err
	}
	var chain []*policy.Warrant
	c.Cedar = nil
	for _, w := range c.Warrants {
		link, err := w.compile()
		if err != nil {
			return err
		}
		chain, c.Cedar = append(chain, link), append(c.Cedar, link.Text())
	}
	c.Decision, c.Undoable = decided(policy.Decide(set, chain, r)), set.Reversible(r.Action)
	return nil
}

const policiesFile = "policies.json"

// ofPolicies are policy sets and decisions.
func ofPolicies(t *testing.T) (out []witness) {
	var file policyFile
	published(t, policiesFile, &file)
	for _, v := range file.Sets {
		out = append(out, witness{policiesFile + ": " + v.Name, func() bool {
			id, refused, err := file.load(v.Changes)
			return err == nil && id == v.ID && refused == v.Refused
		}})
	}
	for _, v := range file.Warrants {
		out = append(out, witness{policiesFile + ": " + v.Name, func() bool {
			_, err := v.Warrant.compile()
			return err != nil
		}})
	}
	for _, v := range file.Decisions {
		want := encoded(v)
		out = append(out, witness{policiesFile + ": " + v.Name, func() bool {
			got := v
			err := file.decide(&got)
			return err == nil && encoded(got) == want
		}})
	}
	return out
}

// encoded is a case as the file has it.
func encoded(v any) string {
	doc, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(doc)
}

// TestPolicies makes the file again.
func TestPolicies(t *testing.T) {
	f := newPolicyFile(t)
	names := map[string]bool{}
	name := func(s string) {
		if names[s] {
			t.Errorf("%s: twice", s)
		}
		names[s] = true
	}
	for _, c := range setCases() {
		name(c.Name)
		want := c.Refused
		var err error
		if c.ID, c.Refused, err = f.load(c.Changes); err != nil || c.Refused != want {
			t.Errorf("%s: refused is %q, want %q (%v)", c.Name, c.Refused, want, err)
		}
		f.Sets = append(f.Sets, c)
	}
	for _, c := range malformedWarrants() {
		name(c.Name)
		if _, err := c.Warrant.compile(); err == nil {
			t.Errorf("%s: is compiled", c.Name)
		}
		f.Warrants = append(f.Warrants, c)
	}
	for _, c := range decisionCases() {
		name(c.Name)
		if err := f.decide(&c.decisionCase); err != nil || c.got() != c.want {
			t.Errorf("%s: %s, want %s (%v)", c.Name, c.got(), c.want, err)
		}
		f.Decisions = append(f.Decisions, c.decisionCase)
	}
	f.write(t)
}

// newPolicyFile is a file without cases.
func newPolicyFile(t *testing.T) *policyFile {
	t.Helper()
	src := policy.Default()
	r, err := json.Marshal(transfer())
	if err != nil {
		t.Fatal(err)
	}
	return &policyFile{
		Spec:    "docs/spec/warrants.md",
		Default: setTexts{string(src.Policies), string(src.Schema), string(src.Entities)}, Request: r,
	}
}

// write holds the file against the one that is published, or publishes it.
func (f *policyFile) write(t *testing.T) {
	t.Helper()
	doc := f.text()
	const path = "../../testdata/vectors/" + policiesFile
	if *update {
		if err := os.WriteFile(path, doc, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, doc) {
		t.Errorf("%s is not what the cases give; if that is meant, run with -update (%v)", path, err)
	}
}

// text is the file, with one case on a line.
func (f *policyFile) text() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "{\"spec\":%s,\n\"default\":%s,\n\"request\":%s", encoded(f.Spec), encoded(f.Default), f.Request)
	list(&b, "sets", f.Sets)
	list(&b, "warrants", f.Warrants)
	list(&b, "decisions", f.Decisions)
	b.WriteString("}\n")
	return b.Bytes()
}

func list[T any](b *bytes.Buffer, name string, items []T) {
	fmt.Fprintf(b, ",\n%q:[", name)
	for i, item := range items {
		b.WriteString(strings.Repeat(",", min(i, 1)) + "\n" + encoded(item))
	}
	b.WriteString("\n]")
}
