//go:build browser

package web_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/browser"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// look measures the page that is shown, on a phone and on a desktop, light and dark.
// With DEED_SCREENSHOTS it keeps a picture of each there.
func (s *stage) look(p *browser.Page, name string) {
	s.Helper()
	dir := os.Getenv("DEED_SCREENSHOTS")
	for _, scheme := range []string{"light", "dark"} {
		for _, size := range []struct {
			name          string
			width, height int
			mobile        bool
		}{{"phone", 360, 740, true}, {"desktop", 1280, 900, false}} {
			p.Scheme(s, scheme)
			p.Size(s, size.width, size.height, size.mobile)
			var bad []string
			p.Eval(s, measure, &bad)
			if len(bad) > 0 {
				s.Errorf("%s, %s, %s: %s", name, scheme, size.name, strings.Join(bad, "\n"))
			}
			if dir == "" {
				continue
			}
			for kind, whole := range map[string]bool{"": false, "-whole": true} {
				file := filepath.Join(dir, fmt.Sprintf("%s-%s-%s%s.png", name, size.name, scheme, kind))
				s.Check(os.WriteFile(file, p.Screenshot(s, whole), 0o600))
			}
		}
	}
	p.Scheme(s, "light")
	p.Size(s, 360, 740, true)
}

// Nothing is wider than a phone, every control has a name and is large enough for a
// thumb, and texts stand out from what is behind them, in both schemes; on a phone
// everything works.
func TestBrowserLooks(t *testing.T) {
	s := newStage(t)
	id := s.asks("12500.00")
	ines := &cast.Party{Party: attest.Party{ID: "ines", Kind: attest.ByPerson}}
	s.allow(s.Endorsed(s.Sign(s.Admin, s.Issuer(ines, s.Treasurer, cast.Payments("50000.00"), attest.HumanInstruction)), s.Second))
	p := s.chromium.Page(t)
	p.Authenticator(t)
	path := s.invited("ines")
	p.Open(t, s.origin+path)
	s.look(p, "invitation-create")
	p.Click(t, "form[data-passkey=create] button")
	s.look(p, "invitation-prove")
	p.Click(t, "form[data-passkey=get] button")
	s.look(p, "invitation-wait")
	s.finish(path)
	p.Open(t, s.origin+path)
	s.look(p, "invitation-done")
	p.Open(t, s.origin+"/sign-in")
	s.look(p, "sign-in")
	p.Fill(t, "#name", "Ines M")
	p.Click(t, "main button")
	s.look(p, "sign-in-problem")
	p.Fill(t, "#name", "ines")
	p.Click(t, "main button")
	s.look(p, "sign-in-passkey")
	p.Click(t, "form[data-passkey] button")
	s.look(p, "list")
	s.at(p, id)
	s.look(p, "request")
	p.Eval(t, `document.querySelectorAll("details").forEach((d) => { d.open = true; })`, nil)
	s.look(p, "request-in-full")
	p.Fill(t, "#reason", "not before the goods are here")
	p.Click(t, `form[action$="/refuse"] button`)
	s.look(p, "refuse")
	p.Click(t, approveButton)
	s.look(p, "refused")
	s.at(p, id)
	s.look(p, "request-refused")
	p.Click(t, approveButton)
	s.look(p, "approved")
	p.Open(t, s.origin+"/request/"+string(id))
	s.look(p, "request-approved")
	p.Open(t, s.origin+"/")
	s.look(p, "list-empty")
	p.Open(t, s.origin+"/instruct")
	s.look(p, "instruct")
	p.Fill(t, "#to", s.Payments.ID)
	p.Fill(t, "#text", "Please pay invoice 4711 of the builders when the roof is done.")
	p.Fill(t, "#action0", "payments.transfer")
	p.Click(t, `form[action="/instruct"] > button`)
	s.look(p, "instruct-problem")
	p.Fill(t, "#resource0", "bank_account:iban/DE/1")
	p.Fill(t, "#limits0", "amount<=250.00EUR reference=INV/2026/4711")
	p.Click(t, `form[action="/instruct"] > button`)
	s.look(p, "instruct-review")
	p.Click(t, `form[data-payload] button`)
	s.look(p, "instructed")
	p.Fill(t, "#purpose", "pay the builders")
	p.Click(t, `form[action$="/warrant"] button`)
	s.look(p, "warrant")
	p.Click(t, `form[data-payload] button`)
	s.look(p, "warranted")
	p.Open(t, s.origin+"/nothing")
	s.look(p, "error")
	s.clean(p)
}

// measure lists what is wrong with a page: its width, controls without a name or too
// small, levels of headings, IDs that are there twice, contrast.
const measure = `(() => {
	const bad = [];
	const root = document.documentElement;
	if (root.scrollWidth > root.clientWidth) bad.push("wider than the window: " + root.scrollWidth + " of " + root.clientWidth);
	const visible = (e) => e.getClientRects().length > 0 && getComputedStyle(e).visibility !== "hidden";
	const name = (e) => e.outerHTML.slice(0, 120);
	for (const e of document.querySelectorAll("button, .button, nav a, input:not([type=hidden]):not([type=checkbox]), .check, textarea, select, summary")) {
		const r = e.getBoundingClientRect();
		if (visible(e) && (r.height < 44 || r.width < 44)) bad.push("small: " + r.width + "x" + r.height + " " + name(e));
	}
	for (const e of document.querySelectorAll("input:not([type=hidden]), textarea, select")) {
		if (!e.labels.length) bad.push("no label: " + name(e));
	}
	const ids = new Set();
	for (const e of document.querySelectorAll("[id]")) {
		if (ids.has(e.id)) bad.push("twice: " + e.id);
		ids.add(e.id);
	}
	for (const e of document.querySelectorAll("[aria-describedby], [aria-labelledby]")) {
		const id = e.getAttribute("aria-describedby") || e.getAttribute("aria-labelledby");
		if (!ids.has(id)) bad.push("refers to nothing: " + id);
	}
	if (document.querySelectorAll("h1").length !== 1 || document.querySelectorAll("main").length !== 1) bad.push("want one h1 and one main");
	const colour = (text) => {
		const n = text.match(/[\d.]+/g).map(Number);
		return n.length < 4 || n[3] > 0 ? n.slice(0, 3) : null;
	};
	const light = (c) => {
		const [r, g, b] = c.map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
		return 0.2126 * r + 0.7152 * g + 0.0722 * b;
	};
	const behind = (e) => {
		for (; e; e = e.parentElement) {
			const c = colour(getComputedStyle(e).backgroundColor);
			if (c) return c;
		}
		return [255, 255, 255];
	};
	const seen = new Set();
	const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
	for (let n = walk.nextNode(); n; n = walk.nextNode()) {
		const e = n.parentElement;
		if (!n.data.trim() || !visible(e) || seen.has(e) || e.closest("script, noscript")) continue;
		seen.add(e);
		const [a, b] = [light(colour(getComputedStyle(e).color)), light(behind(e))];
		const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
		if (ratio < 4.5) bad.push("contrast " + ratio.toFixed(2) + ": " + n.data.trim().slice(0, 60));
	}
	return bad;
})()`
