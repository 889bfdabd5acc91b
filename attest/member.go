package attest

import (
	"strconv"
	"strings"

	"github.com/spiffe/go-spiffe/v2/spiffeid"
)

// checker collects the first member that is out of form.
type checker struct{ err error }

// that records a fault of code statement.field unless ok.
func (c *checker) that(ok bool, field, expected, found string) {
	if c.err == nil && !ok {
		c.err = Refuse("statement.field", field, expected, found)
	}
}

func (c *checker) head(h Head) {
	c.that(h.V == 1, "v", "1", strconv.Itoa(h.V))
	c.that(ValidOrigin(h.Log), "log", "a log origin", h.Log)
	c.random("nonce", h.Nonce)
}

func (c *checker) random(field, s string) {
	c.that(len(s) == 32 && lowerHex(s), field, "16 random bytes in hex", s)
}

func (c *checker) id(field string, id ID) {
	c.that(id.Valid(), field, "id: and 64 hex digits", string(id))
}

func (c *checker) optionalID(field string, id ID) {
	if id != "" {
		c.id(field, id)
	}
}

func (c *checker) ids(field string, ids []ID, most int) {
	if len(ids) > most {
		c.that(false, field, "at most "+strconv.Itoa(most), strconv.Itoa(len(ids)))
	}
	for i, id := range ids {
		c.id(field, id)
		c.that(i == 0 || ids[i-1] < id, field, "ascending, each once", string(id))
	}
}

func (c *checker) digest(field string, d Digest) {
	c.that(d.Valid(), field, "sha256: and 64 hex digits", string(d))
}

func (c *checker) optionalDigest(field string, d Digest) {
	if d != "" {
		c.digest(field, d)
	}
}

func (c *checker) time(field string, ms int64) {
	if ms <= 0 {
		c.that(false, field, "milliseconds since 1970", strconv.FormatInt(ms, 10))
	}
}

func (c *checker) spiffeID(field, id string) {
	c.that(ValidSPIFFEID(id), field, "a SPIFFE ID with a path", id)
}

func (c *checker) person(field, name string) {
	c.that(ValidPerson(name), field, "[a-z0-9][a-z0-9._@-]{0,127}", name)
}

func (c *checker) text(field, s string, most int) {
	if s == "" || len(s) > most {
		c.that(false, field, "1 to "+strconv.Itoa(most)+" bytes", clip(s))
	}
}

func (c *checker) optionalText(field, s string, most int) {
	if len(s) > most {
		c.that(false, field, "at most "+strconv.Itoa(most)+" bytes", clip(s))
	}
}

func (c *checker) oneOf(field, s string, allowed ...string) {
	for _, a := range allowed {
		if s == a {
			return
		}
	}
	c.that(false, field, strings.Join(allowed, " | "), s)
}

func (c *checker) key(field string, k Key) {
	_, err := k.Parse()
	if err != nil && c.err == nil {
		c.err = err
	}
	c.that(err == nil, field, "a public key", "")
}

func (c *checker) action(field, name string) {
	c.that(ValidAction(name), field, "dotted lower-case words, such as payments.transfer", name)
}

func (c *checker) party(field string, p Party, kinds ...SignerKind) {
	allowed := make([]string, len(kinds))
	for i, k := range kinds {
		allowed[i] = string(k)
	}
	c.oneOf(field+".kind", string(p.Kind), allowed...)
	switch p.Kind {
	case BySVID:
		c.spiffeID(field+".id", p.ID)
	case ByPerson:
		c.person(field+".id", p.ID)
	}
}

// ValidOrigin reports whether s can name a log: a scheme-less URL without space
// or plus, at most 255 bytes (C2SP tlog-checkpoint).
func ValidOrigin(s string) bool {
	return s != "" && len(s) <= 255 && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f || r == '+'
	}) && !strings.Contains(s, "://")
}

// ValidSPIFFEID reports whether s is a SPIFFE ID with a path, at most 2,048
// bytes, its trust domain at most 255.
func ValidSPIFFEID(s string) bool {
	if len(s) > 2048 {
		return false
	}
	id, err := spiffeid.FromString(s)
	return err == nil && id.Path() != "" && len(id.TrustDomain().Name()) <= 255
}

// TrustDomain returns the trust domain of a SPIFFE ID that is valid, or "".
func TrustDomain(id string) string {
	rest, ok := strings.CutPrefix(id, "spiffe://")
	if !ok {
		return ""
	}
	domain, _, _ := strings.Cut(rest, "/")
	return domain
}

// ValidTrustDomain reports whether s can name a trust domain, at most 255 bytes.
func ValidTrustDomain(s string) bool {
	td, err := spiffeid.TrustDomainFromString(s)
	return err == nil && len(s) <= 255 && td.Name() == s
}

// ValidPerson reports whether s can name a person: [a-z0-9][a-z0-9._@-]{0,127}.
func ValidPerson(s string) bool {
	if s == "" || len(s) > 128 || strings.ContainsRune("._@-", rune(s[0])) {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < '0' || r > '9') && !strings.ContainsRune("._@-", r)
	})
}

// ValidAction reports whether s can name an action: words of [a-z0-9_] joined by
// dots, at most 128 bytes.
func ValidAction(s string) bool {
	if len(s) > 128 {
		return false
	}
	for word := range strings.SplitSeq(s, ".") {
		if !plainName([]byte(word)) {
			return false
		}
	}
	return true
}

// ValidPath reports whether s is a canonical path: non-empty segments joined by
// single slashes, none of them "." or "..", at most 512 bytes, no backslash.
func ValidPath(s string) bool {
	if s == "" || len(s) > 512 || strings.ContainsAny(s, "\\") {
		return false
	}
	for segment := range strings.SplitSeq(s, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return true
}

// ValidHost reports whether s is a canonical DNS name: lower-case labels of
// letters, digits and hyphens, at most 253 bytes, no trailing dot, and no IP
// address, of which a part is not a domain.
func ValidHost(s string) bool {
	if s == "" || len(s) > 253 {
		return false
	}
	if last := s[strings.LastIndexByte(s, '.')+1:]; digits(last, len(last)) {
		return false // an IPv4 address
	}
	for label := range strings.SplitSeq(s, ".") {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.ContainsFunc(label, func(r rune) bool {
				return r != '-' && (r < 'a' || r > 'z') && (r < '0' || r > '9')
			}) {
			return false
		}
	}
	return true
}

func validArgument(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("._-", r)
	})
}
