package token

import (
	"crypto"
	"crypto/sha256"
	"encoding/base64"

	"github.com/go-jose/go-jose/v4"
)

// Holder is an agent that a token may be about.
type Holder struct {
	ID          string // SPIFFE ID
	Certificate []byte // DER of the leaf that it signs with, or nil
	Key         crypto.PublicKey
}

// Names reports whether the token is about this agent and about a subject that is
// not the agent itself:
//
//   - a confirmed token (cnf) is the agent's only with the key it confirms;
//   - the current actor is the agent: act.sub is its SPIFFE ID, or act.client_id,
//     or without an act the client, is one that the provider statement maps to it;
//   - where neither names anyone that is known, the confirmed key alone.
//
// agents maps client IDs to SPIFFE IDs. A token that names another agent, or
// nobody, is not bound to this one.
func (c *Claims) Names(h Holder, agents map[string]string) bool {
	if h.ID == "" || c.Own() || c.Subject == h.ID {
		return false
	}
	confirmed := c.Confirm != nil
	if confirmed && !c.Confirm.of(h) {
		return false
	}
	if named := c.named(agents); named != "" {
		return named == h.ID
	}
	return confirmed
}

// Own reports whether the subject is the client or the actor itself: such a token
// is about no human, whoever the subject may be registered as.
func (c *Claims) Own() bool {
	return c.Subject == c.Client || c.Actor != nil && (c.Subject == c.Actor.Subject || c.Subject == c.Actor.Client)
}

// named is the agent that the token names, or "".
func (c *Claims) named(agents map[string]string) string {
	if c.Actor == nil {
		return agents[c.Client]
	}
	client, subject := agents[c.Actor.Client], ""
	if isSPIFFE(c.Actor.Subject) {
		subject = c.Actor.Subject
	}
	switch {
	case subject == "" || subject == client:
		return client
	case client == "":
		return subject
	}
	return "two agents" // which is the ID of none
}

func isSPIFFE(s string) bool { return len(s) > 9 && s[:9] == "spiffe://" }

// of reports whether every confirmation is of the key that the agent has.
func (c *Confirmation) of(h Holder) bool {
	if c.Other || c.Certificate == "" && c.Key == "" {
		return false
	}
	return (c.Certificate == "" || h.Certificate != nil && c.Certificate == CertificateThumbprint(h.Certificate)) &&
		(c.Key == "" || c.Key == KeyThumbprint(h.Key))
}

// CertificateThumbprint is x5t#S256 of a certificate in DER (RFC 8705 section
// 3.1).
func CertificateThumbprint(der []byte) string {
	sum := sha256.Sum256(der)
	return base64.RawURLEncoding.EncodeToString(sum[:])
}

// KeyThumbprint is the SHA-256 thumbprint of a key (RFC 7638), or "" of what is no
// key: no text that a provider may write confirms an agent whose key is unknown.
func KeyThumbprint(key crypto.PublicKey) string {
	sum, err := (&jose.JSONWebKey{Key: key}).Thumbprint(crypto.SHA256)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(sum)
}
