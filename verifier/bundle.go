package verifier

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/deedlog/deed/attest"
)

const (
	readmeName   = "README.txt"
	entryPrefix  = "entries/"
	objectPrefix = "objects/sha256/"
)

// bundleReadme is the first member of every bundle, always the same.
const bundleReadme = `This is an evidence bundle of a Deed register.

  manifest.json              which files are in it, and which entries it is about
  entries/N.entry            entry N of the log, as the log's tree hashes it
  entries/N.tlog-proof       that entry N is in the log (https://c2sp.org/tlog-proof)
  objects/sha256/DIGEST      what the entries commit to: records, signed statements,
                             certificates, policies; named by SHA-256

Nothing in this file is a verdict. A verdict depends on whom the reader trusts:
check the bundle on your own machine, with your own trust directory, by

  deed-verify -trust DIR FILE

which needs no network. The format is described in docs/spec/bundle.md.
`

// Item is one entry of a bundle with its proof.
type Item struct {
	Entry []byte // as the tree hashes it
	Proof []byte // C2SP tlog-proof
}

// Contents is what a bundle is built of.
type Contents struct {
	Subjects []uint64        // indexes of the entries that the bundle is about
	Entries  map[uint64]Item // those and all that they rely on, by index
	Objects  [][]byte        // in any order
	// LeftOut is how many countersignatures of a subject are known to whoever makes
	// the bundle and not in it, at least; by index. It may be nil.
	LeftOut map[uint64]int
}

// Bundle is an evidence bundle whose form was checked: caps, container,
// manifest, digests. What it says was not; see [Verify]. It is immutable.
type Bundle struct {
	subjects []uint64
	leftOut  []leftOut
	entries  map[uint64]Item
	objects  map[attest.Digest][]byte
	size     int // of the file
}

// Subjects returns the indexes of the entries that the bundle is about.
func (b *Bundle) Subjects() []uint64 { return slices.Clone(b.subjects) }

// LeftOut returns how many countersignatures of a subject whoever made the bundle says
// to have left out, at least.
func (b *Bundle) LeftOut(subject uint64) int {
	for _, l := range b.leftOut {
		if l.Subject == subject {
			return l.Count
		}
	}
	return 0
}

// Indexes returns the indexes of all entries, ascending.
func (b *Bundle) Indexes() []uint64 { return slices.Sorted(maps.Keys(b.entries)) }

// Item returns an entry with its proof.
func (b *Bundle) Item(index uint64) (Item, bool) {
	i, ok := b.entries[index]
	return i, ok
}

// Object returns an object, or nil. The caller must not change it.
func (b *Bundle) Object(d attest.Digest) []byte { return b.objects[d] }

// Objects returns all objects, ascending by digest. The caller must not change
// them.
func (b *Bundle) Objects() (list [][]byte) {
	for _, d := range slices.Sorted(maps.Keys(b.objects)) {
		list = append(list, b.objects[d])
	}
	return list
}

// Bytes writes the bundle as a file. It is a pure function of the contents.
func (b *Bundle) Bytes() []byte {
	members := b.members()
	doc, err := writeManifest(members, b.subjects, b.leftOut)
	if err != nil {
		panic("encoding manifest: " + err.Error()) // names, numbers and digests of our own
	}
	return writeZip(sortMembers(append(members, member{manifestName, doc})))
}

// members lists all members but the manifest, by name.
func (b *Bundle) members() []member {
	out := []member{{readmeName, []byte(bundleReadme)}}
	for index, item := range b.entries {
		name := entryPrefix + strconv.FormatUint(index, 10)
		out = append(out, member{name + ".entry", item.Entry}, member{name + ".tlog-proof", item.Proof})
	}
	for d, object := range b.objects {
		out = append(out, member{objectPrefix + d.Hex(), object})
	}
	return sortMembers(out)
}

func sortMembers(m []member) []member {
	slices.SortFunc(m, func(a, b member) int { return strings.Compare(a.name, b.name) })
	return m
}

// Build makes a bundle. It checks the form, as [Open] does, and not what the
// contents say.
func Build(c Contents) (*Bundle, error) {
	b := &Bundle{
		subjects: slices.Compact(slices.Sorted(slices.Values(c.Subjects))),
		entries:  maps.Clone(c.Entries), objects: make(map[attest.Digest][]byte, len(c.Objects)),
	}
	for _, o := range c.Objects {
		b.objects[attest.DigestOf(o)] = o
	}
	for _, s := range slices.Sorted(maps.Keys(c.LeftOut)) {
		if n := c.LeftOut[s]; n != 0 {
			b.leftOut = append(b.leftOut, leftOut{Count: n, Subject: s})
		}
	}
	again, err := Open(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("building bundle: %w", err)
	}
	return again, nil
}

// Open reads a bundle file and checks its form: the caps, the container, the
// manifest, the digests. An error is a [*FormatError].
func Open(file []byte) (*Bundle, error) {
	members, err := readZip(file)
	if err != nil {
		return nil, err
	}
	b := &Bundle{entries: map[uint64]Item{}, objects: map[attest.Digest][]byte{}, size: len(file)}
	var manifestDoc []byte
	for _, m := range members {
		if m.name == manifestName {
			manifestDoc = m.data
			continue
		}
		if err := b.take(m); err != nil {
			return nil, err
		}
	}
	return b, b.checkManifest(manifestDoc, members)
}

// take puts a member where it belongs.
func (b *Bundle) take(m member) error {
	if m.name == readmeName {
		if string(m.data) != bundleReadme {
			return refuse(fail, "bundle.manifest", readmeName, "the fixed text", "another text")
		}
		return nil
	}
	if hex, ok := strings.CutPrefix(m.name, objectPrefix); ok {
		if got := attest.DigestOf(m.data); got.Hex() != hex {
			return refuse(fail, "object.digest", m.name, hex, got.Hex())
		}
		b.objects[attest.DigestOf(m.data)] = m.data
		return nil
	}
	number, kind, _ := strings.Cut(strings.TrimPrefix(m.name, entryPrefix), ".")
	index, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return refuse(fail, "bundle.container", m.name, "an index", number)
	}
	item := b.entries[index]
	if kind == "entry" {
		item.Entry = m.data
	} else {
		item.Proof = m.data
	}
	b.entries[index] = item
	return nil
}

// checkManifest compares the manifest with the one that the members have, and
// what has to be there with what is.
func (b *Bundle) checkManifest(doc []byte, members []member) error {
	m, err := parseManifest(doc)
	if err != nil {
		return err
	}
	others := slices.DeleteFunc(slices.Clone(members), func(m member) bool { return m.name == manifestName })
	want, err := writeManifest(others, m.Subjects, m.LeftOut)
	if err != nil {
		return err
	}
	if at := firstDifference(want, doc); at >= 0 {
		return refuse(fail, "bundle.manifest", b.differs(m, others), "the names, sizes and digests of the members", "others")
	}
	if len(others) == 0 || others[0].name != readmeName {
		return refuse(fail, "bundle.manifest", readmeName, "the fixed text", "no such member")
	}
	for _, index := range b.Indexes() {
		if item := b.entries[index]; item.Entry == nil || item.Proof == nil {
			return refuse(fail, "bundle.manifest", entryName(index), "an entry and its proof", "one of them")
		}
	}
	for _, s := range m.Subjects {
		if _, ok := b.entries[s]; !ok {
			return refuse(fail, "bundle.manifest", entryName(s), "every subject's entry", "none")
		}
	}
	b.subjects, b.leftOut = m.Subjects, m.LeftOut
	return nil
}

// differs names the member that the manifest is wrong about.
func (b *Bundle) differs(m manifest, members []member) string {
	for i, f := range members {
		if i >= len(m.Files) || m.Files[i] != (manifestFile{attest.DigestOf(f.data), f.name, len(f.data)}) {
			return f.name
		}
	}
	return manifestName
}

// entryName names an entry for people.
func entryName(index uint64) string { return "entry " + strconv.FormatUint(index, 10) }
