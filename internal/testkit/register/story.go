package register

import (
	"crypto/sha256"

	"github.com/deedlog/deed/attest"
)

// Genesis makes the genesis of the world.
func (w *World) Genesis() *attest.Genesis {
	return &attest.Genesis{
		Administrators: []attest.Administrator{{Name: "carol", Key: w.Carol.Public}, {Name: "dave", Key: w.Dave.Public}},
		At:             w.Now(), Log: Origin, Nonce: w.Nonce(), Quorum: 2, ServerKey: w.Server.Public, V: 1, TrustDomains: []string{Domain},
		LogKeys: attest.LogKeys{Ed25519: w.Keys.Ed25519.VKey().String(), MLDSA44: w.Keys.MLDSA44.VKey().String()},
	}
}

// Instruction is one by a person to the orchestrator, with a request or without.
func (w *World) Instruction(h *Human, requests ...attest.Request) *attest.Instruction {
	seed := sha256.Sum256([]byte("instruction"))
	return &attest.Instruction{
		Addressee: w.Orchestrator.ID, At: w.Now(), Expires: w.Now() + 8*hour, Log: Origin, MaxActions: 50, Nonce: w.Nonce(), Person: h.Name,
		Commitment: attest.Commitment{
			Root: attest.Commit(seed, attest.TextFields([][2]string{{"text", "pay the invoices of Nordlicht"}})),
			Seed: attest.DigestOf(attest.SeedObject(seed)),
		}, Requests: requests, V: 1,
	}
}

// Transfer is a request of transfers of up to 2,000 EUR.
func Transfer() attest.Request {
	g := grant("2000.00")
	return attest.Request{Action: "payments.transfer", Arguments: g.Arguments, Resource: g.Resource}
}

// RootWarrant is a warrant at depth 0 for a holder.
func (w *World) RootWarrant(issuer attest.Party, holder string, basis attest.Basis, instruction attest.ID, evidence ...attest.ID) *attest.Warrant {
	return &attest.Warrant{
		Expires: w.Now() + 8*hour, Grants: []attest.Grant{grant("50000.00"), readGrant()}, Holder: attest.Holder{SPIFFEID: holder},
		Issuer: issuer, Log: Origin, MaxDepth: 3, Nonce: w.Nonce(), NotBefore: w.Now(),
		Root: &attest.WarrantRoot{Accountable: "alice", Basis: basis, Evidence: evidence},
		Task: attest.Task{ID: w.Nonce(), Instruction: instruction, Purpose: "vendor payment"}, V: 1,
	}
}

// Child is a warrant that narrows another for a holder.
func (w *World) Child(parent *attest.Warrant, id attest.ID, holder, limit string) *attest.Warrant {
	c := *parent
	c.Depth, c.Parent, c.Root, c.Nonce = parent.Depth+1, id, nil, w.Nonce()
	c.Issuer, c.Holder = attest.Party{ID: parent.Holder.SPIFFEID, Kind: attest.BySVID}, attest.Holder{SPIFFEID: holder}
	c.Grants, c.NotBefore = []attest.Grant{grant(limit)}, w.Now()
	return &c
}

// authorize logs instructions and warrants.
func (w *World) authorize() {
	alice := attest.Party{ID: "alice", Kind: attest.ByPerson}
	seed := sha256.Sum256([]byte("instruction"))
	instruction := w.AddBy("instruction", w.Alice, w.Instruction(w.Alice, Transfer()), attest.SeedObject(seed))
	root := w.RootWarrant(alice, w.Orchestrator.ID, attest.HumanInstruction, instruction.ID, instruction.ID)
	w.AddBy("warrant 0", w.Alice, root)
	child := w.Child(root, w.IDs["warrant 0"], w.Buyer.ID, "30000.00")
	w.AddAs("warrant 1", w.Orchestrator, child)
	leaf := w.Child(child, w.IDs["warrant 1"], w.Payments.ID, "25000.00")
	w.AddAs("warrant 2", w.Buyer, leaf)

	bare := w.Child(child, w.IDs["warrant 1"], w.Payments.ID, "1000.00")
	bare.Task.Instruction = "" // the instruction does not flow on
	w.AddAs("warrant without instruction", w.Buyer, bare)

	cron := attest.Party{ID: w.Cron.ID, Kind: attest.BySVID}
	trigger := w.AddAs("trigger", w.Cron, &attest.Trigger{
		Addressee: w.Payments.ID, At: w.Now(), Cause: attest.Schedule, Expires: w.Now() + 3_600_000, Log: Origin, Nonce: w.Nonce(), Recorder: w.Cron.ID, Source: "cron:nightly", V: 1,
	})
	w.AddAs("standing warrant", w.Cron, w.RootWarrant(cron, w.Payments.ID, attest.OrgStanding, "", trigger.ID))
	w.AddAs("standing warrant without trigger", w.Cron, w.RootWarrant(cron, w.Payments.ID, attest.OrgStanding, ""))

	other := w.AddBy("other instruction", w.Bob, w.Instruction(w.Bob, Transfer()))
	ids := []attest.ID{instruction.ID, other.ID}
	if ids[0] > ids[1] {
		ids[0], ids[1] = ids[1], ids[0]
	}
	torn := w.RootWarrant(alice, w.Orchestrator.ID, attest.HumanInstruction, instruction.ID, ids...)
	w.AddBy("torn warrant", w.Alice, torn)
	odd := w.RootWarrant(alice, w.Orchestrator.ID, attest.HumanInstruction, "", w.IDs["root"])
	w.AddBy("odd warrant", w.Alice, odd)
}

// Action is an intent of an agent in its session, under a warrant.
func (w *World) Action(a *Agent, phase attest.Phase, warrant attest.ID, amount string) *attest.Action {
	seed := sha256.Sum256(w.bytes(32))
	open := attest.OpenValues(seed, []string{"amount", "reference"}, []attest.Value{attest.Money(amount, "EUR"), attest.Text("INV/2026/0117")})
	root, err := attest.ArgumentsRoot(open, nil)
	w.must(err)
	action := &attest.Action{
		Agent: a.ID, ClaimedAt: w.Now(), Initiator: attest.Initiator{Claim: "human"}, Log: Origin, Nonce: w.Nonce(), Open: open, Phase: phase,
		Request: &attest.ActionRequest{
			Action: "payments.transfer", Arguments: root, Count: 2, Resource: attest.Resource{ID: "iban/DE/nordlicht/02", Kind: "bank_account"},
		},
		Session: a.session, Software: &attest.Software{Model: "model-7"},
		Target: &attest.Target{Endpoint: "bank.example", Kind: "external", Protocol: "https"}, V: 1,
	}
	if warrant != "" {
		action.Authority = &attest.Authority{Approvals: []attest.ID{}, Warrant: warrant}
	}
	if phase == attest.Record {
		action.Outcome = &attest.Result{Status: "done"}
	}
	return action
}

// AddAction logs an action and moves the agent's session on.
func (w *World) AddAction(name string, a *Agent, action *attest.Action, objects ...[]byte) Answer {
	w.t.Helper()
	answer := w.AddAs(name, a, action, objects...)
	a.session.Seq, a.session.Prev = a.session.Seq+1, answer.ID
	return answer
}

// Approval is a person's consent to an action.
func (w *World) Approval(h *Human, a *attest.Action) *attest.Approval {
	args := make([]attest.NamedValue, len(a.Open))
	for i, o := range a.Open {
		args[i] = attest.NamedValue{Name: o.Name, Value: o.Value}
	}
	return &attest.Approval{
		Action: a.Request.Action, Agent: a.Agent, Arguments: args, At: w.Now(), Display: attest.DigestOf([]byte("what was shown")),
		Expires: w.Now() + hour, Log: Origin, Nonce: w.Nonce(), Person: h.Name, Request: a.Request.Digest(), Resource: a.Request.Resource,
		Target: a.Target, V: 1, Warrant: a.Authority.Warrant,
	}
}

// Refusal is a person's no to an action.
func (w *World) Refusal(h *Human, a *attest.Action) *attest.Refusal {
	yes := w.Approval(h, a)
	return &attest.Refusal{
		Action: yes.Action, Agent: yes.Agent, Arguments: yes.Arguments, At: yes.At, Display: yes.Display, Log: yes.Log, Nonce: yes.Nonce,
		Person: h.Name, Reason: "not before the goods are here", Request: yes.Request, Resource: yes.Resource, Target: yes.Target, V: 1, Warrant: yes.Warrant,
	}
}

// act logs actions of every class, under the class's name.
func (w *World) act() {
	p := w.Payments
	instructed := w.Action(p, attest.Intent, w.IDs["warrant 2"], "1999.00")
	fields := sha256.Sum256([]byte("fields"))
	instructed.Fields = &attest.Commitment{
		Root: attest.Commit(fields, attest.AgentFields(instructed, w.IDs["warrant 0"])), Seed: attest.DigestOf(attest.SeedObject(fields)),
	}
	w.AddAction("human_instructed", p, instructed, attest.SeedObject(fields))
	w.AddAction("outcome", p, &attest.Action{
		Agent: p.ID, ClaimedAt: w.Now(), Initiator: attest.Initiator{Claim: "human"}, Intent: w.IDs["human_instructed"], Log: Origin,
		Nonce: w.Nonce(), Outcome: &attest.Result{Status: "done"}, Phase: attest.Outcome, Session: p.session, V: 1,
	})
	directed := w.Action(p, attest.Intent, w.IDs["warrant 2"], "12000.00")
	approval := w.AddBy("approval", w.Alice, w.Approval(w.Alice, directed), []byte("what was shown"))
	directed.Authority.Approvals = []attest.ID{approval.ID}
	w.AddAction("human_directed", p, directed)
	w.AddAction("human_tasked", p, w.Action(p, attest.Record, w.IDs["warrant 2"], "2500.00"))
	w.AddAction("human_delegated", p, w.Action(p, attest.Record, w.IDs["warrant without instruction"], "10.00"))
	nightly := w.Action(p, attest.Record, w.IDs["standing warrant"], "11.00")
	nightly.Initiator = attest.Initiator{Claim: "schedule", Trigger: w.IDs["trigger"]}
	w.AddAction("autonomous", p, nightly)
	w.AddAction("unattributed", p, w.Action(p, attest.Record, w.IDs["standing warrant without trigger"], "12.00"))
	w.AddAction("conflicted", w.Orchestrator, w.Action(w.Orchestrator, attest.Record, w.IDs["torn warrant"], "13.00"))
	w.AddAction("indeterminate", w.Orchestrator, w.Action(w.Orchestrator, attest.Record, w.IDs["odd warrant"], "14.00"))
	w.AddAction("outside", p, w.Action(p, attest.Intent, w.IDs["warrant 2"], "40000.00"))
	w.AddAction("no warrant", w.Rogue, w.Action(w.Rogue, attest.Intent, "", "15.00"))
	w.AddAs("fork", w.Rogue, w.fork())
	w.AddBy("revocation", w.Alice, &attest.Revocation{
		By: attest.Party{ID: "alice", Kind: attest.ByPerson}, Log: Origin, Nonce: w.Nonce(), Reason: "task done", Warrant: w.IDs["warrant 0"], V: 1,
	})
	w.AddAction("revoked", p, w.Action(p, attest.Intent, w.IDs["warrant 2"], "16.00"))
}

// fork is a second statement at seq 0 of a session.
func (w *World) fork() *attest.Action {
	a := w.Action(w.Rogue, attest.Intent, "", "17.00")
	a.Session = attest.Session{ID: w.Rogue.session.ID}
	return a
}
