package vectors_test

// A survivor is a rule that no vector and no witness can notice: it is named by its
// file, its function and its text.
type survivor struct {
	why   string
	by    string // a package and tests of it, one of which fails without the rule; "" where nothing changes
	sites []string
}

// survivors are all of them. Either the answer is the same without the rule, or no
// statement of an honest register comes to it, and a test says what it is for.
var survivors = []survivor{
	{"for speed: what it spares is a look at what is empty, or work that gives the same", "", []string{
		`internal/admission/check.go logged: if ok`,                                         // a statement of the log does not change
		`internal/admission/compromise.go compromised: if len(o.read.Compromised) == 0`,     // nothing is marked
		`internal/admission/compromise.go readCompromised: if err != nil || doc == nil`,     // nothing ever was
		`internal/admission/compromise.go readCompromised: doc == nil`,                      // the same
		`internal/admission/erasure.go readErased: if err != nil || doc == nil`,             // nothing ever was erased
		`internal/admission/erasure.go readErased: doc == nil`,                              // the same
		`internal/admission/erasure.go WithErased: if len(gone) == 0`,                       // it would be written anew, the same
		`internal/admission/prepare.go prepareFields: if len(p.faults) > 0`,                 // a guess, which Decide corrects
		`internal/admission/prepare.go prepareFields: if p.act != nil`,                      // the same
		`internal/admission/prepare.go prepareRead: statementOf[*attest.Warrant](l) != nil`, // nothing else is revoked
		`policy/facts.go needsOf: if isContext(of)`,                                         // more facts than are asked for
		`internal/admission/read.go get: if ok`,                                             // the careful way reads it too
		`internal/admission/read.go readOutcome: a.Phase != attest.Outcome`,                 // only an outcome names an intent
		`policy/memo.go get: if ok`,                                                         // it is made anew, the same
	}},
	{"words for people: codes decide", "attest/warrant TestCheckRules TestContainsSays TestDescribeGate", []string{
		`attest/warrant/containgrant.go explainArgument: parent[i].Name < child[i].Name`,
		`attest/warrant/containgrant.go explainArgument: parent[i].Name != child[i].Name`,
		`attest/warrant/containgrant.go lowestContaining: if len(grants) == 1`,
		`attest/warrant/gate.go DescribeGate: if len(g.Actions) > 0`,
		`attest/warrant/gate.go describeApprovers: if g.Display`,
		`attest/warrant/gate.go describeApprovers: if g.MaxAge > 0`,
		`attest/warrant/gate.go describeWhen: case w.Above != nil`,
		`attest/warrant/gate.go describeWhen: case w.Irreversible`,
		`attest/warrant/gate.go describeWhen: case w.OutsideHours != nil`,
		`attest/warrant/rules.go grants: if f.Field != ""`,
	}},
	{"words for people", "attest/cms TestSubject", []string{
		`attest/cms/name.go DNText: if err != nil || len(rest) > 0`,
		`attest/cms/name.go DNText: if len(rdn) == 0`,
		`attest/cms/name.go DNText: len(rest) > 0`,
		`attest/cms/subject.go String: if s.Email != ""`,
	}},
	{"what a person is shown before an approval: of an action the register asks Cedar", "attest/warrant TestChainPermits TestCheckOnHostileShapes TestForbids", []string{
		`attest/warrant/chain.go Permits: if Forbids(denial, r)`,
		`attest/warrant/chain.go Permits: if err != nil`,
		`attest/warrant/chain.go Permits: if f != nil`,
		`attest/warrant/chain.go checkPath: if len(c.links) == 0 || len(path) != len(c.links)`,
		`attest/warrant/chain.go checkPath: if path[i] < 0 || path[i] >= len(l.Warrant.Grants)`,
		`attest/warrant/chain.go checkPath: len(c.links) == 0`,
		`attest/warrant/chain.go checkPath: len(path) != len(c.links)`,
		`attest/warrant/chain.go checkPath: path[i] < 0`,
		`attest/warrant/chain.go checkPath: path[i] >= len(l.Warrant.Grants)`,
		`attest/warrant/grant.go Forbids: !attest.ValidPath(r.Resource.ID)`,
		`attest/warrant/grant.go Forbids: Matches(*n.Resource, r.Resource)`,
		`attest/warrant/grant.go Forbids: if !slices.Contains(n.Actions, r.Action)`,
		`attest/warrant/grant.go Forbids: n.Resource == nil`,
	}},
	{"a warrant or an action that is out of form, and no parser lets through", "attest/warrant TestAccepts TestActOf TestCheckHolder TestCheckRoot TestCheckRules TestDebit TestGateApplies TestGatesKept TestImpliesOfOneValueIsAccepts TestPathTakesTheLowestContainingGrant TestPermits", []string{
		`attest/warrant/act.go ActOf: if a.Request == nil`,
		`attest/warrant/chain.go Path: grant < 0`,
		`attest/warrant/constraint.go Accepts: if !wellFormed(v)`,
		`attest/warrant/constraint.go Accepts: ok`,
		`attest/warrant/constraint.go memberOf: case set && found != memberNone`,
		`attest/warrant/debit.go pay: !ok`,
		`attest/warrant/ends.go CheckRoot: if w == nil || w.Root == nil`,
		`attest/warrant/ends.go CheckRoot: w == nil`,
		`attest/warrant/ends.go CheckRoot: w.Root == nil`,
		`attest/warrant/gate.go gateOf: a.Request == nil`,
		`attest/warrant/gate.go keeps: child.M <= len(child.Approvers)`,
		`attest/warrant/grant.go permitsArgument: case opened && sealed`,
		`attest/warrant/rules.go Check: unless root.Depth == 0`,
		`attest/warrant/rules.go Check: unless root.Parent == ""`,
		`attest/warrant/rules.go depth: unless child.Depth <= most`, // its max_depth is no lower, and so above the parent's
	}},
	{"what the register gives is right already: links that it found by their IDs and whose signers are their issuers, of one log, the registration of this issuer, the gates of this action, a time", "attest/warrant TestCheckHolder TestCheckOnHostileShapes TestCheckRoot TestCheckRules TestDebit TestGateApplies", []string{
		`attest/warrant/debit.go Debit: if f != nil`,
		`attest/warrant/debit.go Debit: if len(spent) != len(path)`,
		`attest/warrant/ends.go CheckHolder: atMilli <= 0`,
		`attest/warrant/ends.go CheckHolder: if len(c.links) == 0`,
		`attest/warrant/ends.go CheckRoot: if root.Signer.Party != w.Issuer`,
		`attest/warrant/ends.go CheckRoot: issuer.Issuer != w.Issuer`,
		`attest/warrant/ends.go CheckRoot: issuer.Log != w.Log`,
		`attest/warrant/gate.go GateApplies: if !gateOf(g, a, undoable)`,
		`attest/warrant/rules.go checkShape: if l.Warrant == nil`,
		`attest/warrant/rules.go checkShape: if len(links) == 0`,
		`attest/warrant/rules.go issuer: unless child.Signer.Party == child.Warrant.Issuer`,
		`attest/warrant/rules.go parent: child.Warrant.Parent == parent.ID`,
		`attest/warrant/rules.go parent: parent.ID.Valid()`,
		`attest/warrant/rules.go parent: unless child.Warrant.Log == parent.Warrant.Log`,
		`attest/warrant/rules.go parent: unless same`,
	}},
	{"counters below zero, which a record may have and no register counts", "attest/warrant TestDebit", []string{
		`attest/warrant/debit.go pay: s.Sum < 0`,
		`attest/warrant/debit.go use: s.Uses < 0`,
	}},
	{"records that lie to a verifier, objects that it does not have, and stores that fail", "internal/admission TestAsked TestBrokenView TestCompromisedBytesUnknown TestErasedDisplay TestLiarAboutTokens TestLiarWithoutTokens", []string{
		`internal/admission/compromise.go MarkKey: if err == nil && !ok`,
		`internal/admission/erasure.go readErased: case err != nil`,
		`internal/admission/erasure.go readErased: case err != nil #3`,
		`internal/admission/refuse.go RefusedKey: if a == nil`,
		`internal/admission/tokenevidence.go accountOf: account == nil`,
		`internal/admission/tokenevidence.go accountOf: if err != nil || account == nil`,
		`internal/admission/tokenevidence.go heldThen: at < 0`,
		`internal/admission/tokenevidence.go missing: f.Code == "object.missing"`,
		`internal/admission/tokenevidence.go show: if err != nil || s.before == nil`,
		`internal/admission/tokenevidence.go show: s.before == nil`,
		`internal/admission/tokenevidence.go vouched: if err != nil && !missing(err)`,
	}},
	{"no rule denies an instruction yet", "internal/admission TestDeniedInstruction", []string{
		`internal/admission/evidence.go weigh: logged.Allowed()`,
		`internal/admission/token.go token: case !logged.Allowed()`,
		`internal/admission/tokenevidence.go namesHolder: c.statements[w.Task.Instruction].Allowed()`,
	}},
	{"a register that moves while a statement is checked", "internal/admission TestLookedUpOnce TestMoved", []string{
		`internal/admission/check.go current: if ok`,
		`internal/admission/read.go readForce: if now.ID != pin.ID`,
	}},
	{"what servers, pages and stores ask, of no statement", "internal/admission TestAdmitted TestAsked", []string{
		`internal/admission/check.go Check: if at <= 0`,
		`internal/admission/check.go signer: if c.sent.Admit != nil`,
		`internal/admission/compromise.go Compromised: doc != nil`,
		`internal/admission/compromise.go Compromised: if err != nil || doc != nil`,
		`internal/admission/token.go SealedUntil: doc == nil`,
		`internal/admission/token.go SealedUntil: if err != nil || doc == nil`,
	}},
	{"cells have names, digests and numbers, which the plain writer writes", "internal/admission TestPut", []string{
		`internal/admission/write.go put: if doc == nil`,
	}},
	{"tokens that a verifier does not have", "verifier TestTokenErased TestTokenSealed", []string{
		`internal/admission/decide.go Reconsider: if len(c.lacks) > 0`,
		`internal/admission/decide.go attribution: if o.recorded != nil`,
		`internal/admission/token.go brought: !gone`,
		`internal/admission/token.go brought: if gone && ok`,
		`internal/admission/tokenevidence.go show: if missing(err)`,
	}},
	{"a record that is believed for want of a token, and names a root that is not there", "verifier TestTokenSealedPin", []string{
		`internal/admission/compromise.go suspects: root != nil`,
	}},
	{"the same, and what is erased while a statement waits", "internal/admission TestErasedSince TestTokenUnseen TestUnseenDecision TestUnseenType", []string{
		`internal/admission/erasure.go readErased: case err != nil #2`,
		`internal/admission/erasure.go readErased: case gone != nil #2`,
		`internal/admission/token.go brought: missing(err)`,
		`internal/admission/token.go brought: ok`,
		`internal/admission/unseen.go takeOver: if c.act != nil`,
		`internal/admission/unseen.go takeOver: if ofToken(code)`,
	}},
	{"what the offline verifier asks later", "verifier TestContested TestTokenOperator", []string{
		`internal/admission/compromise.go Contests: l.Record.CheckedAt >= s.Since`,
		`internal/admission/compromise.go Contests: slices.ContainsFunc(rests, func(r suspect) bool { return slices.Contains(what, r.what) })`,
		`internal/admission/decide.go Reconsider: if ok`,
	}},
	{"an agent without a name, a type that is not known, and a document of 256 KiB, which no published file is to carry", "attest/token TestNames TestParseKeys TestTypesDoNotMix", []string{
		`attest/token/header.go typed: want != ""`,
		`attest/token/holder.go Names: h.ID == ""`,
		`attest/token/keys.go ParseKeys: if len(doc) > MaxKeys`,
	}},
	{"memory of package policy", "policy TestIndexDiffers TestLoadHostile TestLoadRefusesSchemaAndEntities TestMemos TestShapes", []string{
		`policy/limits.go named: if ok`,
		`policy/memo.go get: len(m.items) >= maxRemembered`,
		`policy/value.go shape: if len(key) > maxShape`,
	}},
	{"a caller without a time", "attest/cms TestKeylessRefusals TestTrust", []string{
		`attest/cms/keyless.go Verify: if at.IsZero() && fulcio != unproven`,
		`attest/cms/path.go prove: case at.IsZero()`,
	}},
	{"a compiled warrant does not err, and would deny if it did", "policy TestWarrantErrorDenies", []string{
		`policy/decide.go link: if len(why.Errors) > 0`,
	}},
}
