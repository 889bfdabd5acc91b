// Package policy decides with Cedar. It loads an organisation's policy set,
// compiles every warrant to a policy set of its own, and asks all of them about
// one action. It is pure, and the only package that imports cedar-go.
//
//	set, err := policy.Load(policy.Default())
//	link, err := policy.Compile(warrant) // one per link of the chain
//	d := policy.Decide(set, []*policy.Warrant{root, leaf}, request)
//
// An action is within authority only if every link permits it and the
// organisation's set permits it. Each is asked separately, so a child can never
// widen what its parent allows.
//
// # Reading order
//
// default.cedar and default.cedarschema are what an administrator starts from.
// [Source] and [Load] take them in; [Compile] writes a warrant as Cedar and
// [Warrant.Text] shows it; [Request] is what is known of the action; [Decide]
// asks and [Decision] is the answer. index.go picks the policies that a request
// can match, facts.go makes what they ask for, and memo.go keeps what the next
// request will need again.
//
// # Names in Cedar
//
//	principal  Deed::Agent::"spiffe://acme.example/agent/payments"
//	           {trust_domain, path, owner?, registered, suspended}
//	action     Deed::Action::"payments.transfer"
//	resource   Deed::Resource::"bank_account/iban/DE/nordlicht"  {kind, id}
//	context    {args, names, at, phase, mode, reversible, target?, credential,
//	           warrant {present, depth, basis, accountable, purpose},
//	           approvals, approvers, human {binding, key}}
//
// A text argument is a String, an integer a Long, a boolean a Bool, a list a
// Set<String>, an amount {value: decimal, unit: String}. context.args holds the
// arguments that were opened, context.names the names of all, sealed ones too.
//
// Policies of warrants see args, names and at, which is all that [Compile] asks
// for, and two members more, because no schema stands between them and an
// argument of an unexpected type: context.kinds holds the names of the arguments
// that are an amount, a host, an integer, a list and a path (a host or path in
// canonical form); context.lists holds each list as canonical JSON, for a Cedar
// set forgets order and repetition.
//
// # Caveats
//
// An error in any policy denies: cedar-go, as Cedar itself, skips a policy that
// errs, and a skipped forbid would allow. An error in the organisation's set is
// "policy.error" and not evaluated, which is not the same as denied.
//
// The organisation's schema must declare every action with its arguments; an
// action or an argument that it does not declare is "policy.action". The schema
// must also accept all the facts above: [Load] tries it.
//
// Entities may put agents and resources into groups, by parents only. Their
// attributes come from verified facts, so [Load] refuses a logged agent or
// resource with attributes or tags, and there is never a clash to resolve.
// Warrants do not see the organisation's groups: a group named as an action
// would widen them.
//
// context.reversible and context.phase are the agent's own words. A rule may
// tighten on them; one that loosens on them trusts the agent. What the organisation
// says of an action is the group Deed::Action::"reversible" of its schema, which
// [Set.Reversible] asks for: gates of warrants go by both.
package policy
