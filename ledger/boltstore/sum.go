package boltstore

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"

	"github.com/deedlog/deed/ledger"
)

// sumSize is the length of a checksum: CRC-32C of where a value is and of the
// value. It finds decay, not an attacker, who could write the sum as well.
const sumSize = 4

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func sumOf(parts [][]byte) uint32 {
	sum := uint32(0)
	for _, p := range parts {
		sum = crc32.Update(sum, castagnoli, binary.BigEndian.AppendUint32(nil, uint32(len(p))))
		sum = crc32.Update(sum, castagnoli, p)
	}
	return sum
}

func appendSum(b []byte, parts ...[]byte) []byte {
	return binary.BigEndian.AppendUint32(b, sumOf(parts))
}

func checkSum(sum []byte, parts ...[]byte) bool {
	return bytes.Equal(sum, appendSum(nil, parts...))
}

// sealed puts the sum before a value that is found under bucket and key.
func sealed(bucket, key, value []byte) []byte {
	return append(appendSum(make([]byte, 0, sumSize+len(value)), bucket, key, value), value...)
}

// unseal checks the sum and returns the value, which is part of v.
func unseal(bucket, key, v []byte) ([]byte, error) {
	if len(v) < sumSize || !checkSum(v[:sumSize], bucket, key, v[sumSize:]) {
		return nil, &ledger.Corrupt{Bucket: text(bucket), Key: text(key), Want: "a value that has its checksum", Got: fmt.Sprint(len(v), " bytes that do not")}
	}
	return v[sumSize:], nil
}

// text is a key as an operator reads it: what is not printable in hexadecimal.
func text(key []byte) string {
	for _, c := range key {
		if c < ' ' || c > '~' {
			return fmt.Sprintf("%x", key)
		}
	}
	return string(key)
}
