package metrics

import (
	"github.com/prometheus/client_golang/prometheus"
)

// Routes of the approval page.
const (
	WebSignIn     = "sign_in"
	WebList       = "list"
	WebRequest    = "request"
	WebInstruct   = "instruct"
	WebSign       = "sign"
	WebInvitation = "invitation"
	WebAsset      = "asset"
)

var (
	webRoutes   = []string{WebSignIn, WebList, WebRequest, WebInstruct, WebSign, WebInvitation, WebAsset}
	webAnswers  = []string{"ok", "moved", "refused", "failed"}
	webSigned   = []string{"session", "approval", "refusal", "instruction", "warrant", "person"}
	webOutcomes = []string{"taken", "denied", "refused"}
)

// web is what is counted of the approval page.
type web struct {
	webRequests closed[closed[prometheus.Counter]]
	webSigned   closed[closed[prometheus.Counter]]
}

func newWeb(r *prometheus.Registry) web {
	requests := pairs(r, "web_requests_total", "Requests to the approval page, by what they ask for and how it ended.", "route", "answer")
	signed := pairs(r, "web_signatures_total", "Answers of passkeys at the approval page, by what they are for and what became of them.", "for", "outcome")
	return web{webRequests: requests(webRoutes, webAnswers), webSigned: signed(webSigned, webOutcomes)}
}

// pairs makes counters with two labels.
func pairs(r *prometheus.Registry, name, help, first, second string) func(a, b []string) closed[closed[prometheus.Counter]] {
	vec := prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, []string{first, second})
	r.MustRegister(vec)
	return func(a, b []string) closed[closed[prometheus.Counter]] {
		return resolve(a, func(x string) closed[prometheus.Counter] {
			return resolve(b, func(y string) prometheus.Counter { return vec.WithLabelValues(x, y) })
		})
	}
}

// WebRequest counts a request to the approval page by the status of its answer.
func (w *web) WebRequest(route string, status int) {
	answer := "ok"
	switch {
	case status >= 500:
		answer = "failed"
	case status >= 400:
		answer = "refused"
	case status >= 300:
		answer = "moved"
	}
	w.webRequests.of(route).of(answer).Inc()
}

// WebSigned counts the answer of a passkey at the approval page.
func (w *web) WebSigned(what, outcome string) { w.webSigned.of(what).of(outcome).Inc() }
