package server_test

import (
	"maps"

	"github.com/deedlog/deed/internal/testkit/cast"
)

func init() { maps.Copy(faultCases, compromiseCases) }

var compromiseCases = map[string]faultCase{
	"signer.compromised": {try: func(w *world) trial {
		_, id := w.standing(w.Buyer)
		w.allow(w.Sign(w.Admin, w.Compromise(w.Admin, w.Buyer.SVIDKey(), w.Now()-1)))
		fresh := w.Workload("/agent/buyer")
		return trial{wrong: w.Sign(w.Buyer, w.Transfer(w.Buyer, id, "1.00")), right: w.Sign(fresh, w.Transfer(fresh, id, "1.00"))}
	}},
	"reference.compromised": {try: func(w *world) trial {
		root, id := w.standing(w.Orchestrator)
		child := w.Sign(w.Orchestrator, w.Child(root, id, w.Orchestrator, w.Payments))
		w.allow(child)
		w.allow(w.Sign(w.Admin, w.Compromise(w.Admin, w.Orchestrator.SVIDKey(), 1)))
		return trial{wrong: w.Sign(w.Payments, w.Transfer(w.Payments, child.ID, "1.00"))}
	}},
	"compromise.key": {try: func(w *world) trial {
		right := w.Treasurer.HumanKey()
		wrong := right
		wrong.Key = w.Controller.Public().Digest()
		say := func(p *cast.Party) cast.Sent { return w.Sign(p, w.Compromise(p, wrong, w.Now())) }
		return trial{wrong: say(w.Treasurer), right: w.Sign(w.Treasurer, w.Compromise(w.Treasurer, right, w.Now()))}
	}},
	"compromise.known": {try: func(w *world) trial {
		declare := func(since int64) cast.Sent {
			return w.Sign(w.Admin, w.Compromise(w.Admin, w.Buyer.SVIDKey(), since))
		}
		now := w.Now()
		w.allow(declare(now))
		return trial{wrong: declare(now), right: declare(now - 1)}
	}},
}
