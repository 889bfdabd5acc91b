package vectors

import (
	"errors"
	"fmt"
	"slices"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/admission"
)

// Origin is that of every vector's log.
const Origin = "log.example/2026"

// Begin returns a register at the end of a stage.
func (c *Corpus) Begin(stage string, cache *admission.Cache) (*Register, error) {
	r := NewRegister(Origin, cache)
	steps, ok := c.Stages[stage]
	if !ok && stage != "" {
		return nil, fmt.Errorf("no stage %q", stage)
	}
	return r, c.run(r, steps)
}

// Replay runs a vector in a register at the end of its stage, and says how the
// answer differs.
func (c *Corpus) Replay(r *Register, v *Vector) error {
	if err := c.run(r, v.Steps); err != nil {
		return err
	}
	record, err := c.Submit(r, v.Test)
	return v.Expect.compare(record, err)
}

// run submits steps that are logged.
func (c *Corpus) run(r *Register, steps []Step) error {
	for i, s := range steps {
		record, err := c.Submit(r, s)
		if err != nil {
			return fmt.Errorf("step %d: %w", i, err)
		}
		if record.ID != s.ID || !slices.Equal(record.Decision.Faults, s.Faults) {
			return fmt.Errorf("step %d: %s with faults %v, want %s with %v", i, record.ID, record.Decision.Faults, s.ID, s.Faults)
		}
	}
	return nil
}

// Submit admits one submission.
func (c *Corpus) Submit(r *Register, s Step) (*admission.Record, error) {
	doc, ok := c.Envelopes[s.Envelope]
	if !ok || attest.DigestOf(doc) != s.Envelope {
		return nil, fmt.Errorf("no envelope %s", s.Envelope)
	}
	e, err := attest.ParseEnvelope(doc)
	if err != nil {
		return nil, err
	}
	objects := make([][]byte, len(s.Objects))
	for i, d := range s.Objects {
		if objects[i] = c.object(d); attest.DigestOf(objects[i]) != d {
			return nil, fmt.Errorf("no object %s", d)
		}
	}
	return r.Admit(e, objects, s.At, s.received())
}

// object finds an object; an endorsement is an envelope.
func (c *Corpus) object(d attest.Digest) []byte {
	if doc, ok := c.Envelopes[d]; ok {
		return doc
	}
	return c.Objects[d]
}

func (s Step) received() int64 {
	if s.Received == 0 {
		return s.At
	}
	return s.Received
}

// AnswerOf is what a record says, as a vector has it.
func AnswerOf(r *admission.Record) *Answer {
	return &Answer{
		Attribution: r.Attribution, Effect: string(r.Decision.Effect),
		Evaluated: r.Decision.Evaluated, Faults: append([]string{}, r.Decision.Faults...),
	}
}

// compare says how an answer differs from the expected one.
func (e Expectation) compare(r *admission.Record, err error) error {
	if err != nil {
		f := attest.AsFault(err)
		switch {
		case f == nil:
			return err
		case e.Refused == nil:
			return fmt.Errorf("refused, want it logged: %w", err)
		case f.Code != e.Refused.Fault || f.Field != e.Refused.Field:
			return fmt.Errorf("refused by %s at %q, want %s at %q", f.Code, f.Field, e.Refused.Fault, e.Refused.Field)
		}
		return nil
	}
	if e.Logged == nil {
		return errors.New("logged, want it refused by " + e.Refused.Fault)
	}
	got, err := attest.Encode(AnswerOf(r))
	if err != nil {
		return err
	}
	want, err := attest.Encode(e.Logged)
	if err != nil {
		return err
	}
	if string(got) != string(want) {
		return fmt.Errorf("answer %s\nwant   %s", got, want)
	}
	return nil
}
