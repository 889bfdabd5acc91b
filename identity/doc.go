// Package identity checks who signed: an X.509-SVID chain against the trust
// bundle that was in force, at a time the caller names.
//
// It follows the SPIFFE standards X509-SVID (section 2 SPIFFE ID, section 4
// constraints, section 5 validation), SPIFFE-ID and SPIFFE Trust Domain and
// Bundle (section 4, the JWKS form), and RFC 5280 section 6 for the path.
//
// Everything here is a pure function of bytes and a time: no network, clock,
// environment, file or randomness. So a chain that verified when an action was
// logged gives the same answer years later, on a machine that has never seen
// the certificate authority, provided that the bundle of that time was kept.
//
// # Formats
//
// A [Bundle] is the X.509 authorities of one trust domain, read from a SPIFFE
// bundle document or from PEM:
//
//	{"keys": [{"use": "x509-svid", "kty": "EC", ..., "x5c": ["<base64 DER>"]}],
//	 "spiffe_sequence": 7, "spiffe_refresh_hint": 300}
//
// A [Chain] is the DER certificates one after the other, leaf first, each one
// issued by the next, without the root:
//
//	chain = leaf DER || intermediate DER || ...
//
// Both keep the exact bytes that they were parsed from, and are named by the
// SHA-256 of those bytes.
//
// # Reading order
//
// [Chain], [Bundle], [Verify], [Signer], [Cache], [Error].
//
//	chain, err := identity.ParseChain(der)
//	// look up the bundle of chain.TrustDomain() that was in force
//	bundle, err := identity.ParseBundle(chain.TrustDomain(), doc)
//	signer, err := identity.Verify(chain, bundle, receivedAt)
//	var fault *identity.Error
//	if errors.As(err, &fault) && fault.Check == identity.CheckExpired { ... }
//
// # Caveats
//
//   - [Chain.SPIFFEID] is what the leaf says. Only a [Signer] has proved it.
//   - Bundles are never pooled: an authority of one trust domain proves nothing
//     about a name in another. That no bundle is known for a trust domain is
//     for the caller to report: it means "could not check", not "false".
//   - There is no revocation here. SVIDs are short-lived; a declared compromise
//     is an entry of the register and is judged there.
//   - Extended key usage is not looked at: the standard neither allows nor
//     forbids message signing with an SVID, and go-spiffe accepts any usage.
package identity
