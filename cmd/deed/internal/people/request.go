package people

import (
	"fmt"
	"os"

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

// parseRequest reads a request of --request.
func parseRequest(text string) (attest.Request, error) {
	r, err := request.Parse(text)
	if err != nil {
		return r, console.Usage("--request %q: %w", text, err)
	}
	return r, nil
}

// readRequests reads a YAML list of requests.
func readRequests(path string) ([]attest.Request, error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading requests: %w", err)
	}
	list, err := request.File(doc)
	if err != nil {
		return nil, console.Hint(fmt.Errorf("reading requests %s: %w", path, err), "a YAML list of action, resource and arguments: see 'deed instruct --help'")
	}
	return list, nil
}
