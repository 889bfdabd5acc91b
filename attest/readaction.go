package attest

// readAction reads the payload of an action, which most statements are, without
// reflection; ok is false for everything else. Members come in the order of
// their names, as they stand in the structs.
func readAction(payload []byte) (a *Action, f frame, ok bool) {
	if len(payload) > MaxPayload {
		return nil, f, false
	}
	r := newReader(payload)
	r.exactly(`{"_type":"` + statementType + `","predicate":`)
	start := r.at
	a = new(Action)
	r.action(a)
	f.Predicate = payload[start:max(start, r.at)]
	r.exactly(`,"predicateType":"` + PredicateBase + string(KindAction) + `/v1","subject":[{"digest":{"sha256":`)
	var subject Subject
	subject.Digest.SHA256 = r.text()
	r.exactly(`},"name":`)
	subject.Name = r.text()
	r.exactly("}]}")
	f.Subject = []Subject{subject}
	return a, f, !r.bad && r.at == len(payload)
}

func (r *reader) action(a *Action) {
	r.exactly("{")
	needText(r, "agent", &a.Agent)
	if r.has("authority") {
		a.Authority = new(Authority)
		r.authority(a.Authority)
	}
	needInt(r, "claimed_at", &a.ClaimedAt)
	if r.has("credential") {
		a.Credential = new(Credential)
		r.credential(a.Credential)
	}
	if r.has("fields") {
		a.Fields = new(Commitment)
		r.commitment(a.Fields)
	}
	r.need("initiator")
	r.initiator(&a.Initiator)
	mayText(r, "instance", &a.Instance)
	mayText(r, "intent", &a.Intent)
	needText(r, "log", &a.Log)
	needText(r, "nonce", &a.Nonce)
	if r.has("open") {
		a.Open = list(r, openingItem)
		r.bad = r.bad || len(a.Open) == 0
	}
	r.rest(a)
	r.exactly("}")
}

// rest reads an action from outcome on.
func (r *reader) rest(a *Action) {
	if r.has("outcome") {
		a.Outcome = new(Result)
		r.result(a.Outcome)
	}
	needText(r, "phase", &a.Phase)
	if r.has("progress") {
		a.Progress = new(Progress)
		r.progress(a.Progress)
	}
	if r.has("request") {
		a.Request = new(ActionRequest)
		r.request(a.Request)
	}
	if r.has("sealed") {
		a.Sealed = list(r, sealedItem)
		r.bad = r.bad || len(a.Sealed) == 0
	}
	r.need("session")
	r.session(&a.Session)
	if r.has("software") {
		a.Software = new(Software)
		r.software(a.Software)
	}
	if r.has("target") {
		a.Target = new(Target)
		r.target(a.Target)
	}
	mayText(r, "trace", &a.Trace)
	needInt(r, "v", &a.V)
}

func (r *reader) authority(a *Authority) {
	r.exactly("{")
	r.need("approvals")
	a.Approvals = list(r, textItem[ID])
	needInt(r, "grant", &a.Grant)
	needText(r, "warrant", &a.Warrant)
	r.exactly("}")
}

func (r *reader) credential(c *Credential) {
	r.exactly("{")
	needText(r, "commitment", &c.Commitment)
	needText(r, "kind", &c.Kind)
	r.exactly("}")
}

func (r *reader) commitment(c *Commitment) {
	r.exactly("{")
	needText(r, "root", &c.Root)
	mayText(r, "seed", &c.Seed)
	r.exactly("}")
}

func (r *reader) initiator(i *Initiator) {
	r.exactly("{")
	needText(r, "claim", &i.Claim)
	mayText(r, "trigger", &i.Trigger)
	r.exactly("}")
}

func (r *reader) result(o *Result) {
	r.exactly("{")
	mayText(r, "counterparty", &o.Counterparty)
	if r.has("result") {
		o.Result = new(Commitment)
		r.commitment(o.Result)
	}
	needText(r, "status", &o.Status)
	r.exactly("}")
}

func (r *reader) progress(p *Progress) {
	r.exactly("{")
	needInt(r, "actions", &p.Actions)
	needInt(r, "open", &p.Open)
	if r.has("pending") {
		p.Pending = list(r, textItem[ID])
		r.bad = r.bad || len(p.Pending) == 0
	}
	mayText(r, "status", &p.Status)
	r.exactly("}")
}

func (r *reader) request(q *ActionRequest) {
	r.exactly("{")
	needText(r, "action", &q.Action)
	needText(r, "arguments", &q.Arguments)
	needInt(r, "count", &q.Count)
	r.need("resource")
	r.exactly("{")
	needText(r, "id", &q.Resource.ID)
	needText(r, "kind", &q.Resource.Kind)
	r.exactly("}")
	r.need("reversible")
	q.Reversible = r.truth()
	r.exactly("}")
}

func (r *reader) session(s *Session) {
	r.exactly("{")
	needText(r, "id", &s.ID)
	mayText(r, "parallel_of", &s.ParallelOf)
	mayText(r, "prev", &s.Prev)
	needInt(r, "seq", &s.Seq)
	r.exactly("}")
}

func (r *reader) software(s *Software) {
	r.exactly("{")
	mayText(r, "build", &s.Build)
	mayText(r, "model", &s.Model)
	r.exactly("}")
}

func (r *reader) target(t *Target) {
	r.exactly("{")
	needText(r, "endpoint", &t.Endpoint)
	needText(r, "kind", &t.Kind)
	needText(r, "protocol", &t.Protocol)
	r.exactly("}")
}

func openingItem(r *reader, o *Opening) {
	r.exactly("{")
	needText(r, "name", &o.Name)
	needText(r, "salt", &o.Salt)
	r.need("value")
	valueItem(r, &o.Value)
	r.exactly("}")
}

func sealedItem(r *reader, s *Sealed) {
	r.exactly("{")
	needText(r, "commitment", &s.Commitment)
	needText(r, "name", &s.Name)
	r.exactly("}")
}
