package register

import (
	"context"
	"errors"
	"fmt"

	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/setup"
)

// Export writes the evidence of entries to a file.
func (c *Client) Export(ctx context.Context, path string, o auditor.Options, refs []string) error {
	bundle, err := auditor.Over(c.Evidence).ExportWith(ctx, o, refs...)
	if errors.Is(err, auditor.ErrControl) {
		return console.Hint(err, "leave them out with --no-control, and read the whole log with 'deed log audit' instead")
	}
	if errors.Is(err, auditor.ErrOther) {
		return console.False("%w", err)
	}
	if err != nil {
		return err
	}
	if err := setup.WriteFile(path, bundle.Bytes(), 0o600); err != nil {
		return fmt.Errorf("writing evidence: %w", err)
	}
	return nil
}
