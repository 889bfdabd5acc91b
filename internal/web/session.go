package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/deedlog/deed/attest"
)

// Limits of sessions. They are the server's memory: a restart ends all.
const (
	sessionLife = 30 * time.Minute // from the sign-in
	sessionIdle = 10 * time.Minute // from the last request
	maxSessions = 1024
	maxOfPerson = 8
)

// session is one person at one browser.
type session struct {
	person string
	key    attest.Digest // of the passkey that signed in
	token  string        // for the forms of this session

	begun, used time.Time // guarded by sessions.mu
	drafts      drafts
	texts       texts
}

// remember keeps the text of an instruction that was signed, for the person to copy:
// the log has it not.
func (s *session) remember(id attest.ID, text string) {
	if text != "" {
		s.texts.keep(id, text)
	}
}

func (s *session) recall(id attest.ID) string { return s.texts.find(id) }

// maxTexts is how many texts a session keeps.
const maxTexts = 4

// texts are the last texts that a person signed.
type texts struct {
	mu   sync.Mutex
	list []keptText
}

type keptText struct {
	id   attest.ID
	text string
}

func (t *texts) keep(id attest.ID, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list = append(t.list, keptText{id, text})
	t.list = t.list[max(0, len(t.list)-maxTexts):]
}

func (t *texts) find(id attest.ID) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, k := range t.list {
		if k.id == id {
			return k.text
		}
	}
	return ""
}

// sessions are found by the hash of what the cookie holds.
type sessions struct {
	mu    sync.Mutex
	items map[[32]byte]*session
}

// expired reports whether a session has ended.
func (s *session) expired(now time.Time) bool {
	return now.Sub(s.begun) >= sessionLife || now.Sub(s.used) >= sessionIdle
}

// add keeps a session; ok is false where there is no room. Of one person the oldest
// goes.
func (s *sessions) add(cookie string, n *session, now time.Time) (ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prune(now)
	var oldest [32]byte
	own := 0
	for sum, other := range s.items {
		if other.person != n.person {
			continue
		}
		if own == 0 || other.begun.Before(s.items[oldest].begun) {
			oldest = sum
		}
		own++
	}
	if own >= maxOfPerson {
		delete(s.items, oldest)
	}
	if len(s.items) >= maxSessions {
		return false
	}
	if s.items == nil {
		s.items = map[[32]byte]*session{}
	}
	n.begun, n.used = now, now
	s.items[sha256.Sum256([]byte(cookie))] = n
	return true
}

// find returns the session of a cookie, or nil.
func (s *sessions) find(cookie string, now time.Time) *session {
	s.mu.Lock()
	defer s.mu.Unlock()
	sum := sha256.Sum256([]byte(cookie))
	found := s.items[sum]
	if found == nil {
		return nil
	}
	if found.expired(now) {
		delete(s.items, sum)
		return nil
	}
	found.used = now
	return found
}

func (s *sessions) end(cookie string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.items, sha256.Sum256([]byte(cookie)))
}

// count says how many there are.
func (s *sessions) count(now time.Time) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.prune(now)
	return len(s.items)
}

func (s *sessions) prune(now time.Time) {
	for sum, old := range s.items {
		if old.expired(now) {
			delete(s.items, sum)
		}
	}
}

// cookieName says to the browser that the cookie is this host's alone.
func (p *Page) cookieName() string {
	if p.secure {
		return "__Host-deed"
	}
	return "deed"
}

func (p *Page) setCookie(w http.ResponseWriter, value string, age int) {
	http.SetCookie(w, &http.Cookie{
		Name: p.cookieName(), Value: value, Path: "/", MaxAge: age,
		HttpOnly: true, Secure: p.secure, SameSite: http.SameSiteStrictMode,
	})
}

// begin makes a session of a person who has signed in.
func (p *Page) begin(w http.ResponseWriter, person string, key attest.Digest) error {
	cookie, err := p.random()
	if err != nil {
		return err
	}
	token, err := p.random()
	if err != nil {
		return err
	}
	if !p.sessions.add(cookie, &session{person: person, key: key, token: token}, p.Now()) {
		return refuse(http.StatusServiceUnavailable, "Busy", "Too many people are signed in. Try again later.")
	}
	p.setCookie(w, cookie, int(sessionLife/time.Second))
	return nil
}

// random is 32 random bytes in base64url.
func (p *Page) random() (string, error) {
	var b [32]byte
	if _, err := io.ReadFull(p.Rand, b[:]); err != nil {
		return "", fmt.Errorf("drawing random bytes: %w", err)
	}
	return base64.RawURLEncoding.EncodeToString(b[:]), nil
}

// current is the session that a request belongs to, or nil. It ends when another
// key is registered for the person, or none, or theirs is declared compromised.
func (p *Page) current(r *http.Request) (*session, *attest.Person, error) {
	c, err := r.Cookie(p.cookieName())
	if err != nil {
		return nil, nil, nil
	}
	s := p.sessions.find(c.Value, p.Now())
	if s == nil {
		return nil, nil, nil
	}
	person, err := p.trusted(s.person)
	if err != nil {
		return nil, nil, err
	}
	if person == nil || person.Credential().Digest() != s.key {
		p.sessions.end(c.Value)
		return nil, nil, nil
	}
	return s, person, nil
}

// trusted is the registration of a person that is in force, or nil: also of one whose
// key is declared compromised, who may be another.
func (p *Page) trusted(name string) (*attest.Person, error) {
	person, err := p.Log.Person(name)
	if err != nil || person == nil {
		return nil, err
	}
	if gone, err := p.Log.Compromised(person); err != nil || gone {
		return nil, err
	}
	return person, nil
}

// visit is a request of a person who has signed in.
type visit struct {
	*http.Request
	session *session
	person  *attest.Person
	fields  map[string]string // of a form
}

// known lets in people who have signed in; a form must have the session's token.
func (p *Page) known(h func(http.ResponseWriter, *visit) error) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, person, err := p.current(r)
		if err != nil {
			return err
		}
		if s == nil {
			return p.sendToSignIn(w, r)
		}
		v := &visit{Request: r, session: s, person: person}
		if r.Method != http.MethodPost {
			return h(w, v)
		}
		if v.fields, err = form(r); err != nil {
			return err
		}
		if subtle.ConstantTimeCompare([]byte(v.fields["token"]), []byte(s.token)) != 1 {
			return refuse(http.StatusForbidden, "Refused", "The form is not one of your session. Look again.")
		}
		return h(w, v)
	}
}

func (p *Page) sendToSignIn(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodPost {
		return refuse(http.StatusUnauthorized, "Signed out", "Your session has ended. Sign in again; nothing was signed by this.")
	}
	http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
	return nil
}

// mac authenticates what the page gives away to get it back.
func (p *Page) mac(purpose string, parts ...string) []byte {
	h := hmac.New(sha256.New, p.secret[:])
	fmt.Fprintf(h, "%q", append([]string{purpose}, parts...))
	return h.Sum(nil)
}
