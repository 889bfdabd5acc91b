package webauthn

import (
	"encoding/binary"
	"fmt"
)

// The flags of authenticator data (section 6.1), bit 0 first: UP, RFU1, UV, BE,
// BS, RFU2, AT, ED.
const (
	userPresent    = 1 << 0
	userVerified   = 1 << 2
	backupEligible = 1 << 3
	backedUp       = 1 << 4
	attestedData   = 1 << 6
	extensionData  = 1 << 7
	reservedFlags  = 1<<1 | 1<<5
)

// MaxAuthenticatorData bounds the authenticator data of an assertion, in bytes.
const MaxAuthenticatorData = 512

// authenticatorData is
//
//	rpIdHash [32] || flags [1] || signCount be32 || attested credential data, if AT || extensions, if ED
type authenticatorData struct {
	rpIDHash [32]byte
	flags    byte
	counter  uint32
}

func (d authenticatorData) has(flag byte) bool { return d.flags&flag != 0 }

// parseAuthenticatorData reads the data of an assertion, of which no byte is
// left over. Attested credential data is a registration's.
func parseAuthenticatorData(b []byte) (authenticatorData, error) {
	if len(b) > MaxAuthenticatorData {
		return authenticatorData{}, malformed("too many bytes")
	}
	d, rest, err := parseHead(b)
	if err != nil {
		return d, err
	}
	if d.has(attestedData) {
		return d, malformed("attested credential data")
	}
	return d, d.extensions(rest)
}

// parseHead reads what all authenticator data begins with.
func parseHead(b []byte) (d authenticatorData, rest []byte, err error) {
	const head = 32 + 1 + 4
	if len(b) < head {
		return d, nil, malformed(fmt.Sprintf("%d bytes", len(b)))
	}
	copy(d.rpIDHash[:], b)
	d.flags, d.counter = b[32], binary.BigEndian.Uint32(b[33:])
	if d.flags&reservedFlags != 0 {
		return d, nil, malformed(fmt.Sprintf("flags %02x, with a reserved one", d.flags))
	}
	if d.has(backedUp) && !d.has(backupEligible) {
		return d, nil, refuse("passkey.backup", "a key that may be backed up to be so", "backed up and not eligible")
	}
	return d, b[head:], nil
}

// extensions: exactly one map of CBOR, or nothing. What it says decides nothing.
func (d authenticatorData) extensions(rest []byte) error {
	if !d.has(extensionData) {
		if len(rest) > 0 {
			return malformed(fmt.Sprintf("%d bytes after its end", len(rest)))
		}
		return nil
	}
	in := &cborReader{rest: rest}
	if len(rest) == 0 || rest[0]>>5 != cborMap || !in.skip(0) || len(in.rest) > 0 {
		return malformed("extensions that are not one map")
	}
	return nil
}

func malformed(found string) error {
	return refuse("passkey.authenticator_data", "authenticator data, exactly", found)
}
