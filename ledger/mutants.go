package ledger

import (
	"sync"

	"github.com/deedlog/deed/internal/failpoint"
)

// What broken builds do (see package failpoint); nothing calls it otherwise, and
// the linker leaves it out.

// signEarly lets out the head of a batch that is not committed: into the head
// file, or to the readers.
func signEarly(l *Log, h Head, t *tree) {
	text, err := l.sign(Checkpoint{Origin: l.config.Origin, Size: h.Size, Root: h.Root})
	switch {
	case err != nil:
	case failpoint.Mutant("sign-before-sync"):
		_ = l.config.HeadFile.Save(text) // broken in any case
	default:
		l.published.Store(&published{tree: t, root: h.Root, text: text})
	}
}

// answerEarly answers a batch that is not committed.
func answerEarly(l *Log, b *batch, batch []*pending) {
	h := b.tree.head(0)
	text, err := l.sign(Checkpoint{Origin: l.config.Origin, Size: h.Size, Root: h.Root})
	if err != nil {
		return
	}
	for _, p := range batch {
		p.outcome.at = &published{tree: b.tree, root: h.Root, text: text}
		p.answer <- p.outcome
	}
}

// firstStart is the size of the log when this process placed its first batch:
// whoever looks for what was logged in memory alone knows nothing before it.
func firstStart(start uint64) uint64 {
	opened.Do(func() { openedAt = start })
	return openedAt
}

var (
	opened   sync.Once
	openedAt uint64
)
