package console

import (
	"fmt"
	"strings"
	"testing"

	"github.com/deedlog/deed/ledger"
)

// A start that is refused for a damaged index says what mends it.
func TestDamageHint(t *testing.T) {
	err := fmt.Errorf("preparing database: %w", &ledger.Corrupt{Bucket: "recent", Key: "0", Want: "a value that has its checksum", Got: "none"})
	if code, hint := Classify(err); code != ExitCould || !strings.Contains(hint, "deed log reindex") {
		t.Errorf("%d, %q", code, hint)
	}
}
