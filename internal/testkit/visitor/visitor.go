// Package visitor is a browser without a screen, for tests of the approval page: it
// reads pages, fills in forms, and answers for a passkey as static/passkey.js does.
package visitor

import (
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/authenticator"
)

// Visitor is one browser. A test may change every field, and Header for requests that
// are not a browser's.
type Visitor struct {
	Client *http.Client
	Origin string
	Device *authenticator.Authenticator
	Header func(http.Header) // changes what a form is sent with

	Status int
	Path   string // where redirects led
	Body   string
	Got    http.Header
}

// New returns a visitor of the page at an origin, which may be reached elsewhere by
// the transport.
func New(transport http.RoundTripper, origin string, device *authenticator.Authenticator) *Visitor {
	jar, err := cookiejar.New(nil)
	if err != nil {
		panic(err) // it never fails
	}
	return &Visitor{Client: &http.Client{Jar: jar, Transport: transport}, Origin: origin, Device: device}
}

// Open reads a page.
func (v *Visitor) Open(path string) error {
	r, err := http.NewRequest(http.MethodGet, v.Origin+path, nil)
	if err != nil {
		return err
	}
	return v.do(r)
}

// Send sends a form.
func (v *Visitor) Send(action string, fields map[string]string) error {
	values := url.Values{}
	for name, value := range fields {
		values.Set(name, value)
	}
	r, err := http.NewRequest(http.MethodPost, v.Origin+action, strings.NewReader(values.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", v.Origin)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if v.Header != nil {
		v.Header(r.Header)
	}
	return v.do(r)
}

func (v *Visitor) do(r *http.Request) error {
	answer, err := v.Client.Do(r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	v.Status, v.Path, v.Body, v.Got = answer.StatusCode, answer.Request.URL.Path, string(body), answer.Header
	return err
}

// Form is a form of the page that was read last.
type Form struct {
	Action  string
	Fields  map[string]string
	Passkey string // get, create or ""
	options string
	payload string // what it is to sign, or ""
}

var (
	formTag   = regexp.MustCompile(`(?s)<form ([^>]*)>(.*?)</form>`)
	inputTag  = regexp.MustCompile(`<input ([^>]*)>`)
	attribute = regexp.MustCompile(`([a-z-]+)="([^"]*)"`)
)

func attributes(text string) map[string]string {
	out := map[string]string{}
	for _, a := range attribute.FindAllStringSubmatch(text, -1) {
		out[a[1]] = html.UnescapeString(a[2])
	}
	return out
}

// Form finds the form with this action.
func (v *Visitor) Form(action string) (*Form, error) {
	for _, found := range formTag.FindAllStringSubmatch(v.Body, -1) {
		a := attributes(found[1])
		if a["action"] != action {
			continue
		}
		f := &Form{Action: a["action"], Fields: map[string]string{}, Passkey: a["data-passkey"], options: a["data-options"]}
		for _, input := range inputTag.FindAllStringSubmatch(found[2], -1) {
			i := attributes(input[1])
			f.Fields[i["name"]] = i["value"]
		}
		if id := a["data-payload"]; id != "" {
			f.payload = v.Text(id)
		}
		return f, nil
	}
	return nil, fmt.Errorf("no form for %s at %s, status %d: %s", action, v.Path, v.Status, v.Body)
}

// Text is what an element shows.
func (v *Visitor) Text(id string) string {
	_, rest, ok := strings.Cut(v.Body, ` id="`+id+`"`)
	if !ok {
		return ""
	}
	_, rest, _ = strings.Cut(rest, ">")
	text, _, _ := strings.Cut(rest, "</")
	return html.UnescapeString(text)
}

// Answer asks the device, as the script does, and puts the answer into the form.
func (v *Visitor) Answer(f *Form) error {
	if f.Passkey == "create" {
		f.Fields["answer"] = string(v.Device.CreateJSON())
		return nil
	}
	var o struct {
		RPID      string `json:"rpId"`
		Challenge string `json:"challenge"`
	}
	if err := json.Unmarshal([]byte(f.options), &o); err != nil {
		return err
	}
	if f.payload != "" {
		challenge := attest.Challenge([]byte(f.payload))
		o.Challenge = base64.RawURLEncoding.EncodeToString(challenge[:])
	}
	options, err := json.Marshal(o)
	if err != nil {
		return err
	}
	answer, err := v.Device.GetJSON(options)
	f.Fields["answer"] = string(answer)
	return err
}

// Sign completes a form of the page with the passkey, and sends it.
func (v *Visitor) Sign(action string) error {
	f, err := v.Form(action)
	if err != nil {
		return err
	}
	if err := v.Answer(f); err != nil {
		return err
	}
	return v.Send(f.Action, f.Fields)
}

// SignIn signs in as somebody.
func (v *Visitor) SignIn(name string) error {
	if err := v.Send("/sign-in", map[string]string{"name": name}); err != nil {
		return err
	}
	return v.Sign("/sign-in/answer")
}

// Register takes an invitation up to where the administrator signs.
func (v *Visitor) Register(path string) error {
	for _, step := range []func() error{
		func() error { return v.Open(path) },
		func() error { return v.Sign(path + "/passkey") },
		func() error { return v.Sign(path + "/proof") },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}
