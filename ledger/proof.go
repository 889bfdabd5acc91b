package ledger

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
)

const proofHeader = "c2sp.org/tlog-proof@v1"

// maxProofHashes bounds the inclusion proof of a tree with fewer than 2^63 leaves.
const maxProofHashes = 63

// A Proof is an offline-verifiable proof that an entry is in a log
// (c2sp.org/tlog-proof). Its text is
//
//	c2sp.org/tlog-proof@v1
//	extra <base64>              if there is any
//	index <decimal>
//	<hash in base64>            from the leaf's sibling to the root's child
//	                            an empty line
//	<signed checkpoint>
type Proof struct {
	Extra      []byte // opaque and not authenticated; nil if there is none
	Index      uint64
	Hashes     []Hash
	Checkpoint []byte // signed note, verbatim
}

// Bytes returns the text of the proof, the contents of a .tlog-proof file.
func (p Proof) Bytes() []byte {
	b := append(make([]byte, 0, 128+45*len(p.Hashes)+len(p.Checkpoint)), proofHeader+"\n"...)
	if len(p.Extra) > 0 {
		b = append(append(append(b, "extra "...), strict.EncodeToString(p.Extra)...), '\n')
	}
	b = append(strconv.AppendUint(append(b, "index "...), p.Index, 10), '\n')
	for _, h := range p.Hashes {
		b = append(strict.AppendEncode(b, h[:]), '\n')
	}
	return append(append(b, '\n'), p.Checkpoint...)
}

// ParseProof parses the text of a proof, including the form of its checkpoint,
// and verifies nothing. It accepts only what Bytes prints.
func ParseProof(text []byte) (Proof, error) {
	head, note, ok := strings.Cut(string(text), "\n\n")
	if !ok {
		return Proof{}, errors.New("parsing proof: no empty line before the checkpoint")
	}
	p, err := parseProofHead(strings.Split(head, "\n"))
	if err != nil {
		return Proof{}, fmt.Errorf("parsing proof: %w", err)
	}
	if _, err := ParseSignedCheckpoint([]byte(note)); err != nil {
		return Proof{}, fmt.Errorf("parsing proof: %w", err)
	}
	p.Checkpoint = []byte(note)
	return p, nil
}

func parseProofHead(lines []string) (p Proof, err error) {
	if lines[0] != proofHeader {
		return Proof{}, fmt.Errorf("first line is %.40q", lines[0])
	}
	lines = lines[1:]
	if len(lines) > 0 {
		if extra, ok := strings.CutPrefix(lines[0], "extra "); ok {
			if p.Extra, err = decodeBase64(extra); err != nil || len(p.Extra) == 0 {
				return Proof{}, errors.New("malformed extra line")
			}
			lines = lines[1:]
		}
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return Proof{}, errors.New("no index line")
	}
	if p.Index, err = parseDecimal(lines[0][len("index "):]); err != nil {
		return Proof{}, fmt.Errorf("index line: %w", err)
	}
	if len(lines)-1 > maxProofHashes {
		return Proof{}, fmt.Errorf("%d hashes, the limit is %d", len(lines)-1, maxProofHashes)
	}
	for _, line := range lines[1:] {
		h, err := parseHash(line)
		if err != nil {
			return Proof{}, err
		}
		p.Hashes = append(p.Hashes, h)
	}
	return p, nil
}

// ErrProof: a proof does not lead to the root of the checkpoint. What it claims
// is not shown.
var ErrProof = errors.New("proof does not verify")

// VerifyInclusion verifies that entry is in the log at p.Index, by the hashes
// of p alone and the root of an opened checkpoint, which is usually that of
// p.Checkpoint (c2sp.org/tlog-proof, RFC 6962, section 2.1.1). A proof that
// does not hold is [ErrProof].
func VerifyInclusion(p Proof, entry []byte, c OpenedCheckpoint) error {
	if !c.ok {
		return fmt.Errorf("%w: the checkpoint was not opened", ErrProof)
	}
	return verifyInclusion(p.Index, p.Hashes, HashLeaf(entry), c.signed.Checkpoint)
}

func verifyInclusion(index uint64, hashes []Hash, leaf Hash, c Checkpoint) error {
	err := proof.VerifyInclusion(rfc6962.DefaultHasher, index, c.Size, leaf[:], slicesOf(hashes), c.Root[:])
	if err != nil {
		return fmt.Errorf("%w: entry %d in the tree of size %d", ErrProof, index, c.Size)
	}
	return nil
}

// VerifyConsistency verifies that the log of newer extends that of older: the
// same entries, in the same places, and perhaps more (RFC 6962, section 2.1.2).
// A proof that does not hold, or another origin, is [ErrProof]; two opened
// checkpoints of one size with different roots are evidence of a split view.
func VerifyConsistency(older, newer OpenedCheckpoint, hashes []Hash) error {
	if !older.ok || !newer.ok {
		return fmt.Errorf("%w: the checkpoint was not opened", ErrProof)
	}
	a, b := older.signed.Checkpoint, newer.signed.Checkpoint
	if a.Origin != b.Origin {
		return fmt.Errorf("%w: origins %q and %q", ErrProof, a.Origin, b.Origin)
	}
	err := proof.VerifyConsistency(rfc6962.DefaultHasher, a.Size, b.Size, slicesOf(hashes), a.Root[:], b.Root[:])
	if err != nil {
		return fmt.Errorf("%w: sizes %d and %d", ErrProof, a.Size, b.Size)
	}
	return nil
}

// slicesOf converts to the form that the merkle library takes.
func slicesOf(hashes []Hash) [][]byte {
	s := make([][]byte, len(hashes))
	for i := range hashes {
		s[i] = hashes[i][:]
	}
	return s
}
