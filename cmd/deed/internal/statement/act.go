package statement

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/internal/request"
)

// ActHelp explains --resource and --arg wherever they are taken.
const ActHelp = `--resource is KIND:PATH for one resource, or KIND:PATH/... for all below.

--arg names an argument. Where an action is stated, it has a value:
  amount='250.00 EUR'   an amount
  count=3  urgent=true  an integer, a boolean
  reference=INV/1       a text; write "..." for a text that looks otherwise
  fields=["a","b"]      a list
Where actions are allowed or asked for, it has a limit; arguments that are not
named are then not allowed:
  'amount<=250.00 EUR'  at most            count=1..10           a range
  reference=INV/1       exactly            reference=INV/...     at or below a path
  currency=EUR|USD      one of these       host=*.example.com    at or below a name
  note                  any value`

// Act holds the flags that say what is to be done, or may be.
type Act struct {
	actions  []string
	resource string
	args     []string
}

func (a *Act) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringSliceVar(&a.actions, "action", nil, "`NAME` of the action, such as payments.transfer")
	f.StringVar(&a.resource, "resource", "", "what it is done to: `KIND:PATH`, or KIND:PATH/... for all below")
	f.StringArrayVar(&a.args, "arg", nil, "an `ARGUMENT`: name=value, or a limit such as 'amount<=250.00 EUR'")
}

// given reports whether any of the flags is set.
func (a *Act) given() bool { return len(a.actions) > 0 || a.resource != "" || len(a.args) > 0 }

// match is the resource as a limit.
func (a *Act) match() (attest.Match, error) {
	match, err := request.Resource(a.resource)
	return match, console.UsageOf("--resource", err)
}

// exact is the resource of one action.
func (a *Act) exact() (attest.Resource, error) {
	kind, path, ok := strings.Cut(a.resource, ":")
	if !ok || strings.HasSuffix(path, "/...") {
		return attest.Resource{}, console.Usage("--resource: want KIND:PATH of one resource, found %q", a.resource)
	}
	return attest.Resource{ID: path, Kind: kind}, nil
}

// values are the arguments with their values, by name.
func (a *Act) values() (names []string, values []attest.Value, err error) {
	var list []attest.NamedValue
	for _, text := range a.args {
		name, value, ok := strings.Cut(text, "=")
		if !ok || strings.HasSuffix(name, "<") {
			return nil, nil, console.Usage("--arg: want name=value, found %q", text)
		}
		v, err := request.Value(value)
		if err != nil {
			return nil, nil, console.UsageOf("--arg", err)
		}
		list = append(list, attest.NamedValue{Name: name, Value: v})
	}
	slices.SortFunc(list, func(a, b attest.NamedValue) int { return strings.Compare(a.Name, b.Name) })
	for _, v := range list {
		names, values = append(names, v.Name), append(values, v.Value)
	}
	return names, values, nil
}

// grant is what the flags allow.
func (a *Act) grant() (attest.Grant, error) {
	if len(a.actions) == 0 || a.resource == "" {
		return attest.Grant{}, console.Usage("want --action and --resource")
	}
	match, err := a.match()
	if err != nil {
		return attest.Grant{}, err
	}
	limits, err := request.Limits(a.args)
	if err != nil {
		return attest.Grant{}, console.UsageOf("--arg", err)
	}
	actions := slices.Clone(a.actions)
	slices.Sort(actions)
	return attest.Grant{Actions: slices.Compact(actions), Arguments: limits, Resource: match}, nil
}

// Grants are the flags of commands that allow something.
type Grants struct {
	act     Act
	file    string
	maxUses int64
	budget  string
}

// Flags adds the flags to a command.
func (g *Grants) Flags(cmd *cobra.Command) {
	g.act.flags(cmd)
	cmd.Flags().StringVar(&g.file, "grants", "", "JSON `FILE` with a list of grants, instead of --action, --resource and --arg")
	cmd.Flags().Int64Var(&g.maxUses, "max-uses", 0, "how often it may be done; 0 is not limited")
	cmd.Flags().StringVar(&g.budget, "budget", "", "`LIMIT` on the sum over all uses, such as 'amount<=1000.00 EUR'")
}

// Given reports whether any of the flags is set.
func (g *Grants) Given() bool {
	return g.file != "" || g.act.given() || g.maxUses != 0 || g.budget != ""
}

// Grants are what the flags, or the file, allow.
func (g *Grants) Grants() ([]attest.Grant, error) {
	if g.file != "" {
		if g.act.given() || g.maxUses != 0 || g.budget != "" {
			return nil, console.Usage("want --grants, or --action, --resource and --arg")
		}
		return readGrants(g.file)
	}
	grant, err := g.act.grant()
	if err != nil {
		return nil, err
	}
	grant.MaxUses = g.maxUses
	if g.budget != "" {
		limit, err := request.Limit(g.budget)
		if err != nil || limit.Constraint.DecimalMax == nil {
			return nil, console.Usage("--budget: want ARGUMENT<=AMOUNT UNIT, such as 'amount<=1000.00 EUR', found %q", g.budget)
		}
		grant.Budget = &attest.Budget{Argument: limit.Name, Limit: *limit.Constraint.DecimalMax}
	}
	return []attest.Grant{grant}, nil
}

func readGrants(path string) (grants []attest.Grant, err error) {
	doc, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("reading grants: %w", err)
	}
	if err := json.Unmarshal(doc, &grants, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("reading grants %s: %w", path, console.PlainJSON(err))
	}
	sortGrants(grants)
	return grants, nil
}
