package web_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
)

// newKey is another key than anybody's.
func newKey() *ecdsa.PrivateKey {
	scalar := make([]byte, 32)
	scalar[31] = 7
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar)
	if err != nil {
		panic(err) // it is below the order
	}
	return key
}
