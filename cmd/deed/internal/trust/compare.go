package trust

import (
	"bytes"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/cmd/deed/internal/console"
	"github.com/deedlog/deed/identity"
	"github.com/deedlog/deed/ledger"
	"github.com/deedlog/deed/verifier"
)

// Names of a trust directory (docs/spec/trust.md).
const (
	trustPolicyFile  = "log.policy"
	trustMLDSAFile   = "log.mldsa.vkey"
	trustGenesisFile = "genesis"
	trustPeopleFile  = "people.json"
	trustServerFile  = "server.json"
)

// rootParts are the directories of roots.
var rootParts = []string{"spiffe", string(attest.RootX509), string(attest.RootFulcio), string(attest.RootTSA), trustOIDCPart}

// trustOIDCPart is the directory of identity providers' keys.
const trustOIDCPart = "oidc"

// The signs of a difference.
const (
	onlyLog       = "+"
	onlyDirectory = "-"
	differs       = "~"
	ownMatter     = "."
)

// difference is one thing that a directory and a log say differently.
type difference struct {
	Sign   string  `json:"sign"` // + the log, - the directory, ~ both, . the directory's own
	Part   string  `json:"part"` // log, genesis, server, people, spiffe, x509, fulcio, tsa, oidc
	Name   string  `json:"name,omitempty"`
	Detail string  `json:"detail"`
	Index  *uint64 `json:"index,omitempty"` // of the entry that says it
	At     int64   `json:"at,omitempty"`
}

func (d difference) words() string {
	s := d.Part
	if d.Name != "" {
		s += " " + d.Name
	}
	s += ": " + d.Detail
	if d.Index != nil {
		s += fmt.Sprintf("; entry %d, %s", *d.Index, console.Instant(d.At))
	}
	return s
}

// trustParts is a trust directory, taken apart.
type trustParts struct {
	files   map[string][]byte
	policy  *ledger.TrustPolicy
	people  []verifier.TrustPerson
	server  []attest.Key
	bundles []ownBundle // by part, then by trust domain or name, then by file
}

// ownBundle is a version of a SPIFFE bundle, of a set of authorities, or of an
// identity provider's keys.
type ownBundle struct {
	part, file, name string // of a trust domain, of a set, or an issuer
	doc              []byte
	roots            []string // digests of its authorities, or names of its keys, ascending
}

// of is how [attest.Root.Of] calls what the bundle is of.
func (b ownBundle) of() string {
	if b.part == rootParts[0] {
		return b.name
	}
	if b.part == trustOIDCPart {
		return attest.NamedRoot{Type: attest.RootJWKS, Name: b.name}.String()
	}
	return attest.NamedRoot{Type: attest.RootType(b.part), Name: b.name}.String()
}

// authorities are the digests of a bundle's authorities, or the names of its keys,
// ascending.
func (b ownBundle) authorities() (list []string, err error) {
	var all [][]byte
	if b.part == trustOIDCPart {
		keys, err := token.ParseKeys(b.doc)
		if err != nil {
			return nil, err
		}
		return keys.Names(), nil
	}
	if b.part == rootParts[0] {
		parsed, err := identity.ParseBundle(b.name, b.doc)
		if err != nil {
			return nil, err
		}
		all = parsed.Authorities()
	} else {
		parsed, err := attest.ParseRoots(b.doc)
		if err != nil {
			return nil, err
		}
		for _, c := range parsed.Certificates() {
			all = append(all, c.Raw)
		}
	}
	for _, der := range all {
		list = append(list, string(attest.DigestOf(der)))
	}
	slices.Sort(list)
	return list, nil
}

func readFiles(dir fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files[name], err = fs.ReadFile(dir, name)
		}
		return err
	})
	return files, err
}

// readTrustFiles takes apart files that a verifier has accepted.
func readTrustFiles(files map[string][]byte) (t *trustParts, err error) {
	t = &trustParts{files: files}
	if t.policy, err = ledger.ParseTrustPolicy(files[trustPolicyFile]); err != nil {
		return nil, err
	}
	if doc := files[trustPeopleFile]; doc != nil {
		if err := json.Unmarshal(doc, &t.people); err != nil {
			return nil, err
		}
	}
	if doc := files[trustServerFile]; doc != nil {
		var s struct {
			Keys []attest.Key `json:"keys"`
		}
		if err := json.Unmarshal(doc, &s); err != nil {
			return nil, err
		}
		t.server = s.Keys
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		part, _, _ := strings.Cut(name, "/")
		if !slices.Contains(rootParts, part) || part == trustOIDCPart && path.Base(name) == "issuer" {
			continue
		}
		b := ownBundle{part: part, file: name, name: path.Base(path.Dir(name)), doc: files[name]}
		if part == trustOIDCPart {
			b.name = strings.TrimSpace(string(files[path.Dir(name)+"/issuer"]))
		}
		if b.roots, err = b.authorities(); err != nil {
			return nil, err
		}
		t.bundles = append(t.bundles, b)
	}
	return t, nil
}

// comparison collects differences.
type comparison struct {
	own, said   *trustParts
	places      map[string]place
	found, mine []difference
}

// compareTrust compares a directory with what the log says. own are the parts of
// the directory that a log has no say in.
func compareTrust(own, said *trustParts, places map[string]place) (found, ownParts []difference) {
	c := &comparison{own: own, said: said, places: places, found: []difference{}, mine: []difference{}}
	c.logKeys()
	c.line(trustMLDSAFile, "log", "the ML-DSA-44 key")
	c.line(trustGenesisFile, "genesis", "the leaf hash of entry 0")
	c.server()
	c.people()
	c.bundles()
	return c.found, c.mine
}

func (c *comparison) add(sign, part, name, detail string) {
	c.found = append(c.found, difference{Sign: sign, Part: part, Name: name, Detail: detail})
}

// addAt adds what the log says in an entry.
func (c *comparison) addAt(sign, part, name, detail, key string) {
	d := difference{Sign: sign, Part: part, Name: name, Detail: detail}
	if where, ok := c.places[key]; ok {
		d.Index, d.At = &where.index, where.at
		if where.more != "" {
			d.Detail += ", " + where.more
		}
	}
	c.found = append(c.found, d)
}

func (c *comparison) logKeys() {
	key := c.said.policy.Logs[0].Key
	for _, l := range c.own.policy.Logs {
		switch {
		case l.Key.String() == key.String(), sameBytes([]byte(l.Key.String()), c.said.files[trustMLDSAFile]):
		case l.Key.Name() == key.Name():
			c.add(onlyDirectory, "log", key.Name(), "key "+l.Key.String())
		default:
			c.mine = append(c.mine, difference{Sign: ownMatter, Part: "log", Name: l.Key.Name(), Detail: "another log"})
		}
	}
	if !c.own.hasLog(key) {
		c.add(onlyLog, "log", key.Name(), "key "+key.String())
	}
	for _, w := range c.own.policy.Witnesses {
		c.mine = append(c.mine, difference{Sign: ownMatter, Part: "log", Name: w.Name, Detail: "witness " + w.Key.String()})
	}
	if q := c.own.policy.Quorum; q != c.said.policy.Quorum {
		c.mine = append(c.mine, difference{Sign: ownMatter, Part: "log", Name: "quorum", Detail: q})
	}
}

// line compares a file of one line.
func (c *comparison) line(file, part, what string) {
	own, said := c.own.files[file], c.said.files[file]
	switch {
	case own == nil && said != nil:
		c.add(onlyLog, part, "", what+" is not in the directory")
	case own != nil && said == nil:
		c.add(onlyDirectory, part, "", what+" is not in the log")
	case !sameBytes(own, said):
		c.add(differs, part, "", what+" is "+strings.TrimSpace(string(own))+" in the directory, "+strings.TrimSpace(string(said))+" in the log")
	}
}

func (c *comparison) server() {
	has := func(list []attest.Key, key attest.Key) bool {
		return slices.ContainsFunc(list, func(k attest.Key) bool { return bytes.Equal(k, key) })
	}
	for _, k := range c.said.server {
		if !has(c.own.server, k) {
			c.add(onlyLog, "server", "", "key "+string(k.Digest()))
		}
	}
	for _, k := range c.own.server {
		if !has(c.said.server, k) {
			c.add(onlyDirectory, "server", "", "key "+string(k.Digest()))
		}
	}
}

// people compares key by key: a person may have had several.
func (c *comparison) people() {
	for _, p := range c.said.people {
		own := c.own.person(p)
		key := personKey(p.Name, p.Identity())
		switch {
		case own == nil && c.own.knows(p.Name):
			c.addAt(onlyLog, "people", p.Name, "another key, "+string(p.Identity()), key)
		case own == nil:
			c.addAt(onlyLog, "people", p.Name, identityWords(p), key)
		case !samePerson(*own, p):
			c.addAt(differs, "people", p.Name, identityWords(p)+" is "+personWords(*own)+" in the directory, "+personWords(p)+" in the log", key)
		}
	}
	for _, p := range c.own.people {
		if c.said.person(p) == nil {
			c.add(onlyDirectory, "people", p.Name, personWords(p)+", "+identityWords(p))
		}
	}
}

// person finds the same key of the same name.
func (t *trustParts) person(p verifier.TrustPerson) *verifier.TrustPerson {
	i := slices.IndexFunc(t.people, func(q verifier.TrustPerson) bool { return q.Name == p.Name && q.Identity() == p.Identity() })
	if i < 0 {
		return nil
	}
	return &t.people[i]
}

func (t *trustParts) knows(name string) bool {
	return slices.ContainsFunc(t.people, func(q verifier.TrustPerson) bool { return q.Name == name })
}

// samePerson compares all that is said of a key.
func samePerson(a, b verifier.TrustPerson) bool {
	x, errX := json.Marshal(a, json.Deterministic(true))
	y, errY := json.Marshal(b, json.Deterministic(true))
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// identityWords say what is known of a person: a key, or a name that certificates
// have.
func identityWords(p verifier.TrustPerson) string {
	switch {
	case p.X509 != nil:
		return "certificates of " + attest.Quote(p.X509.Whom())
	case p.Fulcio != nil:
		return "sigstore certificates of " + attest.Quote(p.Fulcio.Whom())
	}
	return "key " + string(p.Key.Digest())
}

func personWords(p verifier.TrustPerson) string {
	if p.Administrator {
		return "an administrator"
	}
	return "a person"
}

// bundles compares versions of bundles, sets and keys by their authorities: how a
// document is written does not matter.
func (c *comparison) bundles() {
	same := func(b ownBundle) func(ownBundle) bool {
		return func(o ownBundle) bool { return o.of() == b.of() && slices.Equal(o.roots, b.roots) }
	}
	for _, b := range c.said.bundles {
		if !slices.ContainsFunc(c.own.bundles, same(b)) {
			c.addAt(onlyLog, b.part, b.name, c.version(b), bundleKey(b.of(), attest.DigestOf(b.doc)))
		}
	}
	for _, b := range c.own.bundles {
		if !slices.ContainsFunc(c.said.bundles, same(b)) {
			c.add(onlyDirectory, b.part, b.name, b.file+" with "+b.words(b.roots))
		}
	}
}

// version says which version of the log's it is, and which authorities or keys no
// version in the directory has.
func (c *comparison) version(b ownBundle) string {
	var fresh []string
	for _, root := range b.roots {
		known := func(o ownBundle) bool { return o.of() == b.of() && slices.Contains(o.roots, root) }
		if !slices.ContainsFunc(c.own.bundles, known) {
			fresh = append(fresh, root)
		}
	}
	s := "version " + strings.TrimSuffix(strings.TrimSuffix(path.Base(b.file), ".json"), ".pem") + " with " + b.words(b.roots)
	if len(fresh) > 0 {
		return s + ", of which the directory lacks " + b.words(fresh)
	}
	return s + ", all known"
}

// words names some of a bundle's authorities or keys.
func (b ownBundle) words(roots []string) string {
	if b.part != trustOIDCPart {
		return rootWords(roots)
	}
	if len(roots) == 1 {
		return "1 key (" + roots[0] + ")"
	}
	return fmt.Sprintf("%d keys (%s)", len(roots), strings.Join(roots, ", "))
}

func rootWords(roots []string) string {
	if len(roots) == 1 {
		return "1 authority (" + console.Short(roots[0]) + ")"
	}
	var list []string
	for _, r := range roots {
		list = append(list, console.Short(r))
	}
	return fmt.Sprintf("%d authorities (%s)", len(roots), strings.Join(list, ", "))
}
