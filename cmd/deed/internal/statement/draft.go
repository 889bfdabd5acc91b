package statement

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/internal/consent"
	"github.com/deedlog/deed/internal/setup"
)

// Members are the flags that fill in a statement, so that the usual ones need no
// file.
type Members struct {
	Log     string        // origin of the log that it is for
	Expires time.Duration // life of an instruction or approval
	Text    string        // of an instruction
	To      string        // SPIFFE ID of the agent that an instruction asks

	act       Act
	warrant   string
	grant     int
	approvals []string
	session   string
	initiator string
	trigger   string
	status    string
	outcomeOf string
	of        string
	sessionFlags
}

// Flags adds the flags to a command.
func (d *Members) Flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&d.Log, "log", "", "`ORIGIN` of the log it is for (default: the register's)")
	f.DurationVar(&d.Expires, "expires", 24*time.Hour, "life of an instruction or approval")
	f.StringVar(&d.Text, "text", "", "`TEXT` of an instruction: committed to, not shown")
	console.SPIFFEIDVar(f, &d.To, "to", "SPIFFE `ID` of the agent that an instruction asks")
	d.act.flags(cmd)
	console.StatementIDVar(f, &d.warrant, "warrant", "`ID` of the warrant that an action is under")
	f.IntVar(&d.grant, "grant", 0, "which `GRANT` of the warrant")
	f.StringSliceVar(&d.approvals, "approval", nil, "`ID` of an approval of the action")
	f.StringVar(&d.session, "session", "", "`ID` of the session that an action continues (default: a new one)")
	f.StringVar(&d.initiator, "initiator", "unknown", "`WHO` set the agent off, as it says: human, agent, schedule, event, self or unknown")
	console.StatementIDVar(f, &d.trigger, "trigger", "`ID` of the trigger that set the agent off")
	f.StringVar(&d.status, "status", "", "what came of an action: `done`, failed, timed_out, unknown or reverted")
	console.StatementIDVar(f, &d.outcomeOf, "outcome-of", "`ID` of the intent that an outcome is of")
	d.sessionFlags.flags(cmd)
	f.StringVar(&d.of, "of", "", "`FILE` with the drafted action that an approval or refusal is of")
}

// Draft is a statement in the making.
type Draft struct {
	flags     *Members
	Statement attest.Statement
	Objects   [][]byte            // that belong to it, such as seeds
	Signer    *signing.Credential // who is to sign it
	Client    *register.Client    // nil: nothing may be looked up
	now       time.Time
}

// ReadStatement reads a predicate of a kind, in any JSON form; no bytes at all
// is an empty one.
func ReadStatement(kind attest.Kind, doc []byte) (attest.Statement, error) {
	s := newStatement(kind)
	if s == nil {
		return nil, console.Usage("unknown kind %q, want one of %s", kind, console.Joined(attest.Kinds()))
	}
	if len(doc) == 0 {
		return s, nil
	}
	if err := json.Unmarshal(doc, s, json.RejectUnknownMembers(true)); err != nil {
		return nil, console.Hint(fmt.Errorf("reading %s: %w", kind, console.PlainJSON(err)), "the file is the predicate as JSON: see docs/spec/statements.md")
	}
	order(s)
	return s, nil
}

// newStatement returns an empty statement of a kind, or nil.
func newStatement(kind attest.Kind) attest.Statement {
	for _, s := range [...]attest.Statement{
		new(attest.Genesis), new(attest.Administrators), new(attest.Root), new(attest.Person), new(attest.Issuer), new(attest.Policy), new(attest.Agent),
		new(attest.Instruction), new(attest.Trigger), new(attest.Warrant), new(attest.Approval), new(attest.Refusal), new(attest.Action), new(attest.Revocation),
		new(attest.Countersignature),
		new(attest.Compromise), new(attest.Erasure),
		new(attest.Provider), new(attest.Account), new(attest.Token),
	} {
		if s.Kind() == kind {
			return s
		}
	}
	return nil
}

// complete fills in what was left out: the common members, and what follows
// from the flags and from who signs.
func (d *Draft) complete(ctx context.Context) error {
	var err error
	switch s := d.Statement.(type) {
	case *attest.Genesis:
		err = d.head(ctx, &s.V, &s.Nonce, &s.Log)
		d.moment(&s.At)
	case *attest.Administrators:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.person(ctx, &s.By))
	case *attest.Root:
		err = d.head(ctx, &s.V, &s.Nonce, &s.Log)
		d.moment(&s.At)
	case *attest.Person:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.person(ctx, &s.By))
		d.start(&s.From)
	case *attest.Issuer:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.person(ctx, &s.By))
		d.start(&s.From)
	case *attest.Policy:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.person(ctx, &s.By))
	case *attest.Agent:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.person(ctx, &s.By))
	case *attest.Erasure:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.person(ctx, &s.By))
	case *attest.Compromise:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.person(ctx, &s.By))
		d.moment(&s.Since)
	case *attest.Provider:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.person(ctx, &s.By))
		d.start(&s.From)
	case *attest.Account:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.person(ctx, &s.By))
		d.start(&s.From)
	case *attest.Token:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.workload(ctx, &s.Recorder))
		d.moment(&s.At)
	case *attest.Revocation:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.party(ctx, &s.By))
	case *attest.Warrant:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.party(ctx, &s.Issuer), random(&s.Task.ID))
		d.start(&s.NotBefore)
	case *attest.Instruction:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.instruction(ctx, s))
	case *attest.Trigger:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.workload(ctx, &s.Recorder))
		d.moment(&s.At)
		fill(&s.Addressee, d.flags.To)
	case *attest.Approval:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.approval(ctx, s))
	case *attest.Refusal:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.refusal(ctx, s))
	case *attest.Countersignature:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.workload(ctx, &s.By))
		d.moment(&s.At)
	case *attest.Action:
		err = errors.Join(d.head(ctx, &s.V, &s.Nonce, &s.Log), d.action(ctx, s))
	}
	order(d.Statement)
	return err
}

// head fills in the members that every predicate has.
func (d *Draft) head(ctx context.Context, v *int, nonce, log *string) error {
	if *v == 0 {
		*v = 1
	}
	if err := random(nonce); err != nil {
		return err
	}
	fill(log, d.flags.Log)
	if *log != "" {
		return nil
	}
	if d.Client == nil {
		return console.Hint(errors.New("it is not known which log the statement is for"), "give --log ORIGIN, or a register by --dir or --server")
	}
	origin, err := d.Client.Origin(ctx)
	*log = origin
	return err
}

func fill(s *string, value string) {
	if *s == "" {
		*s = value
	}
}

func random(s *string) error {
	if *s != "" {
		return nil
	}
	drawn, err := setup.Random16(rand.Reader)
	*s = drawn
	return err
}

func (d *Draft) moment(ms *int64) {
	if *ms == 0 {
		*ms = d.now.UnixMilli()
	}
}

// Backdate is how long before now something starts to hold, for a register
// whose clock is behind ours.
const Backdate = time.Minute

func (d *Draft) start(ms *int64) {
	if *ms == 0 {
		*ms = d.now.Add(-Backdate).UnixMilli()
	}
}

func (d *Draft) party(ctx context.Context, p *attest.Party) (err error) {
	if *p == (attest.Party{}) {
		*p, err = d.Signer.Party(ctx, d.Client)
	}
	return err
}

// person fills in the person who signs.
func (d *Draft) person(ctx context.Context, name *string) error {
	if *name != "" || d.Signer.Kind != attest.ByPerson {
		return nil
	}
	p, err := d.Signer.Party(ctx, d.Client)
	*name = p.ID
	return err
}

// workload fills in the SPIFFE ID that signs.
func (d *Draft) workload(ctx context.Context, id *string) error {
	if *id != "" || d.Signer.Kind != attest.BySVID {
		return nil
	}
	p, err := d.Signer.Party(ctx, d.Client)
	*id = p.ID
	return err
}

func (d *Draft) instruction(ctx context.Context, s *attest.Instruction) error {
	d.moment(&s.At)
	if s.Expires == 0 {
		s.Expires = d.now.Add(d.flags.Expires).UnixMilli()
	}
	fill(&s.Addressee, d.flags.To)
	if s.Person != "" { // a service may record what this person asked
		if err := d.workload(ctx, &s.RecordedBy); err != nil {
			return err
		}
	} else if err := d.person(ctx, &s.Person); err != nil {
		return err
	}
	if d.flags.act.given() {
		grant, err := d.flags.act.grant()
		if err != nil {
			return err
		}
		for _, action := range grant.Actions {
			s.Requests = append(s.Requests, attest.Request{Action: action, Arguments: grant.Arguments, Resource: grant.Resource})
		}
	}
	if s.Commitment.Root != "" {
		return nil
	}
	if d.flags.Text == "" {
		return console.Usage("an instruction needs its text: --text TEXT, or a commitment in the file")
	}
	return d.commit(&s.Commitment, d.flags.Text)
}

// commit commits to a text under a seed that travels along as an object, so
// that whoever has the text can show later that it is the one.
func (d *Draft) commit(c *attest.Commitment, text string) error {
	seed, object, err := NewSeed()
	if err != nil {
		return err
	}
	c.Root = attest.Commit(seed, attest.TextFields([][2]string{{"text", text}}))
	c.Seed = attest.DigestOf(object)
	d.Objects = append(d.Objects, object)
	return nil
}

// approval copies what is approved from the drafted action.
func (d *Draft) approval(ctx context.Context, s *attest.Approval) error {
	d.moment(&s.At)
	if s.Expires == 0 {
		s.Expires = d.now.Add(d.flags.Expires).UnixMilli()
	}
	if err := d.person(ctx, &s.Person); err != nil || d.flags.of == "" {
		return err
	}
	return d.ofAction(s)
}

// refusal copies what is refused from the drafted action, as an approval of it
// would.
func (d *Draft) refusal(ctx context.Context, s *attest.Refusal) error {
	d.moment(&s.At)
	if err := d.person(ctx, &s.Person); err != nil || d.flags.of == "" {
		return err
	}
	same := &attest.Approval{}
	if err := d.ofAction(same); err != nil {
		return err
	}
	no := consent.Refusal(same, s.Reason)
	no.At, no.Log, no.Nonce, no.Person, no.V = s.At, s.Log, s.Nonce, s.Person, s.V
	*s = *no
	return nil
}

// ofAction makes an approval one of the action in the file.
func (d *Draft) ofAction(s *attest.Approval) error {
	doc, err := os.ReadFile(d.flags.of)
	if err != nil {
		return fmt.Errorf("reading drafted action: %w", err)
	}
	read, err := ReadStatement(attest.KindAction, doc)
	if err != nil {
		return err
	}
	a := read.(*attest.Action)
	if err := consent.Copy(s, a); err != nil {
		return console.Hint(err, "draft it with 'deed sign action --draft --warrant ID --action ... '")
	}
	shown := fmt.Sprintf("agent:    %s\naction:   %s\nresource: %s %s\n", a.Agent, s.Action, s.Resource.Kind, s.Resource.ID)
	for _, v := range s.Arguments {
		shown += fmt.Sprintf("%s: %s\n", v.Name, v.Value)
	}
	s.Display = attest.DigestOf([]byte(shown))
	d.Objects = append(d.Objects, []byte(shown))
	return nil
}

// ReadDraft reads a predicate and completes it.
func ReadDraft(ctx context.Context, f *Members, kind attest.Kind, doc []byte, signer *signing.Credential, cl *register.Client) (*Draft, error) {
	s, err := ReadStatement(kind, doc)
	if err != nil {
		return nil, err
	}
	return NewDraft(ctx, f, s, signer, cl)
}

// NewDraft completes a statement: what was left out follows from the flags, from
// who signs and from the register. Without a client nothing may be looked up.
func NewDraft(ctx context.Context, f *Members, s attest.Statement, signer *signing.Credential, cl *register.Client) (*Draft, error) {
	d := &Draft{flags: f, Statement: s, Signer: signer, Client: cl, now: time.Now()}
	if err := d.complete(ctx); err != nil {
		return nil, fmt.Errorf("completing %s: %w", s.Kind(), err)
	}
	return d, nil
}
