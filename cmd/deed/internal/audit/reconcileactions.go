package audit

import (
	"context"
	"fmt"
	"os"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/reconcile"
	deedv1 "github.com/deedlog/deed/proto/deed/v1"
	"github.com/deedlog/deed/verifier"
)

// actionsIn reads the actions of the register that are near the window, with their
// signatures checked.
func actionsIn(ctx context.Context, cl *register.Client, o reconcile.Options, agent string) (out []reconcile.Action, err error) {
	query := &deedv1.SearchRequest{Kind: string(attest.KindAction), Agent: agent, Limit: 1000}
	query.SinceMs = max(o.Since-o.Slack, 0)
	if o.Until != 0 {
		query.UntilMs = o.Until + o.Slack
	}
	err = cl.Each(ctx, query, func(r *deedv1.SearchResult) error {
		if r.GetAction() == "" { // an outcome, or of the session
			return nil
		}
		l, _, err := cl.Logged(ctx, r.GetId())
		if err != nil {
			return err
		}
		if a, ok := reconcile.ActionOf(l.Verified.Statement(), l.ID(), l.Index, r.GetReceivedAtMs(), l.Allowed()); ok {
			out = append(out, a)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading actions: %w", err)
	}
	return out, nil
}

// bundleActions are the actions of a bundle that verifies.
func bundleActions(path, trustDir string, acceptRoots bool, agent string) (out []reconcile.Action, err error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading bundle: %w", err)
	}
	trust, err := verifier.LoadTrust(os.DirFS(trustDir))
	if err != nil {
		return nil, fmt.Errorf("reading trust directory %s: %w", trustDir, err)
	}
	if v := verifier.VerifyFile(file, trust, verifier.Options{AcceptLedgerRoots: acceptRoots}); v.ExitCode() != 0 {
		return nil, &console.Failure{Code: v.ExitCode(), Err: fmt.Errorf("the bundle %s is not verified: %s", path, v.Failure()), Hint: "see 'deed verify'"}
	}
	bundle, err := verifier.Open(file)
	if err != nil {
		return nil, err
	}
	for _, index := range bundle.Indexes() {
		a, ok, err := bundleAction(bundle, index)
		if err != nil {
			return nil, fmt.Errorf("reading entry %d of %s: %w", index, path, err)
		}
		if ok && (agent == "" || a.Agent == agent) {
			out = append(out, a)
		}
	}
	return out, nil
}

func bundleAction(b *verifier.Bundle, index uint64) (a reconcile.Action, ok bool, err error) {
	item, _ := b.Item(index)
	entry, err := admission.ParseEntry(item.Entry)
	if err != nil || entry.Kind != attest.KindAction {
		return a, false, err
	}
	l, err := admission.Reopen(index, item.Entry, func(d attest.Digest) ([]byte, error) { return b.Object(d), nil })
	if err != nil {
		return a, false, err
	}
	a, ok = reconcile.ActionOf(l.Verified.Statement(), l.ID(), index, entry.ReceivedAt, l.Allowed())
	return a, ok, nil
}
