package web

import (
	"slices"
	"sync"

	"github.com/deedlog/deed/attest"
)

// Limits of what waits for a signature.
const (
	draftLife  = int64(10 * 60 * 1000) // ms
	maxDrafts  = 16                    // of one session
	draftBytes = 256 << 10             // of one session
)

// draft is a statement that was shown and waits for the person's passkey. It is
// signed as it was shown, or not at all.
type draft struct {
	id        string
	statement attest.Statement
	payload   []byte
	objects   [][]byte // that belong to it
	request   string   // the denied action that it is about, or ""
	text      string   // of an instruction
	expires   int64    // ms
}

func (d *draft) size() (n int) {
	n = len(d.payload) + len(d.text)
	for _, o := range d.objects {
		n += len(o)
	}
	return n
}

// drafts are those of a session, oldest first.
type drafts struct {
	mu   sync.Mutex
	list []*draft
}

// keep adds a draft; the oldest make room.
func (l *drafts) keep(d *draft, now int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.list = slices.DeleteFunc(l.list, func(old *draft) bool { return old.expires <= now })
	l.list = append(l.list, d)
	total := 0
	for i := len(l.list) - 1; i >= 0; i-- {
		total += l.list[i].size()
		if kept := len(l.list) - i; kept > 1 && (kept > maxDrafts || total > draftBytes) {
			l.list = slices.Delete(l.list, 0, i+1)
			return
		}
	}
}

// take removes a draft and returns it, or nil: it is signed once.
func (l *drafts) take(id string, now int64) *draft {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := slices.IndexFunc(l.list, func(d *draft) bool { return d.id == id })
	if i < 0 {
		return nil
	}
	d := l.list[i]
	l.list = slices.Delete(l.list, i, i+1)
	if d.expires <= now {
		return nil
	}
	return d
}

// signing is what a page needs to have a draft signed: the form that the script
// completes.
type signing struct {
	Draft   string
	Token   string
	Payload string // what is signed, as it is shown
	Display string // the words that the statement commits to, or ""
	Options passkeyOptions
}

// propose keeps a statement for this person's passkey and returns the form for it.
func (p *Page) propose(v *visit, d *draft, display string) (*signing, error) {
	var err error
	if d.payload, err = attest.Payload(d.statement); err != nil {
		return nil, err
	}
	if d.id, err = p.random(); err != nil {
		return nil, err
	}
	d.expires = p.now() + draftLife
	v.session.drafts.keep(d, p.now())
	k := v.person.Passkey
	return &signing{
		Draft: d.id, Token: v.session.token, Payload: string(d.payload), Display: display,
		Options: passkeyOptions{RPID: k.RPID, Credential: k.Credential},
	}, nil
}
