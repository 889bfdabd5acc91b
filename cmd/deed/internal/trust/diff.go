package trust

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/clients/auditor"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

const trustDiffLong = `Compare a trust directory with what the log says now, part by part: log keys,
genesis, the register's key, people, SPIFFE bundles and sets of authorities in
every version.

  +  the log has it, the directory does not; with the entry that says so
  -  the directory has it, the log does not
  ~  both have it, and they differ
  .  the directory's own, of which a log says nothing: witnesses, quorum, other logs

What the log has more is the operator's word until you get it from someone else:
do not copy it into the directory unseen. Entries are proven with the log's key
that the directory has, and the log's control hash shows that no entry about
people or bundles is left out. Bundles are the same where their authorities are.

Exit codes: 0 no difference; 1 there are some, or a proof does not hold; 2 could
not compare.`

type trustDiff struct{ register.Connection }

func newTrustDiff() *cobra.Command {
	t := &trustDiff{}
	cmd := &cobra.Command{
		Use:     "diff DIR",
		Short:   "Compare a trust directory with what the log says now",
		Long:    trustDiffLong,
		Example: "deed trust diff trust\ndeed trust diff /srv/auditor/trust --json --server https://deed.example --server-id spiffe://...",
		Args:    console.Takes(1, 1),
		RunE:    t.run,
	}
	t.Connection.Flags(cmd)
	return cmd
}

// diffJSON is a comparison as --json prints it.
type diffJSON struct {
	Equal       bool         `json:"equal"`
	Log         string       `json:"log"`
	Size        uint64       `json:"size"`     // of the log that was compared with
	Verified    bool         `json:"verified"` // with the log's key of the directory
	Differences []difference `json:"differences"`
	Own         []difference `json:"own"` // of the directory alone, and no difference
}

func (t *trustDiff) run(cmd *cobra.Command, args []string) error {
	own, err := readTrustDir(args[0])
	if err != nil {
		return err
	}
	ctx, cl, done, err := t.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	files, err := auditor.Over(cl.Evidence).Trust(ctx)
	if err != nil {
		return err
	}
	said, err := readTrustFiles(files)
	if err != nil {
		return console.False("the register names what cannot be trusted: %w", err)
	}
	key := said.policy.Logs[0].Key
	if cl.VKey != "" && cl.VKey != key.String() {
		return console.False("the register's genesis names another log key than the one known here")
	}
	out := diffJSON{Log: key.Name(), Verified: own.hasLog(key)}
	places := controlEntries{client: cl, at: map[string]place{}}
	if out.Verified {
		places.vkey = key.String()
	}
	if err := places.find(ctx); err != nil {
		return err
	}
	out.Size = places.size
	if !said.rests(places.at) {
		return console.Hint(errors.New("the log went on meanwhile, or the register's answers differ"), "run the same command again")
	}
	out.Differences, out.Own = compareTrust(own, said, places.at)
	out.Equal = len(out.Differences) == 0
	return t.print(cmd, out)
}

// readTrustDir reads a directory that a verifier would take.
func readTrustDir(dir string) (*trustParts, error) {
	info, err := os.Stat(dir)
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is not a directory", dir)
	}
	if err == nil {
		_, err = verifier.LoadTrust(os.DirFS(dir))
	}
	var files map[string][]byte
	if err == nil {
		files, err = readFiles(os.DirFS(dir))
	}
	if err != nil {
		return nil, console.Hint(fmt.Errorf("reading trust directory: %w", err), "name a trust directory, as 'deed trust export' writes one")
	}
	return readTrustFiles(files)
}

func (t *trustDiff) print(cmd *cobra.Command, out diffJSON) error {
	if err := t.report(cmd, out); err != nil {
		return err
	}
	if !out.Equal {
		return console.ErrQuiet
	}
	return nil
}

func (t *trustDiff) report(cmd *cobra.Command, out diffJSON) error {
	if t.JSON {
		return console.PrintJSON(cmd.OutOrStdout(), out)
	}
	var b strings.Builder
	for _, d := range append(out.Differences, out.Own...) {
		fmt.Fprintf(&b, "%s %s\n", d.Sign, d.words())
	}
	proven := "verified with the directory's key"
	if !out.Verified {
		proven = "not verified: the directory has another key"
	}
	what := "no difference to"
	if n := len(out.Differences); n == 1 {
		what = "1 difference to"
	} else if n > 1 {
		what = fmt.Sprintf("%d differences to", n)
	}
	fmt.Fprintf(&b, "%s %s at size %d, %s\n", what, out.Log, out.Size, proven)
	return console.Print(cmd.OutOrStdout(), b.String())
}

// rests reports whether what a register says of people and bundles is what its
// entries say, no more and no less.
func (t *trustParts) rests(on map[string]place) bool {
	keys := map[string]bool{}
	for _, p := range t.people {
		keys[personKey(p.Name, p.Identity())] = true
	}
	for _, b := range t.bundles {
		keys[bundleKey(b.of(), attest.DigestOf(b.doc))] = true
	}
	for key := range keys {
		if _, ok := on[key]; !ok {
			return false
		}
	}
	return len(keys) == len(on)
}

// hasLog reports whether the directory has this key of a log.
func (t *trustParts) hasLog(key ledger.VKey) bool {
	for _, l := range t.policy.Logs {
		if l.Key.String() == key.String() {
			return true
		}
	}
	return false
}

// sameBytes is for files of one line, with or without its end.
func sameBytes(a, b []byte) bool {
	return bytes.Equal(bytes.TrimRight(a, "\r\n"), bytes.TrimRight(b, "\r\n"))
}
