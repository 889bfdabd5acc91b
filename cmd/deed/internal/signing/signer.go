package signing

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/spiffe/go-spiffe/v2/svid/x509svid"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/internal/setup"
)

// Signer holds the flags that say who signs.
type Signer struct {
	KeyFile string // of a person; "" is the SVID
	As      string // name of the person; "" is looked up
}

// Flags adds the flags of who signs to a command.
func (s *Signer) Flags(cmd *cobra.Command) {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.StringVar(&s.KeyFile, "key", "", "a person's private key, PEM `FILE`; without it the SVID signs")
	set.StringVar(&s.As, "as", "", "`NAME` of the person whose key it is (default: looked up in the register)")
	console.InGroup(set, console.SigningGroup)
	cmd.Flags().AddFlagSet(set)
}

// Credential is a key with whom it belongs to.
type Credential struct {
	Kind   attest.SignerKind // person or SVID
	Name   string            // SPIFFE ID, person or origin; "" when not known yet
	Key    crypto.PrivateKey
	Public attest.Key
	KeyID  attest.Digest // of the envelopes that it signs
	Chain  []byte        // DER certificates of an SVID: an object to send along

	Elsewhere attest.PersonKey // what signs elsewhere: there is no key here
}

// Credential loads the key or the SVID that the flags name.
func (s *Signer) Credential(ctx context.Context, c *register.Connection) (*Credential, error) {
	if s.KeyFile != "" {
		out, err := ReadKey(s.KeyFile)
		if err != nil {
			return nil, err
		}
		out.Name = s.As
		return out, nil
	}
	source, release, err := c.Source(ctx)
	if err != nil && c.SVIDDir == "" {
		return nil, console.Hint(err, "give --key FILE for a person, or --svid-dir DIR for a workload")
	}
	if err != nil {
		return nil, err
	}
	defer release()
	svid, err := source.SVID()
	if err != nil {
		return nil, fmt.Errorf("reading SVID: %w", err)
	}
	return svidCredential(svid)
}

// Administrator loads the key of an administrator: the one given, else that of
// the register's directory.
func (s *Signer) Administrator(c *register.Connection) (*Credential, error) {
	if s.KeyFile != "" {
		out, err := ReadKey(s.KeyFile)
		if err == nil {
			out.Name = s.As
		}
		return out, err
	}
	if c.Dir == "" {
		return nil, console.Hint(errors.New("no administrator's key to sign with"), "give --key FILE, or --dir DIR of a register on this machine")
	}
	out, err := ReadKey(filepath.Join(c.Dir, setup.AdminKeyFile))
	if err != nil {
		return nil, err
	}
	name, err := os.ReadFile(filepath.Join(c.Dir, setup.AdminFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading administrator's name: %w", err)
	}
	out.Name = strings.TrimSpace(string(name)) // else it is looked up
	if s.As != "" {
		out.Name = s.As
	}
	return out, nil
}

// ReadKey reads a person's private key; whose it is, is not known yet.
func ReadKey(file string) (*Credential, error) {
	key, err := setup.ReadKey(file)
	if err != nil {
		return nil, err
	}
	public, err := attest.KeyOf(key.Public())
	if err != nil {
		return nil, err
	}
	return &Credential{Kind: attest.ByPerson, Key: key, Public: public, KeyID: public.Digest()}, nil
}

func svidCredential(svid *x509svid.SVID) (*Credential, error) {
	public, err := attest.KeyOf(svid.PrivateKey.Public())
	if err != nil {
		return nil, err
	}
	var chain []byte
	for _, cert := range svid.Certificates {
		chain = append(chain, cert.Raw...)
	}
	return &Credential{
		Kind: attest.BySVID, Name: svid.ID.String(), Key: svid.PrivateKey, Public: public,
		KeyID: attest.DigestOf(chain), Chain: chain,
	}, nil
}

// Party is who signs; of a key without a name it asks the register.
func (k *Credential) Party(ctx context.Context, cl *register.Client) (attest.Party, error) {
	if k.Name == "" && cl != nil {
		name, err := cl.PersonOf(ctx, k.Public)
		if err != nil {
			return attest.Party{}, err
		}
		k.Name = name
	}
	if k.Name == "" {
		return attest.Party{}, console.Hint(errors.New("it is not known whose key this is"), "give --as NAME")
	}
	return attest.Party{ID: k.Name, Kind: k.Kind}, nil
}

// Sign seals a statement, after checking that it names the one who signs.
func (k *Credential) Sign(s attest.Statement) (attest.Envelope, error) {
	payload, err := attest.Payload(s)
	if err != nil {
		return attest.Envelope{}, err
	}
	named := s.SignedBy()
	if named.Kind == attest.BySVID && (k.Kind != attest.BySVID || named.ID != k.Name) ||
		named.Kind == attest.ByPerson && (k.Kind != attest.ByPerson || k.Name != "" && k.Name != named.ID) {
		signer := k.Name
		if signer == "" {
			signer = "a person's key"
		}
		return attest.Envelope{}, fmt.Errorf("the statement names %s as its signer, and %s would sign it", named.Name(), signer)
	}
	return k.Seal(payload)
}

// Seal signs a payload as it is.
func (k *Credential) Seal(payload []byte) (attest.Envelope, error) {
	return attest.Seal(payload, k.Key, k.KeyID)
}

// Objects are what must travel with what k signed.
func (k *Credential) Objects() [][]byte {
	if k.Chain == nil {
		return nil
	}
	return [][]byte{k.Chain}
}
