package authority

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

// NewIssuer makes deed issuer, a group.
func NewIssuer() *cobra.Command {
	return console.Group("issuer", "Who may issue root warrants", newIssuerAdd(), newIssuerList())
}

type issuerAdd struct {
	statement.Submitter
	grant       statement.Grants
	bases       []string
	accountable string
	life        time.Duration
}

func newIssuerAdd() *cobra.Command {
	i := &issuerAdd{}
	cmd := &cobra.Command{
		Use:   "add PERSON|SPIFFE_ID",
		Short: "Let a person or a service issue root warrants",
		Long: `Register who may issue root warrants: for which grants, on which bases, and who
is accountable for them. A quorum of administrators signs: --also takes the private
keys of further ones.

The bases are human_instruction and human_standing for a person, event_trigger
and org_standing for a service; a service needs --accountable.

` + statement.ActHelp,
		Example: `deed issuer add maria --action payments.transfer,payments.quote \
    --resource bank_account:iban/... --arg 'amount<=10000.00 EUR' --arg reference
deed issuer add spiffe://acme.example/service/scheduler --accountable maria --grants reports.json`,
		Args: console.Takes(1, 1),
		RunE: i.run,
	}
	i.grant.Flags(cmd)
	cmd.Flags().StringSliceVar(&i.bases, "basis", nil, "`BASIS` that the issuer may give: human_instruction, human_standing, org_standing or event_trigger")
	cmd.Flags().StringVar(&i.accountable, "accountable", "", "`PERSON` who answers for the warrants (default: the issuer)")
	cmd.Flags().DurationVar(&i.life, "life", 0, "how long the registration holds; 0 is until it is changed")
	i.QuorumFlags(cmd)
	i.Submitter.Flags(cmd)
	return cmd
}

func (i *issuerAdd) run(cmd *cobra.Command, args []string) error {
	grants, err := i.grant.Grants()
	if err != nil {
		return err
	}
	s := &attest.Issuer{Accountable: i.accountable, Grants: grants, Issuer: attest.Party{ID: args[0], Kind: attest.ByPerson}}
	bases := []string{string(attest.HumanInstruction), string(attest.HumanStanding)}
	if strings.HasPrefix(args[0], "spiffe://") {
		s.Issuer.Kind = attest.BySVID
		bases = []string{string(attest.EventTrigger), string(attest.OrgStanding)}
		if i.accountable == "" {
			return console.Usage("a service that issues warrants needs a person who answers for them: --accountable PERSON")
		}
	} else if i.accountable == "" {
		s.Accountable = args[0]
	}
	if len(i.bases) > 0 {
		bases = i.bases
	}
	for _, b := range bases {
		s.Bases = append(s.Bases, attest.Basis(b))
	}
	slices.Sort(s.Bases)
	if i.life > 0 {
		s.Until = time.Now().Add(i.life).UnixMilli()
	}
	return i.Put(cmd, s, nil, nil)
}

func newIssuerList() *cobra.Command {
	c := &register.Connection{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the issuers in force",
		Args:  console.Takes(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			key := func(i *attest.Issuer) string { return i.Issuer.Name() }
			return register.List(cmd, c, attest.KindIssuer, key, []string{"ISSUER", "BASES", "ACTIONS", "ACCOUNTABLE", "UNTIL", "INDEX"},
				func(l register.Listed[*attest.Issuer]) []string {
					i := l.Statement
					return []string{i.Issuer.ID, console.Joined(i.Bases), actionsOf(i.Grants), i.Accountable, console.Instant(i.Until), fmt.Sprint(l.Index)}
				})
		},
	}
	c.Flags(cmd)
	return cmd
}

func actionsOf(grants []attest.Grant) string {
	var out []string
	for _, g := range grants {
		out = append(out, g.Actions...)
	}
	slices.Sort(out)
	return strings.Join(slices.Compact(out), ",")
}
