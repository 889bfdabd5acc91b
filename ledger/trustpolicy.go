package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A TrustPolicy says which logs and which witnesses a reader relies on, and
// which sets of cosignatures suffice (c2sp.org/tlog-policy). Its text has one
// definition per line, # starting a comment line:
//
//	log <vkey> [<url>]
//	witness <name> <vkey> [<url>]
//	group <name> all|any|<k> <name>...
//	quorum <name>|none
//
// A checkpoint is good if any one of the logs signed it and the quorum
// cosigned it.
type TrustPolicy struct {
	Logs      []PolicyKey // Name is empty
	Witnesses []PolicyKey
	Groups    []PolicyGroup
	Quorum    string // name of a witness or group, or "none"
}

// A PolicyKey is a log or witness line.
type PolicyKey struct {
	Name string // of the witness, within the policy only
	Key  VKey   // the name of a log's key is its origin
	URL  string // may be empty
}

// A PolicyGroup is a group line: K of the members must have cosigned.
type PolicyGroup struct {
	Name    string
	K       int
	Members []string
}

const quorumNone = "none"

// Limits of a trust policy, well above the 32 of each that C2SP asks for.
const (
	maxPolicyBytes = 1 << 20
	maxPolicyLines = 1024
)

// ParseTrustPolicy parses a trust policy. An unknown or malformed line is an
// error that names its number.
func ParseTrustPolicy(text []byte) (*TrustPolicy, error) {
	if len(text) > maxPolicyBytes || bytes.Count(text, []byte("\n")) > maxPolicyLines {
		return nil, errors.New("parsing trust policy: too large")
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		return nil, errors.New("parsing trust policy: no newline at the end")
	}
	b := policyParser{grouped: make(map[string]bool)}
	for i, line := range strings.Split(string(text), "\n") {
		if err := b.line(line); err != nil {
			return nil, fmt.Errorf("parsing trust policy: line %d: %w", i+1, err)
		}
	}
	if b.policy.Quorum == "" {
		return nil, errors.New("parsing trust policy: no quorum line")
	}
	return &b.policy, nil
}

type policyParser struct {
	policy  TrustPolicy
	grouped map[string]bool // names that are already a member of a group
}

func (b *policyParser) line(line string) error {
	for i := range len(line) {
		if c := line[i]; c < 0x20 && c != '\t' || c == 0x7f {
			return fmt.Errorf("octet 0x%02x is not allowed", c)
		}
	}
	f := strings.FieldsFunc(line, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(f) == 0 || f[0][0] == '#' {
		return nil
	}
	switch f[0] {
	case "log":
		return b.log(f[1:])
	case "witness":
		return b.witness(f[1:])
	case "group":
		return b.group(f[1:])
	case "quorum":
		return b.quorum(f[1:])
	}
	return fmt.Errorf("unknown keyword %.40q", f[0])
}

func (b *policyParser) log(f []string) error {
	k, err := parsePolicyKey(f, TypeEd25519, TypeMLDSA44)
	if err != nil {
		return err
	}
	b.policy.Logs, err = addKey(b.policy.Logs, k)
	return err
}

func (b *policyParser) witness(f []string) error {
	if len(f) < 2 {
		return errors.New("want: witness <name> <vkey> [<url>]")
	}
	if err := b.free(f[0]); err != nil {
		return err
	}
	k, err := parsePolicyKey(f[1:], TypeEd25519Cosign, TypeMLDSA44)
	if err != nil {
		return err
	}
	k.Name = f[0]
	b.policy.Witnesses, err = addKey(b.policy.Witnesses, k)
	return err
}

func parsePolicyKey(f []string, types ...byte) (PolicyKey, error) {
	if len(f) < 1 || len(f) > 2 {
		return PolicyKey{}, errors.New("want a vkey and at most a URL")
	}
	key, err := ParseVKey(f[0])
	if err != nil {
		return PolicyKey{}, err
	}
	if !slices.Contains(types, key.Type()) {
		return PolicyKey{}, fmt.Errorf("signature type 0x%02x is not for this line", key.Type())
	}
	k := PolicyKey{Key: key}
	if len(f) == 2 {
		k.URL = f[1]
	}
	return k, nil
}

// addKey refuses a duplicate: the same public key, whatever its name or type.
func addKey(keys []PolicyKey, k PolicyKey) ([]PolicyKey, error) {
	for _, o := range keys {
		if bytes.Equal(o.Key.Key(), k.Key.Key()) {
			return keys, errors.New("public key is listed twice")
		}
	}
	return append(keys, k), nil
}

func (b *policyParser) group(f []string) error {
	if len(f) < 3 {
		return errors.New("want: group <name> all|any|<k> and at least one member")
	}
	if err := b.free(f[0]); err != nil {
		return err
	}
	g := PolicyGroup{Name: f[0], Members: f[2:]}
	for _, m := range g.Members {
		if !b.policy.defined(m) {
			return fmt.Errorf("member %.80q is not defined above", m)
		}
		if b.grouped[m] {
			return fmt.Errorf("member %.80q is listed twice", m)
		}
		b.grouped[m] = true
	}
	switch f[1] {
	case "all":
		g.K = len(g.Members)
	case "any":
		g.K = 1
	default:
		k, err := parseDecimal(f[1])
		if err != nil || k < 1 || k > uint64(len(g.Members)) {
			return fmt.Errorf("threshold %.40q of %d members", f[1], len(g.Members))
		}
		g.K = int(k)
	}
	b.policy.Groups = append(b.policy.Groups, g)
	return nil
}

func (b *policyParser) quorum(f []string) error {
	if len(f) != 1 || b.policy.Quorum != "" {
		return errors.New("want exactly one: quorum <name>|none")
	}
	if f[0] != quorumNone && !b.policy.defined(f[0]) {
		return fmt.Errorf("quorum %.80q is not defined above", f[0])
	}
	b.policy.Quorum = f[0]
	return nil
}

func (b *policyParser) free(name string) error {
	if name == quorumNone || b.policy.defined(name) {
		return fmt.Errorf("name %.80q is taken", name)
	}
	return nil
}

func (p *TrustPolicy) defined(name string) bool {
	return slices.ContainsFunc(p.Witnesses, func(w PolicyKey) bool { return w.Name == name }) ||
		slices.ContainsFunc(p.Groups, func(g PolicyGroup) bool { return g.Name == name })
}

// String returns the policy in its plain form: no comments, single spaces,
// numeric thresholds.
func (p *TrustPolicy) String() string {
	var s strings.Builder
	for _, l := range p.Logs {
		writeLine(&s, "log", l.Key.String(), l.URL)
	}
	for _, w := range p.Witnesses {
		writeLine(&s, "witness", w.Name, w.Key.String(), w.URL)
	}
	for _, g := range p.Groups {
		writeLine(&s, append([]string{"group", g.Name, strconv.Itoa(g.K)}, g.Members...)...)
	}
	writeLine(&s, "quorum", p.Quorum)
	return s.String()
}

func writeLine(s *strings.Builder, fields ...string) {
	s.WriteString(strings.TrimSuffix(strings.Join(fields, " "), " ") + "\n")
}
