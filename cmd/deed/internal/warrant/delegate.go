package warrant

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

type warrantDelegate struct {
	issuing
	force bool
	drop  bool
}

func newWarrantDelegate() *cobra.Command {
	w := &warrantDelegate{}
	cmd := &cobra.Command{
		Use:   "delegate PARENT",
		Short: "Delegate a warrant to another agent, as it is or narrower",
		Long: `Delegate a warrant to another agent: sign it with the SVID of the parent's
holder, submit it, print the receipt. Grants, task, denials, gates and end are the
parent's; the flags narrow them, and --never and --gate add to them. What would
be wider than the parent is refused here, before it is logged as denied; --force
submits it all the same.

` + statement.ActHelp + "\n\n" + gateHelp,
		Example: `deed warrant delegate $W --to spiffe://acme.example/agent/payments --svid-dir svid/planner
deed warrant delegate $W --to spiffe://acme.example/agent/payments --svid-dir svid/planner \
    --action payments.transfer --resource bank_account:iban/DE/nordlicht \
    --arg 'amount<=100.00 EUR' --arg reference`,
		Args: console.Takes(1, 1),
		RunE: w.run,
	}
	w.issuing.flags(cmd, 0, "how long it holds; 0 is as long as the parent")
	cmd.Flags().BoolVar(&w.force, "force", false, "submit it even if it is wider than the parent")
	cmd.Flags().BoolVar(&w.drop, "drop-instruction", false, "leave the instruction behind: what is done is then not attributed to it")
	return cmd
}

func (d *warrantDelegate) run(cmd *cobra.Command, args []string) error {
	if d.to == "" {
		return console.Usage("want who may use it: --to SPIFFE_ID")
	}
	ctx, cl, done, err := d.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	signer, err := d.Credential(ctx, &d.Connection)
	if err != nil {
		return err
	}
	issuer, err := signer.Party(ctx, cl)
	if err != nil {
		return err
	}
	chain, err := chain(ctx, cl, args[0])
	if err != nil {
		return err
	}
	w, err := d.child(chain.Links[len(chain.Links)-1])
	if err != nil {
		return err
	}
	w.Issuer = issuer
	own := warrant.Link{Warrant: w, Signer: attest.Signer{Party: issuer, KeySum: signer.Public.Digest()}}
	if err := d.contained(append(chain.Links, own)); err != nil && !d.force {
		return err
	}
	return d.issue(ctx, cmd, cl, signer, w)
}

// child is the parent's warrant for another holder, narrowed by the flags.
func (d *warrantDelegate) child(parent warrant.Link) (*attest.Warrant, error) {
	p := parent.Warrant
	now := time.Now()
	w := &attest.Warrant{
		Depth: p.Depth + 1, MaxDepth: max(p.MaxDepth, p.Depth+1), Expires: p.Expires, NotBefore: max(p.NotBefore, now.Add(-statement.Backdate).UnixMilli()),
		Gates: p.Gates, Grants: p.Grants, Never: p.Never, Holder: attest.Holder{SPIFFEID: d.to},
		Log: p.Log, Parent: parent.ID, Task: p.Task,
	}
	if d.expires > 0 {
		w.Expires = now.Add(d.expires).UnixMilli()
	}
	if d.drop {
		w.Task.Instruction = ""
	}
	more, err := d.denials()
	if err != nil {
		return nil, err
	}
	w.Never = append(w.Never[:len(w.Never):len(w.Never)], more...)
	gates, err := d.gates()
	if err != nil {
		return nil, err
	}
	w.Gates = append(w.Gates[:len(w.Gates):len(w.Gates)], gates...)
	if d.grant.Given() {
		w.Grants, err = d.grant.Grants()
	}
	return w, err
}

// contained applies the rules of delegation before anything is signed.
func (d *warrantDelegate) contained(links []warrant.Link) error {
	_, faults := warrant.Check(links)
	var text []string
	for _, f := range faults {
		text = append(text, f.Error())
	}
	if len(text) == 0 {
		return nil
	}
	hint := attest.Faults[faults[0].Code].Fix + "; --force submits it all the same"
	return &console.Failure{Code: console.ExitFalse, Err: fmt.Errorf("nothing was submitted: %s", strings.Join(text, "; ")), Hint: hint}
}
