package checker

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
)

// The head file has two slots of the same size, of which the one with the greater
// serial counts, if its hash is right:
//
//	slot    header, then the text
//	header  magic[16] || u64 serial || u64 length || SHA-256 of these and the text[32]
const (
	headMagic  = "deed head file 2"
	headFixed  = len(headMagic) + 8 + 8
	headHeader = headFixed + sha256.Size
	headSlot   = 1 << 20
)

// HeadText returns the signed checkpoint in the bytes of a head file.
func HeadText(file []byte) ([]byte, error) {
	if len(file) != 2*headSlot {
		return nil, fmt.Errorf("a head file of %d bytes", len(file))
	}
	var text []byte
	newest := uint64(0)
	for _, slot := range [][]byte{file[:headSlot], file[headSlot:]} {
		serial, n := binary.BigEndian.Uint64(slot[len(headMagic):]), binary.BigEndian.Uint64(slot[len(headMagic)+8:])
		if string(slot[:len(headMagic)]) != headMagic || n > headSlot-uint64(headHeader) || serial <= newest {
			continue
		}
		body := slot[headHeader : headHeader+int(n)]
		if sum := sha256.Sum256(append(bytes.Clone(slot[:headFixed]), body...)); bytes.Equal(sum[:], slot[headFixed:headHeader]) {
			text, newest = body, serial
		}
	}
	if newest == 0 {
		return nil, errors.New("no slot of the head file is whole")
	}
	return text, nil
}

// ReadHead returns the signed checkpoint in a head file.
func ReadHead(path string) ([]byte, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return HeadText(file)
}
