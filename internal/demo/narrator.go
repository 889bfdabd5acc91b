package demo

import (
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"time"

	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/clients/agent"
	"github.com/deedlog/deed/verifier"
)

// narrator writes the story. A failed write is kept and reported at the end.
type narrator struct {
	out    io.Writer
	failed error
	stop   func() error
}

func (n *narrator) say(format string, args ...any) {
	if _, err := fmt.Fprintf(n.out, format+"\n", args...); err != nil && n.failed == nil {
		n.failed = fmt.Errorf("writing the story: %w", err)
	}
}

func (n *narrator) title(s string) { n.say("%s\n%s", s, strings.Repeat("=", len(s))) }

func (n *narrator) heading(s string) { n.say("\n%s\n%s", s, strings.Repeat("-", len(s))) }

// authority tells who may do what.
func (n *narrator) authority(s *scene) {
	n.heading("The authority")
	n.say("%s registers the people, the agents and who may issue warrants.", s.admin.name)
	n.say("%s, with a key that only they hold, instructs the orchestrator (entry %d)", s.treasurer.name, s.instruction.Index)
	n.say("and signs a warrant for it. Each agent passes on less than it has:")
	n.say("")
	n.say("  treasurer ──────► orchestrator ─────► buyer ───────────► payments")
	n.say("  human-held key    5,000 EUR each      4,500 EUR each     2,500 EUR each")
	n.say("                    20,000 in all       15,000 in all      10,000 in all")
}

// step tells one submission.
func (n *narrator) step(i int, s step, r agent.Receipt, b *verifier.Bundle, sentences []string, path string) {
	n.say("\n%2d. %s", i, s.title)
	answer := "allowed"
	if r.Decision == "deny" {
		answer = "DENIED by " + strings.Join(r.Faults, ", ")
	}
	n.say("    %-10s %s, logged as entry %d", "decision", answer, r.Index)
	if r.Class != "" {
		class := r.Class
		if r.Authorizing != "" {
			class += ", authorized by " + r.Authorizing
		}
		if len(r.Flags) > 0 {
			class += " (" + strings.Join(r.Flags, ", ") + ")"
		}
		n.say("    %-10s %s", "class", class)
	}
	label := "shows"
	for _, sentence := range sentences {
		for _, line := range wrap(sentence, 84) {
			n.say("    %-10s %s", label, line)
			label = ""
		}
	}
	n.say("    %-10s evidence/%s, %d entries, %d KiB", "evidence", filepath.Base(path), len(b.Indexes()), len(b.Bytes())/1024+1)
}

// verdict tells what the verifier says, and whether it is what the story says.
func (n *narrator) verdict(k kept, v *verifier.Verdict) bool {
	passed, asserted := 0, 0
	for _, f := range v.Findings {
		if f.Status == verifier.Pass {
			passed++
		} else {
			asserted++
		}
	}
	class := agency.None
	if a := v.Subjects[0].Attribution; a != nil {
		class = a.Agency
	}
	shown := string(class)
	if shown == "" {
		shown = "(an outcome)"
	}
	n.say("  %-12s VERIFIED  %-17s %2d checks passed, %d rest on the register's word", k.step.name, shown, passed, asserted)
	return string(class) == k.step.class
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
	n.say("  deed-verify -trust %s/trust %s/evidence/directed.deed.zip", dir, dir)
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
