//go:build torture

package torture

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/deedlog/deed/internal/setup"
	"github.com/deedlog/deed/internal/torture/checker"
)

// jobEnv names the file that tells a child what to do.
const jobEnv = "TORTURE_REPLAY"

// stateTimeout is the time a state may take to open and check.
const stateTimeout = 5 * time.Second

// job is what a child opens states with.
type job struct {
	Config, Dir string
	VKeys       []string
	Acks        []checker.Acknowledgement
	Erased      []erased

	newest []uint64 // size of the largest checkpoint of the first n acknowledgements
}

// TestReplayChild is the process that opens states: a damaged file may end it or
// never let go of it. It reads how many acknowledgements came before the crash
// from one pipe, opens the directory, and writes what is wrong to another.
func TestReplayChild(t *testing.T) {
	name := os.Getenv(jobEnv)
	if name == "" {
		t.Skip("for TestReplay")
	}
	doc, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	var j job
	if err := json.Unmarshal(doc, &j); err != nil {
		t.Fatal(err)
	}
	c, err := checker.New(j.VKeys...)
	if err != nil {
		t.Fatal(err)
	}
	if err := j.measure(c); err != nil {
		t.Fatal(err)
	}
	answers := os.NewFile(4, "answers")
	for lines := bufio.NewScanner(os.NewFile(3, "questions")); lines.Scan(); {
		marks, err := strconv.Atoi(lines.Text())
		if err != nil {
			t.Fatal(err)
		}
		text := ""
		if err := j.open(t, c, marks); err != nil {
			text = err.Error()
		}
		if _, err := fmt.Fprintf(answers, "%q\n", text); err != nil {
			t.Fatal(err)
		}
	}
}

func (j *job) measure(c *checker.Checker) error {
	j.newest = []uint64{0}
	for i, a := range j.Acks {
		size, err := c.Size(a.Checkpoint)
		if err != nil {
			return err
		}
		j.newest = append(j.newest, max(j.newest[i], size))
	}
	return nil
}

// open starts and stops the register in the state that the directory is in, as
// deed serve does, and has it checked. The head file must know of everything
// that was acknowledged even before that: it is what tells an old database.
func (j *job) open(t *testing.T, c *checker.Checker, marks int) error {
	head, err := checker.ReadHead(filepath.Join(j.Dir, recordedHead))
	if err != nil {
		return fmt.Errorf("head file as the crash left it: %w", err)
	}
	size, err := c.Size(head)
	if err != nil {
		return fmt.Errorf("head file as the crash left it: %w", err)
	}
	if seen := j.newest[marks]; seen > size {
		return fmt.Errorf("the head file is of size %d, and a checkpoint of size %d left the process", size, seen)
	}
	if err := j.acknowledged(marks); err != nil {
		return err
	}
	instance, err := setup.Open(t.Context(), j.Config, nil)
	if err != nil {
		return err
	}
	if err := errors.Join(instance.Reread(t.Context()), instance.Close()); err != nil {
		return err
	}
	if err := j.wiped(); err != nil {
		return err
	}
	return c.Database(filepath.Join(j.Dir, recordedStore), filepath.Join(j.Dir, recordedHead), j.Acks[:marks], head)
}

// child is such a process.
type child struct {
	cmd       *exec.Cmd
	questions *os.File
	answers   chan string // closed when it has ended
	output    strings.Builder
}

func startChild(jobFile string) (*child, error) {
	in, questions, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	answers, out, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	c := &child{questions: questions, answers: make(chan string)}
	c.cmd = exec.Command(os.Args[0], "-test.run=^TestReplayChild$", "-test.timeout=0")
	c.cmd.Env = append(os.Environ(), jobEnv+"="+jobFile, "DEED_MUTANT=", "DEED_FAILPOINT=")
	c.cmd.ExtraFiles = []*os.File{in, out}
	c.cmd.Stdout, c.cmd.Stderr = &c.output, &c.output
	err = c.cmd.Start()
	_, _ = in.Close(), out.Close() // the child has its own
	if err != nil {
		return nil, err
	}
	go func() {
		for lines := bufio.NewReader(answers); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				break
			}
			c.answers <- line
		}
		_ = answers.Close()
		close(c.answers)
	}()
	return c, nil
}

// ask returns what is wrong with the state, or "". After ok is false the child
// is gone: it crashed over the state, or took too long.
func (c *child) ask(marks int) (wrong string, ok bool) {
	if _, err := fmt.Fprintln(c.questions, marks); err == nil {
		select {
		case line, open := <-c.answers:
			if text, err := strconv.Unquote(strings.TrimSuffix(line, "\n")); open && err == nil {
				return text, true
			}
			return "it crashes the process: " + beginning(c.end()), false
		case <-time.After(stateTimeout):
			_ = c.end()
			return fmt.Sprintf("it does not open within %v", stateTimeout), false
		}
	}
	return "it crashes the process: " + beginning(c.end()), false
}

// end ends the process and returns what it printed.
func (c *child) end() string {
	_ = c.questions.Close()
	_ = c.cmd.Process.Kill()
	for range c.answers { // until the pipe is closed
	}
	_ = c.cmd.Wait()
	return c.output.String()
}

// beginning keeps the beginning of a long text, where a panic says what it is about.
func beginning(text string) string { return text[:min(len(text), 2000)] }
