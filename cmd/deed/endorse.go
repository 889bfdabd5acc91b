package main

import "github.com/deedlog/deed/attest"

// readKeys reads the private keys in PEM files.
func readKeys(files []string) (keys []*credential, err error) {
	for _, file := range files {
		key, err := keyCredential(file)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// endorse signs a payload besides its signer; the result travels along.
func (k *credential) endorse(payload []byte) (objects [][]byte, err error) {
	e, err := k.seal(payload)
	return [][]byte{e.JSON()}, err
}

// endorsedBy has every key but k itself endorse a payload that k signs, each once.
func (k *credential) endorsedBy(keys []*credential) func(payload []byte) ([][]byte, error) {
	return func(payload []byte) (objects [][]byte, err error) {
		done := map[attest.Digest]bool{k.keyID: true}
		for _, other := range keys {
			if done[other.keyID] {
				continue
			}
			done[other.keyID] = true
			e, err := other.seal(payload)
			if err != nil {
				return nil, err
			}
			objects = append(objects, e.JSON())
		}
		return objects, nil
	}
}
