package web_test

import (
	"testing"

	"github.com/deedlog/deed/attest"
	"github.com/deedlog/deed/internal/testkit/cast"
)

// A gate asks two of three: they see it and how it stands, and others do not.
func TestGate(t *testing.T) {
	w := newWorld(t)
	holders := map[string]*cast.Party{}
	for _, name := range []string{"bob", "carol", "eve"} {
		holders[name] = w.PasskeyHolder(name)
		holders[name].Passkey.ID = []byte("the passkey of " + name)
		holders[name].KeyID = w.Registration(holders[name]).Credential().Digest()
		w.allow(w.Endorsed(w.Sign(w.Admin, w.Registration(holders[name])), holders[name]))
	}
	warrant := w.Warrant(w.maria, w.Payments, attest.HumanStanding, cast.Payments("50000.00"))
	warrant.Gates = []attest.WarrantGate{cast.Gate(2, holders["bob"], holders["carol"], w.maria)}
	a := w.Transfer(w.Payments, w.allow(w.Sign(w.maria, warrant)), "20.00")
	id := string(w.submit(w.Sign(w.Payments, a)))
	eve := w.signedIn(holders["eve"])
	w.shows(eve, 200, "Nothing waits for your decision")
	w.Check(eve.Open("/request/" + id))
	w.shows(eve, 404)
	bob, carol := w.signedIn(holders["bob"]), w.signedIn(holders["carol"])
	w.shows(bob, 200, "what stopped it asks for you")
	w.Check(bob.Open("/request/" + id))
	w.shows(bob, 200, "Who has to agree", "0 of 2 approvals; asked are bob, carol, maria", "2 of bob, carol, maria must approve exactly that action")
	w.Check(bob.Sign("/sign"))
	w.shows(bob, 200, "You approved")
	w.Check(carol.Open("/"))
	w.shows(carol, 200, "1 approved")
	w.Check(carol.Open("/request/" + id))
	w.shows(carol, 200, "1 of 2 approvals, by bob; asked are")
	w.Check(carol.Send("/request/"+id+"/refuse", map[string]string{"token": token(t, carol)}))
	w.Check(carol.Sign("/sign"))
	w.shows(carol, 200, "You refused")
	w.Check(bob.Open("/request/" + id))
	w.shows(bob, 200, "refused by carol")
}
