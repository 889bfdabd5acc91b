// Package token verifies what an identity provider signed: OpenID Connect ID
// tokens, OAuth access tokens (RFC 9068), identity assertion grants (ID-JAG),
// transaction tokens and introspection responses (RFC 9701), all of them compact
// JWS (RFC 7515), under a snapshot of the provider's keys and at a given time.
//
// # Reading order
//
// [Verify] is every check, in order; [Rules] say which tokens are taken, [Keys]
// by which keys, [Claims] what a token says. [Claims.Names] decides whether a
// token is about one agent.
//
//	keys, err := token.ParseKeys(jwks)
//	claims, err := token.Verify(raw, keys, rules, at) // at in ms
//	if claims.Names(token.Holder{ID: agent}, nil) { ... }
//
// # Caveats
//
// A token says that the provider wrote it, and no more: not that a person was
// there, nor that the bearer is the one it was made for. The package fetches
// nothing; what a token says of where keys are (jku, x5u, jwk, x5c) is not read.
// Faults are those of token. in docs/spec/faults.md.
package token
