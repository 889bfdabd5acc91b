package verifier

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"regexp"
	"strings"
	"unicode"
)

// Caps of a bundle file (docs/spec/bundle.md, "Container"). All of them are
// enforced before a member is looked into.
const (
	MaxBundle  = 64 << 20 // bytes of the file
	MaxMembers = 8192

	maxManifest = 2 << 20
)

// memberName is what a member may be called. Indexes stay below 10^15, so that
// every number of a record fits the strict profile.
var memberName = regexp.MustCompile(`^(README\.txt|manifest\.json|entries/(0|[1-9][0-9]{0,14})\.(entry|tlog-proof)|objects/sha256/[0-9a-f]{64})$`)

// member is one file of the container.
type member struct {
	name string
	data []byte
}

// The container is the part of PKWARE's APPNOTE that stores files: for each
// member a local header, its name and its bytes; then a directory that repeats
// the headers; then the end record. Everything that could vary is fixed:
//
//	version 10, no flags, method 0 (stored), time 0, date 1980-01-01,
//	no extra fields, comments, attributes or gaps; members in ascending order of name
const (
	localMagic     = "PK\x03\x04"
	directoryMagic = "PK\x01\x02"
	endMagic       = "PK\x05\x06"

	localSize     = 30
	directorySize = 46
	endSize       = 22
	zipMinute     = 0
	zipDay        = 1<<5 | 1 // 1980-01-01
)

// writeZip writes members, in the order given, as the one container they have.
func writeZip(members []member) []byte {
	size := endSize
	for _, m := range members {
		size += localSize + directorySize + 2*len(m.name) + len(m.data)
	}
	out := make([]byte, 0, size)
	var directory []byte
	for _, m := range members {
		header := zipHeader(m)
		directory = append(directory, directoryMagic...)
		directory = le16(directory, 10) // made by
		directory = append(directory, header...)
		directory = append(directory, make([]byte, 10)...) // no comment, disk 0, no attributes
		directory = le32(directory, len(out))
		directory = append(directory, m.name...)
		out = append(append(append(append(out, localMagic...), header...), m.name...), m.data...)
	}
	start := len(out)
	out = append(append(out, directory...), endMagic...)
	out = append(out, 0, 0, 0, 0) // one disk
	out = le16(le16(out, len(members)), len(members))
	out = le32(le32(out, len(directory)), start)
	return append(out, 0, 0) // no comment
}

// zipHeader is what the local header and the directory have in common.
func zipHeader(m member) []byte {
	h := le16(nil, 10)  // needed to extract
	h = append(h, 0, 0) // no flags
	h = append(h, 0, 0) // stored
	h = le16(h, zipMinute)
	h = le16(h, zipDay)
	h = binary.LittleEndian.AppendUint32(h, crc32.ChecksumIEEE(m.data))
	h = le32(le32(h, len(m.data)), len(m.data))
	h = le16(h, len(m.name))
	return append(h, 0, 0) // no extra fields
}

func le16(b []byte, n int) []byte { return binary.LittleEndian.AppendUint16(b, uint16(n)) }
func le32(b []byte, n int) []byte { return binary.LittleEndian.AppendUint32(b, uint32(n)) }

// readZip returns the members of a container. Their data are parts of file. It
// walks the local headers for names and lengths only, then writes the container
// anew and compares: no byte of it is free.
func readZip(file []byte) ([]member, error) {
	if len(file) > MaxBundle {
		return nil, refuse(unknown, "bundle.size", "", fmt.Sprintf("at most %d bytes", MaxBundle), fmt.Sprint(len(file)))
	}
	if !bytes.HasPrefix(file, []byte(localMagic)) || len(file) < localSize+len(readmeName)+endSize {
		return nil, refuse(unknown, "bundle.container", "", "a .deed.zip file", "another kind of file")
	}
	var members []member
	rest := file
	for bytes.HasPrefix(rest, []byte(localMagic)) {
		m, after, err := readMember(rest)
		if err != nil {
			return nil, err
		}
		if len(members) == MaxMembers {
			return nil, refuse(unknown, "bundle.size", "", fmt.Sprintf("at most %d members", MaxMembers), "more")
		}
		if n := len(members); n > 0 && members[n-1].name >= m.name {
			return nil, refuse(fail, "bundle.container", m.name, "members in ascending order of name, each once", "after "+members[n-1].name)
		}
		members, rest = append(members, m), after
	}
	if !bytes.HasPrefix(rest, []byte(directoryMagic)) {
		return nil, refuse(fail, "bundle.container", members[len(members)-1].name, "a member or the directory after it", "other bytes")
	}
	if at := firstDifference(writeZip(members), file); at >= 0 {
		return nil, refuse(fail, "bundle.container", place(members, at), "exactly the bytes that follow from the members",
			fmt.Sprintf("another byte at %d", at))
	}
	return members, nil
}

// readMember reads one local header with its member.
func readMember(b []byte) (m member, rest []byte, err error) {
	torn := func() (member, []byte, error) {
		return member{}, nil, refuse(fail, "bundle.container", "", "a whole member", "the end of the file, or a header that is not ours")
	}
	if len(b) < localSize {
		return torn()
	}
	size := int64(binary.LittleEndian.Uint32(b[22:]))
	nameEnd := localSize + int64(binary.LittleEndian.Uint16(b[26:]))
	if nameEnd+size > int64(len(b)) {
		return torn()
	}
	m = member{name: string(b[localSize:nameEnd]), data: b[nameEnd : nameEnd+size]}
	if !memberName.MatchString(m.name) {
		return m, nil, refuse(fail, "bundle.container", "", "a member name of the format", printable(m.name))
	}
	return m, b[nameEnd+size:], nil
}

// place names the member that a byte of the file belongs to.
func place(members []member, at int) string {
	for _, m := range members {
		at -= localSize + len(m.name) + len(m.data)
		if at < 0 {
			return m.name
		}
	}
	return "directory"
}

// firstDifference is the first place where two byte strings differ, or -1.
func firstDifference(a, b []byte) int {
	const block = 4096
	at := 0
	for len(a)-at >= block && len(b)-at >= block && bytes.Equal(a[at:at+block], b[at:at+block]) {
		at += block
	}
	for at < len(a) && at < len(b) && a[at] == b[at] {
		at++
	}
	if at == len(a) && at == len(b) {
		return -1
	}
	return at
}

// printable bounds text that came from outside, so that it stays one line.
func printable(s string) string {
	const most = 200
	if len(s) > most {
		s = s[:most] + "..."
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
