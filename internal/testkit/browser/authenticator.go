package browser

import "testing"

// Authenticator is a virtual authenticator of a page.
type Authenticator struct {
	p  *Page
	id string
}

// Authenticator gives the page an authenticator on the device, which verifies its
// user by itself.
func (p *Page) Authenticator(t testing.TB) *Authenticator {
	t.Helper()
	p.call(t, "WebAuthn.enable", map[string]any{"enableUI": false}, nil)
	var made struct {
		ID string `json:"authenticatorId"`
	}
	p.call(t, "WebAuthn.addVirtualAuthenticator", map[string]any{"options": map[string]any{
		"protocol": "ctap2", "transport": "internal", "hasResidentKey": true, "hasUserVerification": true,
		"isUserVerified": true, "automaticPresenceSimulation": true,
	}}, &made)
	return &Authenticator{p, made.ID}
}

// Verified says whether the authenticator recognises its user from now on.
func (a *Authenticator) Verified(t testing.TB, yes bool) {
	t.Helper()
	a.p.call(t, "WebAuthn.setUserVerified", map[string]any{"authenticatorId": a.id, "isUserVerified": yes}, nil)
}
