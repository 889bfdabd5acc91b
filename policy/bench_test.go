package policy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"
)

// teams writes n policies as a company of n/5 teams would: each team has its own
// agents and accounts, in groups of departments. Entities and policies grow with
// the company; what one request has to do with does not.
func teams(n int) Source {
	var policies, entities strings.Builder
	for i := range n {
		team := i / 5
		switch i % 5 {
		case 0:
			fmt.Fprintf(&policies, `@id("team-%d/pay") permit (principal in Deed::Group::"team-%d", action == Deed::Action::"payments.transfer", resource in Deed::Group::"accounts-%d")
				when { context.warrant.present && context.args has amount && context.args.amount.value.lessThanOrEqual(decimal("5000.0")) };`, team, team, team)
		case 1:
			fmt.Fprintf(&policies, `@id("team-%d/read") permit (principal in Deed::Group::"team-%d", action in [Deed::Action::"data.read", Deed::Action::"payments.quote"], resource)
				when { principal.registered };`, team, team)
		case 2:
			fmt.Fprintf(&policies, `@id("team-%d/foreign") forbid (principal is Deed::Agent in Deed::Group::"team-%d", action == Deed::Action::"payments.transfer", resource)
				when { context has target && context.target.kind == "external" && !["bank.example", "pay.example"].contains(context.target.endpoint) };`, team, team)
		case 3:
			fmt.Fprintf(&policies, `@id("team-%d/suspended") forbid (principal, action, resource in Deed::Group::"accounts-%d") when { principal.suspended };`, team, team)
		default:
			fmt.Fprintf(&policies, `@id("team-%d/lead") permit (principal == Deed::Agent::"spiffe://acme.example/agent/lead-%d", action, resource is Deed::Resource)
				unless { context.args has amount && context.args.amount.unit != "EUR" };`, team, team)
		}
		policies.WriteByte('\n')
	}
	entity := func(kind, id, parent string) {
		fmt.Fprintf(&entities, `{"uid":{"type":"Deed::%s","id":"%s"},"attrs":{},"parents":[{"type":"Deed::Group","id":"%s"}]},`+"\n", kind, id, parent)
	}
	for team := range n / 5 {
		entity("Group", fmt.Sprint("team-", team), fmt.Sprint("department-", team/8))
		entity("Group", fmt.Sprint("accounts-", team), fmt.Sprint("department-", team/8))
		entity("Agent", fmt.Sprint("spiffe://acme.example/agent/lead-", team), fmt.Sprint("team-", team))
	}
	entity("Agent", transfer().Agent.ID, "team-1")
	entity("Resource", transfer().Resource.Kind+"/"+transfer().Resource.ID, "accounts-1")
	list := strings.TrimSuffix(entities.String(), ",\n")
	return Source{Policies: []byte(policies.String()), Schema: Default().Schema, Entities: []byte("[" + list + "]")}
}

// BenchmarkAuthorize asks sets of growing size about one transfer, through the
// index and plainly.
func BenchmarkAuthorize(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		policies, err := parse(teams(n).Policies)
		if err != nil {
			b.Fatal(err)
		}
		set := mustLoad(b, teams(n))
		r := transfer()
		b.Run(fmt.Sprintf("policies=%d/indexed", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				q := newQuestion(r, &set.memos)
				if d, _ := set.policies.authorize(&view{question: q, logged: set.entities}, organisationFacts); d != cedar.Allow {
					b.Fatal("denied")
				}
			}
		})
		b.Run(fmt.Sprintf("policies=%d/plain", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				q := newQuestion(r, &memos{})
				known := &view{question: q, logged: set.entities}
				if d, _ := cedar.Authorize(policies, known, q.ask(organisationFacts)); d != cedar.Allow {
					b.Fatal("denied")
				}
			}
		})
	}
}

// BenchmarkLoadTeams is what making a large set ready takes.
func BenchmarkLoadTeams(b *testing.B) {
	src := teams(500)
	for b.Loop() {
		mustLoad(b, src)
	}
}
