package signing

import (
	"bytes"
	"encoding/base64"
	"strings"
	"testing"
)

func TestDEROf(t *testing.T) {
	der := []byte{0x30, 0}
	text := "-----BEGIN CMS-----\n" + base64.StdEncoding.EncodeToString(der) + "\n-----END CMS-----\n"
	for _, doc := range []string{string(der), text, strings.ReplaceAll(text, "CMS", "PKCS7")} {
		if got := derOf([]byte(doc), "CMS", "PKCS7"); !bytes.Equal(got, der) {
			t.Errorf("%q is %x", doc, got)
		}
	}
	for _, doc := range []string{strings.ReplaceAll(text, "CMS", "CERTIFICATE"), text + "x"} {
		if got := derOf([]byte(doc), "CMS", "PKCS7"); string(got) != doc {
			t.Errorf("%q is taken", doc)
		}
	}
}
