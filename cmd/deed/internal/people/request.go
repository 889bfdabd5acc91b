package people

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
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/request"
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

// goType is where YAML's errors name a type of this program.
var goType = regexp.MustCompile(` (?:in type|into) \S+`)

// parseRequest reads a request of --request.
func parseRequest(text string) (attest.Request, error) {
	r, err := request.Parse(text)
	if err != nil {
		return r, console.Usage("--request %q: %w", text, err)
	}
	return r, nil
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
		if out[i], err = request.New(y.Action, y.Resource, y.Arguments); err != nil {
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
	return console.Hint(fmt.Errorf("reading requests %s: %w", path, err), "a YAML list of action, resource and arguments: see 'deed instruct --help'")
}
