package reconcile

import (
	"strings"

	"github.com/go-json-experiment/json"
)

// vaultLine is what is read of an entry of a Vault or OpenBao audit device.
type vaultLine struct {
	Type  string `json:"type"`
	Time  string `json:"time"`
	Error string `json:"error"`
	Auth  struct {
		Accessor string `json:"accessor"` // HMAC-SHA256
		EntityID string `json:"entity_id"`
	} `json:"auth"`
	Request struct {
		ID        string              `json:"id"`
		Operation string              `json:"operation"`
		Path      string              `json:"path"`
		Headers   map[string][]string `json:"headers"`
	} `json:"request"`
	Response struct {
		Secret struct {
			LeaseID string `json:"lease_id"`
		} `json:"secret"`
	} `json:"response"`
}

// digestHeader is X-Action-Digest as audit devices write it.
const digestHeader = "x-action-digest"

// Vault reads the audit log of Vault or OpenBao, one JSON object on each line.
// Every call stands there twice, as request and as response: the response, which
// has all of the request, is the one that counts. The header is in clear only
// where the operator of Vault asked for it:
//
//	vault write sys/config/auditing/request-headers/X-Action-Digest hmac=false
func Vault(doc []byte) (Line, error) {
	var v vaultLine
	if err := json.Unmarshal(doc, &v); err != nil {
		return Line{}, refused("not a JSON object of an audit device")
	}
	switch v.Type {
	case "response":
	case "request":
		return Line{}, errSkip
	default:
		return Line{}, refused("a type that is neither request nor response")
	}
	at, err := stamp(v.Time)
	if err != nil {
		return Line{}, err
	}
	l := Line{At: at, ID: clean(v.Request.ID), Path: clean(v.Request.Path), What: clean(strings.TrimSpace(v.Request.Operation + " " + v.Request.Path))}
	if v.Error != "" {
		l.What = clean(l.What + ", error")
	}
	for _, value := range v.Request.Headers[digestHeader] {
		l.Digest = digestIn(value)
		l.Hashed = strings.HasPrefix(value, "hmac-sha256:")
	}
	if id := v.Response.Secret.LeaseID; id != "" {
		l.Credentials = append(l.Credentials, id)
	}
	return l, nil
}
