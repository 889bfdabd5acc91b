package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/deedlog/deed/attest"
)

// requestHelp explains how typed requests are written.
const requestHelp = `--request names an action that is asked for, in one line:

  ACTION resource=KIND:PATH [ARGUMENT...]

  'payments.transfer resource=bank_account:iban/DE/1 amount<=250.00EUR reference=INV/4711'

KIND/PATH does as well. An argument is a limit as --arg takes it elsewhere:
amount<=250.00 EUR, count=1..10, reference=INV/..., currency=EUR|USD, note="two
words"; a name alone allows any value, and arguments that are not named are not
asked for. --requests reads several from a YAML file:

  - action: payments.transfer
    resource: bank_account:iban/DE/1
    arguments: [amount<=250.00 EUR, reference=INV/4711]`

// maxRequests bounds a file of requests, in bytes.
const maxRequests = 1 << 20

var (
	// joinedAmount is a limit whose unit follows the number at once.
	joinedAmount = regexp.MustCompile(`^([^=]*<=\d{1,14}(?:\.\d{1,4})?)([A-Z][A-Z0-9_]{0,15})$`)
	// endsInNumber and unitWord are the two words of an amount.
	endsInNumber = regexp.MustCompile(`=\d{1,14}(?:\.\d{1,4})?$`)
	unitWord     = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,15}$`)
	// unclearAmount is as likely a text as an amount.
	unclearAmount = regexp.MustCompile(`=\d{1,14}(?:\.\d{1,4})?[A-Z]{3}$`)
	// goType is where YAML's errors name a type of this program.
	goType = regexp.MustCompile(` (?:in type|into) \S+`)
)

// parseRequest reads a request in its compact form.
func parseRequest(text string) (attest.Request, error) {
	words, err := splitWords(text)
	if err != nil || len(words) == 0 {
		return attest.Request{}, usageError("--request: want ACTION resource=KIND:PATH ARGUMENT..., found %q", text)
	}
	var resource string
	var args []string
	for _, w := range words[1:] {
		if value, ok := strings.CutPrefix(w, "resource="); ok && resource == "" {
			resource = value
			continue
		}
		if n := len(args) - 1; n >= 0 && unitWord.MatchString(w) && endsInNumber.MatchString(args[n]) {
			args[n] += " " + w
			continue
		}
		args = append(args, w)
	}
	r, err := newRequest(words[0], resource, args)
	if err != nil {
		return r, fmt.Errorf("--request %q: %w", text, err)
	}
	return r, nil
}

// splitWords splits at spaces that are not within quotes.
func splitWords(text string) (words []string, err error) {
	var word strings.Builder
	quoted, escaped := false, false
	flush := func() {
		if word.Len() > 0 {
			words = append(words, word.String())
			word.Reset()
		}
	}
	for _, r := range text {
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		case r == ' ' && !quoted:
			flush()
			continue
		}
		word.WriteRune(r)
	}
	if flush(); quoted {
		return nil, errors.New("a quote that does not end")
	}
	return words, nil
}

// newRequest makes a request of its parts as they are typed.
func newRequest(action, resource string, args []string) (attest.Request, error) {
	if action == "" || strings.Contains(action, "=") {
		return attest.Request{}, usageError("want an action first, found %q", action)
	}
	if resource == "" {
		return attest.Request{}, usageError("want resource=KIND:PATH")
	}
	if i := strings.IndexAny(resource, ":/"); i > 0 && resource[i] == '/' {
		resource = resource[:i] + ":" + resource[i+1:]
	}
	a := actFlags{actions: []string{action}, resource: resource}
	for _, arg := range args {
		arg = joinedAmount.ReplaceAllString(arg, "$1 $2")
		if unclearAmount.MatchString(arg) {
			return attest.Request{}, usageError("%s: write an amount as 100.00 EUR, a text in quotes", arg)
		}
		a.args = append(a.args, arg)
	}
	grant, err := a.grant()
	if err != nil {
		return attest.Request{}, err
	}
	return attest.Request{Action: action, Arguments: grant.Arguments, Resource: grant.Resource}, nil
}

// requestYAML is a request in a file.
type requestYAML struct {
	Action    string   `yaml:"action"`
	Resource  string   `yaml:"resource"`
	Arguments []string `yaml:"arguments"`
}

// readRequests reads a YAML list of requests; an unknown key is an error.
func readRequests(path string) ([]attest.Request, error) {
	doc, err := os.ReadFile(path)
	if err == nil && len(doc) > maxRequests {
		err = fmt.Errorf("%s has %d bytes, the limit is %d", path, len(doc), maxRequests)
	}
	if err != nil {
		return nil, fmt.Errorf("reading requests: %w", err)
	}
	dec := yaml.NewDecoder(bytes.NewReader(doc))
	dec.KnownFields(true)
	var list []requestYAML
	if err := dec.Decode(&list); err != nil && !errors.Is(err, io.EOF) {
		return nil, requestsError(path, plainYAML(err))
	}
	if err := dec.Decode(new(any)); !errors.Is(err, io.EOF) {
		return nil, requestsError(path, errors.New("more than one document"))
	}
	if len(list) == 0 {
		return nil, requestsError(path, errors.New("no requests"))
	}
	out := make([]attest.Request, len(list))
	for i, y := range list {
		if out[i], err = newRequest(y.Action, y.Resource, y.Arguments); err != nil {
			return nil, requestsError(path, fmt.Errorf("request %d: %w", i, err))
		}
	}
	return out, nil
}

// plainYAML says what is wrong with a file in one line, without the Go types.
func plainYAML(err error) error {
	var e *yaml.TypeError
	if !errors.As(err, &e) {
		return err
	}
	return errors.New(goType.ReplaceAllString(strings.Join(e.Errors, "; "), ""))
}

func requestsError(path string, err error) error {
	return withHint(fmt.Errorf("reading requests %s: %w", path, err), "a YAML list of action, resource and arguments: see 'deed instruct --help'")
}
