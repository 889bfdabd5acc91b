// Package oauthtest plays the delegated model with somebody else's OAuth server:
// a person logs in, an agent's service exchanges the login for a token that names
// the agent, the agent acts, and an auditor checks it offline with the provider's
// own keys. Then everybody tries to make more of a token than it is. It is told
// step by step in docs/delegated.md.
//
// It is a module of its own, because the server (zitadel/oidc, certified by the
// OpenID Foundation) brings more than forty others. provider.go is that server,
// stage_test.go the register and who acts, delegated_test.go the story.
package oauthtest
