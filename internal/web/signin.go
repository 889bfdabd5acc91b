package web

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/webauthn"
)

// sessionTag separates the challenges of sign-ins from those of statements: what a
// passkey answers to one is no signature of anything (docs/spec/bytes.md, "Sign-ins").
const sessionTag = "deed/session/v1\x00"

// attemptLife is how long a sign-in may take.
const attemptLife = 3 * time.Minute

// attempt is a sign-in under way, as the page gives it away: it keeps none.
//
//	expires be64 (ms) || 16 random bytes || HMAC-SHA-256 of both and the name
type attempt []byte

const attemptSize = 8 + 16 + sha256.Size

func (p *Page) newAttempt(name string) (attempt, error) {
	b := binary.BigEndian.AppendUint64(nil, uint64(p.Now().Add(attemptLife).UnixMilli()))
	b = append(b, make([]byte, 16)...)
	if _, err := io.ReadFull(p.Rand, b[8:]); err != nil {
		return nil, err
	}
	return append(b, p.mac("attempt", string(b), name)...), nil
}

// live reports whether an attempt is this page's, for this name, and not too old.
func (p *Page) live(a attempt, name string) bool {
	if len(a) != attemptSize || !hmac.Equal(a[24:], p.mac("attempt", string(a[:24]), name)) {
		return false
	}
	return p.now() < a.expires()
}

func (a attempt) expires() int64 { return int64(binary.BigEndian.Uint64(a)) }

// challenge is what the passkey signs: SHA-256 of the tag, the page's origin, a zero
// byte and the attempt.
func (a attempt) challenge(origin string) [32]byte {
	return sha256.Sum256(append(append(append([]byte(sessionTag), origin...), 0), a...))
}

// attempts are those that led to a session: each does once. Only who has the passkey
// makes it grow.
type attempts struct {
	mu   sync.Mutex
	used map[string]int64 // when it expires
}

// take reports whether an attempt is used for the first time.
func (t *attempts) take(a attempt, now int64) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for old, expires := range t.used {
		if expires <= now {
			delete(t.used, old)
		}
	}
	if _, ok := t.used[string(a)]; ok {
		return false
	}
	if t.used == nil {
		t.used = map[string]int64{}
	}
	t.used[string(a)] = a.expires()
	return true
}

type signInPage struct {
	frame
	Name    string
	Problem string
	Attempt string
	Options passkeyOptions
	Asked   bool // for the passkey
}

func (p *Page) showSignIn(w http.ResponseWriter, r *http.Request) error {
	s, _, err := p.current(r)
	if err != nil {
		return err
	}
	if s != nil {
		http.Redirect(w, r, "/", http.StatusSeeOther)
		return nil
	}
	return p.render(w, http.StatusOK, "signin", signInPage{frame: p.frame(r, "Sign in")})
}

// askPasskey asks for the passkey of a name. Of a name without one it asks as well,
// for one that nobody has: who is registered is not for everyone to try out.
func (p *Page) askPasskey(w http.ResponseWriter, r *http.Request) error {
	fields, err := form(r)
	if err != nil {
		return err
	}
	name := strings.ToLower(strings.TrimSpace(fields["name"])) // as a phone likes to write it
	page := signInPage{frame: p.frame(r, "Sign in"), Name: name}
	if !attest.ValidPerson(page.Name) {
		page.Problem = "A name has lower-case letters, digits and . _ @ - only: the one you were invited with."
		return p.render(w, http.StatusUnprocessableEntity, "signin", page)
	}
	credential, err := p.credentialOf(page.Name)
	if err != nil {
		return err
	}
	a, err := p.newAttempt(page.Name)
	if err != nil {
		return err
	}
	challenge := a.challenge(p.Origin)
	page.Asked, page.Attempt = true, base64.RawURLEncoding.EncodeToString(a)
	page.Options = passkeyOptions{RPID: credential.RPID, Credential: credential.ID, Challenge: challenge[:]}
	return p.render(w, http.StatusOK, "signin", page)
}

// credentialOf is the passkey of a name, or one that looks like it.
func (p *Page) credentialOf(name string) (c webauthn.Credential, err error) {
	person, err := p.Log.Person(name)
	if err != nil {
		return c, err
	}
	if person != nil && person.Passkey != nil {
		return credential(person)
	}
	return webauthn.Credential{ID: p.mac("nobody", name), RPID: p.RPID}, nil
}

// credential is a person's passkey.
func credential(p *attest.Person) (c webauthn.Credential, err error) {
	c.Key, err = p.Key.ParsePasskey()
	k := p.Passkey
	c.ID, c.RPID, c.Origins, c.BackupEligible = k.Credential, k.RPID, k.Origins, k.BackupEligible
	return c, err
}

var errSignIn = refuse(http.StatusForbidden, "Not signed in", "That did not sign you in. Try again with the passkey that was registered for this name.")

// signIn makes a session of a passkey's answer.
func (p *Page) signIn(w http.ResponseWriter, r *http.Request) error {
	fields, err := form(r)
	if err != nil {
		return err
	}
	key, err := p.checkSignIn(fields)
	if err != nil {
		p.count("session", "refused")
		return err
	}
	if c, err := r.Cookie(p.cookieName()); err == nil {
		p.sessions.end(c.Value)
	}
	if err := p.begin(w, fields["name"], key); err != nil {
		return err
	}
	p.count("session", "taken")
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// checkSignIn checks the answer and returns the digest of the passkey.
func (p *Page) checkSignIn(fields map[string]string) (attest.Digest, error) {
	name := fields["name"]
	a, err := base64.RawURLEncoding.DecodeString(fields["attempt"])
	if err != nil || !p.live(a, name) {
		return "", refuse(http.StatusForbidden, "Too late", "The sign-in took too long. Begin again.")
	}
	id, assertion, err := readAssertion(fields["answer"])
	if err != nil {
		return "", err
	}
	person, err := p.trusted(name)
	if err != nil {
		return "", err
	}
	if person == nil || person.Passkey == nil || !bytes.Equal(person.Passkey.Credential, id) {
		return "", errSignIn
	}
	c, err := credential(person)
	if err != nil {
		return "", err
	}
	if _, err := c.Verify(webauthn.Assertion(assertion), attempt(a).challenge(p.Origin)); err != nil {
		p.Logger.Debug("sign-in refused", "error", err)
		return "", errSignIn
	}
	if !p.attempts.take(a, p.now()) {
		return "", refuse(http.StatusForbidden, "Used", "This sign-in was used already. Begin again.")
	}
	return person.Credential().Digest(), nil
}

func (p *Page) signOut(w http.ResponseWriter, r *http.Request) error {
	return p.known(func(w http.ResponseWriter, v *visit) error {
		if c, err := r.Cookie(p.cookieName()); err == nil {
			p.sessions.end(c.Value)
		}
		p.setCookie(w, "", -1)
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return nil
	})(w, r)
}
