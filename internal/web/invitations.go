package web

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
)

// Limits of invitations.
const (
	maxHalves = 1024                  // that wait for an administrator, on disk
	maxBegun  = 256                   // whose passkey has not proved itself yet, in memory
	begunLife = int64(15 * 60 * 1000) // ms
	// keptLife is how long a half is kept after its invitation has expired, in ms.
	keptLife   = int64(30 * 24 * 3600 * 1000)
	halfSuffix = ".json"
)

// half is the person's half of a registration: what is to be signed, and the proof
// that the person has the key.
type half struct {
	Payload     []byte `json:"payload"`
	Endorsement []byte `json:"endorsement"` // JSON form of an envelope
	Expires     int64  `json:"expires"`     // ms, of the invitation

	until int64 // ms, of one that was begun
}

func (h *half) person() (*attest.Person, error) {
	s, err := attest.ParsePayload(h.Payload)
	if err != nil {
		return nil, err
	}
	person, ok := s.(*attest.Person)
	if !ok || person.Passkey == nil {
		return nil, errors.New("it registers no passkey")
	}
	return person, nil
}

func (h *half) json() ([]byte, error) { return json.Marshal(h) }

// invitations are what became of them, by the hash of their text: who reads the
// directory has no link. A half is written once.
type invitations struct {
	dir string

	mu     sync.Mutex
	halves map[string]*half
	open   map[string]*half
}

// errUsed is of an invitation whose half is there.
var errUsed = errors.New("the invitation was used")

func nameOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// openInvitations reads the halves in a directory, and makes it where there is none.
func openInvitations(dir string) (*invitations, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("opening invitations: %w", err)
	}
	list, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("opening invitations: %w", err)
	}
	i := &invitations{dir: dir, halves: map[string]*half{}, open: map[string]*half{}}
	for _, f := range list {
		name, ok := strings.CutSuffix(f.Name(), halfSuffix)
		if !ok {
			continue // left of a write that did not end
		}
		doc, err := os.ReadFile(filepath.Join(dir, f.Name()))
		if err != nil {
			return nil, fmt.Errorf("opening invitations: %w", err)
		}
		h := new(half)
		if err := json.Unmarshal(doc, h, json.RejectUnknownMembers(true)); err != nil {
			return nil, fmt.Errorf("opening invitation %s: %w", f.Name(), err)
		}
		i.halves[name] = h
	}
	return i, nil
}

// find returns the half of an invitation, or nil.
func (i *invitations) find(text string) *half {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.halves[nameOf(text)]
}

// begin keeps a registration until its passkey proves itself; ok is false where
// there is no room. The last one of an invitation counts.
func (i *invitations) begin(text string, h *half, now int64) (ok bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	for name, old := range i.open {
		if old.until <= now {
			delete(i.open, name)
		}
	}
	name := nameOf(text)
	if _, again := i.open[name]; !again && len(i.open) >= maxBegun {
		return false
	}
	h.until = now + begunLife
	i.open[name] = h
	return true
}

// begun returns a copy of a registration whose passkey has not proved itself, or
// nil.
func (i *invitations) begun(text string, now int64) *half {
	i.mu.Lock()
	defer i.mu.Unlock()
	h := i.open[nameOf(text)]
	if h == nil || h.until <= now || i.halves[nameOf(text)] != nil {
		return nil
	}
	own := *h
	return &own
}

// keep writes the half of an invitation, once. Errors: errUsed.
func (i *invitations) keep(text string, h *half, now int64) error {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.prune(now)
	name := nameOf(text)
	if i.halves[name] != nil {
		return errUsed
	}
	if len(i.halves) >= maxHalves {
		return fmt.Errorf("keeping an invitation: %d are kept already in %s", len(i.halves), i.dir)
	}
	doc, err := h.json()
	if err != nil {
		return err
	}
	if err := writeFile(filepath.Join(i.dir, name+halfSuffix), doc); err != nil {
		return fmt.Errorf("keeping an invitation: %w", err)
	}
	i.halves[name] = h
	delete(i.open, name)
	return nil
}

// prune forgets the halves whose invitations have expired long ago: the link leads
// nowhere any more.
func (i *invitations) prune(now int64) {
	for name, h := range i.halves {
		if h.Expires+keptLife <= now && os.Remove(filepath.Join(i.dir, name+halfSuffix)) == nil {
			delete(i.halves, name)
		}
	}
}

// writeFile writes a file beside its name, and gives it the name when it is whole.
func writeFile(path string, doc []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".half-")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name()) // it is of no use
		}
	}()
	_, err = f.Write(doc)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err = os.Rename(f.Name(), path); err != nil {
		return err
	}
	return syncDir(filepath.Dir(path)) // the person is told that it is kept
}

func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
