package attest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
)

// TokenType says what an identity provider signed.
type TokenType string

// The types of token (docs/spec/tokens.md).
const (
	AccessToken   TokenType = "access_token"  // OAuth access token, a JWT (RFC 9068)
	IDJAG         TokenType = "id_jag"        // identity assertion authorization grant
	IDToken       TokenType = "id_token"      // OpenID Connect ID token
	Introspection TokenType = "introspection" // signed answer about a token (RFC 9701)
	TxnToken      TokenType = "txn_token"     // transaction token
)

// TokenAlgorithms are the algorithms that a provider may be taken to sign with:
// public keys only.
var TokenAlgorithms = []string{"ES256", "ES384", "EdDSA", "PS256", "RS256"}

var tokenTypes = []string{string(AccessToken), string(IDJAG), string(IDToken), string(Introspection), string(TxnToken)}

// Provider registers an identity provider: which of its tokens the log takes, and
// which agents its clients are. Signed by a quorum of administrators.
type Provider struct {
	Accepts    []Acceptance  `json:"accepts"`
	Agents     []ClientAgent `json:"agents"`
	Algorithms []string      `json:"algorithms"`
	By         string        `json:"by"` // administrator
	From       int64         `json:"from"`
	Issuer     string        `json:"issuer"` // exactly as tokens have it
	Log        string        `json:"log"`
	Nonce      string        `json:"nonce"`
	Until      int64         `json:"until,omitzero"`
	V          int           `json:"v"`
}

// Acceptance is a type of token that the log takes of a provider, and the
// audiences by which such a token names the log.
type Acceptance struct {
	Audiences []string  `json:"audiences"`
	Plain     bool      `json:"plain,omitzero"` // access tokens that have no type of their own
	Type      TokenType `json:"type"`
}

// ClientAgent says which agent a client of the provider is.
type ClientAgent struct {
	Agent  string `json:"agent"` // SPIFFE ID
	Client string `json:"client"`
}

// Kind returns KindProvider.
func (*Provider) Kind() Kind { return KindProvider }

// Head returns the common members.
func (p *Provider) Head() Head { return Head{p.Log, p.Nonce, p.V} }

// SignedBy is the administrator.
func (p *Provider) SignedBy() Party { return Party{ID: p.By, Kind: ByPerson} }

func (p *Provider) validate(c *checker) {
	c.head(p.Head())
	c.person("by", p.By)
	c.issuer("issuer", p.Issuer)
	c.window(p.From, p.Until, "until")
	n := len(p.Algorithms)
	c.that(n >= 1, "algorithms", "at least one", "none")
	for i, a := range p.Algorithms {
		c.oneOf("algorithms", a, TokenAlgorithms...)
		c.that(i == 0 || p.Algorithms[i-1] < a, "algorithms", "ascending, each once", a)
	}
	c.that(len(p.Agents) <= maxItems, "agents", "at most 64", strconv.Itoa(len(p.Agents)))
	for i, a := range p.Agents {
		c.spiffeID("agents.agent", a.Agent)
		c.claimText("agents.client", a.Client)
		c.that(i == 0 || p.Agents[i-1].Client < a.Client, "agents", "ascending by client, each once", a.Client)
	}
	p.validateAccepts(c)
}

func (p *Provider) validateAccepts(c *checker) {
	c.that(len(p.Accepts) >= 1, "accepts", "at least one", "none")
	for i, a := range p.Accepts {
		c.oneOf("accepts.type", string(a.Type), tokenTypes...)
		c.that(i == 0 || p.Accepts[i-1].Type < a.Type, "accepts", "ascending by type, each once", string(a.Type))
		c.that(!a.Plain || a.Type == AccessToken, "accepts.plain", "of access tokens only", string(a.Type))
		n := len(a.Audiences)
		c.that(n >= 1 && n <= 8, "accepts.audiences", "1 to 8", strconv.Itoa(n))
		for j, name := range a.Audiences {
			c.claimText("accepts.audiences", name)
			c.that(j == 0 || a.Audiences[j-1] < name, "accepts.audiences", "ascending, each once", name)
			// Nothing else would tell the two apart.
			shared := a.Plain && slices.Contains(p.Audiences(IDToken), name)
			c.that(!shared, "accepts.audiences", "of plain access tokens, none that ID tokens have", name)
		}
	}
}

// Accepted returns what is said of a type of token, or nil.
func (p *Provider) Accepted(t TokenType) *Acceptance {
	for i := range p.Accepts {
		if p.Accepts[i].Type == t {
			return &p.Accepts[i]
		}
	}
	return nil
}

// Audiences are the audiences of a type of token, or nil.
func (p *Provider) Audiences(t TokenType) []string {
	if a := p.Accepted(t); a != nil {
		return a.Audiences
	}
	return nil
}

// AgentOf maps client IDs to SPIFFE IDs.
func (p *Provider) AgentOf() map[string]string {
	out := make(map[string]string, len(p.Agents))
	for _, a := range p.Agents {
		out[a.Client] = a.Agent
	}
	return out
}

// issuer checks an issuer identifier: an https URL without query and fragment.
// On a machine of one's own it need not be https.
func (c *checker) issuer(field, s string) {
	c.that(ValidIssuer(s), field, "an https URL without query and fragment, at most 256 bytes", clip(s))
}

// ValidIssuer reports whether s can name an identity provider. It is compared
// byte for byte and never called.
func ValidIssuer(s string) bool {
	host, secure := strings.CutPrefix(s, "https://")
	if !secure {
		host = strings.TrimPrefix(s, "http://")
		name, _, _ := strings.Cut(host, "/")
		name, _, _ = strings.Cut(name, ":")
		if host == s || name != "localhost" && name != "127.0.0.1" {
			return false
		}
	}
	return host != "" && host[0] != '/' && len(s) <= 256 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || strings.ContainsRune(`?#"\<>`+"`", r)
	})
}

// claimText checks a name that tokens hold.
func (c *checker) claimText(field, s string) {
	printable := !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f })
	c.that(s != "" && len(s) <= 255 && printable, field, "printable text of 1 to 255 bytes", clip(s))
}

// Account says which person a subject of a provider is. An administrator signs
// it. The subject may be private: it is in the payload, not in the tree.
type Account struct {
	By      string `json:"by"` // administrator
	From    int64  `json:"from"`
	Issuer  string `json:"issuer"`
	Log     string `json:"log"`
	Name    string `json:"name"` // of the person
	Nonce   string `json:"nonce"`
	Subject string `json:"subject"`
	Until   int64  `json:"until,omitzero"`
	V       int    `json:"v"`
}

// Kind returns KindAccount.
func (*Account) Kind() Kind { return KindAccount }

// Head returns the common members.
func (a *Account) Head() Head { return Head{a.Log, a.Nonce, a.V} }

// SignedBy is the administrator.
func (a *Account) SignedBy() Party { return Party{ID: a.By, Kind: ByPerson} }

func (a *Account) validate(c *checker) {
	c.head(a.Head())
	c.person("by", a.By)
	c.person("name", a.Name)
	c.issuer("issuer", a.Issuer)
	c.claimText("subject", a.Subject)
	c.window(a.From, a.Until, "until")
}

// AccountName names a subject of a provider without telling it: SHA-256 of the
// canonical JSON {"issuer":I,"subject":S}.
func AccountName(issuer, subject string) Digest {
	doc, err := json.Marshal(struct {
		Issuer  string `json:"issuer"`
		Subject string `json:"subject"`
	}{issuer, subject})
	if err != nil {
		return "" // not UTF-8, which no token and no statement is
	}
	return DigestOf(doc)
}

// Token brings what a provider signed as evidence of a human's act. The workload
// that submits it signs. The token itself is the object, sealed until it ends; or
// it stays away and is committed to, and then it shows nothing.
type Token struct {
	Agent       string      `json:"agent,omitzero"` // SPIFFE ID of the agent that it is said to be about
	At          int64       `json:"at"`
	Commitment  *Commitment `json:"commitment,omitzero"` // instead of the object
	Expires     int64       `json:"expires,omitzero"`    // of the token, ms; with the object
	Instruction ID          `json:"instruction,omitzero"`
	Issuer      string      `json:"issuer"`
	Log         string      `json:"log"`
	Nonce       string      `json:"nonce"`
	Object      Digest      `json:"object,omitzero"` // of the bytes of the token
	Recorder    string      `json:"recorder"`        // SPIFFE ID
	Type        TokenType   `json:"type"`
	V           int         `json:"v"`
}

// Kind returns KindToken.
func (*Token) Kind() Kind { return KindToken }

// Head returns the common members.
func (t *Token) Head() Head { return Head{t.Log, t.Nonce, t.V} }

// SignedBy is the workload that brings the token.
func (t *Token) SignedBy() Party { return Party{ID: t.Recorder, Kind: BySVID} }

func (t *Token) validate(c *checker) {
	c.head(t.Head())
	c.time("at", t.At)
	c.issuer("issuer", t.Issuer)
	c.spiffeID("recorder", t.Recorder)
	c.oneOf("type", string(t.Type), tokenTypes...)
	if t.Agent != "" {
		c.spiffeID("agent", t.Agent)
	}
	c.optionalID("instruction", t.Instruction)
	c.that(t.Instruction == "" || t.Type == IDToken, "instruction", "of an ID token only", string(t.Type))
	c.that((t.Object == "") == (t.Commitment != nil), "object", "an object or a commitment, one of the two", string(t.Object))
	c.that((t.Object == "") == (t.Expires == 0) && t.Expires >= 0, "expires", "with the object, and only then", strconv.FormatInt(t.Expires, 10))
	c.optionalDigest("object", t.Object)
	if t.Commitment != nil {
		c.commitment("commitment", *t.Commitment)
	}
}

// TokenNonce is what an ID token has to have as its nonce to be about an
// instruction: the hex digits of the instruction's ID.
func TokenNonce(instruction ID) string {
	_, hex, _ := strings.Cut(string(instruction), ":")
	return hex
}
