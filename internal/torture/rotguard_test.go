//go:build torture

package torture

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/internal/setup"
)

// A guard is the process that reads, and its pipes.
type guard struct {
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan string
	at    string // what it was reading last
	log   *os.File
}

// newGuard starts one on a copy of the database of its own.
func (w *world) newGuard(t *testing.T) (*guard, error) {
	dir, err := os.MkdirTemp(t.TempDir(), "guard")
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, setup.ConfigFile)
	doc, err := os.ReadFile(filepath.Join(w.dir, setup.ConfigFile))
	if err != nil {
		return nil, err
	}
	text := strings.NewReplacer("head: head\n", "head: "+w.instance.Config.Head+"\n", "keys/", filepath.Join(w.dir, "keys")+"/").Replace(string(doc))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		return nil, err
	}
	copyFile(t, w.database(), filepath.Join(dir, "ledger.db"))
	g := &guard{lines: make(chan string, 64)}
	if g.log, err = os.Create(filepath.Join(dir, "log")); err != nil {
		return nil, err
	}
	g.cmd = exec.Command(os.Args[0], "-test.run=^TestRotGuard$", "-test.timeout=0")
	g.cmd.Env = append(os.Environ(), scenarioRot+"="+config, "GOGC=400")
	g.cmd.Stderr = g.log
	if g.in, err = g.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := g.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := g.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		lines := bufio.NewScanner(out)
		lines.Buffer(nil, 4<<20)
		for lines.Scan() {
			g.lines <- lines.Text()
		}
		close(g.lines)
	}()
	return g, g.ready()
}

// ready waits until the sound database was read.
func (g *guard) ready() error {
	for deadline := time.After(time.Minute); ; {
		select {
		case line, ok := <-g.lines:
			if line == "ready" {
				return nil
			}
			if !ok {
				return fmt.Errorf("the process that reads does not start: %s", g.words())
			}
		case <-deadline:
			return fmt.Errorf("the process that reads does not start in a minute")
		}
	}
}

// try lets it read the file with one bit changed. It is not alive any more if
// the file ended it; an error is a hang.
func (g *guard) try(f flip) (out finding, alive bool, err error) {
	g.at = "file"
	if _, err := fmt.Fprintln(g.in, f.Offset, f.Bit); err != nil {
		return out, false, nil
	}
	for deadline := time.After(rotLimit); ; {
		select {
		case line, ok := <-g.lines:
			if !ok {
				return out, false, nil
			}
			if at, found := strings.CutPrefix(line, "at "); found {
				g.at = at
				continue
			}
			if doc, found := strings.CutPrefix(line, "found "); found {
				return out, true, json.Unmarshal([]byte(doc), &out)
			}
		case <-deadline:
			return out, false, fmt.Errorf("HANG: no answer after %v, while reading %s", rotLimit, g.at)
		}
	}
}

func (g *guard) words() string {
	text, _ := os.ReadFile(g.log.Name())
	return string(text)
}

func (g *guard) end() {
	if g == nil {
		return
	}
	_ = g.in.Close()
	_ = g.cmd.Process.Kill()
	_ = g.cmd.Wait()
	_ = g.log.Close()
}
