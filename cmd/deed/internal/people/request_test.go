package people

import (
	"testing"

	"github.com/deedlog/deed/cmd/deed/internal/console"
)

// What cannot be read as a request is wrong usage.
func TestParseRequest(t *testing.T) {
	_, err := parseRequest("a.b resource=c:d amount<=")
	if code, hint := console.Classify(err); code != console.ExitCould || hint != console.UsageHint {
		t.Errorf("exit code %d, hint %q", code, hint)
	}
}
