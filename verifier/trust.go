package verifier

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/token"
	"github.com/deedlog/deed/identity"
	"github.com/deedlog/deed/ledger"
)

// Names and caps of a trust directory (docs/spec/trust.md).
const (
	policyFile  = "log.policy"
	mldsaFile   = "log.mldsa.vkey"
	genesisFile = "genesis"
	peopleFile  = "people.json"
	serverFile  = "server.json"
	trustReadme = "README"
	spiffeDir   = "spiffe"

	maxTrustFile  = 2 << 20
	maxTrustFiles = 1024
)

// rootDirs hold roots, in a directory for each trust domain or name.
var rootDirs = []string{spiffeDir, string(attest.RootX509), string(attest.RootFulcio), string(attest.RootTSA), oidcDir}

var (
	namedFile  = regexp.MustCompile(`^(x509|fulcio|tsa)/([a-z0-9][a-z0-9._-]{0,63})/(?:0|[1-9][0-9]{0,8})\.pem$`)
	bundleFile = regexp.MustCompile(`^spiffe/([a-z0-9._-]{1,255})/(0|[1-9][0-9]{0,8})\.(json|pem)$`)
)

// Trust is what the reader believes before seeing a bundle: a trust directory,
// read. It is immutable.
type Trust struct {
	log     *ledger.TrustPolicy
	mldsa   *ledger.VKey // nil: the log's ML-DSA signature is not asked for
	genesis *ledger.Hash // leaf hash of entry 0, or nil
	spiffe  map[string][]*identity.Bundle
	named   map[attest.NamedRoot][]*attest.Roots
	people  map[string][]TrustPerson // nil: no own list
	server  []attest.Key             // nil: no own copy
	oidc    map[string][]*token.Keys // by issuer
}

// TrustPerson is a key of a person in people.json, or the identity that the
// person's certificates have: a JSON array of these. A person whose key changed is
// listed once for each key.
type TrustPerson struct {
	Administrator bool           `json:"administrator,omitzero"`
	Fulcio        *attest.Fulcio `json:"fulcio,omitzero"`
	Key           attest.Key     `json:"key,omitempty"` // SubjectPublicKeyInfo
	Name          string         `json:"name"`
	X509          *attest.X509   `json:"x509,omitzero"`
}

// NewTrustPerson is how a person statement is listed: of a passkey or an SSH key
// it is the key that counts, not what holds it.
func NewTrustPerson(p *attest.Person) TrustPerson {
	return TrustPerson{Fulcio: p.Fulcio, Key: p.Key, Name: p.Name, X509: p.X509}
}

// Identity is what tells one of a name's entries from another.
func (p TrustPerson) Identity() attest.Digest { return p.person().Identity() }

func (p TrustPerson) person() *attest.Person {
	return &attest.Person{Fulcio: p.Fulcio, Key: p.Key, Name: p.Name, X509: p.X509}
}

// check refuses an entry without a person's key or identity, or with two.
func (p TrustPerson) check() error {
	if !attest.ValidPerson(p.Name) {
		return fmt.Errorf("%q cannot be a person's name", printable(p.Name))
	}
	if len(p.Key) > 0 && p.Fulcio == nil && p.X509 == nil {
		if _, err := p.Key.ParsePerson(); err != nil {
			return fmt.Errorf("key of %s: %w", p.Name, err)
		}
		return nil
	}
	if _, err := p.person().Credential().Form(); err != nil || len(p.Key) > 0 {
		return fmt.Errorf("%s: want one of key, x509 and fulcio, whole and in form", p.Name)
	}
	return nil
}

// trustServer is server.json: the statement keys that the reader knows the
// operator to have.
type trustServer struct {
	Keys []attest.Key `json:"keys"`
}

// LoadTrust reads a trust directory (docs/spec/trust.md):
//
//	log.policy                 C2SP tlog-policy: the log's keys, witnesses, quorum; required
//	log.mldsa.vkey             the log's ML-DSA-44 key; if there, its signature is required
//	genesis                    leaf hash of entry 0 in hex
//	spiffe/<domain>/<n>.json   SPIFFE bundles, any number of versions; or <n>.pem
//	x509/<name>/<n>.pem        authorities of people's certificates; fulcio/ and tsa/ likewise
//	oidc/<name>/issuer         the issuer of an identity provider, one line
//	oidc/<name>/<n>.json       its keys (JWKS), any number of versions
//	people.json                people and their keys
//	server.json                the operator's statement keys
//	README
//
// A file that it does not know is an error: it may be one that was misnamed and
// would have changed the verdict.
func LoadTrust(dir fs.FS) (*Trust, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir():
			return trustDirectory(name)
		case len(files) == maxTrustFiles:
			return fmt.Errorf("more than %d files", maxTrustFiles)
		}
		files[name], err = readSmall(dir, name)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("loading trust directory: %w", err)
	}
	return readTrust(files)
}

func readTrust(files map[string][]byte) (*Trust, error) {
	t := &Trust{spiffe: map[string][]*identity.Bundle{}, named: map[attest.NamedRoot][]*attest.Roots{}, oidc: map[string][]*token.Keys{}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := t.file(name, files[name]); err != nil {
			return nil, fmt.Errorf("loading trust directory: reading %s: %w", printable(name), err)
		}
	}
	if err := t.providers(files); err != nil {
		return nil, fmt.Errorf("loading trust directory: %w", err)
	}
	if t.log == nil {
		return nil, fmt.Errorf("loading trust directory: no %s, which names the log's keys", policyFile)
	}
	if err := t.independent(); err != nil {
		return nil, fmt.Errorf("loading trust directory: reading %s: %w", policyFile, err)
	}
	return t, nil
}

// independent refuses a witness that has a key of the log: a quorum of it shows only
// what the log signed anyway, whatever the witness is called.
func (t *Trust) independent() error {
	keys := slices.Clone(t.log.Logs)
	if t.mldsa != nil {
		keys = append(keys, ledger.PolicyKey{Key: *t.mldsa})
	}
	for _, w := range t.log.Witnesses {
		if slices.ContainsFunc(keys, func(k ledger.PolicyKey) bool { return bytes.Equal(k.Key.Key(), w.Key.Key()) }) {
			return fmt.Errorf("witness %s has a key of the log", printable(w.Name))
		}
	}
	return nil
}

func trustDirectory(name string) error {
	dir, inside, _ := strings.Cut(name, "/")
	if name == "." || slices.Contains(rootDirs, dir) && !strings.Contains(inside, "/") {
		return nil
	}
	return fmt.Errorf("unknown directory %q", printable(name))
}

func readSmall(dir fs.FS, name string) ([]byte, error) {
	info, err := fs.Stat(dir, name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%q is not a file", printable(name))
	}
	if info.Size() > maxTrustFile {
		return nil, fmt.Errorf("%q has %d bytes, the limit is %d", printable(name), info.Size(), maxTrustFile)
	}
	return fs.ReadFile(dir, name)
}

// file takes one file of the directory.
func (t *Trust) file(name string, doc []byte) (err error) {
	switch name {
	case policyFile:
		t.log, err = ledger.ParseTrustPolicy(doc)
		if err == nil && len(t.log.Logs) == 0 {
			err = fmt.Errorf("no log line")
		}
		return err
	case mldsaFile:
		return t.mldsaKey(line(doc))
	case genesisFile:
		return t.genesisHash(line(doc))
	case peopleFile:
		return t.peopleList(doc)
	case serverFile:
		return t.serverKeys(doc)
	case trustReadme:
		return nil
	}
	if providerFile.MatchString(name) {
		return nil // providers reads them together
	}
	if part := namedFile.FindStringSubmatch(name); part != nil {
		return t.namedRoots(attest.NamedRoot{Type: attest.RootType(part[1]), Name: part[2]}, doc)
	}
	part := bundleFile.FindStringSubmatch(name)
	if part == nil {
		return fmt.Errorf("unknown file; known are %s, %s, %s, %s/DOMAIN/N.json or .pem, x509/NAME/N.pem, fulcio/NAME/N.pem, tsa/NAME/N.pem, oidc/NAME/issuer and N.json, %s, %s and %s",
			policyFile, mldsaFile, genesisFile, spiffeDir, peopleFile, serverFile, trustReadme)
	}
	b, err := identity.ParseBundle(part[1], doc)
	if err != nil {
		return err
	}
	t.spiffe[part[1]] = append(t.spiffe[part[1]], b)
	return nil
}

func (t *Trust) namedRoots(name attest.NamedRoot, doc []byte) error {
	r, err := attest.ParseRoots(doc)
	if err != nil {
		return err
	}
	t.named[name] = append(t.named[name], r)
	return nil
}

// line is the text of a file of one line, with or without its newline.
func line(doc []byte) string { return strings.TrimSuffix(strings.TrimSuffix(string(doc), "\n"), "\r") }

func (t *Trust) mldsaKey(text string) error {
	key, err := ledger.ParseVKey(text)
	if err != nil {
		return err
	}
	if key.Type() != ledger.TypeMLDSA44 {
		return fmt.Errorf("key of type 0x%02x, want ML-DSA-44 (0x%02x)", key.Type(), ledger.TypeMLDSA44)
	}
	t.mldsa = &key
	return nil
}

func (t *Trust) genesisHash(text string) error {
	sum, err := hex.DecodeString(text)
	if err != nil || len(sum) != len(ledger.Hash{}) {
		return fmt.Errorf("want one line of 64 hex digits")
	}
	t.genesis = (*ledger.Hash)(sum)
	return nil
}

func (t *Trust) peopleList(doc []byte) error {
	var list []TrustPerson
	if err := json.Unmarshal(doc, &list, json.RejectUnknownMembers(true)); err != nil {
		return err
	}
	t.people = map[string][]TrustPerson{}
	for _, p := range list {
		if err := p.check(); err != nil {
			return err
		}
		if t.knows(p.Name, p.Identity()) {
			return fmt.Errorf("a key of %s is listed twice", p.Name)
		}
		if other := t.owner(p.Identity()); other != "" {
			return fmt.Errorf("a key of %s is listed as one of %s too: one key is one person", other, p.Name)
		}
		t.people[p.Name] = append(t.people[p.Name], p)
	}
	return nil
}

// owner is whose key or identity it is, or "".
func (t *Trust) owner(identity attest.Digest) string {
	for name := range t.people {
		if t.knows(name, identity) {
			return name
		}
	}
	return ""
}

// knows reports whether the reader knows a key or an identity as this person's.
func (t *Trust) knows(name string, identity attest.Digest) bool {
	return slices.ContainsFunc(t.people[name], func(p TrustPerson) bool { return p.Identity() == identity })
}

func (t *Trust) serverKeys(doc []byte) error {
	var s trustServer
	if err := json.Unmarshal(doc, &s, json.RejectUnknownMembers(true)); err != nil {
		return err
	}
	if len(s.Keys) == 0 {
		return fmt.Errorf("no keys")
	}
	for _, k := range s.Keys {
		if _, err := k.Parse(); err != nil {
			return err
		}
	}
	t.server = s.Keys
	return nil
}

// marks reports whether the list says at all who is an administrator.
func (t *Trust) marks() bool {
	for _, keys := range t.people {
		for _, p := range keys {
			if p.Administrator {
				return true
			}
		}
	}
	return false
}
