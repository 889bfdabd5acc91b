package webauthn

import (
	"bytes"
	"io"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

const (
	typeCreate = "webauthn.create"
	typeGet    = "webauthn.get"
)

// MaxClientData bounds the client data, in bytes.
const MaxClientData = 1024

// clientData is what a browser says of the call that it passed on (section
// 5.8.1). Members that are not named here are read over: a browser may add some.
type clientData struct {
	kind, challenge, origin string
	cross, top              bool // crossOrigin is true; topOrigin is there at all
}

// alone: the page that asked stood by itself, not in a frame of another's.
func (d clientData) alone() error {
	if d.cross || d.top {
		return refuse("passkey.cross_origin", "a page that is in no frame of another origin", "crossOrigin or topOrigin")
	}
	return nil
}

// parseClientData reads one JSON object: valid UTF-8, no name twice, nothing
// after it, and each member that decides something of its one type.
func parseClientData(doc []byte) (d clientData, err error) {
	if len(doc) > MaxClientData {
		return d, refuse("passkey.client_data", "at most "+strconv.Itoa(MaxClientData)+" bytes", strconv.Itoa(len(doc)))
	}
	if !bytes.HasPrefix(doc, []byte("{")) || !bytes.HasSuffix(doc, []byte("}")) {
		return d, refuse("passkey.client_data", "one JSON object", "something else, or something before or after it")
	}
	in := jsontext.NewDecoder(bytes.NewReader(doc)) // refuses a name twice, and what is not UTF-8
	_, _ = in.ReadToken()                           // the brace
	for in.PeekKind() == '"' {
		if err := d.member(in); err != nil {
			return d, err
		}
	}
	_, _ = in.ReadToken() // the other brace, or an error, which the decoder gives again
	if _, err := in.ReadToken(); err != io.EOF {
		return d, refuse("passkey.client_data", "one JSON object to its end", "something else")
	}
	return d, nil
}

func (d *clientData) member(in *jsontext.Decoder) error {
	name, _ := in.ReadToken() // its error comes again with the value
	key := name.String()      // a token is good until the next is read
	value, err := in.ReadValue()
	if err != nil {
		return refuse("passkey.client_data", "a value of "+key, err.Error())
	}
	switch key {
	case "type":
		return text(key, value, &d.kind)
	case "challenge":
		return text(key, value, &d.challenge)
	case "origin":
		return text(key, value, &d.origin)
	case "crossOrigin":
		if d.cross = value.Kind() == 't'; !d.cross && value.Kind() != 'f' {
			return refuse("passkey.client_data", "true or false as crossOrigin", "something else")
		}
	case "topOrigin":
		d.top = true
	}
	return nil
}

func text(key string, value jsontext.Value, to *string) error {
	out, err := jsontext.AppendUnquote(nil, value)
	if err != nil {
		return refuse("passkey.client_data", "text as "+key, "something else")
	}
	*to = string(out)
	return nil
}
