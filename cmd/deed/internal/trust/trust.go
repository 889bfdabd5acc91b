package trust

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/internal/setup"
)

// New makes deed trust, a group.
func New() *cobra.Command {
	return console.Group("trust", "Trust directories for verifiers", newTrustExport(), newTrustDiff())
}

type trustExport struct {
	register.Connection
	overwrite bool
	to, tar   string
}

func newTrustExport() *cobra.Command {
	t := &trustExport{}
	cmd := &cobra.Command{
		Use:   "export DIR | --to DIR | --tar FILE|-",
		Short: "Write the log's own opinion of a trust directory",
		Long: `Write a trust directory for an auditor: the log's keys, the hash of its genesis,
every version of the SPIFFE bundles, of people's authorities and of providers' keys
that was logged, all keys of people and the key of the register's statements, as
the register itself names them. Whoever uses it as it is trusts the operator: its
README says which parts must come from someone else, and 'deed trust diff'
compares those with the log.

A directory that has anything in it is refused, because it may hold what came
from someone else; --overwrite replaces the files of the same names. --tar writes
one archive instead, the same for the same log.`,
		Example: `deed trust export trust && deed verify evidence.deed.zip
deed trust export --tar trust.tar`,
		Args: console.Takes(0, 1),
		RunE: t.run,
	}
	cmd.Flags().StringVar(&t.to, "to", "", "the `DIR` to write, as the argument")
	cmd.Flags().StringVar(&t.tar, "tar", "", "write a tar archive to `FILE`, or - for stdout")
	cmd.Flags().BoolVar(&t.overwrite, "overwrite", false, "replace the files that are there")
	t.Connection.Flags(cmd)
	return cmd
}

func (t *trustExport) run(cmd *cobra.Command, args []string) error {
	if len(args) == 1 && t.to == "" {
		t.to, args = args[0], nil
	}
	if len(args) > 0 || (t.to == "") == (t.tar == "") {
		return console.Usage("want where to write it: DIR, --to DIR or --tar FILE")
	}
	if err := t.free(); err != nil {
		return err
	}
	files, err := t.files(cmd)
	if err != nil {
		return err
	}
	place := t.to
	if t.to != "" {
		err = setup.WriteTrust(t.to, files)
	} else {
		place, err = t.tar, t.pack(cmd, files)
	}
	if err != nil || place == "-" {
		return err
	}
	if t.JSON {
		name := "dir"
		if t.to == "" {
			name = "file"
		}
		return console.PrintJSON(cmd.OutOrStdout(), map[string]string{name: place})
	}
	return console.Print(cmd.OutOrStdout(), place+"\n")
}

// pack writes the archive.
func (t *trustExport) pack(cmd *cobra.Command, files map[string][]byte) error {
	doc, err := trustTar(files)
	switch {
	case err != nil:
		return err
	case t.tar == "-":
		return console.Print(cmd.OutOrStdout(), string(doc))
	}
	return setup.WriteFile(t.tar, doc, 0o644)
}

// free checks that nothing is overwritten unasked.
func (t *trustExport) free() error {
	if t.overwrite || t.tar == "-" {
		return nil
	}
	if t.tar != "" && console.FileExists(t.tar) {
		return console.Hint(fmt.Errorf("%s is there already", t.tar), "name another file, or give --overwrite")
	}
	if t.to == "" {
		return nil
	}
	list, err := os.ReadDir(t.to)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("writing trust directory: %w", err)
	}
	if len(list) > 0 {
		return console.Hint(fmt.Errorf("%s has files in it", t.to), "name another directory, or give --overwrite if none of them came from someone else")
	}
	return nil
}

// files gets the log's opinion of itself.
func (t *trustExport) files(cmd *cobra.Command) (map[string][]byte, error) {
	ctx, cl, done, err := t.Open(cmd.Context())
	if err != nil {
		return nil, err
	}
	defer done()
	files, err := auditor.Over(cl.Evidence).Trust(ctx)
	if err != nil {
		return nil, err
	}
	if cl.VKey != "" && !bytes.Contains(files[trustPolicyFile], []byte(cl.VKey)) {
		return nil, console.False("the register's genesis names another log key than the one known here")
	}
	return files, nil
}

// trustTar packs the files in the order of their names and with no time of its
// own, so that the same log gives the same archive.
func trustTar(files map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		head := &tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o644, Size: int64(len(files[name])), ModTime: time.Unix(0, 0)}
		if err := w.WriteHeader(head); err != nil {
			return nil, fmt.Errorf("packing trust directory: %w", err)
		}
		if _, err := w.Write(files[name]); err != nil {
			return nil, fmt.Errorf("packing trust directory: %w", err)
		}
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("packing trust directory: %w", err)
	}
	return b.Bytes(), nil
}
