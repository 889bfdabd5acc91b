package authority

import (
	"context"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
	"github.com/deedlog/deed/identity"
)

const compromiseLong = `Declare that somebody else may have had a key, since a time. From then on nothing
that rests on it is taken; what was logged since that time stays, and is contested
in every verdict. There is no way back: a key is replaced, a workload whose ID is
compromised gets another ID.

  --svid CHAIN       the key of an SVID: its certificates in PEM, or sha256: of its
                     SubjectPublicKeyInfo with --agent
  --agent ID         without --svid: every key of this workload, for good
  --person NAME      the key of a person: --person-key DIGEST, else the one in force
  --root INDEX|ID    a root of trust, as the register logged it

--since is a time (2026-03-01T08:00:00Z), a day (2026-03-01: from its start, UTC), or
how long ago (24h). Be early rather than exact: what was logged before it stays
uncontested.

The person whose key it is signs, or the owner of the agent, or an administrator;
for the keys of others and for roots a quorum: --also takes the private keys of
further administrators.`

type compromise struct {
	statement.Submitter
	agent, svid, person, key, root string
	since, reason                  string
}

// NewCompromise makes deed compromise.
func NewCompromise() *cobra.Command {
	c := &compromise{}
	cmd := &cobra.Command{
		Use:   "compromise --reason TEXT --since WHEN (--svid CHAIN | --agent ID | --person NAME | --root INDEX|ID)",
		Short: "Declare a key, a workload or a root compromised",
		Long:  compromiseLong,
		Example: `deed compromise --svid stolen.pem --since 2026-03-01T08:00:00Z --reason 'host taken over' --key maria.key
deed compromise --person maria --since 2026-03-01 --reason 'laptop stolen' --key maria.key`,
		Args: console.Takes(0, 0),
		RunE: c.run,
	}
	cmd.Flags().StringVar(&c.svid, "svid", "", "`CHAIN` of the SVID in PEM, or the digest of its key")
	console.SPIFFEIDVar(cmd.Flags(), &c.agent, "agent", "SPIFFE `ID` of the workload")
	cmd.Flags().StringVar(&c.person, "person", "", "`NAME` of the person")
	cmd.Flags().StringVar(&c.key, "person-key", "", "`DIGEST` of the person's key (default: the one in force)")
	cmd.Flags().StringVar(&c.root, "root", "", "`INDEX` or ID of the root statement")
	cmd.Flags().StringVar(&c.since, "since", "", "since `WHEN` somebody else may have had it: a time, a day, or how long ago")
	cmd.Flags().StringVar(&c.reason, "reason", "", "why, for people")
	c.QuorumFlags(cmd)
	c.Submitter.Flags(cmd)
	return cmd
}

func (c *compromise) run(cmd *cobra.Command, _ []string) error {
	if c.reason == "" {
		return console.Usage("want why, for people: --reason TEXT")
	}
	since, err := whenSince(c.since, time.Now())
	if err != nil {
		return err
	}
	return c.PutFound(cmd, func(ctx context.Context, cl *register.Client) (attest.Statement, error) {
		thing, err := c.thing(func(ref string) (attest.Statement, attest.ID, error) {
			l, _, err := cl.Logged(ctx, ref)
			if err != nil {
				return nil, "", err
			}
			return l.Verified.Statement(), l.ID(), nil
		}, func() (attest.Digest, error) { return keyOf(ctx, cl, c.person) })
		return &attest.Compromise{Reason: c.reason, Since: since, Thing: thing}, err
	})
}

// thing reads what is compromised from the flags. logged looks a statement up,
// keyInForce the person's key.
func (c *compromise) thing(logged func(string) (attest.Statement, attest.ID, error), keyInForce func() (attest.Digest, error)) (t attest.CompromisedThing, err error) {
	given := 0
	for _, flag := range []string{c.person, c.root, c.svid + c.agent} {
		if flag != "" {
			given++
		}
	}
	if given != 1 || c.key != "" && c.person == "" {
		return t, console.Usage("want one of --svid, --agent, --person and --root")
	}
	switch {
	case c.person != "":
		t = attest.CompromisedThing{ID: c.person, Key: attest.Digest(c.key), Kind: attest.HumanKey}
		if c.key == "" {
			t.Key, err = keyInForce()
		}
		return t, err
	case c.root != "":
		s, id, err := logged(c.root)
		if _, ok := s.(*attest.Root); err == nil && !ok {
			return t, console.Usage("%s is a %s, not a root", c.root, s.Kind())
		}
		return attest.CompromisedThing{ID: string(id), Kind: attest.RootEntry}, err
	case c.svid == "":
		return attest.CompromisedThing{ID: c.agent, Kind: attest.WorkloadID}, nil
	}
	return c.svidKey()
}

// svidKey is the key of an SVID, named by its chain or by its digest.
func (c *compromise) svidKey() (t attest.CompromisedThing, err error) {
	if strings.HasPrefix(c.svid, "sha256:") {
		if c.agent == "" {
			return t, console.Usage("a key by its digest needs the workload too: --agent ID")
		}
		return attest.CompromisedThing{ID: c.agent, Key: attest.Digest(c.svid), Kind: attest.SVIDKey}, nil
	}
	doc, err := os.ReadFile(c.svid)
	if err != nil {
		return t, fmt.Errorf("reading SVID: %w", err)
	}
	der, err := chainDER(doc)
	if err != nil {
		return t, fmt.Errorf("reading %s: %w", c.svid, err)
	}
	chain, err := identity.ParseChain(der)
	if err != nil {
		return t, fmt.Errorf("reading %s: %w", c.svid, err)
	}
	if id := chain.SPIFFEID(); c.agent != "" && c.agent != id {
		return t, console.Usage("%s is of %s", c.svid, id)
	}
	return attest.CompromisedThing{ID: chain.SPIFFEID(), Key: attest.DigestFrom(chain.KeyDigest()), Kind: attest.SVIDKey}, nil
}

// whenSince reads a time that has come, in ms: a time, the start of a day in UTC, or
// how long ago.
func whenSince(s string, now time.Time) (int64, error) {
	if s == "" {
		return 0, console.Usage("want since when somebody else may have had it: --since WHEN")
	}
	at, err := console.ParseTime("--since", s, now)
	if err == nil && at > now.UnixMilli() {
		return 0, console.Usage("--since: %s has not come yet", console.Instant(at))
	}
	return at, err
}

// keyOf is the digest of the key that a person or administrator signs with.
func keyOf(ctx context.Context, cl *register.Client, name string) (attest.Digest, error) {
	people, err := register.InForce(ctx, cl, attest.KindPerson, func(p *attest.Person) string { return p.Name })
	if err != nil {
		return "", err
	}
	for _, p := range people {
		if p.Statement.Name == name {
			return p.Statement.Key.Digest(), nil
		}
	}
	_, list, err := cl.Administrators(ctx)
	for _, a := range list {
		if a.Name == name {
			return a.Key.Digest(), nil
		}
	}
	if err == nil {
		err = fmt.Errorf("nobody named %s has a key in the register", name)
	}
	return "", err
}

// chainDER is a chain in PEM as certificates in DER, one after the other; other bytes
// are taken as they are.
func chainDER(doc []byte) ([]byte, error) {
	block, rest := pem.Decode(doc)
	if block == nil {
		return doc, nil
	}
	var der []byte
	for ; block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			der = append(der, block.Bytes...)
		}
	}
	if der == nil {
		return nil, errors.New("no certificate in it")
	}
	return der, nil
}
