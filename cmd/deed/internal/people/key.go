package people

import (
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io/fs"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/setup"
)

// NewKey makes deed key, a group.
func NewKey() *cobra.Command { return console.Group("key", "Keys of people", newKeyNew()) }

type keyNew struct {
	kind string
	json bool
}

// keyJSON is a public key as --json prints it.
type keyJSON struct {
	Key    string        `json:"key"` // DER SubjectPublicKeyInfo, base64
	Digest attest.Digest `json:"digest"`
	File   string        `json:"file"`
}

func newKeyNew() *cobra.Command {
	k := &keyNew{}
	cmd := &cobra.Command{
		Use:   "new FILE",
		Short: "Make a person's key and print the public key",
		Long: `Make a private key for a person, as PEM (PKCS #8) readable by its owner alone,
and print the public key as it stands in statements. A file is never overwritten.`,
		Example: "deed key new maria.key",
		Args:    console.Takes(1, 1),
		RunE:    k.run,
	}
	cmd.Flags().StringVar(&k.kind, "type", setup.Ed25519, "ed25519 or p256")
	cmd.Flags().BoolVar(&k.json, "json", false, "print JSON")
	return cmd
}

func (k *keyNew) run(cmd *cobra.Command, args []string) error {
	if k.kind != setup.Ed25519 && k.kind != setup.P256 {
		return console.Usage("--type: want %s or %s, found %q", setup.Ed25519, setup.P256, k.kind)
	}
	key, err := setup.NewKey(k.kind, rand.Reader)
	if err != nil {
		return err
	}
	public, err := attest.KeyOf(key.Public())
	if err != nil {
		return err
	}
	if err := setup.WriteKey(args[0], key); errors.Is(err, fs.ErrNotExist) {
		return console.Hint(err, "make the directory first")
	} else if err != nil {
		return console.Hint(err, "a key is never overwritten: name another file, or remove this one if nothing needs it")
	}
	out := keyJSON{Key: base64.StdEncoding.EncodeToString(public), Digest: public.Digest(), File: args[0]}
	if k.json {
		return console.PrintJSON(cmd.OutOrStdout(), out)
	}
	return console.PrintPairs(cmd.OutOrStdout(), []console.Pair{{"file", out.File}, {"key", out.Key}, {"digest", string(out.Digest)}})
}
