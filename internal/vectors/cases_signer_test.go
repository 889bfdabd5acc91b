package vectors_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/asn1"
	"math/big"
	"slices"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/authenticator"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// signerCases are identity, signatures, objects and the bytes around them.
func signerCases() []vectorCase {
	act := func(name, rule, why, want string, who func(s *scene) *cast.Party) vectorCase {
		return vectorCase{"signer/" + name, rule, why, want, func(s *scene) cast.Sent {
			p := who(s)
			return s.Sign(p, s.Transfer(p, "", "10.00"))
		}}
	}
	tampered := func(name, rule, why, want string, spoil func(s *scene, sent *cast.Sent)) vectorCase {
		return vectorCase{"signer/" + name, rule, why, want, func(s *scene) cast.Sent {
			sent := s.asPayments(s.pay("10.00"))
			spoil(s, &sent)
			return sent
		}}
	}
	return []vectorCase{
		act("a workload", "signer.chain", "An SVID of the trust domain, nothing else.", "unattributed, denied policy.denied", func(s *scene) *cast.Party { return s.Payments }),
		act("by another CA of the same name", "signer.chain", "The chain leads to a root that is not in the bundle.", "refused signer.chain", func(s *scene) *cast.Party { return s.parts.forged }),
		act("of another trust domain with a bundle", "signer.chain", "Each SVID is judged by its own domain's bundle; nothing of this log's is registered for it.", "unattributed, denied policy.denied", func(s *scene) *cast.Party { return s.parts.neighbour }),
		act("of a trust domain that the genesis does not name", "signer.foreign", "Nobody said that this domain counts.", "refused signer.foreign", func(s *scene) *cast.Party { return s.parts.elsewhere }),
		act("before its certificate begins", "signer.not_yet_valid", "The SVID is valid in an hour.", "refused signer.not_yet_valid", func(s *scene) *cast.Party { return s.parts.later }),
		act("with a CA certificate", "signer.leaf", "A CA is no leaf.", "refused signer.leaf", func(s *scene) *cast.Party { return s.parts.ca }),
		{"signer/after its certificate ends", "signer.expired", "The SVID ended a second ago.", "refused signer.expired", func(s *scene) cast.Sent {
			s.move(time.Hour + time.Second)
			return s.Sign(s.parts.short, s.Transfer(s.parts.short, "", "10.00"))
		}},
		{"signer/expired between check and entry", "signer.expired", "It holds when checked and has ended when the entry is made.", "refused signer.expired", func(s *scene) cast.Sent {
			s.move(time.Hour - time.Second)
			s.received = s.Now() + 2000
			return s.Sign(s.parts.short, s.Transfer(s.parts.short, "", "10.00"))
		}},
		{"signer/in its last second", "signer.expired", "It holds for both.", "unattributed, denied policy.denied", func(s *scene) cast.Sent {
			s.move(time.Hour - time.Second)
			s.received = s.Now() + 1000
			return s.Sign(s.parts.short, s.Transfer(s.parts.short, "", "10.00"))
		}},
		{"signer/a stale check", "trust.changed", "More than 10 s between check and entry.", "refused trust.changed", func(s *scene) cast.Sent {
			s.received = s.Now() + 10_001
			return s.asPayments(s.pay("10.00"))
		}},
		{"signer/a check just fresh enough", "trust.changed", "10 s between check and entry.", "human_instructed", func(s *scene) cast.Sent {
			s.received = s.Now() + 10_000
			return s.asPayments(s.pay("10.00"))
		}},
		{"signer/an entry before its check", "trust.changed", "No entry is older than its check.", "refused trust.changed", func(s *scene) cast.Sent {
			s.received = s.Now() - 1
			return s.asPayments(s.pay("10.00"))
		}},
		{"signer/an SVID under a root that was rotated away", "signer.chain", "The bundle in force has another root now.", "refused signer.chain", func(s *scene) cast.Sent {
			bundle := s.NewCA(cast.Domain).BundleDocument()
			s.allow(s.Sign(s.Server, s.Root(cast.Domain, bundle), bundle))
			return s.asPayments(s.pay("10.00"))
		}},
		{"signer/before any bundle", "signer.no_bundle", "No bundle of the trust domain is logged yet.", "refused signer.no_bundle", func(s *scene) cast.Sent {
			s.start()
			s.allow(s.genesis(s.realGenesis()))
			return s.asPayments(s.Transfer(s.Payments, "", "10.00"))
		}},
		{"signer/before the genesis", "genesis.place", "Nothing comes before the genesis.", "refused genesis.place", func(s *scene) cast.Sent {
			s.start()
			return s.asPayments(s.Transfer(s.Payments, "", "10.00"))
		}},
		tampered("one bit of the signature", "envelope.signature", "A bit of the signature is turned.", "refused envelope.signature", func(_ *scene, sent *cast.Sent) {
			sent.Envelope.Signature = slices.Clone(sent.Envelope.Signature)
			sent.Envelope.Signature[len(sent.Envelope.Signature)-1] ^= 1
		}),
		tampered("another action's signature", "envelope.signature", "A signature over something else.", "refused envelope.signature", func(s *scene, sent *cast.Sent) {
			sent.Envelope.Signature = s.asPayments(s.pay("11.00")).Envelope.Signature
		}),
		tampered("the twin of the signature", "envelope.signature", "(r, n - s) verifies too, and the statement's ID does not depend on it.", "human_instructed", func(s *scene, sent *cast.Sent) {
			sent.Envelope.Signature = s.twin(sent.Envelope.Signature)
		}),
		tampered("without the chain", "object.missing", "The chain was neither sent nor stored.", "refused object.missing", func(s *scene, sent *cast.Sent) {
			*sent = s.Sign(s.parts.renewed, s.Transfer(s.parts.renewed, s.leafID, "10.00"))
			sent.Objects = nil
		}),
		tampered("with a stored chain", "object.missing", "The register has the chain from before.", "human_instructed", func(s *scene, sent *cast.Sent) {
			s.allow(s.asPayments(s.pay("9.00")))
			sent.Objects = nil
		}),
		tampered("with luggage", "object.unused", "An object that nothing names.", "refused object.unused", func(_ *scene, sent *cast.Sent) {
			sent.Objects = append(slices.Clone(sent.Objects), []byte("luggage"))
		}),
		tampered("with a chain that is none", "object.form", "The bytes under the keyid are no certificates.", "refused object.form", func(s *scene, sent *cast.Sent) {
			junk := []byte("no certificates")
			p := *s.Payments
			p.KeyID, p.Chain = attest.DigestOf(junk), junk
			*sent = s.Sign(&p, s.pay("10.00"))
		}),
		{"signer/an empty object", "object.size", "An object has at least one byte.", "refused object.size", func(s *scene) cast.Sent {
			sent := s.asPayments(s.pay("10.00"))
			sent.Objects = append(slices.Clone(sent.Objects), []byte{})
			return sent
		}},
		{"signer/a person who is not registered", "signer.unknown", "Nobody registered the stranger.", "refused signer.unknown", func(s *scene) cast.Sent {
			return s.Sign(s.parts.stranger, s.Instruction(s.parts.stranger, s.Orchestrator))
		}},
		{"signer/a person with another key", "signer.unknown", "The name is registered with another key.", "refused signer.unknown", func(s *scene) cast.Sent {
			p := *s.parts.stranger
			p.ID = s.Treasurer.ID
			return s.Sign(&p, s.Instruction(&p, s.Orchestrator))
		}},
		{"signer/a person after the key's end", "signer.unknown", "The key ended at this very moment.", "refused signer.unknown", func(s *scene) cast.Sent {
			s.temporary(s.Now() + cast.Hour)
			s.move(time.Hour)
			return s.Sign(s.parts.temporary, s.Instruction(s.parts.temporary, s.Orchestrator))
		}},
		{"signer/a person in the key's last moment", "signer.unknown", "A millisecond before the key ends.", "allowed", func(s *scene) cast.Sent {
			s.temporary(s.Now() + cast.Hour)
			s.move(time.Hour - time.Millisecond)
			return s.Sign(s.parts.temporary, s.Instruction(s.parts.temporary, s.Orchestrator))
		}},
		{"signer/a person whose key ends between check and entry", "signer.expired", "The key has ended when the entry is made.", "refused signer.expired", func(s *scene) cast.Sent {
			s.temporary(s.Now() + cast.Hour)
			s.move(time.Hour - time.Millisecond)
			s.received = s.Now() + 1
			return s.Sign(s.parts.temporary, s.Instruction(s.parts.temporary, s.Orchestrator))
		}},
		{"signer/an administrator with the key of the genesis", "signer.unknown", "An administrator needs no registration.", "allowed", func(s *scene) cast.Sent {
			return s.Sign(s.Admin, s.Instruction(s.Admin, s.Orchestrator))
		}},
		{"signer/a person with the key of nobody", "signer.unknown", "The keyid is the digest of nothing, and the name has no key.", "refused signer.unknown", func(s *scene) cast.Sent {
			p := *s.parts.stranger
			p.KeyID = attest.DigestOf(nil)
			return s.Sign(&p, s.Instruction(&p, s.Orchestrator))
		}},
		{"signer/a person before registration", "signer.unknown", "Registration precedes use.", "refused signer.unknown", func(s *scene) cast.Sent {
			return s.Sign(s.parts.temporary, s.Instruction(s.parts.temporary, s.Orchestrator))
		}},
	}
}

// temporary registers a person until a time.
func (s *scene) temporary(until int64) {
	s.Helper()
	reg := s.Registration(s.parts.temporary)
	reg.Until = until
	s.allow(s.Endorsed(s.Sign(s.Admin, reg), s.parts.temporary))
}

// twin is the other signature of ECDSA over the same message: (r, n - s).
func (s *scene) twin(sig []byte) []byte {
	s.Helper()
	var rs struct{ R, S *big.Int }
	_, err := asn1.Unmarshal(sig, &rs)
	s.Check(err)
	if _, ok := s.Payments.Key.(*ecdsa.PrivateKey); !ok {
		s.Fatal("the payments agent signs with another kind of key")
	}
	rs.S = new(big.Int).Sub(elliptic.P256().Params().N, rs.S)
	out, err := asn1.Marshal(rs)
	s.Check(err)
	return out
}

// passkeyCases are what an authenticator or a page may get wrong.
func passkeyCases() []vectorCase {
	lie := func(name, code, why string, spoil func(s *scene, a *authenticator.Authenticator)) vectorCase {
		return vectorCase{"passkey/" + name, code, why, "refused " + code, func(s *scene) cast.Sent {
			p := *s.maria
			page := *p.Passkey
			p.Passkey = &page
			spoil(s, p.Passkey)
			return s.Sign(&p, s.Instruction(s.maria, s.Payments))
		}}
	}
	yes := true
	flags := func(f byte) func(*scene, *authenticator.Authenticator) {
		return func(_ *scene, a *authenticator.Authenticator) { a.Flags = f }
	}
	client := func(change func(*authenticator.ClientData)) func(*scene, *authenticator.Authenticator) {
		return func(_ *scene, a *authenticator.Authenticator) { a.Client = change }
	}
	return []vectorCase{
		{"passkey/as it should be", "passkey.challenge", "An assertion over this very statement, with user verification.", "allowed", func(s *scene) cast.Sent {
			return s.Sign(s.maria, s.Instruction(s.maria, s.Payments))
		}},
		lie("another origin", "passkey.origin", "The page is not one of those registered.", func(_ *scene, a *authenticator.Authenticator) { a.Origin = "https://acme.example" }),
		lie("another relying party", "passkey.rp", "The authenticator answered for another.", func(_ *scene, a *authenticator.Authenticator) { a.RPID = "deed.acme.example" }),
		lie("no user verification", "passkey.verification", "A touch without PIN or biometric.", flags(authenticator.UserPresent)),
		lie("no user presence", "passkey.presence", "Nobody was there.", flags(authenticator.UserVerified)),
		lie("a frame of another site", "passkey.cross_origin", "The page stood in a frame.", client(func(c *authenticator.ClientData) { c.CrossOrigin = &yes })),
		lie("a page within another site's", "passkey.cross_origin", "The browser names the page around it.", client(func(c *authenticator.ClientData) { c.TopOrigin = "https://evil.example" })),
		lie("a registration for an assertion", "passkey.type", "The ceremony was another.", client(func(c *authenticator.ClientData) { c.Type = "webauthn.create" })),
		lie("another challenge", "passkey.challenge", "The challenge is of something else.", client(func(c *authenticator.ClientData) { c.Challenge = "AAAA" })),
		lie("backed up after all", "passkey.backup", "Registered as bound to one device.", flags(authenticator.UserPresent|authenticator.UserVerified|authenticator.BackupEligible)),
		lie("bytes left over", "passkey.authenticator_data", "Bytes follow the authenticator data.", func(_ *scene, a *authenticator.Authenticator) { a.Extensions = []byte{0} }),
		lie("another key", "envelope.signature", "Another authenticator's key signed.", func(s *scene, a *authenticator.Authenticator) { a.Key = s.PasskeyHolder("x").Key }),
		{"passkey/replayed for another statement", "passkey.challenge", "One assertion under two statements.", "refused passkey.challenge", func(s *scene) cast.Sent {
			sent := s.Sign(s.maria, s.Instruction(s.maria, s.Payments))
			sent.Envelope.Signature = s.Sign(s.maria, s.Instruction(s.maria, s.Payments)).Envelope.Signature
			return sent
		}},
		{"passkey/the same key without its authenticator", "passkey.form", "A plain signature where an assertion belongs.", "refused passkey.form", func(s *scene) cast.Sent {
			p := *s.maria
			p.Passkey = nil
			return s.Sign(&p, s.Instruction(s.maria, s.Payments))
		}},
		{"passkey/as a plain key", "signer.unknown", "The key is registered as a passkey and as nothing else.", "refused signer.unknown", func(s *scene) cast.Sent {
			p := *s.maria
			p.Passkey, p.KeyID = nil, p.Public().Digest()
			return s.Sign(&p, s.Instruction(s.maria, s.Payments))
		}},
		{"passkey/registered without possession", "control.possession", "No assertion over the registration.", "refused control.possession", func(s *scene) cast.Sent {
			return s.Sign(s.Admin, s.Registration(s.PasskeyHolder("otto")))
		}},
		{"passkey/recorded by a service", "evidence.key", "What maria asked for is written down by the desk: the desk's word.", "human_delegated", func(s *scene) cast.Sent {
			i := s.Instruction(s.maria, s.Payments, cast.Request())
			i.RecordedBy = s.Desk.ID
			w := s.allow(s.Sign(s.maria, s.Instructed(s.maria, s.Payments, s.allow(s.Sign(s.Desk, i)))))
			return s.asPayments(s.Transfer(s.Payments, w, "20.00"))
		}},
	}
}
