package audit

import (
	"encoding/base64"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/ledger"
)

type logHead struct {
	register.Connection
	raw bool
}

// NewLogHead makes deed log head.
func NewLogHead() *cobra.Command {
	h := &logHead{}
	cmd := &cobra.Command{
		Use:   "head",
		Short: "Show the register's checkpoint",
		Long: `Show the register's checkpoint, verified with the log's key where one is known
here. --raw prints the signed note itself: keep one from time to time, and
'deed log consistency' shows later that nothing before it was changed.`,
		Example: "deed log head --dir acme\ndeed log head --raw > 2026-03-01.checkpoint",
		Args:    console.Takes(0, 0),
		RunE:    h.run,
	}
	cmd.Flags().BoolVar(&h.raw, "raw", false, "print the signed note")
	h.Connection.Flags(cmd)
	return cmd
}

// headJSON is a checkpoint as --json prints it.
type headJSON struct {
	Origin     string   `json:"origin"`
	Size       uint64   `json:"size"`
	Root       string   `json:"root"` // base64, as in the checkpoint
	Verified   bool     `json:"verified"`
	Signatures []string `json:"signatures"` // names and key IDs
	Checkpoint string   `json:"checkpoint"`
}

func (h *logHead) run(cmd *cobra.Command, _ []string) error {
	ctx, cl, done, err := h.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	text, err := cl.Get(ctx, "checkpoint")
	if err != nil {
		return err
	}
	head, err := readHead(text, cl.VKey)
	switch {
	case err != nil:
		return err
	case h.raw:
		return console.Print(cmd.OutOrStdout(), string(text))
	case h.JSON:
		return console.PrintJSON(cmd.OutOrStdout(), head)
	}
	verified := "not verified: no log key is known here"
	if head.Verified {
		verified = "with the log's key"
	}
	pairs := []console.Pair{{"origin", head.Origin}, {"size", fmt.Sprint(head.Size)}, {"root", head.Root}, {"verified", verified}}
	for _, s := range head.Signatures {
		pairs = append(pairs, console.Pair{"signed by", s})
	}
	return console.PrintPairs(cmd.OutOrStdout(), pairs)
}

// readHead parses a checkpoint and verifies it with the log's key, if known.
func readHead(text []byte, vkey string) (headJSON, error) {
	signed, err := ledger.ParseSignedCheckpoint(text)
	if err != nil {
		return headJSON{}, console.False("reading checkpoint: %w", err)
	}
	head := headJSON{
		Origin: signed.Origin, Size: signed.Size, Root: base64.StdEncoding.EncodeToString(signed.Root[:]),
		Verified: vkey != "", Checkpoint: string(text),
	}
	for _, s := range signed.Signatures {
		head.Signatures = append(head.Signatures, fmt.Sprintf("%s+%08x", s.Name, s.KeyID))
	}
	if vkey == "" {
		return head, nil
	}
	if _, err := ledger.OpenCheckpoint(text, vkey); err != nil {
		return head, fmt.Errorf("verifying checkpoint: %w", err)
	}
	return head, nil
}

// NewLogConsistency makes deed log consistency.
func NewLogConsistency() *cobra.Command {
	c := &register.Connection{}
	cmd := &cobra.Command{
		Use:   "consistency OLD [NEW]",
		Short: "Verify that the log only grew between two checkpoints",
		Long: `Verify that the log of the newer checkpoint extends that of the older: the same
entries, in the same places, and perhaps more. OLD and NEW are files with signed
checkpoints; without NEW it is the register's current one. The proof is computed
from the log's tiles. The log's key must be known: --log-vkey or --dir.`,
		Example: "deed log consistency 2026-03-01.checkpoint --dir acme",
		Args:    console.Takes(1, 2),
		RunE:    func(cmd *cobra.Command, args []string) error { return consistency(cmd, c, args) },
	}
	c.Flags(cmd)
	return cmd
}

// consistencyJSON is the finding as --json prints it.
type consistencyJSON struct {
	Consistent bool     `json:"consistent"`
	Old        headJSON `json:"old"`
	New        headJSON `json:"new"`
}

func consistency(cmd *cobra.Command, c *register.Connection, args []string) error {
	ctx, cl, done, err := c.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	if cl.VKey == "" {
		return console.Hint(errors.New("no log key is known here"), "give --log-vkey KEY, or --dir DIR of a register on this machine")
	}
	var texts [2][]byte
	for i := range texts {
		if i == len(args) {
			texts[i], err = cl.Get(ctx, "checkpoint")
		} else if texts[i], err = os.ReadFile(args[i]); err != nil {
			err = fmt.Errorf("reading checkpoint: %w", err)
		}
		if err != nil {
			return err
		}
	}
	older, newer, out, err := openBoth(texts, cl.VKey)
	if err != nil {
		return err
	}
	proof, err := consistencyProof(ctx, cl, older.Checkpoint(), newer.Checkpoint())
	if err != nil {
		return err
	}
	if err := ledger.VerifyConsistency(older, newer, proof); err != nil {
		return console.Hint(console.False("size %d does not extend size %d: %w", out.New.Size, out.Old.Size, err),
			"keep both checkpoints: together, with the log's signatures, they are evidence that the log was rewritten")
	}
	out.Consistent = true
	if c.JSON {
		return console.PrintJSON(cmd.OutOrStdout(), out)
	}
	return console.Print(cmd.OutOrStdout(), fmt.Sprintf("consistent: size %d extends size %d\n", out.New.Size, out.Old.Size))
}

// openBoth verifies both checkpoints and puts the smaller first.
func openBoth(texts [2][]byte, vkey string) (older, newer ledger.OpenedCheckpoint, out consistencyJSON, err error) {
	if older, err = ledger.OpenCheckpoint(texts[0], vkey); err != nil {
		return older, newer, out, fmt.Errorf("verifying the first checkpoint: %w", err)
	}
	if newer, err = ledger.OpenCheckpoint(texts[1], vkey); err != nil {
		return older, newer, out, fmt.Errorf("verifying the second checkpoint: %w", err)
	}
	if older.Checkpoint().Size > newer.Checkpoint().Size {
		older, newer = newer, older
		texts[0], texts[1] = texts[1], texts[0]
	}
	if out.Old, err = readHead(texts[0], vkey); err == nil {
		out.New, err = readHead(texts[1], vkey)
	}
	return older, newer, out, err
}
