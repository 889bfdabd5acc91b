package attest

import (
	"strconv"
)

// Genesis is entry 0: what the log is, whose keys it has, who administers it.
// The server signs it and every administrator endorses it.
type Genesis struct {
	Administrators []Administrator `json:"administrators"`
	At             int64           `json:"at"` // ms
	Log            string          `json:"log"`
	LogKeys        LogKeys         `json:"log_keys"`
	Nonce          string          `json:"nonce"`
	Quorum         int             `json:"quorum"` // administrators that must sign issuers and policies
	ServerKey      Key             `json:"server_key"`
	TrustDomains   []string        `json:"trust_domains"`
	V              int             `json:"v"`
}

// Administrator is a person who may change what the log trusts.
type Administrator struct {
	Key  Key    `json:"key"`
	Name string `json:"name"`
}

// LogKeys are the verifier keys of checkpoints, as C2SP vkeys.
type LogKeys struct {
	Ed25519 string `json:"ed25519"`
	MLDSA44 string `json:"mldsa44"`
}

// Kind returns KindGenesis.
func (*Genesis) Kind() Kind { return KindGenesis }

// Head returns the common members.
func (g *Genesis) Head() Head { return Head{g.Log, g.Nonce, g.V} }

// SignedBy is the server.
func (g *Genesis) SignedBy() Party { return Party{ID: g.Log, Kind: ByServer} }

func (g *Genesis) validate(c *checker) {
	c.head(g.Head())
	c.time("at", g.At)
	c.administrators(g.Administrators, g.Quorum, g.ServerKey)
	c.key("server_key", g.ServerKey)
	c.text("log_keys.ed25519", g.LogKeys.Ed25519, 512)
	c.text("log_keys.mldsa44", g.LogKeys.MLDSA44, 4096)
	c.that(len(g.TrustDomains) >= 1 && len(g.TrustDomains) <= 16, "trust_domains", "1 to 16", strconv.Itoa(len(g.TrustDomains)))
	for i, td := range g.TrustDomains {
		c.that(ValidTrustDomain(td) && (i == 0 || g.TrustDomains[i-1] < td), "trust_domains", "trust domains, ascending, each once", td)
	}
}

// Root is a snapshot of roots of trust as the server fetched them; the bytes are
// the object named by Bundle. A SPIFFE bundle is of a trust domain, a JWKS of an
// issuer, every other type has names.
type Root struct {
	At          int64    `json:"at"` // when fetched, ms
	Bundle      Digest   `json:"bundle"`
	Issuer      string   `json:"issuer,omitzero"` // of a jwks
	Log         string   `json:"log"`
	Name        string   `json:"name,omitzero"`
	Nonce       string   `json:"nonce"`
	Source      string   `json:"source"` // where it was read from, for people
	TrustDomain string   `json:"trust_domain,omitzero"`
	Type        RootType `json:"type"`
	V           int      `json:"v"`
}

// Kind returns KindRoot.
func (*Root) Kind() Kind { return KindRoot }

// Head returns the common members.
func (r *Root) Head() Head { return Head{r.Log, r.Nonce, r.V} }

// SignedBy is the server.
func (r *Root) SignedBy() Party { return Party{ID: r.Log, Kind: ByServer} }

// Of says what the root is of, for people: its trust domain, or type and name, or
// type and issuer.
func (r *Root) Of() string {
	if r.Type == RootSPIFFE {
		return r.TrustDomain
	}
	return NamedRoot{r.Type, r.Name + r.Issuer}.String() // one of the two
}

func (r *Root) validate(c *checker) {
	c.head(r.Head())
	c.time("at", r.At)
	c.digest("bundle", r.Bundle)
	c.text("source", r.Source, 512)
	c.oneOf("type", string(r.Type), string(RootFulcio), string(RootJWKS), string(RootSPIFFE), string(RootTSA), string(RootX509))
	if r.Type == RootJWKS {
		c.issuer("issuer", r.Issuer)
		c.that(r.Name == "" && r.TrustDomain == "", "name", "none with an issuer", r.Name+r.TrustDomain)
		return
	}
	c.that(r.Issuer == "", "issuer", "of a jwks only", r.Issuer)
	if r.Type == RootSPIFFE {
		c.that(ValidTrustDomain(r.TrustDomain), "trust_domain", "a trust domain", r.TrustDomain)
		c.that(r.Name == "", "name", "none with a trust domain", r.Name)
		return
	}
	c.that(ValidRootName(r.Name), "name", "[a-z0-9][a-z0-9._-]{0,63}", r.Name)
	c.that(r.TrustDomain == "", "trust_domain", "none with a name", r.TrustDomain)
}

// Person registers how a human signs: with a key, which may be a passkey or an
// SSH key, or with certificates. An administrator signs it; the person endorses it
// so, which proves possession.
type Person struct {
	By      string   `json:"by"` // administrator
	From    int64    `json:"from"`
	Fulcio  *Fulcio  `json:"fulcio,omitzero"`
	Key     Key      `json:"key,omitempty"` // unless certificates sign
	Log     string   `json:"log"`
	Name    string   `json:"name"`
	Nonce   string   `json:"nonce"`
	Passkey *Passkey `json:"passkey,omitzero"` // the key is in an authenticator
	Reach   string   `json:"reach,omitzero"`   // how to reach the person
	SSH     *SSH     `json:"ssh,omitzero"`     // the key is in OpenSSH's form
	Until   int64    `json:"until,omitzero"`
	V       int      `json:"v"`
	X509    *X509    `json:"x509,omitzero"`
}

// Kind returns KindPerson.
func (*Person) Kind() Kind { return KindPerson }

// Head returns the common members.
func (p *Person) Head() Head { return Head{p.Log, p.Nonce, p.V} }

// SignedBy is the administrator.
func (p *Person) SignedBy() Party { return Party{ID: p.By, Kind: ByPerson} }

func (p *Person) validate(c *checker) {
	c.head(p.Head())
	c.person("by", p.By)
	c.person("name", p.Name)
	o := p.object()
	o.check(c)
	c.optionalText("reach", p.Reach, 256)
	c.window(p.From, p.Until, "until")
}

func (c *checker) window(from, until int64, field string) {
	c.time("from", from)
	if until != 0 {
		c.that(until > from, field, "after from", strconv.FormatInt(until, 10))
	}
}

// In reports whether a time, in ms, lies in [from, until); an until of 0 is open.
func In(at, from, until int64) bool { return at >= from && (until == 0 || at < until) }

// Issuer registers who may issue root warrants: for which grants and bases, and
// who is accountable. Signed by a quorum of administrators.
type Issuer struct {
	Accountable string  `json:"accountable"`
	Bases       []Basis `json:"bases"`
	By          string  `json:"by"`
	From        int64   `json:"from"`
	Grants      []Grant `json:"grants"`
	Issuer      Party   `json:"issuer"`
	Log         string  `json:"log"`
	Nonce       string  `json:"nonce"`
	Until       int64   `json:"until,omitzero"`
	V           int     `json:"v"`
}

// Kind returns KindIssuer.
func (*Issuer) Kind() Kind { return KindIssuer }

// Head returns the common members.
func (i *Issuer) Head() Head { return Head{i.Log, i.Nonce, i.V} }

// SignedBy is the administrator.
func (i *Issuer) SignedBy() Party { return Party{ID: i.By, Kind: ByPerson} }

func (i *Issuer) validate(c *checker) {
	c.head(i.Head())
	c.person("by", i.By)
	c.person("accountable", i.Accountable)
	c.party("issuer", i.Issuer, ByPerson, BySVID)
	c.that(len(i.Bases) >= 1, "bases", "at least one", "none")
	for n, b := range i.Bases {
		c.oneOf("bases", string(b), bases...)
		c.that(n == 0 || i.Bases[n-1] < b, "bases", "ascending, each once", string(b))
	}
	c.grants("grants", i.Grants)
	c.window(i.From, i.Until, "until")
}

// Policy puts a Cedar policy set, its schema and its entities in force, by
// digest of the objects. Signed by a quorum of administrators.
type Policy struct {
	By       string `json:"by"`
	Entities Digest `json:"entities"`
	Log      string `json:"log"`
	Mode     Mode   `json:"mode"`
	Nonce    string `json:"nonce"`
	Policies Digest `json:"policies"`
	Quotas   Quotas `json:"quotas"`
	Schema   Digest `json:"schema"`
	V        int    `json:"v"`
}

// Mode says whether enforcement points wait for the log's answer.
type Mode string

// The modes of a policy.
const (
	Gate    Mode = "gate"    // an action may go on only with an allow in hand
	Observe Mode = "observe" // the log records; nothing waits for it
)

// Quotas bound what one signer may make the log keep.
type Quotas struct {
	Denials int   `json:"denials"`  // denied entries per signer and hour
	LeafTTL int64 `json:"leaf_ttl"` // longest life of a warrant that is acted under, ms
}

// Kind returns KindPolicy.
func (*Policy) Kind() Kind { return KindPolicy }

// Head returns the common members.
func (p *Policy) Head() Head { return Head{p.Log, p.Nonce, p.V} }

// SignedBy is the administrator.
func (p *Policy) SignedBy() Party { return Party{ID: p.By, Kind: ByPerson} }

func (p *Policy) validate(c *checker) {
	c.head(p.Head())
	c.person("by", p.By)
	c.digest("policies", p.Policies)
	c.digest("schema", p.Schema)
	c.digest("entities", p.Entities)
	c.oneOf("mode", string(p.Mode), string(Gate), string(Observe))
	c.that(p.Quotas.LeafTTL > 0 && p.Quotas.LeafTTL < maxInteger, "quotas.leaf_ttl", "a positive number of ms", strconv.FormatInt(p.Quotas.LeafTTL, 10))
	c.that(p.Quotas.Denials > 0 && p.Quotas.Denials <= 1_000_000, "quotas.denials", "1 to 1000000", strconv.Itoa(p.Quotas.Denials))
}

// Agent registers a workload, or all below a path: who owns it, what it is for,
// what it was built from.
type Agent struct {
	Agent    string `json:"agent"` // SPIFFE ID, or with Prefix all IDs below it
	Build    Digest `json:"build,omitzero"`
	By       string `json:"by"` // administrator or owner
	Log      string `json:"log"`
	Nonce    string `json:"nonce"`
	Owner    string `json:"owner"`
	Prefix   bool   `json:"prefix"`
	Purpose  string `json:"purpose"`
	Recorder bool   `json:"recorder"` // may record triggers
	Status   string `json:"status"`   // registered | suspended | retired
	V        int    `json:"v"`
}

// Kind returns KindAgent.
func (*Agent) Kind() Kind { return KindAgent }

// Head returns the common members.
func (a *Agent) Head() Head { return Head{a.Log, a.Nonce, a.V} }

// SignedBy is the administrator or owner.
func (a *Agent) SignedBy() Party { return Party{ID: a.By, Kind: ByPerson} }

func (a *Agent) validate(c *checker) {
	c.head(a.Head())
	c.person("by", a.By)
	c.person("owner", a.Owner)
	c.spiffeID("agent", a.Agent)
	c.optionalDigest("build", a.Build)
	c.text("purpose", a.Purpose, 256)
	c.oneOf("status", a.Status, "registered", "suspended", "retired")
}

// Revocation ends a warrant and its descendants from its own index on. The
// warrant's issuer or an administrator signs it.
type Revocation struct {
	By      Party  `json:"by"`
	Log     string `json:"log"`
	Nonce   string `json:"nonce"`
	Reason  string `json:"reason"`
	V       int    `json:"v"`
	Warrant ID     `json:"warrant"`
}

// Kind returns KindRevocation.
func (*Revocation) Kind() Kind { return KindRevocation }

// Head returns the common members.
func (r *Revocation) Head() Head { return Head{r.Log, r.Nonce, r.V} }

// SignedBy is the warrant's issuer or an administrator.
func (r *Revocation) SignedBy() Party { return r.By }

func (r *Revocation) validate(c *checker) {
	c.head(r.Head())
	c.party("by", r.By, ByPerson, BySVID)
	c.text("reason", r.Reason, 256)
	c.id("warrant", r.Warrant)
}
