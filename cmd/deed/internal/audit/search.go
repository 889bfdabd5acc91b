package audit

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
)

const searchLong = `Find entries, newest first. Every condition that is given must hold.

--since and --until take a time (2026-03-01T12:00:00Z), a day (2026-03-01, UTC),
how long ago (36h), or milliseconds. For the next page, give --before the last
index.`

type searchCommand struct {
	register.Connection
	query        deedv1.SearchRequest
	since, until string
}

// NewSearch makes deed search.
func NewSearch() *cobra.Command {
	s := &searchCommand{}
	cmd := &cobra.Command{
		Use:   "search",
		Short: "Find entries",
		Long:  searchLong,
		Example: `deed search --class human_instructed --since 24h
deed search --agent spiffe://acme.example/agent/payments --decision deny
deed search --kind warrant --person maria --json`,
		Args: console.Takes(0, 0),
		RunE: s.run,
	}
	f, q := cmd.Flags(), &s.query
	f.StringVar(&q.Agent, "agent", "", "SPIFFE `ID`")
	f.StringVar(&q.Session, "session", "", "session `ID`")
	f.StringVar(&q.Person, "person", "", "`NAME` of a person who signed, authorized or is accountable")
	f.StringVar(&q.Warrant, "warrant", "", "`ID` of a warrant of the chain")
	f.StringVar(&q.Action, "action", "", "`NAME` of an action")
	f.StringVar(&q.Decision, "decision", "", "allow or deny")
	f.StringVar(&q.Class, "class", "", "agency `CLASS`, such as human_instructed or autonomous")
	f.StringVar(&q.Kind, "kind", "", "`KIND` of statement")
	f.StringVar(&q.Of, "of", "", "`ID` or request digest of an action: its countersignatures, and the outcome of an intent")
	f.StringVar(&s.since, "since", "", "received at or after this `TIME`")
	f.StringVar(&s.until, "until", "", "received before this `TIME`")
	f.Int32Var(&q.Limit, "limit", 100, "at most this many, up to 1000")
	f.Uint64Var(&q.Before, "before", 0, "only smaller indexes")
	s.Connection.Flags(cmd)
	return cmd
}

// foundJSON is a result as --json prints it.
type foundJSON struct {
	Index       uint64   `json:"index"`
	ID          string   `json:"id"`
	Kind        string   `json:"kind"`
	Received    int64    `json:"received_at"`
	Signer      string   `json:"signer"`
	Action      string   `json:"action,omitempty"`
	Decision    string   `json:"decision"`
	Faults      []string `json:"faults"`
	Class       string   `json:"class,omitempty"`
	Authorizing string   `json:"authorizing,omitempty"`
	Accountable string   `json:"accountable,omitempty"`
}

// searchJSON is an answer as --json prints it.
type searchJSON struct {
	Results []foundJSON `json:"results"`
	More    bool        `json:"more"`
	Next    uint64      `json:"next,omitempty"` // the --before of the next page
}

func (s *searchCommand) run(cmd *cobra.Command, _ []string) error {
	var err error
	now := time.Now()
	if s.query.SinceMs, err = console.ParseTime("--since", s.since, now); err != nil {
		return err
	}
	if s.query.UntilMs, err = console.ParseTime("--until", s.until, now); err != nil {
		return err
	}
	if s.query.Limit < 1 || s.query.Limit > 1000 {
		return console.Usage("--limit: want 1 to 1000, found %d", s.query.Limit)
	}
	if err := s.check(); err != nil {
		return err
	}
	ctx, cl, done, err := s.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	found, err := cl.Search(ctx, &s.query)
	if err != nil {
		return err
	}
	if s.JSON {
		out := searchJSON{More: found.GetMore(), Next: found.GetNext()}
		for _, r := range found.GetResults() {
			out.Results = append(out.Results, jsonResult(r))
		}
		return console.PrintJSON(cmd.OutOrStdout(), out)
	}
	return s.print(cmd, found)
}

// check refuses a condition that no entry can meet: the register would find
// nothing, which looks as if there were nothing.
func (s *searchCommand) check() error {
	return cmp.Or(
		console.OneOf("--kind", attest.Kind(s.query.Kind), attest.Kinds()),
		console.OneOf("--class", agency.Class(s.query.Class), agency.Classes()),
		console.OneOf("--decision", s.query.Decision, []string{"allow", "deny"}))
}

func jsonResult(r *deedv1.SearchResult) foundJSON {
	return foundJSON{
		Index: r.GetIndex(), ID: r.GetId(), Kind: r.GetKind(), Received: r.GetReceivedAtMs(), Signer: r.GetSigner(),
		Action: r.GetAction(), Decision: r.GetDecision(), Faults: r.GetFaults(), Class: r.GetClass(),
		Authorizing: r.GetAuthorizing(), Accountable: r.GetAccountable(),
	}
}

func (s *searchCommand) print(cmd *cobra.Command, found *deedv1.SearchResponse) error {
	if len(found.GetResults()) == 0 && !found.GetMore() {
		return console.Print(cmd.ErrOrStderr(), "nothing found\n")
	}
	var rows [][]string
	for _, r := range found.GetResults() {
		decision := r.GetDecision()
		if len(r.GetFaults()) > 0 {
			decision += ": " + strings.Join(r.GetFaults(), ",")
		}
		rows = append(rows, []string{fmt.Sprint(r.GetIndex()), console.Instant(r.GetReceivedAtMs()), r.GetKind(), r.GetSigner(), r.GetAction(), decision, r.GetClass()})
	}
	if err := console.PrintTable(cmd.OutOrStdout(), []string{"INDEX", "RECEIVED", "KIND", "SIGNER", "ACTION", "DECISION", "CLASS"}, rows); err != nil {
		return err
	}
	if !found.GetMore() {
		return nil
	}
	return console.Print(cmd.ErrOrStderr(), fmt.Sprintf("there is more: add --before %d\n", found.GetNext()))
}
