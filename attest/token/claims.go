package token

import (
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest"
)

// Claims are what a token says, as far as a register looks at it. Times are in
// ms; 0 is none.
type Claims struct {
	Type     attest.TokenType
	Issuer   string
	Subject  string
	Audience []string // at least one
	Client   string   // azp or client_id, ""
	Nonce    string
	ID       string // jti
	Level    string // acr
	Actor    *Actor
	Confirm  *Confirmation

	IssuedAt, NotBefore, Expires, AuthTime int64
}

// Actor is the outermost act: who acts now. Those inside it tell how it came to
// be, and decide nothing (RFC 8693 section 4.1).
type Actor struct {
	Subject string
	Client  string
}

// Confirmation is cnf: the key that whoever uses the token has to have. One of
// another method than these two confirms nobody.
type Confirmation struct {
	Certificate string // x5t#S256 (RFC 8705)
	Key         string // jkt (RFC 9449)
	Other       bool   // there is a member that this version does not know
}

// members are the claims that are looked at. All others are left alone, as RFC
// 7519 asks; none of any name may stand twice.
type members struct {
	Active    jsontext.Value `json:"active"`
	Actor     jsontext.Value `json:"act"`
	Audience  jsontext.Value `json:"aud"`
	AuthTime  jsontext.Value `json:"auth_time"`
	Client    jsontext.Value `json:"client_id"`
	Confirm   jsontext.Value `json:"cnf"`
	Events    jsontext.Value `json:"events"`
	Expires   jsontext.Value `json:"exp"`
	ID        jsontext.Value `json:"jti"`
	Inner     jsontext.Value `json:"token_introspection"`
	IssuedAt  jsontext.Value `json:"iat"`
	Issuer    jsontext.Value `json:"iss"`
	Level     jsontext.Value `json:"acr"`
	Nonce     jsontext.Value `json:"nonce"`
	NotBefore jsontext.Value `json:"nbf"`
	Party     jsontext.Value `json:"azp"`
	Subject   jsontext.Value `json:"sub"`
	Txn       jsontext.Value `json:"txn"`
}

// required lists the claims that each type has to have, besides iss, sub, aud
// and exp, which all have.
var required = map[attest.TokenType][]string{
	attest.AccessToken: {"client_id", "iat", "jti"}, // RFC 9068 section 2.2
	attest.IDJAG:       {"client_id", "iat", "jti"},
	attest.IDToken:     {"iat"}, // OpenID Connect Core section 2
	attest.TxnToken:    {"iat", "txn"},
}

// parseClaims reads the payload of a token. Faults: token.claims.
func parseClaims(payload []byte, t attest.TokenType, plain bool) (*Claims, error) {
	var m members
	if err := json.Unmarshal(payload, &m); err != nil {
		return nil, claim("", "one JSON object, each member once", err.Error())
	}
	r := &reader{}
	c := &Claims{Type: t}
	if t == attest.Introspection {
		r.introspection(c, &m)
	} else {
		r.token(c, &m)
	}
	if m.Events != nil {
		r.fail("events", "a token, and no security event", "one")
	}
	must := required[t]
	if plain {
		must = nil
	}
	for _, name := range must {
		if m.value(name) == nil {
			r.fail(name, "a "+string(t)+" has it", "none")
		}
	}
	return c, r.err
}

func (m *members) value(name string) jsontext.Value {
	return map[string]jsontext.Value{"client_id": m.Client, "iat": m.IssuedAt, "jti": m.ID, "txn": m.Txn}[name]
}

// reader keeps the first claim that is out of form.
type reader struct{ err error }

func claim(name, expected, found string) error {
	return attest.Refuse("token.claims", name, expected, found)
}

func (r *reader) fail(name, expected, found string) {
	if r.err == nil {
		r.err = claim(name, expected, found)
	}
}

// token reads the claims of a token about whom it is.
func (r *reader) token(c *Claims, m *members) {
	c.Issuer = r.text("iss", m.Issuer, true)
	c.Audience = r.audience("aud", m.Audience)
	c.IssuedAt = r.time("iat", m.IssuedAt, false)
	r.grant(c, m)
}

// introspection reads a response: what is said of the token is inside, and for
// whom it is outside (RFC 9701 section 5).
func (r *reader) introspection(c *Claims, outer *members) {
	var m members
	if err := json.Unmarshal(outer.Inner, &m); err != nil {
		r.fail("token_introspection", "an object with the answer", "none")
		return
	}
	c.Issuer = r.text("iss", outer.Issuer, true)
	c.Audience = r.audience("aud", outer.Audience)
	c.IssuedAt = r.time("iat", outer.IssuedAt, true)
	if string(m.Active) != "true" {
		r.fail("active", "true", string(m.Active))
	}
	if m.Issuer != nil && r.text("token_introspection.iss", m.Issuer, true) != c.Issuer {
		r.fail("token_introspection.iss", c.Issuer, "another")
	}
	if m.Audience != nil { // the token itself is for this log too
		c.Audience = append(c.Audience, r.audience("token_introspection.aud", m.Audience)...)
	}
	r.grant(c, &m)
}

// grant reads who is named, and for how long.
func (r *reader) grant(c *Claims, m *members) {
	c.Subject = r.text("sub", m.Subject, true)
	c.Expires = r.time("exp", m.Expires, true)
	c.NotBefore = r.time("nbf", m.NotBefore, false)
	c.AuthTime = r.time("auth_time", m.AuthTime, false)
	c.Nonce = r.text("nonce", m.Nonce, false)
	c.ID = r.text("jti", m.ID, false)
	c.Level = r.text("acr", m.Level, false)
	c.Client = r.text("client_id", m.Client, false)
	if azp := r.text("azp", m.Party, false); azp != "" {
		if c.Client != "" && c.Client != azp {
			r.fail("azp", c.Client+", as client_id says", azp)
		}
		c.Client = azp
	}
	c.Actor = r.actor(m.Actor)
	c.Confirm = r.confirmation(m.Confirm)
}

// maxClaim bounds a text claim that is looked at, in bytes.
const maxClaim = 1024

func (r *reader) text(name string, v jsontext.Value, must bool) string {
	if v == nil && !must {
		return ""
	}
	var s string
	if err := json.Unmarshal(v, &s); err != nil || s == "" || len(s) > maxClaim {
		r.fail(name, "text of 1 to "+strconv.Itoa(maxClaim)+" bytes", string(v))
	}
	return s
}

// lastSecond is the end of year 9999.
const lastSecond = 253402300799

// time reads a NumericDate in whole seconds.
func (r *reader) time(name string, v jsontext.Value, must bool) int64 {
	if v == nil && !must {
		return 0
	}
	seconds, err := strconv.ParseInt(string(v), 10, 64)
	if err != nil || seconds <= 0 || seconds > lastSecond {
		r.fail(name, "whole seconds since 1970", string(v))
		return 0
	}
	return seconds * 1000
}

// audience reads one name, or a list of them.
func (r *reader) audience(name string, v jsontext.Value) []string {
	if v.Kind() == '"' {
		return []string{r.text(name, v, true)}
	}
	var list []string
	if err := json.Unmarshal(v, &list); err != nil || len(list) == 0 || len(list) > 16 {
		r.fail(name, "a name, or a list of 1 to 16", string(v))
	}
	for _, a := range list {
		if a == "" || len(a) > maxClaim {
			r.fail(name, "names of 1 to "+strconv.Itoa(maxClaim)+" bytes", a)
		}
	}
	return list
}

func (r *reader) actor(v jsontext.Value) *Actor {
	if v == nil {
		return nil
	}
	var a struct {
		Client  jsontext.Value `json:"client_id"`
		Subject jsontext.Value `json:"sub"`
	}
	if err := json.Unmarshal(v, &a); err != nil || v.Kind() != '{' {
		r.fail("act", "an object", string(v))
	}
	return &Actor{Subject: r.text("act.sub", a.Subject, false), Client: r.text("act.client_id", a.Client, false)}
}

func (r *reader) confirmation(v jsontext.Value) *Confirmation {
	if v == nil {
		return nil
	}
	var all map[string]jsontext.Value
	if err := json.Unmarshal(v, &all); err != nil || v.Kind() != '{' {
		r.fail("cnf", "an object", string(v))
	}
	c := &Confirmation{}
	for name, value := range all {
		switch name {
		case "x5t#S256":
			c.Certificate = r.text("cnf.x5t#S256", value, true)
		case "jkt":
			c.Key = r.text("cnf.jkt", value, true)
		default:
			c.Other = true
		}
	}
	return c
}
