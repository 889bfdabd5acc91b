package warrant

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
)

// warnOfGates says whom the gates of a warrant name that nobody can approve as now. It
// is no error: who is to approve may be registered later.
func warnOfGates(ctx context.Context, cmd *cobra.Command, cl *register.Client, gates []attest.WarrantGate) error {
	if len(gates) == 0 {
		return nil
	}
	people, err := register.InForce(ctx, cl, attest.KindPerson, func(p *attest.Person) string { return p.Name })
	if err != nil {
		return fmt.Errorf("looking up who may approve: %w", err)
	}
	_, administrators, err := cl.Administrators(ctx)
	if err != nil {
		return err
	}
	now := time.Now().UnixMilli()
	registered := func(name string) bool {
		return slices.ContainsFunc(people, func(l register.Listed[*attest.Person]) bool {
			return l.Statement.Name == name && attest.In(now, l.Statement.From, l.Statement.Until)
		}) || slices.ContainsFunc(administrators, func(a attest.Administrator) bool { return a.Name == name })
	}
	var b strings.Builder
	for n, g := range gates {
		absent := slices.DeleteFunc(slices.Clone(g.Approvers), registered)
		if len(absent) == 0 {
			continue
		}
		fmt.Fprintf(&b, "deed: hint: gate %d names %s, with no registration in force: nobody can approve in that name", n, strings.Join(absent, ", "))
		if len(g.Approvers)-len(absent) < g.M {
			fmt.Fprintf(&b, ", and without it the gate does not open")
		}
		b.WriteString("; see 'deed person list'\n")
	}
	return console.Print(cmd.ErrOrStderr(), b.String())
}
