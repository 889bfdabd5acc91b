package token

// Signed checks that one of the keys signed a token, and nothing else: what a
// reader asks with keys of his own of a token that was verified before. Faults:
// token.form, token.algorithm, token.key, token.signature.
func (k *Keys) Signed(raw []byte) error {
	h, _, err := split(raw)
	if err != nil {
		return err
	}
	key, err := k.find(h.KeyID, h.Algorithm) // which no key has but those that are allowed
	if err != nil {
		return err
	}
	_, err = signed(raw, h.Algorithm, key)
	return err
}
