package authority

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

const eraseLong = `Destroy evidence objects, and log that they were destroyed and on which basis. Only
what no rule needs can be, seeds that open commitments, what a person was shown,
and what a called service answered; and tokens. Envelopes and records stay, and
with them every proof. What rests on a token, and an action that went through a gate
which asks for what was shown, is not verified any more without it: the verdict is
that this could not be checked.

Name the statements that name the objects: --object erases one of theirs, without
it all of them are. Every statement that names an object has to be listed; the
register names one that is not.

The bases are ` + eraseBases + `.
A quorum of administrators signs: --also takes the private keys of further ones.
When it is answered, nothing of the bytes is left in the register's database.
Backups, snapshots of the file system, a database that deed log reindex has kept,
and bundles that were given away are not within reach.`

const eraseBases = "consent_withdrawn, court_order, legal_obligation, objection,\npurpose_ended and unlawful_processing"

type erase struct {
	statement.Submitter
	basis, reason string
	objects       []string
}

// NewErase makes deed erase.
func NewErase() *cobra.Command {
	e := &erase{}
	cmd := &cobra.Command{
		Use:     "erase --basis BASIS --reason TEXT [--object DIGEST] INDEX|ID...",
		Short:   "Destroy evidence objects, and log it",
		Long:    eraseLong,
		Example: "deed erase --basis consent_withdrawn --reason 'asked for by maria, ticket 4711' 22 --dir acme",
		Args:    console.Takes(1, 64),
		RunE:    e.run,
	}
	cmd.Flags().StringSliceVar(&e.objects, "object", nil, "`DIGEST` of an object (default: all that may be erased)")
	cmd.Flags().StringVar(&e.basis, "basis", "", "legal `BASIS`")
	cmd.Flags().StringVar(&e.reason, "reason", "", "why, for people")
	e.QuorumFlags(cmd)
	e.Submitter.Flags(cmd)
	return cmd
}

func (e *erase) run(cmd *cobra.Command, args []string) error {
	if !slices.Contains(attest.ErasureBases(), attest.ErasureBasis(e.basis)) {
		return console.Usage("--basis: want one of %s", strings.ReplaceAll(eraseBases, "\n", " "))
	}
	if e.reason == "" {
		return console.Usage("want why, for people: --reason TEXT")
	}
	return e.PutFound(cmd, func(ctx context.Context, cl *register.Client) (attest.Statement, error) {
		named, err := erasable(ctx, cl, args)
		if err != nil {
			return nil, err
		}
		s := &attest.Erasure{Basis: attest.ErasureBasis(e.basis), Reason: e.reason}
		s.Objects, err = e.chosen(named)
		return s, err
	})
}

// erasable are the objects that may be erased of statements, each with those that
// name it.
func erasable(ctx context.Context, cl *register.Client, refs []string) (map[attest.Digest][]attest.ID, error) {
	named := map[attest.Digest][]attest.ID{}
	for _, ref := range refs {
		l, _, err := cl.Logged(ctx, ref)
		if err != nil {
			return nil, err
		}
		for _, d := range attest.Erasable(l.Verified.Statement()) {
			if slices.Contains(l.Record.Objects, d) && !slices.Contains(named[d], l.ID()) {
				named[d] = append(named[d], l.ID())
			}
		}
	}
	return named, nil
}

// chosen are the objects that are to be erased, of those that the statements name.
func (e *erase) chosen(named map[attest.Digest][]attest.ID) (list []attest.ErasedObject, err error) {
	wanted := e.objects
	if len(wanted) == 0 {
		for d := range named {
			wanted = append(wanted, string(d))
		}
	}
	if len(wanted) == 0 {
		return nil, console.Hint(errors.New("these statements brought nothing that may be erased"), "seeds, what a person was shown and what a service answered may be: name the statement that brought it, such as an approval")
	}
	slices.Sort(wanted)
	for _, d := range slices.Compact(wanted) {
		ids := named[attest.Digest(d)]
		if len(ids) == 0 {
			return nil, fmt.Errorf("%s is no object that these statements brought and that may be erased", d)
		}
		slices.Sort(ids)
		list = append(list, attest.ErasedObject{Digest: attest.Digest(d), Statements: ids})
	}
	return list, nil
}
