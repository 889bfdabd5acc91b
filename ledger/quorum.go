package ledger

import "fmt"

// Cosigned is what a checkpoint shows under a trust policy.
type Cosigned struct {
	OpenedCheckpoint
	// Log is the key of the policy that signed; its name is the origin.
	Log VKey
	// Cosignatures are the verified ones of the policy's witnesses, in the
	// order of the policy.
	Cosignatures []Cosignature
	// Quorum reports whether they suffice. False is not an error of Open:
	// whoever requires a quorum must look.
	Quorum bool
}

// A Cosignature is a verified statement of a witness that the checkpoint is
// consistent with all that it saw of the log.
type Cosignature struct {
	Witness string // name in the policy
	// Time is when the witness says it signed, in Unix seconds. Under a key of
	// type 0x06 it may be 0: no statement about time.
	Time int64
}

// Open verifies a signed checkpoint under the policy: the signature of one of
// its logs, and every cosignature of a witness that the policy knows. A known
// key whose signature is wrong makes the whole text [ErrSignature]
// (c2sp.org/signed-note); lines of unknown keys are ignored, and can be seen by
// Signatures.
func (p *TrustPolicy) Open(text []byte) (Cosigned, error) {
	s, err := ParseSignedCheckpoint(text)
	if err != nil {
		return Cosigned{}, err
	}
	c := Cosigned{OpenedCheckpoint: OpenedCheckpoint{signed: s}}
	for _, l := range p.Logs {
		if l.Key.Name() != s.Origin || !s.has(l.Key) {
			continue
		}
		if _, err := s.verify(l.Key); err != nil {
			return Cosigned{}, fmt.Errorf("opening checkpoint: %w", err)
		}
		if !c.ok { // the first that signed names the log; the others are checked all the same
			c.Log, c.ok = l.Key, true
		}
	}
	if !c.ok {
		return Cosigned{}, fmt.Errorf("opening checkpoint: %w: no log of the policy signed %q", ErrSignature, s.Origin)
	}
	if c.Cosignatures, err = p.cosignatures(s); err != nil {
		return Cosigned{}, err
	}
	c.Quorum = p.met(c.Cosignatures)
	return c, nil
}

func (s SignedCheckpoint) has(key VKey) bool {
	for _, sig := range s.Signatures {
		if sig.Name == key.Name() && sig.KeyID == key.KeyHash() {
			return true
		}
	}
	return false
}

func (p *TrustPolicy) cosignatures(s SignedCheckpoint) ([]Cosignature, error) {
	var found []Cosignature
	for _, w := range p.Witnesses {
		if !s.has(w.Key) {
			continue
		}
		sig, err := s.verify(w.Key)
		if err != nil {
			return nil, fmt.Errorf("opening checkpoint: witness %s: %w", w.Name, err)
		}
		seconds, _, _ := cutTimestamp(sig.Bytes)
		found = append(found, Cosignature{Witness: w.Name, Time: int64(seconds)})
	}
	return found, nil
}

// met evaluates groups in the order of definition: members come first.
func (p *TrustPolicy) met(found []Cosignature) bool {
	witnessed := map[string]bool{quorumNone: true}
	for _, c := range found {
		witnessed[c.Witness] = true
	}
	for _, g := range p.Groups {
		n := 0
		for _, m := range g.Members {
			if witnessed[m] {
				n++
			}
		}
		witnessed[g.Name] = n >= g.K
	}
	return witnessed[p.Quorum]
}
