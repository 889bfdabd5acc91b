package checker

import (
	"encoding/json"
	"slices"
)

// statementDoc is what the checker reads of a statement (docs/spec/statements.md).
type statementDoc struct {
	PredicateType string `json:"predicateType"`
	Predicate     struct {
		Accountable string          `json:"accountable"`
		Action      string          `json:"action"`
		Addressee   string          `json:"addressee"`
		Agent       string          `json:"agent"`
		Authority   *authority      `json:"authority"`
		Holder      holder          `json:"holder"`
		Intent      string          `json:"intent"`
		Issuer      party           `json:"issuer"`
		Name        string          `json:"name"`
		Of          string          `json:"of"`
		Owner       string          `json:"owner"`
		Parent      string          `json:"parent"`
		Person      string          `json:"person"`
		Request     *request        `json:"request"`
		Session     sessionOfAction `json:"session"`
		Warrant     string          `json:"warrant"`
	} `json:"predicate"`
}

type (
	authority struct {
		Warrant string `json:"warrant"`
	}
	holder struct {
		SPIFFEID string `json:"spiffe_id"`
	}
	party struct {
		ID   string `json:"id"`
		Kind string `json:"kind"`
	}
	request struct {
		Action string `json:"action"`
		digest string // what stands in its place where only the digest is named
	}
	sessionOfAction struct {
		ID string `json:"id"`
	}
)

// UnmarshalJSON reads a request, or the digest of one.
func (r *request) UnmarshalJSON(doc []byte) error {
	if len(doc) > 0 && doc[0] == '"' {
		return json.Unmarshal(doc, &r.digest)
	}
	type plain request
	return json.Unmarshal(doc, (*plain)(r))
}

// searchRows are what an entry is found by: who signed, who answers for it, under
// which warrant, and the parties that the statement names.
func searchRows(index uint64, r recordDoc, s statementDoc) (rows []row) {
	add := func(name, key string) {
		if w := (row{name, key, index}); key != "" && !slices.Contains(rows, w) {
			rows = append(rows, w)
		}
	}
	add("kind", r.Kind)
	add("decision", r.Decision.Effect)
	add(map[string]string{"svid": "agent", "person": "person"}[r.Signer.Kind], r.Signer.Name)
	if a := r.Attribution; a != nil {
		add("class", a.Agency)
		add("person", a.Authorizing)
		add("person", a.Accountable)
	}
	for _, spent := range r.Read.Spent {
		add("warrant", spent.ID)
	}
	statementRows(r, s, add)
	return slices.DeleteFunc(rows, func(w row) bool { return w.name == "" })
}

// statementRows adds what a statement of each kind is found by.
func statementRows(r recordDoc, s statementDoc, add func(name, key string)) {
	p := s.Predicate
	switch r.Kind {
	case "action":
		add("session", p.Session.ID)
		if p.Request != nil {
			add("action", p.Request.Action)
		}
		add("of", p.Intent)
		if p.Authority != nil {
			add("warrant", p.Authority.Warrant)
		}
	case "warrant":
		add("warrant", r.ID)
		add("warrant", p.Parent)
		add("agent", p.Holder.SPIFFEID)
	case "revocation":
		add("warrant", p.Warrant)
	case "approval":
		add("warrant", p.Warrant)
		add("agent", p.Agent)
		add("action", p.Action)
	case "instruction":
		add("person", p.Person)
		add("agent", p.Addressee)
	case "countersignature":
		add("of", p.Of)
		if p.Request != nil {
			add("of", p.Request.digest)
		}
		add("agent", p.Agent)
	case "person":
		add("person", p.Name)
	case "issuer":
		add("person", p.Accountable)
		add(map[bool]string{true: "person", false: "agent"}[p.Issuer.Kind == "person"], p.Issuer.ID)
	case "agent":
		add("agent", p.Agent)
		add("person", p.Owner)
	}
}
