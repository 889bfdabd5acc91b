package audit

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

const logAuditLong = `Read every entry of a log, which is public, and compute what the register says of
them: the tree's root, the running hash over the entries that decide what is
trusted, that time never goes back and that no statement stands twice.

A single bundle cannot show that a revocation was left out if the register leaves
it out of that hash as well. This can: run it from time to time, away from the
operator, and keep the checkpoint it prints for 'deed log consistency'.

Entries give the kind of their statements, and the hash goes by it. With --statements
every record and statement is read too, two requests for each entry, and an entry of
another kind than its statement is false. Without it that is not looked at. What the
register does not show could not be checked.`

type logAudit struct {
	register.Connection
	statements bool
}

// NewLogAudit makes deed log audit.
func NewLogAudit() *cobra.Command {
	a := &logAudit{}
	cmd := &cobra.Command{
		Use:     "audit",
		Short:   "Read all entries of a log and recompute what it says of them",
		Long:    logAuditLong,
		Example: "deed log audit --server https://deed.example --log-vkey log.vkey\ndeed log audit --statements",
		Args:    console.Takes(0, 0),
		RunE:    a.run,
	}
	cmd.Flags().BoolVar(&a.statements, "statements", false, "read the statement of every entry too: it is of the kind that the entry gives")
	a.Connection.Flags(cmd)
	return cmd
}

// auditJSON is the finding as --json prints it.
type auditJSON struct {
	Checkpoint string                `json:"checkpoint"`
	Entries    uint64                `json:"entries"`
	Control    int64                 `json:"control"`
	Sound      bool                  `json:"sound"`
	Verified   bool                  `json:"verified"`   // the checkpoint, with the log's key
	Statements bool                  `json:"statements"` // were asked for
	Unread     uint64                `json:"unread"`     // entries whose statement the register does not show
	Faults     []verifier.AuditFault `json:"faults"`
}

func (a *logAudit) run(cmd *cobra.Command, _ []string) error {
	ctx, cl, done, err := a.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	text, err := cl.Get(ctx, "checkpoint")
	if err != nil {
		return err
	}
	head, err := readHead(text, cl.VKey)
	if err != nil {
		return err
	}
	signed, err := ledger.ParseSignedCheckpoint(text)
	if err != nil {
		return err
	}
	out := auditJSON{Checkpoint: string(text), Verified: head.Verified, Statements: a.statements, Faults: []verifier.AuditFault{}}
	if err := out.read(ctx, cl, signed.Checkpoint, cmd.ErrOrStderr()); err != nil {
		return err
	}
	if err := a.print(cmd, out); err != nil {
		return err
	}
	switch {
	case !out.Sound:
		return console.ErrQuiet
	case out.Unread > 0:
		return fmt.Errorf("the statements of %d entries could not be read", out.Unread)
	}
	return nil
}

// read goes through all entry bundles under a checkpoint.
func (out *auditJSON) read(ctx context.Context, cl *register.Client, c ledger.Checkpoint, progress io.Writer) error {
	audit, said := verifier.NewAudit(), time.Now()
	for audit.Size() < c.Size {
		width := min(256, c.Size-audit.Size())
		id := ledger.TileID{Index: audit.Size() / 256, Width: int(width), Entries: true}
		data, err := cl.Get(ctx, id.String())
		if err != nil {
			return err
		}
		entries, err := unbundle(data, int(width))
		if err != nil {
			return fmt.Errorf("reading %s: %w", id, err)
		}
		at, list := audit.Size(), make([]verifier.AuditEntry, len(entries))
		for i, e := range entries {
			list[i] = verifier.ReadEntry(e)
			out.Faults = append(out.Faults, audit.Next(list[i])...)
		}
		if out.Statements {
			if err := out.readStatements(ctx, cl, at, list); err != nil {
				return err
			}
		}
		if time.Since(said) > time.Second {
			said = time.Now()
			fmt.Fprintf(progress, "deed: read %d of %d entries\n", audit.Size(), c.Size)
		}
	}
	out.Faults = append(out.Faults, audit.Close(c)...)
	out.Entries, out.Control, out.Sound = audit.Size(), audit.Control(), len(out.Faults) == 0
	return nil
}

// statementsAtOnce bounds the requests that are under way.
const statementsAtOnce = 8

// readStatements holds entries, the first of which is at an index, against their
// statements.
func (out *auditJSON) readStatements(ctx context.Context, cl *register.Client, at uint64, entries []verifier.AuditEntry) error {
	faults, errs := make([][]verifier.AuditFault, len(entries)), make([]error, len(entries))
	object := func(d attest.Digest) ([]byte, error) { return cl.Object(ctx, d) }
	free := make(chan struct{}, statementsAtOnce)
	var all sync.WaitGroup
	for i, e := range entries {
		free <- struct{}{}
		all.Go(func() {
			defer func() { <-free }()
			faults[i], errs[i] = e.Statement(at+uint64(i), object)
		})
	}
	all.Wait()
	for i := range entries {
		out.Faults = append(out.Faults, faults[i]...)
		if errs[i] != nil {
			out.Unread++
		}
	}
	return ctx.Err() // else all that is left would be unread
}

// unbundle splits an entry bundle: each entry has its length, two bytes, before it.
func unbundle(data []byte, n int) ([][]byte, error) {
	entries := make([][]byte, 0, n)
	for len(data) >= 2 {
		size := int(binary.BigEndian.Uint16(data))
		if len(data) < 2+size {
			break
		}
		entries, data = append(entries, data[2:2+size]), data[2+size:]
	}
	if len(entries) != n || len(data) > 0 {
		return nil, errors.New("it is not an entry bundle of that width")
	}
	return entries, nil
}

func (a *logAudit) print(cmd *cobra.Command, out auditJSON) error {
	if a.JSON {
		return console.PrintJSON(cmd.OutOrStdout(), out)
	}
	w := cmd.OutOrStdout()
	for _, f := range out.Faults {
		fmt.Fprintln(w, f.Error())
	}
	if out.Sound {
		fmt.Fprintf(w, "sound: %d entries, %d of them control entries; root, control hash and order recomputed\n", out.Entries, out.Control)
	}
	if out.Statements {
		fmt.Fprintf(w, "statements: %d of %d read; an entry of another kind than its statement is listed above\n", out.Entries-out.Unread, out.Entries)
	} else {
		fmt.Fprintln(w, "the kind of an entry is the register's word; --statements compares it with the statement")
	}
	if !out.Verified {
		fmt.Fprintln(w, "the checkpoint is not verified: no log key is known here (--log-vkey)")
	}
	return nil
}
