package people

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/cmd/deed/internal/register"
	"github.com/deedlog/deed/cmd/deed/internal/signing"
	"github.com/deedlog/deed/cmd/deed/internal/statement"
	"github.com/deedlog/deed/internal/consent"
)

const instructLong = `Instruct an agent: state what you ask, sign it with your key, submit it.

The log gets a commitment to TEXT and the seed that opens it, not the text: keep
the text, and you can show later that it is the one. Only typed requests let the
log tell an action that you asked for from one that the agent chose itself.

` + requestHelp + `

--show prints the exact statement before it is signed and asks, or takes --yes.
--out writes the envelope instead of submitting it, for 'deed submit FILE --object
FILE.objects'; --draft prints the statement unsigned, for 'deed sign instruction
FILE' where the key is. With an SVID instead of --key, that service records what
--as NAME asked, which is weaker evidence, unless the person logs in for it: the
instruction's ID is the nonce, which --oidc-nonce prints (see 'deed token add').`

const instructExample = `I=$(deed instruct 'Please pay invoice 4711' -q --key maria.key --to spiffe://acme.example/agent/planner \
    --request 'payments.transfer resource=bank_account:iban/DE/1 amount<=250.00EUR reference=INV/4711')
deed warrant new --key maria.key --instruction $I --purpose 'pay invoice 4711'
deed instruct --file mail.txt --key maria.key --to spiffe://acme.example/agent/planner \
    --requests requests.yaml --for 4h --max-actions 3 --show`

type instructCommand struct {
	register.Connection
	signing.Signer
	draft      statement.Members // log, to and expires; the text
	file       string
	maxActions int64
	requests   []string
	list       string
	show, yes  bool
	only       bool
	out        string
	objects    string
	quiet      bool
	nonce      bool
}

// NewInstruct makes deed instruct.
func NewInstruct() *cobra.Command {
	i := &instructCommand{}
	cmd := &cobra.Command{
		Use:     "instruct [TEXT]",
		Short:   "Instruct an agent, signed with a person's key",
		Long:    instructLong,
		Example: instructExample,
		Args:    console.Takes(0, 1),
		RunE:    i.run,
	}
	f := cmd.Flags()
	f.StringVar(&i.file, "file", "", "read the text from `FILE`, or - for stdin, byte for byte")
	console.SPIFFEIDVar(f, &i.draft.To, "to", "SPIFFE `ID` of the agent that is asked")
	f.StringArrayVar(&i.requests, "request", nil, "an `ACTION` that is asked for, with its resource and limits")
	f.StringVar(&i.list, "requests", "", "YAML `FILE` with several")
	f.DurationVar(&i.draft.Expires, "for", time.Hour, "how long it holds")
	f.Int64Var(&i.maxActions, "max-actions", 0, "how many actions it may carry; 0 is not limited")
	f.StringVar(&i.draft.Log, "log", "", "`ORIGIN` of the log it is for (default: the register's)")
	f.BoolVar(&i.show, "show", false, "print what is signed and ask first")
	f.BoolVar(&i.yes, "yes", false, "do not ask")
	f.BoolVar(&i.only, "draft", false, "print the statement and sign nothing")
	f.StringVar(&i.out, "out", "", "write the envelope to `FILE` and submit nothing")
	f.StringVar(&i.objects, "objects", "", "`DIR` for the objects that belong to it, with --out or --draft (default: FILE"+statement.ObjectsSuffix+")")
	f.BoolVarP(&i.quiet, "quiet", "q", false, "print the statement's ID only")
	f.BoolVar(&i.nonce, "oidc-nonce", false, "print the nonce that the person is to log in with, and nothing else")
	i.Signer.Flags(cmd)
	i.Connection.Flags(cmd)
	return cmd
}

func (i *instructCommand) run(cmd *cobra.Command, args []string) error {
	if err := i.read(cmd, args); err != nil {
		return err
	}
	d, err := i.complete(cmd.Context())
	if err != nil {
		return err
	}
	s := d.Statement.(*attest.Instruction)
	payload, err := attest.Payload(s)
	if err != nil {
		return err
	}
	if i.only {
		return i.print(cmd, d)
	}
	if i.show {
		if err := console.Print(cmd.ErrOrStderr(), i.words(s, payload)); err != nil {
			return err
		}
		if err := console.Confirm(cmd, i.yes, "Sign this instruction?"); err != nil {
			return err
		}
	}
	envelope, err := d.Signer.Sign(s)
	if err != nil {
		return err
	}
	objects := append(d.Objects, d.Signer.Objects()...)
	if i.out != "" {
		return statement.KeepSigned(cmd, i.out, i.objects, envelope, objects)
	}
	return i.submit(cmd, s, envelope, objects)
}

// read checks what is known before a register or a key is needed.
func (i *instructCommand) read(cmd *cobra.Command, args []string) error {
	if (len(args) == 1) == (i.file != "") {
		return console.Usage("want the TEXT of the instruction, or --file FILE")
	}
	i.draft.Text = strings.Join(args, "")
	if i.file != "" {
		doc, err := console.ReadInput(cmd, []string{i.file})
		if err != nil {
			return err
		}
		i.draft.Text = string(doc)
	}
	switch {
	case strings.TrimSpace(i.draft.Text) == "" || !utf8.ValidString(i.draft.Text):
		return console.Usage("the text of an instruction is not empty, and UTF-8")
	case len(i.draft.Text) > attest.MaxEnvelope: // where reading stdin stops, too
		return console.Usage("the text of an instruction has at most %d bytes", attest.MaxEnvelope)
	case i.draft.To == "":
		return console.Usage("want the agent that is asked: --to SPIFFE_ID")
	case i.draft.Expires <= 0:
		return console.Usage("--for: want a length of time above 0, such as 1h")
	case i.only && i.out != "":
		return console.Usage("want --draft, which signs nothing, or --out")
	case i.nonce && (i.only || i.out != ""):
		return console.Usage("--oidc-nonce: the nonce is the ID of an instruction that is logged")
	case i.only && i.objects == "":
		return console.Usage("--draft needs --objects DIR, for the seed that opens the text")
	case i.only && i.KeyFile == "" && i.As == "":
		return console.Usage("--draft needs who will sign: --as NAME")
	}
	return nil
}

// typed are the requests of the flags and of the file.
func (i *instructCommand) typed() ([]attest.Request, error) {
	list := []attest.Request{}
	for _, text := range i.requests {
		r, err := parseRequest(text)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	if i.list == "" {
		return list, nil
	}
	more, err := readRequests(i.list)
	return append(list, more...), err
}

// complete makes the statement. What is submitted elsewhere needs no register,
// unless one is named.
func (i *instructCommand) complete(ctx context.Context) (*statement.Draft, error) {
	requests, err := i.typed()
	if err != nil {
		return nil, err
	}
	ctx, cl, done, err := i.Open(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	if (i.only || i.out != "") && i.Server == "" && i.Dir == "" {
		cl = nil
	}
	signer := &signing.Credential{Kind: attest.ByPerson, Name: i.As}
	if !i.only || i.KeyFile != "" {
		if signer, err = i.Credential(ctx, &i.Connection); err != nil {
			return nil, err
		}
	}
	s := &attest.Instruction{MaxActions: i.maxActions, Requests: requests}
	if signer.Kind == attest.BySVID {
		if s.Person = i.As; s.Person == "" {
			return nil, console.Hint(errors.New("it is not known who asks"), "give --key FILE of the person, or --as NAME of whose wish the service records")
		}
	}
	return statement.NewDraft(ctx, &i.draft, s, signer, cl)
}

// print prints the statement unsigned, and keeps the seed of its text.
func (i *instructCommand) print(cmd *cobra.Command, d *statement.Draft) error {
	if err := statement.WriteObjects(i.objects, d.Objects); err != nil {
		return err
	}
	return console.PrintJSON(cmd.OutOrStdout(), d.Statement)
}

// words say what is to be signed, and show it.
func (i *instructCommand) words(s *attest.Instruction, payload []byte) string {
	var b strings.Builder
	b.WriteString(consent.InstructionWords(s, i.draft.Text))
	fmt.Fprintf(&b, "%-11s %s\n", "digest:", attest.DigestOf(payload))
	b.WriteString("\nThe statement, as it is signed\n")
	b.Write(payload)
	b.WriteByte('\n')
	return b.String()
}

// submit sends the instruction, and says what the agent does with it.
func (i *instructCommand) submit(cmd *cobra.Command, s *attest.Instruction, e attest.Envelope, objects [][]byte) error {
	ctx, cl, done, err := i.Open(cmd.Context())
	if err != nil {
		return err
	}
	defer done()
	r, denied := cl.Submit(ctx, e, objects)
	if r == nil {
		return denied
	}
	return errors.Join(i.receipt(cmd, cl, s, r), denied)
}

func (i *instructCommand) receipt(cmd *cobra.Command, cl *register.Client, s *attest.Instruction, r *register.Receipt) error {
	if i.nonce {
		return console.Print(cmd.OutOrStdout(), attest.TokenNonce(r.Entry.Envelope)+"\n")
	}
	if i.quiet {
		return console.Print(cmd.OutOrStdout(), r.ID()+"\n")
	}
	if i.JSON {
		out := r.JSON(cl.VKey)
		out.Statement = s
		return console.PrintJSON(cmd.OutOrStdout(), out)
	}
	pairs := r.Pairs()
	if s.RecordedBy != "" {
		pairs = append(pairs, console.Pair{"nonce", attest.TokenNonce(r.Entry.Envelope) + ", to log in with: then deed token add FILE --type id_token --instruction " + r.ID()})
	}
	return console.PrintPairs(cmd.OutOrStdout(), append(pairs,
		console.Pair{"asks", s.Addressee},
		console.Pair{"requests", fmt.Sprint(len(s.Requests))},
		console.Pair{"actions", consent.ActionsWords(s)},
		console.Pair{"holds", "until just before " + console.Instant(s.Expires) + ", " + consent.Span(s.Expires-s.At)},
		console.Pair{"named by", "a warrant, which the agent names: deed warrant new --instruction " + r.ID() + " --purpose WORDS"},
	))
}
