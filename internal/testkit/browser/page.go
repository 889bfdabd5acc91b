package browser

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"
)

// Page is a tab with cookies of its own.
type Page struct {
	b       *Browser
	session string

	mu       sync.Mutex
	problems []string // what the console and the network complain about
	status   int
	loads    int
}

// Page opens a tab in a profile of its own.
func (b *Browser) Page(t testing.TB) *Page {
	t.Helper()
	var context struct {
		ID string `json:"browserContextId"`
	}
	must(t, b.call("", "Target.createBrowserContext", nil, &context))
	var target struct {
		ID string `json:"targetId"`
	}
	must(t, b.call("", "Target.createTarget", map[string]any{"url": "about:blank", "browserContextId": context.ID}, &target))
	var attached struct {
		Session string `json:"sessionId"`
	}
	must(t, b.call("", "Target.attachToTarget", map[string]any{"targetId": target.ID, "flatten": true}, &attached))
	p := &Page{b: b, session: attached.Session}
	b.mu.Lock()
	b.events[p.session] = p.event
	b.mu.Unlock()
	for _, domain := range []string{"Page", "Runtime", "Network", "Log"} {
		p.call(t, domain+".enable", nil, nil)
	}
	p.Size(t, 1280, 900, false)
	return p
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *Page) call(t testing.TB, method string, params, result any) {
	t.Helper()
	must(t, p.b.call(p.session, method, params, result))
}

// event notes what went wrong on the page, and how its document was answered.
func (p *Page) event(method string, params json.RawMessage) {
	var e struct {
		Type     string `json:"type"`
		Response struct {
			Status int `json:"status"`
		} `json:"response"`
		Entry struct {
			Level string `json:"level"`
			Text  string `json:"text"`
			URL   string `json:"url"`
		} `json:"entry"`
		Exception struct {
			Text string `json:"text"`
		} `json:"exceptionDetails"`
	}
	_ = json.Unmarshal(params, &e) // what is not there is not of interest
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case method == "Network.responseReceived" && e.Type == "Document":
		p.status = e.Response.Status
	case method == "Log.entryAdded" && e.Entry.Level == "error" && !strings.HasPrefix(e.Entry.Text, "Failed to load resource"):
		p.problems = append(p.problems, e.Entry.Text+" "+e.Entry.URL)
	case method == "Page.loadEventFired":
		p.loads++
	case method == "Runtime.exceptionThrown":
		p.problems = append(p.problems, e.Exception.Text)
	}
}

// Problems are what the console said: blocked scripts and styles, errors.
func (p *Page) Problems() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.problems...)
}

// Status is that of the last document.
func (p *Page) Status() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.status
}

// Open goes to an address and waits until its document is loaded.
func (p *Page) Open(t testing.TB, url string) {
	t.Helper()
	p.leave(t, func() { p.call(t, "Page.navigate", map[string]any{"url": url}, nil) })
}

// OpenStill is Open for a page whose scripts are off.
func (p *Page) OpenStill(t testing.TB, url string) {
	t.Helper()
	count := func() int { p.mu.Lock(); defer p.mu.Unlock(); return p.loads }
	before := count()
	p.call(t, "Page.navigate", map[string]any{"url": url}, nil)
	for deadline := time.Now().Add(patience); count() == before; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s is not loaded in %v", url, patience)
		}
	}
}

// HTML is the document, read without a script.
func (p *Page) HTML(t testing.TB) string {
	t.Helper()
	var document struct {
		Root struct {
			NodeID int `json:"nodeId"`
		} `json:"root"`
	}
	p.call(t, "DOM.getDocument", nil, &document)
	var outer struct {
		HTML string `json:"outerHTML"`
	}
	p.call(t, "DOM.getOuterHTML", map[string]any{"nodeId": document.Root.NodeID}, &outer)
	return outer.HTML
}

// Send sends a form to an address, from the page that is shown.
func (p *Page) Send(t testing.TB, action string, fields map[string]string) {
	t.Helper()
	doc, err := json.Marshal(fields)
	must(t, err)
	p.leave(t, func() {
		p.Eval(t, `void ((fields) => {
			const form = document.createElement("form");
			form.method = "post";
			form.action = `+quote(action)+`;
			for (const [name, value] of Object.entries(fields)) {
				const input = document.createElement("input");
				input.type = "hidden";
				input.name = name;
				input.value = value;
				form.append(input);
			}
			document.body.append(form);
			HTMLFormElement.prototype.submit.call(form);
		})(`+string(doc)+`)`, nil)
	})
}

// Click clicks what a selector finds, and waits for the next document.
func (p *Page) Click(t testing.TB, selector string) {
	t.Helper()
	p.leave(t, func() { p.Press(t, selector) })
}

// Press clicks what a selector finds, with the mouse, and stays.
func (p *Page) Press(t testing.TB, selector string) {
	t.Helper()
	var at [2]float64
	p.Eval(t, `(() => { const e = document.querySelector(`+quote(selector)+`); e.scrollIntoView({block: "center"});
		const r = e.getBoundingClientRect(); return [r.left + r.width / 2, r.top + r.height / 2] })()`, &at)
	for _, kind := range []string{"mousePressed", "mouseReleased"} {
		p.call(t, "Input.dispatchMouseEvent", map[string]any{"type": kind, "x": at[0], "y": at[1], "button": "left", "clickCount": 1}, nil)
	}
}

// leave does what leads to another document, and waits for it.
func (p *Page) leave(t testing.TB, do func()) {
	t.Helper()
	p.Eval(t, `void (window.deedWasHere = true)`, nil)
	do()
	p.Until(t, `document.readyState === "complete" && !window.deedWasHere && location.href !== "about:blank"`)
}

// Fill types a text into a field.
func (p *Page) Fill(t testing.TB, selector, text string) {
	t.Helper()
	p.Eval(t, `(() => { const e = document.querySelector(`+quote(selector)+`); e.focus(); e.select && e.select() })()`, nil)
	p.call(t, "Input.insertText", map[string]any{"text": text}, nil)
}

// Choose chooses an option of a list.
func (p *Page) Choose(t testing.TB, selector, value string) {
	t.Helper()
	p.Eval(t, `document.querySelector(`+quote(selector)+`).value = `+quote(value), nil)
}

// Eval runs a script of the test's and reads what it gives.
func (p *Page) Eval(t testing.TB, script string, result any) {
	t.Helper()
	must(t, p.eval(script, result))
}

func (p *Page) eval(script string, result any) error {
	var out struct {
		Result struct {
			Value json.RawMessage `json:"value"`
		} `json:"result"`
		Exception *struct {
			Text      string `json:"text"`
			Exception struct {
				Description string `json:"description"`
			} `json:"exception"`
		} `json:"exceptionDetails"`
	}
	err := p.b.call(p.session, "Runtime.evaluate", map[string]any{"expression": script, "returnByValue": true, "awaitPromise": true}, &out)
	switch {
	case err != nil:
		return err
	case out.Exception != nil:
		return fmt.Errorf("%s: %s %s", script, out.Exception.Text, out.Exception.Exception.Description)
	case result == nil:
		return nil
	}
	return json.Unmarshal(out.Result.Value, result)
}

// Until waits until a script gives true. A script that is cut off by the next
// document is run again there.
func (p *Page) Until(t testing.TB, script string) {
	t.Helper()
	deadline := time.Now().Add(patience)
	for {
		done := false
		err := p.eval(script, &done)
		if done {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not in %v: %s: %v; the page says: %s", patience, script, err, p.Text(t))
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// Text is what the page shows, to whom looks.
func (p *Page) Text(t testing.TB) (text string) {
	t.Helper()
	p.Eval(t, `document.body.innerText`, &text)
	return text
}

// Path is where the page is.
func (p *Page) Path(t testing.TB) (path string) {
	t.Helper()
	p.Eval(t, `location.pathname`, &path)
	return path
}

// Says checks that the page shows some texts.
func (p *Page) Says(t testing.TB, texts ...string) {
	t.Helper()
	shown := p.Text(t)
	for _, text := range texts {
		if !strings.Contains(shown, text) {
			t.Errorf("%s does not say %q: %s", p.Path(t), text, shown)
		}
	}
}

// Size sets the size of the window; mobile is that of a phone.
func (p *Page) Size(t testing.TB, width, height int, mobile bool) {
	t.Helper()
	scale := 1
	if mobile {
		scale = 2
	}
	p.call(t, "Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": scale, "mobile": mobile}, nil)
}

// Scheme sets what the person prefers: light or dark, and nothing that moves.
func (p *Page) Scheme(t testing.TB, scheme string) {
	t.Helper()
	p.call(t, "Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}, {"name": "prefers-reduced-motion", "value": "reduce"}}}, nil)
}

// Script switches JavaScript on or off.
func (p *Page) Script(t testing.TB, on bool) {
	t.Helper()
	p.call(t, "Emulation.setScriptExecutionDisabled", map[string]any{"value": !on}, nil)
}

// Screenshot is what the window shows as PNG, or the whole page.
func (p *Page) Screenshot(t testing.TB, whole bool) []byte {
	t.Helper()
	var shot struct {
		Data string `json:"data"`
	}
	p.call(t, "Page.captureScreenshot", map[string]any{"format": "png", "captureBeyondViewport": whole}, &shot)
	png, err := base64.StdEncoding.DecodeString(shot.Data)
	must(t, err)
	return png
}

// quote is a text as a script has it.
func quote(s string) string {
	doc, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string is always written
	}
	return string(doc)
}
