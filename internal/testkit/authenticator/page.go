package authenticator

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// publicKeyCredential is what PublicKeyCredential.toJSON() gives.
type publicKeyCredential struct {
	ID                      string         `json:"id"`
	RawID                   string         `json:"rawId"`
	Response                map[string]any `json:"response"`
	AuthenticatorAttachment string         `json:"authenticatorAttachment"`
	ClientExtensionResults  struct{}       `json:"clientExtensionResults"`
	Type                    string         `json:"type"`
}

func (a *Authenticator) page(response map[string]any) []byte {
	id := base64.RawURLEncoding.EncodeToString(a.ID)
	return mustJSON(publicKeyCredential{ID: id, RawID: id, Response: response, AuthenticatorAttachment: "platform", Type: "public-key"})
}

// CreateJSON is the answer of create(), as a page hands it on.
func (a *Authenticator) CreateJSON() []byte {
	attestation, client := a.Create()
	return a.page(map[string]any{
		"attestationObject": base64.RawURLEncoding.EncodeToString(attestation),
		"clientDataJSON":    base64.RawURLEncoding.EncodeToString(client),
		"transports":        []string{"internal", "hybrid"},
	})
}

// GetJSON is the answer of get() to options in JSON, of which it reads the
// challenge.
func (a *Authenticator) GetJSON(options []byte) ([]byte, error) {
	var o struct {
		Challenge string `json:"challenge"`
		RPID      string `json:"rpId"`
	}
	if err := json.Unmarshal(options, &o); err != nil {
		return nil, err
	}
	challenge, err := base64.RawURLEncoding.DecodeString(o.Challenge)
	if err != nil {
		return nil, err
	}
	if o.RPID != a.RPID {
		return nil, fmt.Errorf("no passkey of %s", o.RPID)
	}
	data, client, sig := a.Get(challenge)
	return a.page(map[string]any{
		"authenticatorData": base64.RawURLEncoding.EncodeToString(data),
		"clientDataJSON":    base64.RawURLEncoding.EncodeToString(client),
		"signature":         base64.RawURLEncoding.EncodeToString(sig),
		"userHandle":        nil,
	}), nil
}
