package checker

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	bolt "go.etcd.io/bbolt"
)

// The index finds entries by identity, objects by digest, and entries by search
// row. It is made of segments, of which each has a range of the log and a bucket
// in the bucket segments, and after them of what recent commits brought:
//
//	segments  "catalog"                     -> sum || (u8 level || u64 number) of every complete segment, in order
//	segment   'i' u64 prefix u32 block      -> sum || (prefix[8] || index[6])...
//	          'o' u64 prefix u32 block      -> sum || (prefix[8] || ordinal[6])...
//	          'r' u16 len name u16 len key u64 index -> sum || uvarint differences
//	          'z'                           -> sum || filter
//	recent    u64 index of first entry      -> sum || u32 n || identity[32]... || u64 first ordinal || u32 m || digest[32]... || rows
//	          row: uvarint len name uvarint len key uvarint n uvarint differences
//
// A prefix is the first 8 bytes of a hash. A bucket of segments that is not in
// the catalog is of no account.

// visitor is told what the index says. hash is a prefix or a whole one.
type visitor interface {
	id(index uint64, hash []byte) error
	object(ordinal uint64, hash []byte) error
	row(r row) error
	// segmentsEnd says that what follows is of recent commits, the first of
	// which may repeat what the last segment has.
	segmentsEnd()
}

func readIndex(tx *bolt.Tx, v visitor) error {
	segments := tx.Bucket([]byte("segments"))
	if segments == nil {
		return errors.New("no bucket segments")
	}
	list, err := readCatalog(segments)
	if err != nil {
		return err
	}
	for _, name := range list {
		if err := readSegment(segments.Bucket(name), name, v); err != nil {
			return fmt.Errorf("segment %x: %w", name, err)
		}
	}
	v.segmentsEnd()
	next := uint64(0)
	return bucket(tx, "recent", func(k, sealed []byte) error {
		b, err := unseal([]byte("recent"), k, sealed)
		if err != nil {
			return err
		}
		if len(k) != 8 {
			return fmt.Errorf("a key of %d bytes", len(k))
		}
		start := binary.BigEndian.Uint64(k)
		if next != 0 && start != next {
			return fmt.Errorf("a commit from %d on, where %d is due", start, next)
		}
		next, err = readRecent(start, b, v)
		return err
	})
}

// readCatalog returns the names of the complete segments.
func readCatalog(segments *bolt.Bucket) (names [][]byte, err error) {
	sealed := segments.Get([]byte("catalog"))
	if sealed == nil {
		return nil, nil
	}
	list, err := unseal([]byte("segments"), []byte("catalog"), sealed)
	if err != nil {
		return nil, err
	}
	for ; len(list) > 0; list = list[9:] {
		if len(list) < 9 || segments.Bucket(list[:9]) == nil {
			return nil, fmt.Errorf("the catalog has %x, and there is no such segment", list)
		}
		names = append(names, list[:9])
	}
	return names, nil
}

// Segments returns how many segments of each level the index of a database has.
// A test that is about them can tell whether it had any.
func Segments(path string) (levels map[int]int, err error) {
	db, err := bolt.Open(path, 0o600, &bolt.Options{ReadOnly: true, Timeout: time.Second})
	if err != nil {
		return nil, err
	}
	levels = map[int]int{}
	err = db.View(func(tx *bolt.Tx) error {
		segments := tx.Bucket([]byte("segments"))
		if segments == nil {
			return errors.New("no bucket segments")
		}
		names, err := readCatalog(segments)
		for _, name := range names {
			levels[int(name[0])]++
		}
		return err
	})
	return levels, errors.Join(err, db.Close())
}

func readSegment(b *bolt.Bucket, name []byte, v visitor) error {
	return b.ForEach(func(k, sealed []byte) error {
		value, err := unseal(name, k, sealed)
		if err != nil {
			return fmt.Errorf("key %x: %w", k, err)
		}
		switch k[0] {
		case 'i', 'o':
			visit := v.id
			if k[0] == 'o' {
				visit = v.object
			}
			for ; len(value) >= 14; value = value[14:] {
				at := binary.BigEndian.Uint64(value[6:14]) & (1<<48 - 1)
				if err := visit(at, value[:8]); err != nil {
					return err
				}
			}
		case 'r':
			return readSegmentRow(k[1:], value, v)
		case 'z':
			return nil
		}
		if len(value) > 0 {
			return fmt.Errorf("key %x: %d bytes too many", k, len(value))
		}
		return nil
	})
}

func readSegmentRow(k, differences []byte, v visitor) error {
	name, rest, ok := cutText(k)
	key, rest, ok2 := cutText(rest)
	if !ok || !ok2 || len(rest) != 8 {
		return fmt.Errorf("no row: %x", k)
	}
	p := &parser{rest: differences}
	for index := binary.BigEndian.Uint64(rest); ; index += p.uvarint() {
		if err := v.row(row{string(name), string(key), index}); err != nil {
			return err
		}
		if len(p.rest) == 0 {
			return p.err
		}
	}
}

// cutText takes a text after its length.
func cutText(b []byte) (text, rest []byte, ok bool) {
	if len(b) < 2 || len(b) < 2+int(binary.BigEndian.Uint16(b)) {
		return nil, nil, false
	}
	n := 2 + int(binary.BigEndian.Uint16(b))
	return b[2:n], b[n:], true
}

// readRecent returns the index after the last entry of the commit.
func readRecent(start uint64, b []byte, v visitor) (end uint64, err error) {
	p := &parser{rest: b}
	n := uint64(p.uint32())
	for i := range n {
		if err := v.id(start+i, p.take(32)); err != nil {
			return 0, err
		}
	}
	first := p.uint64()
	for i := range uint64(p.uint32()) {
		if err := v.object(first+i, p.take(32)); err != nil {
			return 0, err
		}
	}
	for len(p.rest) > 0 {
		r := row{name: string(p.take(p.uvarint())), key: string(p.take(p.uvarint())), index: start}
		for range p.uvarint() {
			r.index += p.uvarint()
			if err := v.row(r); err != nil {
				return 0, errors.Join(err, p.err)
			}
		}
	}
	return start + n, p.err
}

// parser takes a value apart. After an error it returns zeros and has no rest.
type parser struct {
	rest []byte
	err  error
}

func (p *parser) take(n uint64) []byte {
	if n > uint64(len(p.rest)) {
		p.rest, p.err = nil, errors.New("a value that ends too early")
		return nil
	}
	b := p.rest[:n]
	p.rest = p.rest[n:]
	return b
}

func (p *parser) uint32() uint32 {
	if b := p.take(4); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (p *parser) uint64() uint64 {
	if b := p.take(8); b != nil {
		return binary.BigEndian.Uint64(b)
	}
	return 0
}

func (p *parser) uvarint() uint64 {
	n, size := binary.Uvarint(p.rest)
	if size <= 0 {
		p.take(uint64(len(p.rest)) + 1)
		return 0
	}
	p.rest = p.rest[size:]
	return n
}
