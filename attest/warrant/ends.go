package warrant

import (
	"slices"
	"strconv"

	"github.com/deedlog/deed/attest"
)

// CheckHolder applies rule D10 to the signer of an action: it is the leaf's
// holder, by SPIFFE ID, by key and by registration where the warrant names
// them, and the time of the entry lies in the window of every link.
// registration is the agent statement in force for the signer, or "". The
// fault, d10.holder, is the first one found.
func CheckHolder(c Chain, actor attest.Signer, registration attest.ID, atMilli int64) *attest.Fault {
	const code = "d10.holder"
	if len(c.links) == 0 {
		return faultOf(code, "warrants", "at least one warrant", "none")
	}
	leaf, holder := len(c.links)-1, c.Leaf().Warrant.Holder
	want := attest.Party{ID: holder.SPIFFEID, Kind: attest.BySVID}
	if actor.Party != want {
		return faultOf(code, at(leaf, "holder.spiffe_id"), want.Name(), actor.Name())
	}
	if holder.Key != "" && actor.KeySum != holder.Key {
		return faultOf(code, at(leaf, "holder.key"), string(holder.Key), string(actor.KeySum))
	}
	if holder.Registration != "" && registration != holder.Registration {
		return faultOf(code, at(leaf, "holder.registration"), string(holder.Registration), string(registration))
	}
	for i, l := range c.links {
		if atMilli <= 0 || atMilli < l.Warrant.NotBefore {
			return faultOf(code, at(i, "not_before"), "at or after "+instant(l.Warrant.NotBefore), instant(atMilli))
		}
		if atMilli >= l.Warrant.Expires {
			return faultOf(code, at(i, "expires"), "before "+instant(l.Warrant.Expires), instant(atMilli))
		}
	}
	return nil
}

// CheckRoot applies rule D11 to a root warrant and the registration of its
// issuer, nil if there is none: the registration is of this issuer and covers
// basis and grants, the accountable person comes from it, a basis that claims a
// human's act is signed by a human's key, and nobody issues to himself. The
// caller has found the registration to be in force, and says in vouched whether
// an identity provider's token among the evidence names a person and the holder:
// that does in place of a human's key. The fault, d11.root, is the first one
// found.
func CheckRoot(root Link, issuer *attest.Issuer, vouched bool) *attest.Fault {
	w := root.Warrant
	if w == nil || w.Root == nil {
		return notRoot("root", "a root warrant", "none")
	}
	if w.Issuer == (attest.Party{ID: w.Holder.SPIFFEID, Kind: attest.BySVID}) {
		return notRoot("issuer", "another party than the holder", w.Issuer.Name())
	}
	if root.Signer.Party != w.Issuer {
		return notRoot("signer", w.Issuer.Name(), root.Signer.Name())
	}
	if w.Root.Basis.Human() && root.Signer.Kind != attest.ByPerson && !vouched {
		return notRoot("root.basis", "a human's key, or a person's token that names the holder, for "+string(w.Root.Basis), string(root.Signer.Kind))
	}
	if issuer == nil || issuer.Issuer != w.Issuer || issuer.Log != w.Log {
		return notRoot("issuer", "a registered issuer", w.Issuer.Name())
	}
	if !slices.Contains(issuer.Bases, w.Root.Basis) {
		return notRoot("root.basis", "a basis that the issuer is registered for", string(w.Root.Basis))
	}
	if w.Root.Accountable != issuer.Accountable {
		return notRoot("root.accountable", issuer.Accountable, w.Root.Accountable)
	}
	registered := boundAll(issuer.Grants)
	for i, g := range w.Grants {
		if _, err := lowestContaining(registered, bound(g)); err != nil {
			f := attest.AsFault(err)
			return notRoot("grants."+strconv.Itoa(i), "contained in a grant that the issuer is registered for", f.Field)
		}
	}
	return nil
}

func notRoot(field, expected, found string) *attest.Fault {
	return faultOf("d11.root", at(0, field), expected, found)
}
