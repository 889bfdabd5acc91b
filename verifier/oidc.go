package verifier

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/attest/token"
)

// oidcDir has the keys of identity providers, and issuerFile which provider it
// is.
const (
	oidcDir    = "oidc"
	issuerFile = "issuer"
)

var providerFile = regexp.MustCompile(`^oidc/([a-z0-9][a-z0-9._-]{0,127})/(issuer|(?:0|[1-9][0-9]{0,8})\.json)$`)

// providers reads the directories of oidc/: whose keys they are, and any number
// of versions of them.
func (t *Trust) providers(files map[string][]byte) error {
	issuers := map[string]string{} // by directory
	for _, name := range slices.Sorted(maps.Keys(files)) {
		part := providerFile.FindStringSubmatch(name)
		if part == nil || part[2] != issuerFile {
			continue
		}
		issuer := line(files[name])
		if !attest.ValidIssuer(issuer) {
			return fmt.Errorf("reading %s: want one line with an https URL", name)
		}
		if _, twice := t.oidc[issuer]; twice {
			return fmt.Errorf("reading %s: the keys of %s are in two directories", name, issuer)
		}
		issuers[part[1]], t.oidc[issuer] = issuer, nil
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		part := providerFile.FindStringSubmatch(name)
		if part == nil || part[2] == issuerFile {
			continue
		}
		issuer, ok := issuers[part[1]]
		if !ok {
			return fmt.Errorf("reading %s: no %s beside it, which names the provider", name, issuerFile)
		}
		keys, err := token.ParseKeys(files[name])
		if err != nil {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		t.oidc[issuer] = append(t.oidc[issuer], keys)
	}
	for issuer, keys := range t.oidc {
		if len(keys) == 0 {
			return fmt.Errorf("reading %s: no keys of %s, but its name", oidcDir, issuer)
		}
	}
	return nil
}

// providerDirs names a directory for each issuer, after its host.
func providerDirs(issuers []string) map[string]string {
	out, taken := map[string]string{}, map[string]bool{}
	for _, issuer := range slices.Sorted(slices.Values(issuers)) {
		_, name, _ := strings.Cut(issuer, "://")
		name = strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
				return r
			}
			return '_'
		}, strings.ToLower(name))
		name = strings.TrimLeft(name[:min(len(name), 100)], "._-")
		if name == "" {
			name = "provider"
		}
		unique := name
		for n := 2; taken[unique]; n++ {
			unique = name + "-" + strconv.Itoa(n)
		}
		taken[unique], out[issuer] = true, unique
	}
	return out
}

// tokenRoot proves a token a second time, by the reader's own keys of the
// provider: any version will do.
func (v *verification) tokenRoot(i *item, t *attest.Token) {
	const check = "root.corroborated"
	where, raw := entryName(i.index), v.bundle.Object(t.Object)
	if raw == nil {
		v.unknown(check, where, "a token signed by a key of "+t.Issuer, "none in this bundle")
		return
	}
	own, known := v.trust.oidc[t.Issuer]
	if slices.ContainsFunc(own, func(k *token.Keys) bool { return k.Signed(raw) == nil }) {
		v.pass(check, where)
		return
	}
	expected := "a token signed by a key of " + t.Issuer + " in " + oidcDir + " of the trust directory"
	switch {
	case known:
		v.fail(check, where, expected, "one signed by another key; if the keys were rotated, add that version of them")
	case v.options.AcceptLedgerRoots:
		v.take("the keys of the identity provider " + t.Issuer)
		v.weak[i.entry.Envelope] = agency.K1
		v.open(check, where, expected, "keys taken from the bundle: they count as the operator's own (K1)")
	default:
		v.unknown(check, where, expected, "no directory of this provider")
	}
}

// believed is the attribution of an entry as far as this reader believes what it
// rests on: evidence whose root of trust is the operator's word is the operator's
// word. note says where that differs from what the register found.
func (v *verification) believed(i *item) (a *agency.Attribution, note string) {
	a = i.record.Attribution
	if a == nil || len(v.weak) == 0 && len(i.unseen) == 0 {
		return a, ""
	}
	less := i.admitted.Reconsider(i.record, i.entry.ReceivedAt, v.weak)
	if len(i.unseen) > 0 {
		return less, fmt.Sprintf("The register found class %s (row %d), at least B%d and K%d, and authority %s. That rests on a token that is not here, and is not checked.",
			attest.Quote(string(a.Agency)), a.Row, a.Binding, a.Key, attest.Quote(string(a.Authority)))
	}
	if less.Row == a.Row && less.Key == a.Key && less.Binding == a.Binding && less.Authorizing == a.Authorizing {
		return a, ""
	}
	return less, fmt.Sprintf("The register found class %s (row %d), at least B%d and K%d. That rests on keys that only the register vouches for; with the reader's own it could be shown.",
		className(a.Agency), a.Row, a.Binding, a.Key)
}

// What a token that decided does not show, beside what its key does not.
const (
	accountLimit = "This does not show that the account with the identity provider is this person's: that is the word of the administrators who registered it."
	loginLimit   = "This does not show that the person saw the instruction when logging in: the provider signed its digest as a nonce, and was not shown what it stands for."
)

// tokenLimits are what a finding does not show that a token decided.
func (v *verification) tokenLimits(a *agency.Attribution) (out []string) {
	if a == nil {
		return nil
	}
	for _, id := range a.Decisive {
		t, ok := v.byID[id].statement().(*attest.Token)
		if ok {
			out = append(out, accountLimit)
		}
		if ok && t.Type == attest.IDToken {
			out = append(out, loginLimit)
		}
	}
	return out
}

// tokenLines put a token in words. Its subject is not among them: whose account
// it is, is.
func (v *verification) tokenLines(i *item, t *attest.Token) []string {
	lines := []string{string(t.Type) + " of " + t.Issuer + ", brought by " + t.Recorder + " at " + instant(t.At)}
	if t.Instruction != "" {
		lines = append(lines, "said to be a login for the instruction "+string(t.Instruction)+", whose ID is its nonce")
	}
	if t.Agent != "" {
		lines = append(lines, "said to be about "+t.Agent)
	}
	if t.Object == "" {
		return append(lines, "committed to only: nothing of it was verified, and it shows nothing (key K0)")
	}
	if i.token != "" {
		return append(lines, "the token is not here: what it says, and that the provider signed it, is the register's word")
	}
	c, err := token.Read(v.bundle.Object(t.Object), t.Type, true)
	if err != nil { // admission read it
		return append(lines, "its claims cannot be read")
	}
	lines = append(lines, "the provider's signature was verified; it ended "+instant(c.Expires), v.accountLine(i, c))
	if c.Actor != nil {
		lines = append(lines, "names as the current actor: "+attest.Quote(c.Actor.Subject+c.Actor.Client))
	}
	if c.Client != "" {
		lines = append(lines, "names as the client: "+attest.Quote(c.Client))
	}
	if c.Confirm != nil {
		lines = append(lines, "good only with the key that it confirms (cnf)")
	}
	if c.AuthTime != 0 {
		lines = append(lines, "the provider says: logged in at "+instant(c.AuthTime))
	}
	if c.Level != "" {
		lines = append(lines, "the provider says: authentication class "+attest.Quote(c.Level))
	}
	return lines
}

// accountLine says whose account the subject of a token was when it was logged.
func (v *verification) accountLine(i *item, c *token.Claims) string {
	slot := "account/" + attest.AccountName(c.Issuer, c.Subject).Hex()
	for _, p := range i.record.Read.Force {
		if a, ok := v.byID[p.ID].statement().(*attest.Account); ok && string(p.Slot) == slot {
			return "its subject is " + a.Name + ", as " + a.By + " registered in " + entryName(p.Entry)
		}
	}
	return "its subject was nobody's account"
}

func providerLines(s *attest.Provider) []string {
	lines := []string{"of " + s.Issuer + ", put by " + s.By + ", from " + instant(s.From), "signs with " + strings.Join(s.Algorithms, ", ")}
	for _, a := range s.Accepts {
		lines = append(lines, "takes "+string(a.Type)+" for "+attest.Quote(strings.Join(a.Audiences, " ")))
	}
	for _, a := range s.Agents {
		lines = append(lines, "client "+attest.Quote(a.Client)+" is "+a.Agent)
	}
	return lines
}
