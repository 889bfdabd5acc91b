package audit

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/reconcile"
)

// reconcileJSON is a report as --json prints it.
type reconcileJSON struct {
	Result string `json:"result"` // agree | differ | unclear
	*reconcile.Report
}

// print prints the report and answers with the exit code.
func (r *reconcileCommand) print(cmd *cobra.Command, report *reconcile.Report) error {
	var err error
	if r.JSON {
		err = console.PrintJSON(cmd.OutOrStdout(), reconcileJSON{report.Result(), report})
	} else {
		err = console.Print(cmd.OutOrStdout(), reconcileText(report))
	}
	switch report.Result() {
	case "differ":
		return &console.Failure{Code: console.ExitFalse, Err: orQuiet(err)}
	case "unclear":
		return &console.Failure{Code: console.ExitCould, Err: orQuiet(err)}
	}
	return err
}

func orQuiet(err error) error {
	if err == nil {
		return console.ErrQuiet
	}
	return err
}

// reconcileWords head a report; they say no more than what was compared.
var reconcileWords = map[string]string{
	"agree":   "AGREE: every call in the service's log names a logged action, and every allowed action has a line there.",
	"differ":  "DIFFER: the service's log and the register do not tell the same.",
	"unclear": "UNCLEAR: nothing differs, but not every line could be told.",
}

func reconcileText(r *reconcile.Report) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("%s\n", reconcileWords[r.Result()])
	line("%-14s %d, of %d actions; lines joined by digest: %d, by credential: %d", "matched", r.Matched.Count, r.Actions, r.MatchedBy.Digest, r.MatchedBy.Credential)
	line("%-14s %d: allowed actions to which no line was joined", "log only", r.LogOnly.Count)
	line("%-14s %d: calls that no logged action names", "service only", r.ServiceOnly.Count)
	line("%-14s %d: actions that the log denied and the service has", "denied", r.Denied.Count)
	line("%-14s %d: actions that more calls name than one action makes", "repeated", r.Repeated.Count)
	line("%-14s %d: lines that several actions may have made", "ambiguous", r.Ambiguous.Count)
	line("%-14s %d, of %d lines; no calls: %d; of another time or path: %d", "malformed", r.Malformed.Count, r.Lines, r.Skipped, r.Outside)
	if r.Lines > 0 && r.Malformed.Count == r.Lines {
		line("%-14s no line is in the form of such a log: is it one of another kind?", "form")
	}
	if r.Hashed > 0 {
		line("%-14s %d lines have a digest that Vault hashed: vault write sys/config/auditing/request-headers/X-Action-Digest hmac=false", "hashed", r.Hashed)
	}
	listItems(&b, "In the log only", r.LogOnly, actionLine)
	listItems(&b, "In the service only", r.ServiceOnly, callLine)
	listItems(&b, "Denied, and in the service", r.Denied, func(m reconcile.Match) string { return actionLine(m.Action) + "; " + callLine(m.First) })
	listItems(&b, "Repeated", r.Repeated, func(m reconcile.Match) string {
		return fmt.Sprintf("%s; %d calls, first %s", actionLine(m.Action), m.Lines, callLine(m.First))
	})
	listItems(&b, "Ambiguous", r.Ambiguous, func(a reconcile.Ambiguous) string {
		if len(a.Actions) == 0 {
			return callLine(a.Line) + "; may be of any"
		}
		return fmt.Sprintf("%s; may be of %v", callLine(a.Line), a.Actions)
	})
	listItems(&b, "Malformed", r.Malformed, func(m reconcile.Malformed) string { return fmt.Sprintf("line %d: %s", m.Number, m.Reason) })
	return b.String()
}

func listItems[T any](b *strings.Builder, title string, l reconcile.List[T], words func(T) string) {
	if l.Count == 0 {
		return
	}
	fmt.Fprintf(b, "\n%s\n", title)
	for _, item := range l.Items {
		fmt.Fprintf(b, "  %s\n", words(item))
	}
	if more := l.Count - int64(len(l.Items)); more > 0 {
		fmt.Fprintf(b, "  and %d more\n", more)
	}
}

func actionLine(a reconcile.Action) string {
	return fmt.Sprintf("entry %d, %s, %s by %s, %s", a.Index, console.Instant(a.At), a.Name, a.Agent, a.ID)
}

func callLine(l reconcile.Line) string {
	out := fmt.Sprintf("line %d, %s, %s", l.Number, console.Instant(l.At), l.What)
	if l.ID != "" {
		out += ", request " + l.ID
	}
	if l.Digest != "" {
		out += ", " + string(l.Digest)
	}
	return out
}
