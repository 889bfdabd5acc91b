package main

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
	"github.com/deedlog/deed/internal/setup"
)

const signingGroup = "signing"

// signing holds the flags that say who signs.
type signing struct{ keyFile, as string }

func (s *signing) flags(cmd *cobra.Command) {
	set := pflag.NewFlagSet("", pflag.ContinueOnError)
	set.StringVar(&s.keyFile, "key", "", "a person's private key, PEM `FILE`; without it the SVID signs")
	set.StringVar(&s.as, "as", "", "`NAME` of the person whose key it is (default: looked up in the register)")
	inGroup(set, signingGroup)
	cmd.Flags().AddFlagSet(set)
}

// credential is a key with whom it belongs to.
type credential struct {
	kind   attest.SignerKind
	name   string // SPIFFE ID, person or origin; "" when not known yet
	key    crypto.PrivateKey
	public attest.Key
	keyID  attest.Digest
	chain  []byte // DER certificates of an SVID: an object to send along

	passkey attest.PersonKey // signs elsewhere: there is no key
}

// credential loads the key or the SVID that the flags name.
func (s *signing) credential(ctx context.Context, c *connection) (*credential, error) {
	if s.keyFile != "" {
		out, err := keyCredential(s.keyFile)
		if err != nil {
			return nil, err
		}
		out.name = s.as
		return out, nil
	}
	source, release, err := c.source(ctx)
	if err != nil && c.svidDir == "" {
		return nil, withHint(err, "give --key FILE for a person, or --svid-dir DIR for a workload")
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

// administrator loads the key of an administrator: the one given, else that of
// the register's directory.
func (s *signing) administrator(c *connection) (*credential, error) {
	if s.keyFile != "" {
		out, err := keyCredential(s.keyFile)
		if err == nil {
			out.name = s.as
		}
		return out, err
	}
	if c.dir == "" {
		return nil, withHint(errors.New("no administrator's key to sign with"), "give --key FILE, or --dir DIR of a register on this machine")
	}
	out, err := keyCredential(filepath.Join(c.dir, setup.AdminKeyFile))
	if err != nil {
		return nil, err
	}
	name, err := os.ReadFile(filepath.Join(c.dir, setup.AdminFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading administrator's name: %w", err)
	}
	out.name = strings.TrimSpace(string(name)) // else it is looked up
	if s.as != "" {
		out.name = s.as
	}
	return out, nil
}

func keyCredential(file string) (*credential, error) {
	key, err := setup.ReadKey(file)
	if err != nil {
		return nil, err
	}
	public, err := attest.KeyOf(key.Public())
	if err != nil {
		return nil, err
	}
	return &credential{kind: attest.ByPerson, key: key, public: public, keyID: public.Digest()}, nil
}

func svidCredential(svid *x509svid.SVID) (*credential, error) {
	public, err := attest.KeyOf(svid.PrivateKey.Public())
	if err != nil {
		return nil, err
	}
	var chain []byte
	for _, cert := range svid.Certificates {
		chain = append(chain, cert.Raw...)
	}
	return &credential{
		kind: attest.BySVID, name: svid.ID.String(), key: svid.PrivateKey, public: public,
		keyID: attest.DigestOf(chain), chain: chain,
	}, nil
}

// party is who signs; of a key without a name it asks the register.
func (k *credential) party(ctx context.Context, cl *client) (attest.Party, error) {
	if k.name == "" && cl != nil {
		name, err := cl.personOf(ctx, k.public)
		if err != nil {
			return attest.Party{}, err
		}
		k.name = name
	}
	if k.name == "" {
		return attest.Party{}, withHint(errors.New("it is not known whose key this is"), "give --as NAME")
	}
	return attest.Party{ID: k.name, Kind: k.kind}, nil
}

// sign seals a statement, after checking that it names the one who signs.
func (k *credential) sign(s attest.Statement) (attest.Envelope, error) {
	payload, err := attest.Payload(s)
	if err != nil {
		return attest.Envelope{}, err
	}
	named := s.SignedBy()
	if named.Kind == attest.BySVID && (k.kind != attest.BySVID || named.ID != k.name) ||
		named.Kind == attest.ByPerson && (k.kind != attest.ByPerson || k.name != "" && k.name != named.ID) {
		signer := k.name
		if signer == "" {
			signer = "a person's key"
		}
		return attest.Envelope{}, fmt.Errorf("the statement names %s as its signer, and %s would sign it", named.Name(), signer)
	}
	return k.seal(payload)
}

// seal signs a payload as it is.
func (k *credential) seal(payload []byte) (attest.Envelope, error) {
	return attest.Seal(payload, k.key, k.keyID)
}

// objects are what must travel with what k signed.
func (k *credential) objects() [][]byte {
	if k.chain == nil {
		return nil
	}
	return [][]byte{k.chain}
}
