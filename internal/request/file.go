package request

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/deedlog/deed/attest"
)

// MaxFile bounds a file of requests, in bytes.
const MaxFile = 1 << 20

// fileKeys are what a request of a file may have.
var fileKeys = []string{"action", "resource", "arguments"}

// File reads a YAML list of requests:
//
//   - action: payments.transfer
//     resource: bank_account:iban/DE/1
//     arguments: [amount<=250.00 EUR, reference=INV/4711]
//
// Errors say in which line what is wanted. An unknown key is one.
func File(doc []byte) ([]attest.Request, error) {
	if len(doc) > MaxFile {
		return nil, fmt.Errorf("it has %d bytes, the limit is %d", len(doc), MaxFile)
	}
	dec := yaml.NewDecoder(bytes.NewReader(doc))
	var root yaml.Node
	switch err := dec.Decode(&root); {
	case errors.Is(err, io.EOF):
		return nil, errors.New("no requests")
	case err != nil:
		return nil, fmt.Errorf("it is no YAML: %s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := dec.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one document")
	}
	list := root.Content[0]
	if list.Kind != yaml.SequenceNode {
		return nil, wanted(list, "a list, each request of it beginning with '- '")
	}
	if len(list.Content) == 0 {
		return nil, errors.New("no requests")
	}
	out := make([]attest.Request, len(list.Content))
	for i, n := range list.Content {
		var err error
		if out[i], err = fileRequest(n); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// fileRequest reads one request of a file.
func fileRequest(n *yaml.Node) (attest.Request, error) {
	if n.Kind != yaml.MappingNode {
		return attest.Request{}, wanted(n, "a request, with action, resource and arguments")
	}
	given := map[string]*yaml.Node{}
	for at := 0; at < len(n.Content); at += 2 {
		key := n.Content[at]
		switch _, twice := given[key.Value]; {
		case key.Kind != yaml.ScalarNode || !slices.Contains(fileKeys, key.Value):
			return attest.Request{}, wanted(key, "action, resource or arguments")
		case twice:
			return attest.Request{}, fmt.Errorf("line %d: %s is there twice", key.Line, key.Value)
		}
		given[key.Value] = n.Content[at+1]
	}
	action, err := fileText(given["action"])
	if err != nil {
		return attest.Request{}, err
	}
	resource, err := fileText(given["resource"])
	if err != nil {
		return attest.Request{}, err
	}
	args, err := fileTexts(given["arguments"])
	if err != nil {
		return attest.Request{}, err
	}
	r, err := New(action, resource, args)
	if err != nil {
		return r, fmt.Errorf("line %d: %w", n.Line, err)
	}
	return r, nil
}

// fileText is a text, or "" where there is none.
func fileText(n *yaml.Node) (string, error) {
	if n == nil {
		return "", nil
	}
	if n.Kind != yaml.ScalarNode || n.Tag == "!!null" {
		return "", wanted(n, "a text")
	}
	return n.Value, nil
}

// fileTexts are the texts of a list.
func fileTexts(n *yaml.Node) (out []string, err error) {
	if n == nil {
		return nil, nil
	}
	if n.Kind != yaml.SequenceNode {
		return nil, wanted(n, "a list, such as [amount<=250.00 EUR, reference=INV/4711]")
	}
	for _, one := range n.Content {
		text, err := fileText(one)
		if err != nil {
			return nil, err
		}
		out = append(out, text)
	}
	return out, nil
}

// wanted says what is expected in a line, and what is there.
func wanted(n *yaml.Node, what string) error {
	found := map[yaml.Kind]string{yaml.MappingNode: "keys with values", yaml.SequenceNode: "a list", yaml.AliasNode: "an alias"}[n.Kind]
	switch {
	case n.Tag == "!!null" && n.Value == "":
		found = "nothing"
	case n.Kind == yaml.ScalarNode:
		found = fmt.Sprintf("%.40q", n.Value)
	}
	return fmt.Errorf("line %d: want %s, found %s", n.Line, what, found)
}
