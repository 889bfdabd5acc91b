package token

import (
	"slices"

	"github.com/deedlog/deed/attest"
)

// Signed checks that one of the keys signed a token, and nothing else: what a
// reader asks with keys of his own of a token that was verified before. Faults:
// token.form, token.algorithm, token.key, token.signature.
func (k *Keys) Signed(raw []byte) error {
	h, _, err := split(raw)
	if err != nil {
		return err
	}
	if !slices.Contains(attest.TokenAlgorithms, h.Algorithm) {
		return attest.Refuse("token.algorithm", "alg", "an algorithm that is allowed", h.Algorithm)
	}
	key, err := k.find(h.KeyID, h.Algorithm)
	if err != nil {
		return err
	}
	_, err = signed(raw, h.Algorithm, key)
	return err
}
