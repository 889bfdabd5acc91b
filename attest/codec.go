package attest

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Decode reads a document of the strict profile into v, a pointer to a struct
// whose fields stand in the order of their JSON names. Unknown members, missing
// members and any form that v would not itself be written in are refused:
// decoding is the inverse of [Encode] or it fails.
//
// Faults: those of [CheckProfile], profile.member, profile.canonical.
func Decode(doc []byte, v any) error {
	if err := CheckProfile(doc); err != nil {
		return err
	}
	return decodeChecked(doc, v)
}

// decodeChecked decodes bytes that CheckProfile has already seen as a part of
// a larger document.
func decodeChecked(doc []byte, v any) error {
	if err := unmarshal(doc, v); err != nil {
		return err
	}
	return checkSpelling(doc, v)
}

func unmarshal(doc []byte, v any) error {
	if err := json.Unmarshal(doc, v, json.RejectUnknownMembers(true)); err != nil {
		return memberFault(err)
	}
	return nil
}

// checkSpelling checks that v would be written as doc.
func checkSpelling(doc []byte, v any) error {
	if w := (comparison{want: doc}); json.MarshalWrite(&w, v) == nil && w.same() {
		return nil
	}
	again, err := json.Marshal(v) // once more, to say where it differs
	if err != nil {
		return memberFault(err)
	}
	if at := firstDifference(doc, again); at >= 0 {
		return Refuse("profile.canonical", fmt.Sprintf("byte %d", at), around(again, at), around(doc, at))
	}
	return nil
}

// comparison is a writer that holds what is written against want, so that it need
// not be kept.
type comparison struct {
	want    []byte // what is yet to come
	differs bool
}

// Write implements io.Writer.
func (c *comparison) Write(b []byte) (int, error) {
	rest, ok := bytes.CutPrefix(c.want, b)
	c.want, c.differs = rest, c.differs || !ok
	return len(b), nil
}

// same reports whether exactly want was written.
func (c *comparison) same() bool { return !c.differs && len(c.want) == 0 }

// Encode writes v, a struct as for [Decode], in the strict profile. A struct
// whose fields are out of order is a programming error and is reported as the
// profile fault that its output has.
func Encode(v any) ([]byte, error) {
	doc, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encoding document: %w", err)
	}
	if err := CheckProfile(doc); err != nil {
		return nil, fmt.Errorf("encoding document: %w", err)
	}
	return doc, nil
}

func memberFault(err error) error {
	if f := AsFault(err); f != nil {
		return f
	}
	field := ""
	var semantic *json.SemanticError
	if errors.As(err, &semantic) {
		field = string(semantic.JSONPointer)
	}
	var syntactic *jsontext.SyntacticError
	if errors.As(err, &syntactic) {
		field = string(syntactic.JSONPointer)
	}
	return Refuse("profile.member", field, "the members of the kind's schema", err.Error())
}

func firstDifference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

func around(b []byte, at int) string {
	return string(b[min(at, len(b)):min(at+32, len(b))])
}
