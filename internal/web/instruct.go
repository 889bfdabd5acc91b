package web

import (
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
	"github.com/deedlog/deed/internal/consent"
)

type instructPage struct {
	frame
	Form    instructForm
	Agents  []string
	Lives   []choice
	Problem string
	Field   string // that the problem is about

	Review *signing // nil: not asked for yet
	Rows   []row
	Words  string
}

// choice is one of a list.
type choice struct {
	Value, Text string
	Chosen      bool
}

func (p *Page) showInstruct(w http.ResponseWriter, v *visit) error {
	return p.renderInstruct(w, v, http.StatusOK, instructPage{Form: emptyInstruct()})
}

func (p *Page) renderInstruct(w http.ResponseWriter, v *visit, status int, page instructPage) error {
	page.frame = p.frame(v.Request, "Instruct an agent")
	page.Lives = page.Form.lives()
	if page.Review == nil {
		var err error
		if page.Agents, err = p.agents(v); err != nil {
			return err
		}
	}
	return p.render(w, status, "instruct", page)
}

// reviewInstruction shows the instruction that a form asks for, to be signed.
func (p *Page) reviewInstruction(w http.ResponseWriter, v *visit) error {
	f, err := parseInstruct(v.fields)
	if bad := asProblem(err); bad != nil {
		return p.renderInstruct(w, v, http.StatusUnprocessableEntity, instructPage{Form: f, Problem: bad.text, Field: bad.field})
	}
	if err != nil {
		return err
	}
	s, seed, err := p.instruction(v, f)
	if err != nil {
		return err
	}
	page := instructPage{Form: f}
	if page.Review, err = p.propose(v, &draft{statement: s, objects: [][]byte{seed}, text: f.Text}, ""); err != nil {
		if fault := attest.AsFault(err); fault != nil {
			page.Problem = "The register would not take this: " + fault.Field + ": want " + fault.Expected + ", found " + fault.Found + "."
			return p.renderInstruct(w, v, http.StatusUnprocessableEntity, page)
		}
		return err
	}
	page.Rows, page.Words = instructionRows(s), consent.InstructionWords(s, f.Text)
	return p.renderInstruct(w, v, http.StatusOK, page)
}

// instruction is the statement that a form asks for, with the seed that opens its
// text.
func (p *Page) instruction(v *visit, f instructForm) (*attest.Instruction, []byte, error) {
	nonce, err := p.nonce()
	if err != nil {
		return nil, nil, err
	}
	var seed [32]byte
	if _, err := io.ReadFull(p.Rand, seed[:]); err != nil {
		return nil, nil, fmt.Errorf("drawing a seed: %w", err)
	}
	object := []byte(hex.EncodeToString(seed[:]))
	now := p.now()
	return &attest.Instruction{
		V: 1, Log: p.Log.Origin(), Nonce: nonce, Person: v.session.person, At: now, Expires: now + f.life, Addressee: f.To,
		MaxActions: f.maxActions, Requests: f.requests,
		Commitment: attest.Commitment{Root: attest.Commit(seed, attest.TextFields([][2]string{{"text", f.Text}})), Seed: attest.DigestOf(object)},
	}, object, nil
}

// agentsMost is how many registrations of agents are looked at.
const agentsMost = 200

// agents are those that are registered by their own ID, to choose from.
func (p *Page) agents(v *visit) ([]string, error) {
	page, err := p.Log.Search(v.Context(), consent.Query{Kind: attest.KindAgent, Decision: admission.Allow, Limit: agentsMost})
	if err != nil {
		return nil, err
	}
	seen, out := map[string]bool{}, []string(nil)
	for _, f := range page.Found {
		l, err := p.Log.Statement(v.Context(), f.ID)
		if err != nil {
			return nil, err
		}
		a := statementOf[*attest.Agent](l)
		if a == nil || a.Prefix || seen[a.Agent] {
			continue
		}
		seen[a.Agent] = true // the newest says how it stands
		if a.Status == "registered" {
			out = append(out, a.Agent)
		}
	}
	slices.Sort(out)
	return out, nil
}
