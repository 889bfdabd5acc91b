package identity

import (
	"errors"
	"strings"
)

// Checks that an [Error] can name. They are stable: callers branch on them,
// and reports print them.
const (
	// CheckEncoding: the chain is not a plain concatenation of DER
	// certificates within the caps.
	CheckEncoding = "signer.encoding"
	// CheckSPIFFEID: the leaf does not carry exactly one URI name that is a
	// SPIFFE ID with a path (X509-SVID section 2, SPIFFE-ID section 2).
	CheckSPIFFEID = "signer.spiffe_id"
	// CheckTrustDomain: the leaf belongs to another trust domain than the
	// bundle.
	CheckTrustDomain = "signer.trust_domain"
	// CheckLeaf: the leaf is a CA, or its key usage does not fit
	// (X509-SVID sections 4.1, 4.3 and 5.2).
	CheckLeaf = "signer.leaf"
	// CheckKey: the algorithm or size of a key is not on the allow-list.
	CheckKey = "signer.key"
	// CheckChain: the chain does not lead, certificate by certificate, to an
	// authority of the bundle (X509-SVID section 5.1, RFC 5280 section 6).
	CheckChain = "signer.chain"
	// CheckNotYetValid: a path exists, and is not valid yet.
	CheckNotYetValid = "signer.not_yet_valid"
	// CheckExpired: a path exists, and is no longer valid.
	CheckExpired = "signer.expired"
	// CheckBundle: the bundle document cannot be used. The signer could then
	// not be checked, which is not the same as false.
	CheckBundle = "bundle"
)

// Error says which check is false, and why. [ParseChain] and [Verify] return
// it for a signer that is not proven; [ParseBundle] returns it with
// [CheckBundle]. Any other error of this package is a misuse of it.
//
// The texts are made by this package alone, so they do not change with the
// version of Go that verifies.
type Error struct {
	// Check is one of the Check constants.
	Check string
	// Field is the part that failed, such as "certificates[0].key_usage".
	Field string
	// Expected and Found are short and printable.
	Expected, Found string
}

// Error gives "check: field: expected X, found Y".
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Check)
	if e.Field != "" {
		b.WriteString(": " + e.Field)
	}
	return b.String() + ": expected " + e.Expected + ", found " + e.Found
}

var (
	errZeroTime = errors.New("identity: the time to verify at is zero")
	errNil      = errors.New("identity: chain and bundle are required")
)

// printable shortens text from outside so that an error stays one line.
func printable(s string) string {
	const most = 80
	if s == "" {
		return "nothing"
	}
	out := []rune(strings.ToValidUTF8(s, "?"))
	if len(out) > most {
		out = append(out[:most], '…')
	}
	for i, r := range out {
		if r < ' ' || r == 0x7f {
			out[i] = '?'
		}
	}
	return string(out)
}
