package web_test

import (
	"strings"
	"testing"

	"github.com/deedlog/deed/attest"
)

// Whoever has a stolen passkey reads nothing once it is declared compromised: the
// session that they have ends, and they get no other.
func TestCompromisedPasskey(t *testing.T) {
	w := newWorld(t)
	id := w.asks("12500.00")
	thief := w.signedIn(w.maria)
	stolen := attest.CompromisedThing{ID: "maria", Key: w.maria.Public().Digest(), Kind: attest.HumanKey}
	w.allow(w.Endorsed(w.Sign(w.Admin, w.Compromise(w.Admin, stolen, w.Now())), w.Second))
	w.Check(thief.Open("/request/" + string(id)))
	if thief.Path != "/sign-in" || strings.Contains(thief.Body, "12500.00") {
		t.Errorf("the session goes on: %d at %s", thief.Status, thief.Path)
	}
	again := w.visit(w.maria)
	w.Check(again.SignIn("maria"))
	w.shows(again, 403, "That did not sign you in")
}
