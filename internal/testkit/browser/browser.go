// Package browser drives a headless Chromium over the DevTools protocol, with a
// virtual authenticator: for tests of the approval page as people use it. It talks
// over a pipe to the process (--remote-debugging-pipe), so that it needs no library
// and opens no port.
//
//	b := browser.Start(t)
//	page := b.Page(t)
//	page.Authenticator(t)
//	page.Open(t, "http://localhost:7380/")
//	page.Click(t, "button")
package browser

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"
)

// patience is how long anything may take.
const patience = 20 * time.Second

// Browser is a running Chromium.
type Browser struct {
	process *exec.Cmd
	to      io.Writer
	done    chan struct{}

	mu      sync.Mutex
	next    int
	waiting map[int]chan reply
	failed  error
	events  map[string]func(method string, params json.RawMessage)
}

type message struct {
	ID      int             `json:"id,omitempty"`
	Session string          `json:"sessionId,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  any             `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *protocolError  `json:"error,omitempty"`
}

type received struct {
	ID      int             `json:"id"`
	Session string          `json:"sessionId"`
	Method  string          `json:"method"`
	Params  json.RawMessage `json:"params"`
	Result  json.RawMessage `json:"result"`
	Error   *protocolError  `json:"error"`
}

type protocolError struct {
	Message string `json:"message"`
}

type reply struct {
	result json.RawMessage
	err    error
}

// Find names the Chromium of this machine. There has to be one: a test of the page
// that is not run proves nothing.
func Find() (string, error) {
	for _, name := range []string{os.Getenv("CHROMIUM"), "chromium", "chromium-browser", "google-chrome"} {
		if name == "" {
			continue
		}
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("there is no Chromium: apt-get install chromium, or set CHROMIUM to the path of one")
}

// Start starts a browser, which ends with the test.
func Start(t testing.TB) *Browser {
	t.Helper()
	path, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	b, err := start(path, t.TempDir())
	if err != nil {
		t.Fatalf("starting %s: %v", path, err)
	}
	t.Cleanup(b.stop)
	return b
}

func start(path, dir string) (*Browser, error) {
	fromUs, toIt, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	fromIt, toUs, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	args := []string{
		"--headless=new", "--disable-gpu", "--no-first-run", "--no-default-browser-check", "--disable-extensions", "--disable-sync",
		"--disable-background-networking", "--disable-component-update", "--hide-scrollbars", "--disable-dev-shm-usage",
		"--remote-debugging-pipe", "--user-data-dir=" + dir, "about:blank",
	}
	if os.Geteuid() == 0 {
		args = append([]string{"--no-sandbox"}, args...) // its sandbox does not start as root
	}
	b := &Browser{
		process: exec.Command(path, args...), to: toIt, done: make(chan struct{}),
		waiting: map[int]chan reply{}, events: map[string]func(string, json.RawMessage){},
	}
	b.process.ExtraFiles = []*os.File{fromUs, toUs} // 3 and 4
	if err := b.process.Start(); err != nil {
		return nil, err
	}
	_, _ = fromUs.Close(), toUs.Close() // the process has them
	go b.read(fromIt)
	return b, nil
}

// read hands out what the browser says: messages that end with a zero byte.
func (b *Browser) read(from io.Reader) {
	in := bufio.NewReaderSize(from, 1<<20)
	for {
		doc, err := in.ReadBytes(0)
		if err != nil {
			b.fail(fmt.Errorf("the browser ended: %w", err))
			return
		}
		var m received
		if err := json.Unmarshal(doc[:len(doc)-1], &m); err != nil {
			b.fail(err)
			return
		}
		b.hand(m)
	}
}

func (b *Browser) hand(m received) {
	b.mu.Lock()
	to, event := b.waiting[m.ID], b.events[m.Session]
	delete(b.waiting, m.ID)
	b.mu.Unlock()
	switch {
	case m.ID != 0 && to != nil && m.Error != nil:
		to <- reply{err: errors.New(m.Error.Message)}
	case m.ID != 0 && to != nil:
		to <- reply{result: m.Result}
	case m.Method != "" && event != nil:
		event(m.Method, m.Params)
	}
}

func (b *Browser) fail(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failed = err
	for id, to := range b.waiting {
		delete(b.waiting, id)
		to <- reply{err: err}
	}
	close(b.done)
}

// call sends a command and waits for its answer.
func (b *Browser) call(session, method string, params, result any) error {
	b.mu.Lock()
	if b.failed != nil {
		b.mu.Unlock()
		return b.failed
	}
	b.next++
	to := make(chan reply, 1)
	b.waiting[b.next] = to
	doc, err := json.Marshal(message{ID: b.next, Session: session, Method: method, Params: params})
	if err == nil {
		_, err = b.to.Write(append(doc, 0))
	}
	b.mu.Unlock()
	if err != nil {
		return fmt.Errorf("%s: %w", method, err)
	}
	select {
	case r := <-to:
		if r.err != nil {
			return fmt.Errorf("%s: %w", method, r.err)
		}
		if result == nil {
			return nil
		}
		return json.Unmarshal(r.result, result)
	case <-time.After(patience):
		return fmt.Errorf("%s: no answer in %v", method, patience)
	}
}

func (b *Browser) stop() {
	_ = b.call("", "Browser.close", nil, nil)
	select {
	case <-b.done:
	case <-time.After(5 * time.Second):
		_ = b.process.Process.Kill()
	}
	_ = b.process.Wait() // its exit code says nothing
}
