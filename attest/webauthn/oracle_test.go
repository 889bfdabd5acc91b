package webauthn_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
)

// plainlyRight is the same judgement by the standard library: the whole of the
// document is one object whose members, the last of a name counting, are right.
func plainlyRight(client []byte) bool {
	in := json.NewDecoder(bytes.NewReader(client))
	var all map[string]json.RawMessage
	if in.Decode(&all) != nil || in.More() || all == nil {
		return false
	}
	is := func(name, want string) bool {
		var got string
		return json.Unmarshal(all[name], &got) == nil && got == want
	}
	cross := all["crossOrigin"]
	_, top := all["topOrigin"]
	return is("type", "webauthn.get") && is("origin", origin) && !top && (cross == nil || string(cross) == "false") &&
		is("challenge", base64.RawURLEncoding.EncodeToString(challenge[:]))
}
