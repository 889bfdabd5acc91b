package signing

import "github.com/deedlog/deed/attest"

// ReadKeys reads the private keys in PEM files.
func ReadKeys(files []string) (keys []*Credential, err error) {
	for _, file := range files {
		key, err := ReadKey(file)
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Endorse signs a payload besides its signer; the result travels along.
func (k *Credential) Endorse(payload []byte) (objects [][]byte, err error) {
	e, err := k.Seal(payload)
	return [][]byte{e.JSON()}, err
}

// EndorsedBy has every key but k itself endorse a payload that k signs, each once.
func (k *Credential) EndorsedBy(keys []*Credential) func(payload []byte) ([][]byte, error) {
	return func(payload []byte) (objects [][]byte, err error) {
		done := map[attest.Digest]bool{k.KeyID: true}
		for _, other := range keys {
			if done[other.KeyID] {
				continue
			}
			done[other.KeyID] = true
			e, err := other.Seal(payload)
			if err != nil {
				return nil, err
			}
			objects = append(objects, e.JSON())
		}
		return objects, nil
	}
}
