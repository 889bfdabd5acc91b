package token

import (
	"bytes"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/deedlog/deed/attest"
)

// MaxToken bounds a token, in bytes.
const MaxToken = 16 << 10

// header is the part of a JOSE header that is looked at. Where it says that keys
// could be found, it is not followed.
type header struct {
	Algorithm string         `json:"alg"`
	Critical  jsontext.Value `json:"crit"`
	Encoding  jsontext.Value `json:"b64"`
	KeyID     string         `json:"kid"`
	Type      string         `json:"typ"`
	Content   string         `json:"cty"`
	Zip       jsontext.Value `json:"zip"`
}

var strict = base64.RawURLEncoding.Strict()

// split takes a compact JWS apart: header and payload decoded. Faults:
// token.form.
func split(raw []byte) (h header, payload []byte, err error) {
	if len(raw) > MaxToken {
		return h, nil, form("at most "+strconv.Itoa(MaxToken)+" bytes", strconv.Itoa(len(raw)))
	}
	parts := bytes.Split(raw, []byte("."))
	if len(parts) != 3 {
		return h, nil, form("three parts of base64url, as a compact JWS has", strconv.Itoa(len(parts)))
	}
	var decoded [3][]byte
	for i, p := range parts {
		if decoded[i], err = part(p); err != nil {
			return h, nil, err
		}
	}
	// It refuses duplicate names and text that is not UTF-8, and tells cases apart.
	if err := json.Unmarshal(decoded[0], &h); err != nil {
		return h, nil, form("a header that is one JSON object, each member once", err.Error())
	}
	if h.Critical != nil || h.Encoding != nil || h.Zip != nil {
		return h, nil, form("a header without crit, b64 and zip", "one of them")
	}
	if h.Content != "" {
		return h, nil, form("claims, and no other token inside", h.Content)
	}
	return h, decoded[1], nil
}

// part decodes what has only this one encoding: the decoder would pass over line
// breaks.
func part(p []byte) ([]byte, error) {
	out, err := strict.AppendDecode(nil, p)
	if err != nil || len(out) == 0 || strict.EncodedLen(len(out)) != len(p) {
		return nil, form("base64url without padding", "other text")
	}
	return out, nil
}

func form(expected, found string) error { return attest.Refuse("token.form", "token", expected, found) }

// typed checks the type of a token of a kind. It keeps one kind from passing for
// another. Faults: token.type.
func typed(r Rules, typ string) error {
	got := strings.TrimPrefix(strings.ToLower(typ), "application/")
	want, plain := types[r.Type], r.Type == attest.IDToken || r.Plain
	if plain {
		want = "jwt"
	}
	if want != "" && (got == want || plain && got == "") {
		return nil
	}
	return attest.Refuse("token.type", "typ", want, typ)
}

// types are the types of tokens that have one of their own.
var types = map[attest.TokenType]string{
	attest.AccessToken:   "at+jwt",
	attest.IDJAG:         "oauth-id-jag+jwt",
	attest.Introspection: "token-introspection+jwt",
	attest.TxnToken:      "txntoken+jwt",
}
