package reconcile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/deedlog/deed/attest"
)

// maxLine bounds a line, in bytes: a longer one is malformed, and is passed over
// without being kept.
const maxLine = 1 << 20

// Join compares lines with actions. It keeps the actions, and of the lines no more
// than the report lists.
type Join struct {
	options      Options
	actions      []*joined
	byDigest     map[attest.Digest][]*joined
	byCommitment map[attest.Digest][]*joined
	openings     []Opening
	opened       map[string][]*joined // by the ID of a credential: remembered
	report       Report
	number       int64
	bytes        int64
}

// joined is an action with the lines that are about it.
type joined struct {
	Action
	lines     int64
	first     Line
	ambiguous bool // there is a line that may be of it
}

// maxOpened bounds what is remembered of credentials.
const maxOpened = 1 << 16

// New prepares a comparison with actions of the register, in any order.
func New(actions []Action, o Options) *Join {
	if o.List <= 0 {
		o.List = usualList
	}
	if o.Calls <= 0 {
		o.Calls = 1
	}
	j := &Join{
		options: o, byDigest: map[attest.Digest][]*joined{}, byCommitment: map[attest.Digest][]*joined{},
		openings: o.Openings, opened: map[string][]*joined{},
	}
	for _, a := range actions {
		if !o.near(a.At) {
			continue
		}
		known := &joined{Action: a}
		j.actions = append(j.actions, known)
		j.byDigest[a.Request] = append(j.byDigest[a.Request], known)
		if a.Commitment != "" {
			j.byCommitment[a.Commitment] = append(j.byCommitment[a.Commitment], known)
		}
	}
	slices.SortFunc(j.actions, func(a, b *joined) int { return int(int64(a.Index) - int64(b.Index)) })
	return j
}

// Progress hears of bytes and lines read, now and then.
type Progress func(bytes, lines int64)

// progressLines is how many lines are read between two calls of a Progress.
const progressLines = 1 << 14

// Read compares a log, line by line. It may be called again, for the next part of
// the same log. The error is one of reading; malformed lines are counted.
func (j *Join) Read(in io.Reader, parse Parser, progress Progress) error {
	r := bufio.NewReaderSize(in, 64<<10)
	var buffer []byte
	for {
		doc, long, err := readLine(r, buffer[:0])
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading line %d: %w", j.number+1, err)
		}
		if last := err != nil; last && len(doc) == 0 && !long {
			break
		}
		buffer = doc
		j.number, j.bytes = j.number+1, j.bytes+int64(len(doc))+1
		j.line(doc, long, parse)
		if progress != nil && j.number%progressLines == 0 {
			progress(j.bytes, j.number)
		}
		if err != nil {
			break
		}
	}
	if progress != nil {
		progress(j.bytes, j.number)
	}
	return nil
}

// readLine reads a line without its end into a buffer. A line that is too long is
// read to its end and not kept.
func readLine(r *bufio.Reader, line []byte) (_ []byte, long bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > maxLine; !long {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if long {
			line = line[:0]
		}
		return bytes.TrimRight(line, "\r\n"), long, err
	}
}

// line compares one line.
func (j *Join) line(doc []byte, long bool, parse Parser) {
	if len(doc) == 0 && !long {
		return
	}
	j.report.Lines++
	var l Line
	err := error(refused("longer than 1 MiB"))
	if !long {
		l, err = parse(doc)
	}
	l.Number = j.number
	switch {
	case errors.Is(err, errSkip):
		j.report.Skipped++
		return
	case err != nil:
		j.report.malformed(j.number, err, j.options.List)
		return
	case !j.options.near(l.At) || !j.asked(l.Path):
		j.report.Outside++
		return
	}
	if l.Hashed {
		j.report.Hashed++
	}
	j.place(l)
}

// asked reports whether a path is looked at.
func (j *Join) asked(path string) bool {
	return len(j.options.Paths) == 0 || slices.ContainsFunc(j.options.Paths, func(p string) bool { return strings.HasPrefix(path, p) })
}

// place joins a line to the action that it is of. A digest that a line names is
// not overruled by a credential: one that the register does not have is a call
// that was not logged.
func (j *Join) place(l Line) {
	candidates, by := j.byDigest[l.Digest], "digest"
	if l.Digest == "" {
		candidates, by = j.credentialed(l.Credentials), "credential"
	}
	if allowed := allowedOf(candidates); len(allowed) > 0 {
		candidates = allowed // what was denied was asked for again, and allowed
	}
	switch {
	case len(candidates) == 1:
		a := candidates[0]
		if a.lines++; a.lines == 1 {
			a.first = l
		}
		j.report.joinedBy(by)
	case !j.options.inside(l.At): // it belongs to a window beside this one
	case len(candidates) == 0 && l.Hashed && l.Digest == "" && len(j.actions) > 0: // it names one, and does not say which
		j.report.ofAny++
		j.report.Ambiguous.add(Ambiguous{Line: l, Actions: []attest.ID{}}, j.options.List)
	case len(candidates) == 0:
		j.report.ServiceOnly.add(l, j.options.List)
	default:
		for _, a := range candidates {
			a.ambiguous = true
		}
		j.report.Ambiguous.add(Ambiguous{Line: l, Actions: idsOf(candidates)}, j.options.List)
	}
}

func allowedOf(list []*joined) (out []*joined) {
	for _, a := range list {
		if a.Allowed {
			out = append(out, a)
		}
	}
	return out
}

// maxIDs bounds the actions that an ambiguous line lists.
const maxIDs = 8

func idsOf(list []*joined) (out []attest.ID) {
	for _, a := range list[:min(len(list), maxIDs)] {
		out = append(out, a.ID)
	}
	return out
}

// credentialed finds the actions that committed to one of these credentials.
func (j *Join) credentialed(ids []string) (out []*joined) {
	for _, id := range ids {
		found, known := j.opened[id]
		if !known {
			found = j.open(id)
			if len(j.opened) >= maxOpened {
				clear(j.opened)
			}
			if len(id) <= maxText { // longer ones are no credential's
				j.opened[id] = found
			}
		}
		for _, a := range found {
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

// open computes the commitment to a credential under every seed.
func (j *Join) open(id string) (out []*joined) {
	for _, o := range j.openings {
		if o.ID != "" && o.ID != id {
			continue
		}
		for _, a := range j.byCommitment[attest.CredentialCommitment(o.Seed, o.Kind, id)] {
			if a.Kind == o.Kind && !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}
