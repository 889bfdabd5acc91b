package demo

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/deedlog/deed/attest/warrant"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/verifier"
)

// narrator writes the story. A failed write is kept and reported at the end.
type narrator struct {
	out    io.Writer
	failed error
}

func (n *narrator) say(format string, args ...any) {
	if _, err := fmt.Fprintf(n.out, format+"\n", args...); err != nil && n.failed == nil {
		n.failed = fmt.Errorf("writing the story: %w", err)
	}
}

func (n *narrator) title(s string) { n.say("%s\n%s", s, strings.Repeat("=", len(s))) }

func (n *narrator) heading(s string) { n.say("\n%s\n%s", s, strings.Repeat("-", len(s))) }

// width is how long lines of sentences are, after the label.
const width = 82

// field writes a text after a label, its further lines under it.
func (n *narrator) field(label, text string) {
	for _, line := range wrap(text, width) {
		n.say("    %-10s %s", label, line)
		label = ""
	}
}

// tried is one line of what comes to nothing.
func (n *narrator) tried(what, came string) { n.say("    %-31s  %s", what, came) }

// authority tells what maria asks for, and who may do what because of it.
func (n *narrator) authority(s *scene) {
	n.say("\n 1. Maria instructs an agent, with a key that only she holds")
	n.field("in words", fmt.Sprintf("%q (the log gets a commitment)", words))
	n.field("logged", fmt.Sprintf("entry %d, and a warrant that is handed on, narrower:", s.instruction.Index))
	n.say("")
	n.say("               maria ─────────► planner ─────────► payments")
	n.say("               her own key      5,000 EUR each     2,500 EUR each")
	n.say("                                20,000 in all      10,000 in all")
	n.say("")
	n.field("gate", warrant.DescribeGate(s.gate()))
}

// step tells one submission, with what its verdict says first.
func (n *narrator) step(i int, s step, notes []string, r agent.Receipt, subject *verifier.Subject) {
	n.say("\n%2d. %s", i, s.title)
	label := "people"
	for _, note := range notes {
		n.field(label, note)
		label = ""
	}
	n.field("decision", decisionWords(r))
	class := r.Class
	if r.Authorizing != "" {
		class += ", authorized by " + r.Authorizing
	}
	n.field("class", class)
	label = "shows"
	for at, sentence := range subject.Shows {
		// A child repeats the gates of its parent: one of them is told.
		if at < s.told || strings.HasPrefix(sentence, "Gate 0 of the warrant at depth 0 ") {
			n.field(label, sentence)
			label = ""
		}
	}
	if s.told > 0 && len(subject.DoesNotShow) > 0 {
		n.field("but", subject.DoesNotShow[0])
	}
}

func decisionWords(r agent.Receipt) string {
	if r.Decision == "deny" {
		return fmt.Sprintf("DENIED by %s, logged as entry %d", strings.Join(r.Faults, ", "), r.Index)
	}
	return fmt.Sprintf("allowed, logged as entry %d", r.Index)
}

// verdict tells what the verifier says of one bundle.
func (n *narrator) verdict(k kept, v *verifier.Verdict) {
	passed, open := 0, 0
	for _, f := range v.Findings {
		if f.Status == verifier.Pass {
			passed++
		} else {
			open++
		}
	}
	s := v.Subjects[0]
	shown := string(s.Attribution.Agency)
	if s.Decision.Effect == "deny" {
		shown += ", denied"
	}
	if len(s.Contested) > 0 {
		shown += ", CONTESTED"
	}
	n.say("  %-11s VERIFIED  %-25s %d checks passed, %d optional ones open", k.name, shown, passed, open)
}

// contestTitle stands above what contests the last bundle.
const contestTitle = "What the last one says: both readings"

// contest tells both readings of what a reported key signed, in the verdict's words.
func (n *narrator) contest(c verifier.Contest) {
	n.heading(contestTitle)
	for _, line := range c.Lines {
		n.point(line)
	}
	n.say("  If what was signed with it is not believed, this would show instead:")
	for _, line := range c.Shows {
		n.point(line)
	}
}

func (n *narrator) point(text string) {
	mark := "-"
	for _, line := range wrap(text, width+9) {
		n.say("  %s %s", mark, line)
		mark = " "
	}
}

// caught tells who noticed a change, and where.
func (n *narrator) caught(what, who, where string) {
	n.say("  %s\n    %s: %s", what, who, where)
}

// farewell says what was made and how to go on.
func (n *narrator) farewell(dir string, took time.Duration) {
	n.say("\nAll of it took %.1f s.", took.Seconds())
	if dir == "" {
		n.say("Nothing was kept. To look around, run it with --dir DIR: it then keeps the")
		n.say("register, its keys and the evidence, and says how to go on.")
		return
	}
	n.heading("What is in " + dir)
	n.say("  deed.yaml, keys/, ca/     the register's configuration and keys, and the throwaway CA")
	n.say("  ledger.db, head           the log, and the last checkpoint that it signed")
	n.say("  log.vkey, genesis, trust/ what a verifier pins")
	n.say("  evidence/*.deed.zip       the bundles")
	n.heading("How to go on")
	n.say("  deed-verify -trust %s/trust %s/evidence/contested.deed.zip", dir, dir)
	n.say("  deed verify --trust %s/trust --html report.html %s/evidence/*.deed.zip", dir, dir)
	n.say("  deed serve --config %s/deed.yaml", dir)
	n.say("  deed search --class human_directed       # while it is served")
}

// wrap breaks a sentence into lines of at most width characters, where it has
// spaces.
func wrap(s string, width int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(s) {
		if line != "" && len(line)+1+len(word) > width {
			lines = append(lines, line)
			line = ""
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	return append(lines, line)
}
