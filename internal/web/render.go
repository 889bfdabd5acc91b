package web

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
)

// frame is what every page has around it.
type frame struct {
	Title  string
	Log    string
	Person string // who has signed in, or ""
	Token  string // for forms
	Here   string // path
}

func (p *Page) frame(r *http.Request, title string) frame {
	f := frame{Title: title, Log: p.Log.Origin(), Here: r.URL.Path}
	if r.Context().Value(strangerKey{}) != nil {
		return f
	}
	if s, _, err := p.current(r); err == nil && s != nil {
		f.Person, f.Token = s.person, s.token
	}
	return f
}

// passkeyOptions are what the script hands to navigator.credentials. The challenge of
// a statement is not among them: the script computes it from what is shown.
type passkeyOptions struct {
	RPID       string
	Credential []byte // to sign with
	Challenge  []byte
	User       []byte // of a new passkey
	Name       string
}

// JSON is the options as the script reads them.
func (o passkeyOptions) JSON() (string, error) {
	encode := base64.RawURLEncoding.EncodeToString
	doc, err := json.Marshal(struct {
		RPID       string `json:"rpId"`
		Credential string `json:"credential,omitempty"`
		Challenge  string `json:"challenge,omitempty"`
		User       string `json:"user,omitempty"`
		Name       string `json:"name,omitempty"`
	}{o.RPID, encode(o.Credential), encode(o.Challenge), encode(o.User), o.Name})
	return string(doc), err
}

// pages are the templates that are shown, each within the layout.
var pages = []string{"error", "signin", "list", "request", "refuse", "instruct", "signed", "warrant", "invitation"}

func parseTemplates() (map[string]*template.Template, error) {
	out := map[string]*template.Template{}
	for _, name := range pages {
		t, err := template.New("layout.html").ParseFS(files, "templates/layout.html", "templates/parts.html", "templates/"+name+".html")
		if err != nil {
			return nil, fmt.Errorf("reading templates: %w", err)
		}
		out[name] = t
	}
	return out, nil
}

// render shows a page, whole or not at all.
func (p *Page) render(w http.ResponseWriter, status int, name string, data any) error {
	var b bytes.Buffer
	if err := p.templates[name].Execute(&b, data); err != nil {
		return fmt.Errorf("showing %s: %w", name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(b.Bytes()) // who has gone does not read it
	return nil
}

// asset is a file that pages load.
type asset struct {
	kind, tag string
	content   []byte
}

var assetKinds = map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}

func readAssets() (map[string]asset, error) {
	out := map[string]asset{}
	list, err := fs.ReadDir(files, "static")
	if err != nil {
		return nil, err
	}
	for _, f := range list {
		content, err := fs.ReadFile(files, "static/"+f.Name())
		if err != nil {
			return nil, err
		}
		kind := assetKinds[path.Ext(f.Name())]
		if kind == "" {
			return nil, fmt.Errorf("static/%s is of no kind that is served", f.Name())
		}
		out[f.Name()] = asset{kind, `"` + attest.DigestOf(content).Hex()[:16] + `"`, content}
	}
	return out, nil
}

// asset serves a file; a browser asks each time whether it has changed.
func (p *Page) asset(w http.ResponseWriter, r *http.Request) error {
	a, ok := p.assets[r.PathValue("name")]
	if !ok {
		return errNotFound
	}
	h := w.Header()
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", a.tag)
	h.Set("Content-Type", a.kind)
	if strings.Contains(r.Header.Get("If-None-Match"), a.tag) {
		w.WriteHeader(http.StatusNotModified)
		return nil
	}
	_, _ = w.Write(a.content) // who has gone does not read it
	return nil
}
