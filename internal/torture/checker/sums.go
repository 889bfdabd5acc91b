package checker

import (
	"bytes"
	"encoding/binary"
	"errors"
	"hash/crc32"
)

// A sum is the CRC-32C of several byte strings, each after its length in four
// bytes: of an identity alone, or of bucket, key and value.
const sumSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sum(parts ...[]byte) []byte {
	h := crc32.New(castagnoli)
	for _, p := range parts {
		h.Write(binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		h.Write(p)
	}
	return h.Sum(nil)
}

// unseal returns a value without its sum.
func unseal(bucket, key, v []byte) ([]byte, error) {
	if len(v) < sumSize || !bytes.Equal(v[:sumSize], sum(bucket, key, v[sumSize:])) {
		return nil, errors.New("the value does not have its sum")
	}
	return v[sumSize:], nil
}
