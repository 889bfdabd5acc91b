package server_test

import (
	"maps"
	"strings"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/webauthn"
	"github.com/deedlog/deed/internal/testkit/authenticator"
	"github.com/deedlog/deed/internal/testkit/cast"
)

func init() { maps.Copy(faultCases, passkeyCases) }

// passkeyCase has a person with a passkey instruct an agent, wrongly and then
// rightly.
func passkeyCase(spoil func(*authenticator.Authenticator)) faultCase {
	return faultCase{try: func(w *world) trial {
		p := w.PasskeyHolder("maria")
		w.allow(w.Endorsed(w.Sign(w.Admin, w.Registration(p)), p))
		say := w.Instruction(p, w.Payments)
		right := w.Sign(p, say)
		spoil(p.Passkey)
		return trial{wrong: w.Sign(p, say), right: right}
	}}
}

func clientCase(spoil func(*authenticator.ClientData)) faultCase {
	return passkeyCase(func(a *authenticator.Authenticator) { a.Client = spoil })
}

func flagCase(flags byte, extensions ...byte) faultCase {
	return passkeyCase(func(a *authenticator.Authenticator) { a.Flags, a.Extensions = flags, extensions })
}

var yes = true

var passkeyCases = map[string]faultCase{
	"passkey.form": {try: func(w *world) trial {
		p := w.PasskeyHolder("maria")
		w.allow(w.Endorsed(w.Sign(w.Admin, w.Registration(p)), p))
		say, plain := w.Instruction(p, w.Payments), *p
		plain.Passkey = nil
		return trial{wrong: w.Sign(&plain, say), right: w.Sign(p, say)}
	}},
	"passkey.registration": {
		why: "the register gets the passkey, not the answer that it was read from",
		elsewhere: func(w *world) error {
			_, client := w.PasskeyHolder("maria").Passkey.Create()
			_, _, err := attest.NewPasskey([]byte{0xa0}, client)
			return err
		},
	},
	"passkey.client_data":        clientCase(func(c *authenticator.ClientData) { c.Extra = strings.Repeat("x", webauthn.MaxClientData-100) }),
	"passkey.type":               clientCase(func(c *authenticator.ClientData) { c.Type = "webauthn.create" }),
	"passkey.challenge":          clientCase(func(c *authenticator.ClientData) { c.Challenge = "AAAA" + c.Challenge[4:] }),
	"passkey.origin":             clientCase(func(c *authenticator.ClientData) { c.Origin = "https://" + cast.RPID }),
	"passkey.cross_origin":       clientCase(func(c *authenticator.ClientData) { c.CrossOrigin = &yes }),
	"passkey.authenticator_data": flagCase(authenticator.UserPresent|authenticator.UserVerified, 0),
	"passkey.rp":                 passkeyCase(func(a *authenticator.Authenticator) { a.RPID = "deed." + cast.RPID }),
	"passkey.backup":             flagCase(authenticator.UserPresent | authenticator.UserVerified | authenticator.BackupEligible),
	"passkey.presence":           flagCase(authenticator.UserVerified),
	"passkey.verification":       flagCase(authenticator.UserPresent),
}
