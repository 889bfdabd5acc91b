package verifier

import (
	"bytes"
	"slices"
	"time"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/attest/agency"
	"github.com/deedlog/deed/identity"
)

// genesis returns the genesis, or nil where it was not established.
func (v *verification) genesis() *attest.Genesis {
	g, _ := v.items[0].statement().(*attest.Genesis)
	return g
}

// genesisKeys: entry 0 names the keys under which the log is known.
func (v *verification) genesisKeys() bool {
	const check = "genesis.keys"
	g := v.genesis()
	if g == nil {
		return v.unknown(check, "", "a genesis that stood up to its checks", "none")
	}
	has := func(key string) bool {
		for _, l := range v.trust.log.Logs {
			if l.Key.String() == key {
				return true
			}
		}
		return v.trust.mldsa != nil && v.trust.mldsa.String() == key
	}
	switch {
	case !has(g.LogKeys.Ed25519):
		v.fail(check, entryName(0), "the log's Ed25519 key of the trust directory", g.LogKeys.Ed25519)
	case v.trust.mldsa != nil && !has(g.LogKeys.MLDSA44):
		v.fail(check, entryName(0), "the log's ML-DSA-44 key of the trust directory", g.LogKeys.MLDSA44)
	default:
		v.pass(check, entryName(0))
	}
	return true
}

// server compares the key of the operator's statements with the reader's copy.
func (v *verification) server() bool {
	const check = "server.corroborated"
	if v.trust.server == nil {
		v.open(check, "", "the reader's own copy in "+serverFile, "no such file: the key is the one in the genesis")
		return true
	}
	g := v.genesis()
	if g == nil {
		return v.unknown(check, "", "a genesis that stood up to its checks", "none")
	}
	if !slices.ContainsFunc(v.trust.server, func(k attest.Key) bool { return bytes.Equal(k, g.ServerKey) }) {
		v.fail(check, entryName(0), "a key of "+serverFile, string(g.ServerKey.Digest()))
		return true
	}
	v.pass(check, entryName(0))
	return true
}

// roots proves every workload that signed a second time, from the reader's own
// SPIFFE bundles, and every person who signed with a certificate, from the reader's
// own authorities: any version will do, since which one was in force is the log's
// to say. So it proves every token, from the reader's own keys of its provider.
func (v *verification) roots() bool {
	for _, i := range v.items {
		switch {
		case i.logged == nil:
		case i.record.Signer.Kind == attest.BySVID:
			v.root(i)
		case len(i.logged.Verified.Signer().Roots()) > 0:
			v.certified(i)
		}
		if t, ok := i.statement().(*attest.Token); ok && i.logged.Allowed() && t.Object != "" {
			v.tokenRoot(i, t)
		}
	}
	return true
}

func (v *verification) root(i *item) {
	const check = "root.corroborated"
	where := entryName(i.index)
	chain, err := identity.ParseChain(v.bundle.Object(i.record.Signer.KeyID))
	if err != nil { // the replay parsed it
		v.fail(check, where, "a certificate chain", err.Error())
		return
	}
	own := v.trust.spiffe[chain.TrustDomain()]
	for _, b := range own {
		if _, err := identity.Verify(chain, b, time.UnixMilli(i.record.CheckedAt)); err == nil {
			v.pass(check, where)
			return
		}
	}
	expected := "a chain to a root of " + spiffeDir + "/" + chain.TrustDomain() + " in the trust directory"
	switch {
	case len(own) == 0 && v.options.AcceptLedgerRoots:
		v.take("the SPIFFE roots of " + chain.TrustDomain())
		v.open(check, where, expected, "taken from the bundle")
	case len(own) == 0:
		v.unknown(check, where, expected, "no such directory")
	default:
		v.fail(check, where, expected, "a chain to another root; if the roots were rotated, add that version of the bundle")
	}
}

// peopleKnown compares people's keys with the reader's own list.
func (v *verification) peopleKnown() bool {
	g := v.genesis()
	if g == nil {
		return v.unknown("people.corroborated", "", "a genesis that stood up to its checks", "none")
	}
	for _, a := range g.Administrators {
		v.person(entryName(0), a.Name, a.Key.Digest(), true)
	}
	for _, i := range v.items {
		if i.logged == nil || !i.logged.Allowed() {
			continue
		}
		switch s := i.statement().(type) {
		case *attest.Person:
			v.person(entryName(i.index), s.Name, s.Identity(), false)
		case *attest.Administrators:
			for _, a := range s.Administrators {
				v.person(entryName(i.index), a.Name, a.Key.Digest(), true)
			}
		}
	}
	v.onTheirWord()
	return true
}

// onTheirWord finds what people signed whose keys the reader has not, and has not
// from administrators of a genesis of the reader's own either: it is worth no more
// than the operator's signature (docs/spec/trust.md).
func (v *verification) onTheirWord() {
	if !v.options.AcceptLedgerRoots || v.trust.genesis != nil && v.trust.people == nil {
		return
	}
	for _, i := range v.items {
		if i.logged == nil || i.record.Signer.Kind != attest.ByPerson {
			continue
		}
		if _, own := v.trust.people[i.record.Signer.Name]; !own {
			v.weak[i.entry.Envelope] = agency.K1
		}
	}
}

func (v *verification) person(where, name string, key attest.Digest, administrator bool) {
	const check = "people.corroborated"
	if v.trust.people == nil {
		v.open(check, where, "the reader's own list in "+peopleFile, "no such file: whose keys they are is the administrators' word")
		return
	}
	known, ok := v.trust.people[name]
	marked := !v.trust.marks() || slices.ContainsFunc(known, func(p TrustPerson) bool {
		return p.Administrator && p.Identity() == key
	})
	switch {
	case !ok && v.options.AcceptLedgerRoots:
		v.take("the key of " + name)
		v.open(check, where, name+" in "+peopleFile, "taken from the bundle")
	case !ok:
		v.unknown(check, where, name+" in "+peopleFile, "not listed")
	case !v.trust.knows(name, key):
		v.fail(check, where, "a key that "+peopleFile+" has for "+name, string(key))
	case administrator && !marked:
		v.fail(check, where, name+" as an administrator in "+peopleFile, "not marked as one")
	default:
		v.pass(check, where)
	}
}
