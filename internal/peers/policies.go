package main

import (
	"fmt"
	"strings"

	"github.com/deedlog/deed/policy"
)

const (
	departments = 8
	tenants     = 4
	// inHierarchy is the number of entities of an organisation: agents in
	// teams, teams in departments; accounts in folders, folders in tenants.
	inHierarchy = 844
)

// An organisation has so many policies, each for one team and its folder.
type organisation struct {
	policies, teams, agents, accounts int
}

// newOrganisation spreads policies over teams so that of 10 policies 1 can match
// the scope of a request, of 100 5, of 1000 50.
func newOrganisation(policies, agents int) organisation {
	o := organisation{policies: policies, teams: min(20, policies), agents: agents}
	if policies < 100 {
		o.teams = policies
	}
	o.accounts = max(inHierarchy-agents-2*o.teams-departments-tenants-2, o.teams)
	return o
}

func (o organisation) team(agent int) int { return agent % o.teams }

// account is one of the accounts in the folder of an agent's team.
func (o organisation) account(agent, n int) string {
	rows := o.accounts / o.teams
	return fmt.Sprintf("iban/DE/f%02d/a%03d", o.team(agent), n%rows)
}

// source writes the organisation as a policy statement carries it.
func (o organisation) source() policy.Source {
	src := policy.Default()
	src.Policies, src.Entities = o.rules(), o.entities()
	return src
}

// forms are what organisations write rules about. The first permits, for every
// team; the others are there to be evaluated. %[1]d is the team, %[2]d a number
// of the rule's own.
var forms = []string{
	`permit (principal in Deed::Group::"team/%02[1]d", action == Deed::Action::"payments.transfer", resource in Deed::Group::"folder/%02[1]d")
when { context.warrant.present && context.args has amount && context.args.amount.value.lessThanOrEqual(decimal("%[2]d.00")) };`,
	`forbid (principal in Deed::Group::"team/%02[1]d", action, resource in Deed::Group::"folder/%02[1]d")
when { context has target && ["mail.example", "files%[2]d.example"].contains(context.target.endpoint) };`,
	`permit (principal in Deed::Group::"team/%02[1]d", action in [Deed::Action::"payments.transfer", Deed::Action::"payments.refund"], resource in Deed::Group::"folder/%02[1]d")
when { resource.kind == "bank_account" && context.names.contains("reference") && context.approvals >= %[2]d };`,
	`forbid (principal in Deed::Group::"team/%02[1]d", action, resource in Deed::Group::"folder/%02[1]d")
unless { principal.registered && principal has owner && principal.owner != "owner%[2]d" };`,
	`permit (principal in Deed::Group::"team/%02[1]d", action == Deed::Action::"payments.transfer", resource in Deed::Group::"folder/%02[1]d")
when { context.args has reference && context.args.reference like "CN/%[2]d/*" && context.approvers.contains("controller") };`,
}

func (o organisation) rules() []byte {
	var b strings.Builder
	for i := range o.policies {
		team, rank := i%o.teams, i/o.teams
		fmt.Fprintf(&b, "@id(\"team/%02d/%d\")\n", team, rank)
		fmt.Fprintf(&b, forms[rank%len(forms)]+"\n", team, 1000+rank)
	}
	return []byte(b.String())
}

func (o organisation) entities() []byte {
	var list []string
	add := func(kind, id, parent string) {
		parents := ""
		if parent != "" {
			parents = fmt.Sprintf(`{"type":"Deed::Group","id":%q}`, parent)
		}
		list = append(list, fmt.Sprintf(`{"uid":{"type":"Deed::%s","id":%q},"attrs":{},"parents":[%s]}`, kind, id, parents))
	}
	add("Group", "everyone", "")
	add("Group", "everything", "")
	for d := range departments {
		add("Group", fmt.Sprintf("department/%d", d), "everyone")
	}
	for t := range tenants {
		add("Group", fmt.Sprintf("tenant/%d", t), "everything")
	}
	for t := range o.teams {
		add("Group", fmt.Sprintf("team/%02d", t), fmt.Sprintf("department/%d", t%departments))
		add("Group", fmt.Sprintf("folder/%02d", t), fmt.Sprintf("tenant/%d", t%tenants))
	}
	for a := range o.agents {
		add("Agent", agentID(a), fmt.Sprintf("team/%02d", o.team(a)))
	}
	for n := range o.accounts / o.teams {
		for t := range o.teams {
			add("Resource", "bank_account/"+o.account(t, n), fmt.Sprintf("folder/%02d", t))
		}
	}
	return []byte("[" + strings.Join(list, ",\n") + "]")
}
