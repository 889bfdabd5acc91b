package attest_test

import (
	"testing"

	"github.com/deedlog/deed/attest"
)

type sample struct {
	A string   `json:"a"`
	B int64    `json:"b,omitzero"`
	C []string `json:"c"`
	D *sample  `json:"d,omitzero"`
	E []byte   `json:"e,omitempty"`
}

func TestDecode(t *testing.T) {
	cases := []struct{ name, doc, code string }{
		{"all members", `{"a":"x","b":1,"c":["y"],"d":{"a":"","c":[]},"e":"AAA="}`, ""},
		{"the required ones", `{"a":"","c":[]}`, ""},
		{"an unknown member", `{"a":"","c":[],"z":1}`, "profile.member"},
		{"an unknown member in depth", `{"a":"","c":[],"d":{"a":"","c":[],"z":1}}`, "profile.member"},
		{"a member of another type", `{"a":1,"c":[]}`, "profile.member"},
		{"an integer in a string", `{"a":"","b":"1","c":[]}`, "profile.member"},
		{"base64 without padding", `{"a":"","c":[],"e":"AAA"}`, "profile.member"},
		{"base64 with spare bits", `{"a":"","c":[],"e":"AAB="}`, "profile.canonical"},
		{"URL base64", `{"a":"","c":[],"e":"-_-_"}`, "profile.member"},
		{"a required member is missing", `{"c":[]}`, "profile.canonical"},
		{"a required list is missing", `{"a":""}`, "profile.canonical"},
		{"an optional member is there but zero", `{"a":"","b":0,"c":[]}`, "profile.canonical"},
		{"an optional list is there but empty", `{"a":"","c":[],"e":""}`, "profile.canonical"},
		{"out of the profile", `{"a":"","a":"","c":[]}`, "profile.duplicate"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			var s sample
			err := attest.Decode([]byte(tc.doc), &s)
			wantCode(t, err, tc.code)
			if tc.code != "" {
				return
			}
			if again, err := attest.Encode(s); err != nil || string(again) != tc.doc {
				t.Errorf("written again as %s, %v", again, err)
			}
		})
	}
}

func TestEncodeRefuses(t *testing.T) {
	_, err := attest.Encode(struct {
		B int `json:"b"`
		A int `json:"a"`
	}{})
	wantCode(t, err, "profile.order")
	_, err = attest.Encode(sample{B: 1 << 53})
	wantCode(t, err, "profile.number")
	if _, err = attest.Encode(sample{A: "\xff"}); err == nil {
		t.Error("invalid UTF-8 is written")
	}
	if _, err = attest.Encode(make(chan int)); err == nil {
		t.Error("a channel is written")
	}
}
