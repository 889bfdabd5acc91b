package token

import (
	"slices"
	"strconv"

	"github.com/go-jose/go-jose/v4"

	"github.com/deedlog/deed/attest"
)

// Rules say which tokens of a provider are taken (docs/spec/statements.md,
// "provider").
type Rules struct {
	Issuer     string // exactly
	Type       attest.TokenType
	Algorithms []string // of [attest.TokenAlgorithms]
	Audiences  []string // a token names one or more of these, and nothing else
	Plain      bool     // an access token has no type of its own
}

// Limits of a token's times, in ms.
const (
	Skew    = 60_000                  // a provider's clock may be ahead
	MaxLife = 7 * 24 * 60 * 60 * 1000 // a token is not readable before it ends
)

// Verify checks a token at a time in ms, in this order: form, algorithm, type,
// key, signature, claims, issuer, audience, times. Faults: token.form,
// token.algorithm, token.type, token.key, token.signature, token.claims,
// token.issuer, token.audience, token.time.
func Verify(raw []byte, keys *Keys, r Rules, at int64) (*Claims, error) {
	h, _, err := r.header(raw)
	if err != nil {
		return nil, err
	}
	key, err := keys.find(h.KeyID, h.Algorithm)
	if err != nil {
		return nil, err
	}
	payload, err := signed(raw, h.Algorithm, key)
	if err != nil {
		return nil, err
	}
	c, err := parseClaims(payload, r.Type, r.Plain)
	if err != nil {
		return nil, err
	}
	if err := c.fit(r); err != nil {
		return nil, err
	}
	return c, c.timely(at)
}

// Taken is Verify for a token that was verified before, by rules that may be
// others by now: all but key, signature and times. Faults: token.form,
// token.algorithm, token.type, token.claims, token.issuer, token.audience.
func Taken(raw []byte, r Rules) (*Claims, error) {
	_, payload, err := r.header(raw)
	if err != nil {
		return nil, err
	}
	c, err := parseClaims(payload, r.Type, r.Plain)
	if err != nil {
		return nil, err
	}
	return c, c.fit(r)
}

// header takes a token apart and checks algorithm and type.
func (r Rules) header(raw []byte) (header, []byte, error) {
	h, payload, err := split(raw)
	if err != nil {
		return h, nil, err
	}
	if !slices.Contains(r.Algorithms, h.Algorithm) {
		return h, nil, attest.Refuse("token.algorithm", "alg", "an algorithm of the provider", h.Algorithm)
	}
	return h, payload, typed(r, h.Type)
}

// signed checks the signature and returns what it is over.
func signed(raw []byte, algorithm string, key any) ([]byte, error) {
	sig, err := jose.ParseSignedCompact(string(raw), []jose.SignatureAlgorithm{jose.SignatureAlgorithm(algorithm)})
	if err != nil {
		return nil, form("a compact JWS", err.Error())
	}
	payload, err := sig.Verify(key)
	if err != nil {
		return nil, attest.Refuse("token.signature", "token", "a signature by the provider's key", "one that does not verify")
	}
	return payload, nil
}

// Read is Verify for a token that was verified before: it reads the claims and
// checks nothing else. Faults: token.form, token.claims.
func Read(raw []byte, t attest.TokenType, plain bool) (*Claims, error) {
	_, payload, err := split(raw)
	if err != nil {
		return nil, err
	}
	return parseClaims(payload, t, plain)
}

// fit checks whose a token is and whom it is for.
func (c *Claims) fit(r Rules) error {
	if c.Issuer != r.Issuer {
		return attest.Refuse("token.issuer", "iss", r.Issuer, c.Issuer)
	}
	return c.Audienced(r.Audiences)
}

// timely checks a token's times.
func (c *Claims) timely(at int64) error {
	switch {
	case c.Expires <= at:
		return outOfTime("exp", "a token that has not expired", c.Expires)
	case c.Expires > at+MaxLife:
		return outOfTime("exp", "a token that ends within 7 days", c.Expires)
	case c.NotBefore > at+Skew:
		return outOfTime("nbf", "a token that is valid already", c.NotBefore)
	case c.IssuedAt > at+Skew:
		return outOfTime("iat", "a token that was issued already", c.IssuedAt)
	}
	return nil
}

// Audienced checks that a token is for these audiences and for nobody else: it
// would still be of use there. Faults: token.audience.
func (c *Claims) Audienced(audiences []string) error {
	for _, a := range c.Audience {
		if !slices.Contains(audiences, a) {
			return attest.Refuse("token.audience", "aud", "no other audience than this log", a)
		}
	}
	if c.Type == attest.IDToken && c.Client != "" && !slices.Contains(audiences, c.Client) {
		return attest.Refuse("token.audience", "azp", "an ID token that was asked for in this log's name", c.Client)
	}
	return nil
}

func outOfTime(field, expected string, found int64) error {
	return attest.Refuse("token.time", field, expected, strconv.FormatInt(found/1000, 10))
}
