package act

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
)

const triggerLong = `Record what set off work that no human asked for at that moment: a schedule, a
webhook, a ticket, a message, another agent.

The service that saw it signs, with its own SVID: never the agent that it sets
off. The service is registered with 'deed agent register --recorder'. SOURCE says
what it was, such as cron:nightly-reconcile, webhook:stripe/evt_1, ticket:OPS-17
or chat:ops/1712. --seen commits to the bytes that were seen; keep them.

A root warrant of basis org_standing or event_trigger names the trigger as
--evidence, or the agent names it with 'deed submit --trigger'. With that and an
accountable person an action is shown to be autonomous; without, it is
unattributed.`

const triggerExample = `T=$(deed trigger cron:nightly-reconcile --cause schedule --svid-dir svid/cron -q \
    --to spiffe://acme.example/agent/books)
deed submit --svid-dir svid/books --warrant $W --trigger $T --initiator schedule \
    --action reports.reconcile --resource ledger:books/2026
deed trigger webhook:stripe/evt_1 --cause event --seen event.json --svid-dir svid/hooks \
    --to spiffe://acme.example/agent/books`

type triggerCommand struct {
	statement.Submitter
	to, cause, seen string
	life            time.Duration
}

// NewTrigger makes deed trigger.
func NewTrigger() *cobra.Command {
	t := &triggerCommand{}
	cmd := &cobra.Command{
		Use:     "trigger SOURCE",
		Short:   "Record what set an agent off",
		Long:    triggerLong,
		Example: triggerExample,
		Args:    console.Takes(1, 1),
		RunE:    t.run,
	}
	f := cmd.Flags()
	console.SPIFFEIDVar(f, &t.to, "to", "SPIFFE `ID` of the agent that is set off")
	f.StringVar(&t.cause, "cause", "", "`CAUSE`: schedule, event, agent_spawned or goal")
	f.StringVar(&t.seen, "seen", "", "`FILE` with what was seen: its digest is recorded, not its bytes")
	f.DurationVar(&t.life, "for", time.Hour, "how long it may set the agent off")
	t.Submitter.Flags(cmd)
	return cmd
}

func (t *triggerCommand) run(cmd *cobra.Command, args []string) error {
	s, err := t.statement(cmd, args[0])
	if err != nil {
		return err
	}
	return t.Bring(cmd, s, nil, "a trigger is recorded")
}

// statement checks what is known before a register or an SVID is needed.
func (t *triggerCommand) statement(cmd *cobra.Command, source string) (*attest.Trigger, error) {
	switch {
	case t.to == "":
		return nil, console.Usage("want the agent that is set off: --to SPIFFE_ID")
	case t.cause == "":
		return nil, console.Usage("want --cause schedule, event, agent_spawned or goal")
	case t.life <= 0:
		return nil, console.Usage("--for: want a length of time above 0, such as 1h")
	}
	now := time.Now()
	s := &attest.Trigger{
		Addressee: t.to, Cause: attest.Cause(t.cause), Source: source,
		At: now.UnixMilli(), Expires: now.Add(t.life).UnixMilli(),
	}
	if t.seen != "" {
		doc, err := console.ReadInput(cmd, []string{t.seen})
		if err != nil {
			return nil, fmt.Errorf("reading what was seen: %w", err)
		}
		s.Ref = attest.DigestOf(doc)
	}
	return s, nil
}
