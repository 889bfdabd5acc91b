package verifier

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/warrant"
)

// limits are what no bundle proves.
var limits = []string{
	"This does not show that the log holds every action that took place, nor that what an agent says of an outcome is true.",
	"This does not show that the operator showed everyone the same log, except as far as witnesses cosigned the checkpoint.",
}

const operatorLimit = "Roots of trust were taken on the operator's word (operator_trusted): what rests on them is worth no more than a signature by the operator's own systems (key K1), and evidence by people and identity providers is counted so."

// incompleteWords are the notes about what rests on the register's word.
var incompleteWords = map[string]string{
	"read.force":          "That what the record names was still in force, and that nothing was in force where it says none, is the register's word: this bundle does not hold every control entry before this one.",
	"read.revoked":        "Whether a warrant of the chain was revoked is the register's word: this bundle does not hold every control entry before this one.",
	"read.compromised":    "Whether a key that this rests on was declared compromised before is the register's word: this bundle does not hold every control entry before this one.",
	"read.session":        "Whether the agent's session had another statement at this place is the register's word.",
	"read.outcome":        "Whether the intent had another outcome before is the register's word.",
	"read.used":           "Whether the approval was used before is the register's word.",
	"read.refused":        "Whether somebody whose approval counts had refused the action since is the register's word.",
	"read.spent":          "How much of the warrants' uses and budgets was spent before is the register's word.",
	"entry.server_fields": "What the register committed to in the public tree about this entry was not opened: the seed is not in the bundle.",
	"object.erasable":     "Objects that the statement names are not in the bundle, and no erasure of them: they were kept back, or erased without one.",
	"action.fields":       "What the agent committed to in the public tree was not opened: the seed is not in the bundle.",
}

// completeWords are the notes about what a walk shows.
var completeWords = map[string]string{
	"read.session": "Every statement of the agent's session before this one, back to its first, is in the bundle, and each record names the one before. A second line of this session could only be another entry that names one of them as the last, or says that there was none: this bundle holds none.",
	"read.used":    "Every action that drew from the grant which the approval's action needs, back to the first, is in the bundle, and none of them before this one used the approval. Another use could only be an entry that names one of them as the last, or says that nothing was drawn before: this bundle holds none.",
	"read.spent":   "Every action that drew from these warrants before this one, back to the first, is in the bundle, and what the record says was spent is their sum. Another could only be an entry that names one of them as the last, or says that nothing was drawn before: this bundle holds none.",
}

// laterWords are the note about what came after.
const laterWords = "Whether somebody declared later that a key which this rests on was in other hands is not shown: this bundle does not hold every control entry up to its checkpoint."

// describe puts the statement of an entry, and what it relies on, in words.
func (v *verification) describe(s *Subject, i *item) {
	switch st := i.statement().(type) {
	case *attest.Action:
		s.Action = actionWords(st)
		v.describeAction(s, i, st)
	case *attest.Warrant:
		for id := i.entry.Envelope; id != ""; {
			link, ok := v.byID[id]
			w, isWarrant := link.statement().(*attest.Warrant)
			if !ok || !isWarrant || len(s.Chain) == attest.MaxChain {
				break
			}
			s.Chain = append([]Words{warrantWords(link, w)}, s.Chain...)
			id = w.Parent
		}
	default:
		s.Evidence = append(s.Evidence, v.statementWords(i))
	}
}

func (v *verification) describeAction(s *Subject, i *item, a *attest.Action) {
	if a.Phase == attest.Outcome {
		if intent := v.byID[a.Intent]; intent.statement() != nil {
			s.Evidence = append(s.Evidence, v.statementWords(intent))
		}
		return
	}
	for _, link := range v.chain(a) {
		w, _ := link.statement().(*attest.Warrant)
		s.Chain = append(s.Chain, warrantWords(link, w))
	}
	for _, ref := range i.record.Read.Statements {
		named := v.byID[ref.ID]
		if _, link := named.statement().(*attest.Warrant); !link {
			s.Evidence = append(s.Evidence, v.statementWords(named))
		}
	}
	for _, refused := range i.record.Read.Refused {
		s.Evidence = append(s.Evidence, v.statementWords(v.byID[refused.ID]))
	}
	for _, pin := range i.record.Read.Force {
		switch named := v.byID[pin.ID]; named.statement().(type) {
		case *attest.Agent, *attest.Policy, *attest.Provider, *attest.Account:
			s.Evidence = append(s.Evidence, v.statementWords(named))
		}
	}
}

func warrantWords(i *item, w *attest.Warrant) Words {
	title := "warrant at depth " + strconv.Itoa(w.Depth)
	if w.Depth == 0 {
		title = "root warrant"
	}
	if !i.logged.Allowed() {
		title += ", denied by the log"
	}
	return Words{Index: i.index, Title: title, Lines: strings.Split(strings.TrimSuffix(warrant.Describe(w), "\n"), "\n")}
}

// statementWords puts a statement that is no warrant in words.
func (v *verification) statementWords(i *item) Words {
	w := Words{Index: i.index, Title: string(i.record.Kind)}
	if !i.logged.Allowed() {
		w.Title += ", denied by the log"
	}
	switch s := i.statement().(type) {
	case *attest.Instruction:
		w.Lines = instructionLines(s)
	case *attest.Approval:
		w.Lines = approvalLines(s)
	case *attest.Refusal:
		w.Lines = refusalLines(s)
	case *attest.Trigger:
		w.Lines = []string{fmt.Sprintf("recorded by %s at %s", s.Recorder, instant(s.At)),
			fmt.Sprintf("cause: %s, source %s", s.Cause, attest.Quote(s.Source)), "set off: " + s.Addressee}
	case *attest.Countersignature:
		w.Lines = countersignatureLines(s)
	case *attest.Token:
		w.Lines = v.tokenLines(i, s)
	case *attest.Action:
		w.Title = "action, " + string(s.Phase)
		a := actionWords(s)
		w.Lines = append([]string{"by " + a.Agent}, append(append([]string{}, a.Arguments...), a.Lines...)...)
		if a.Name != "" {
			w.Lines = append([]string{a.Name + " on " + a.Resource}, w.Lines...)
		}
	default:
		w.Lines = controlLines(s)
	}
	w.Lines = append(w.Lines, signatureLines(i.logged.Verified)...)
	return w
}

func instructionLines(s *attest.Instruction) []string {
	lines := []string{"of " + s.Person + ", to " + s.Addressee}
	if s.RecordedBy != "" {
		lines = append(lines, "recorded by "+s.RecordedBy+", not signed by the person")
	}
	lines = append(lines, fmt.Sprintf("given %s, until just before %s", instant(s.At), instant(s.Expires)))
	for _, r := range s.Requests {
		lines = append(lines, "request: "+r.Action+" on "+r.Resource.Kind+" "+r.Resource.Match.String()+argumentWords(r.Arguments))
	}
	if len(s.Requests) == 0 {
		lines = append(lines, "no typed requests")
	}
	if s.MaxActions > 0 {
		lines = append(lines, "at most "+strconv.FormatInt(s.MaxActions, 10)+" actions")
	}
	return append(lines, "the text itself is committed to, not shown")
}

func argumentWords(args []attest.Argument) string {
	if len(args) == 0 {
		return ", with no arguments"
	}
	parts := make([]string, len(args))
	for i, a := range args {
		parts[i] = a.Name + " " + a.Constraint.String()
	}
	return ", with " + strings.Join(parts, ", ")
}

func approvalLines(s *attest.Approval) []string {
	return append(exactLines(s.Person, s.Agent, s.Action, s.Resource, s.Arguments), "under "+string(s.Warrant),
		fmt.Sprintf("given %s, until just before %s", instant(s.At), instant(s.Expires)),
		"shown to the person: "+string(s.Display))
}

func refusalLines(s *attest.Refusal) []string {
	lines := append(exactLines(s.Person, s.Agent, s.Action, s.Resource, s.Arguments), "under "+string(s.Warrant), "refused "+instant(s.At))
	if s.Reason != "" {
		lines = append(lines, "reason: "+attest.Quote(s.Reason))
	}
	return append(lines, "shown to the person: "+string(s.Display))
}

// exactLines are an exact action that a person was asked about.
func exactLines(person, agent, action string, on attest.Resource, arguments []attest.NamedValue) []string {
	lines := []string{"by " + person + ", for " + agent, action + " on " + on.Kind + " " + attest.Quote(on.ID)}
	for _, a := range arguments {
		lines = append(lines, a.Name+" = "+a.Value.String())
	}
	return lines
}

func controlLines(s attest.Statement) []string {
	switch s := s.(type) {
	case *attest.Genesis:
		lines := []string{fmt.Sprintf("of %s, %d of %d administrators decide", s.Log, s.Quorum, len(s.Administrators))}
		lines = append(lines, administratorLines(s.Administrators)...)
		return append(lines, "trust domains: "+strings.Join(s.TrustDomains, ", "))
	case *attest.Administrators:
		lines := []string{fmt.Sprintf("from here on %d of %d administrators decide; put by %s", s.Quorum, len(s.Administrators), s.By)}
		return append(lines, administratorLines(s.Administrators)...)
	case *attest.Provider:
		return providerLines(s)
	case *attest.Account:
		return []string{"a subject of " + s.Issuer + " is " + s.Name, "registered by " + s.By + ", from " + instant(s.From)}
	case *attest.Root:
		return []string{rootTitles[s.Type] + s.Of() + ", " + string(s.Bundle), "fetched " + instant(s.At) + " from " + attest.Quote(s.Source)}
	case *attest.Person:
		return []string{s.Name + ", " + credentialWords(s), "registered by " + s.By + ", from " + instant(s.From)}
	case *attest.Issuer:
		return []string{"of " + s.Issuer.Name() + ", for " + s.Accountable + " as the accountable person", "registered by " + s.By + ", from " + instant(s.From)}
	case *attest.Policy:
		return []string{"put by " + s.By + ", mode " + string(s.Mode), "policies " + string(s.Policies)}
	case *attest.Agent:
		lines := []string{registrationOf(s) + ": " + s.Status}
		if s.Recorder {
			lines = append(lines, "may record what sets agents off")
		}
		return append(lines, "owner "+s.Owner+", purpose "+attest.Quote(s.Purpose), "registered by "+s.By)
	case *attest.Revocation:
		return []string{"of " + string(s.Warrant) + " by " + s.By.Name(), "reason: " + attest.Quote(s.Reason)}
	}
	if s, ok := s.(*attest.Compromise); ok {
		return []string{"of " + s.Thing.Words() + ", since " + instant(s.Since), "declared by " + s.By + ", reason: " + attest.Quote(s.Reason)}
	}
	if s, ok := s.(*attest.Erasure); ok {
		return erasureLines(s)
	}
	return []string{"a statement of a kind that this version has no words for"}
}

func erasureLines(s *attest.Erasure) []string {
	lines := []string{"basis " + string(s.Basis) + ", by " + s.By + ", reason: " + attest.Quote(s.Reason)}
	for _, o := range s.Objects {
		lines = append(lines, "object "+string(o.Digest)+", named by "+strconv.Itoa(len(o.Statements)))
	}
	return lines
}

func administratorLines(list []attest.Administrator) []string {
	lines := make([]string, len(list))
	for i, a := range list {
		lines[i] = "administrator " + a.Name + ", key " + string(a.Key.Digest())
	}
	return lines
}

// rootTitles say what a root statement is of, by its type.
var rootTitles = map[attest.RootType]string{
	attest.RootSPIFFE: "SPIFFE bundle of ", attest.RootX509: "authorities of people's certificates ",
	attest.RootFulcio: "authorities of sigstore certificates ", attest.RootTSA: "time-stamping authorities ",
	attest.RootJWKS: "keys of an identity provider ",
}

// credentialWords say how a person signs.
func credentialWords(s *attest.Person) string {
	switch s.Form() {
	case attest.X509Form:
		return "certificates of " + attest.Quote(s.X509.Whom())
	case attest.FulcioForm:
		return "sigstore certificates of " + attest.Quote(s.Fulcio.Whom())
	case attest.SSHForm:
		return "SSH key " + string(s.Key.Digest()) + ", " + s.SSH.Type
	}
	return "key " + string(s.Key.Digest())
}

func registrationOf(s *attest.Agent) string {
	if s.Prefix {
		return "all below " + s.Agent
	}
	return s.Agent
}

// actionWords puts an action in words. Free text is quoted.
func actionWords(a *attest.Action) *ActionWords {
	w := &ActionWords{Agent: a.Agent, Phase: string(a.Phase), Arguments: []string{}, Lines: []string{}}
	if a.Request != nil {
		w.Name = a.Request.Action
		w.Resource = a.Request.Resource.Kind + " " + attest.Quote(a.Request.Resource.ID)
	}
	for _, o := range a.Open {
		w.Arguments = append(w.Arguments, o.Name+" = "+o.Value.String())
	}
	for _, s := range a.Sealed {
		w.Arguments = append(w.Arguments, s.Name+" is sealed")
	}
	add := func(format string, args ...any) { w.Lines = append(w.Lines, fmt.Sprintf(format, args...)) }
	if a.Target != nil {
		add("target: %s, %s, %s", a.Target.Endpoint, a.Target.Protocol, a.Target.Kind)
	}
	if a.Outcome != nil {
		add("outcome: %s, as the agent says", a.Outcome.Status)
	}
	add("session: %s, statement %d", a.Session.ID, a.Session.Seq)
	if a.Session.ParallelOf != "" {
		add("in parallel: fanned out of %s, as the agent says", a.Session.ParallelOf)
	}
	if p := a.Progress; p != nil {
		add("agent counts: %d actions in this session, %d without an outcome", p.Actions, p.Open)
	}
	if a.Phase == attest.Terminal {
		add("session ended: %s, as the agent says", a.Progress.Status)
	}
	add("agent claims: set off by %q, at %s", a.Initiator.Claim, instant(a.ClaimedAt))
	if a.Software != nil && a.Software.Model != "" {
		add("agent claims: model %s", attest.Quote(a.Software.Model))
	}
	return w
}
