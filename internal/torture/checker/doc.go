// Package checker checks the database of a register from the outside, for the
// torture harness. It shares no code with the server: formats, hashes and
// signatures are written here once more, from docs/spec and RFC 6962.
//
//	c, err := checker.New(logVKey, mldsaVKey)
//	err = c.Database("ledger.db", "head", acknowledged, checkpoints)
//	err = c.History(headTexts)
//
// Database wants, of a register that has just been opened and closed again:
//
//   - entries at every index from 0 on, each with its leaf hash, its statement's
//     ID and a time that does not go back;
//   - no statement twice;
//   - every object that an entry or its record names, under its own hash;
//   - an index that leads to every entry and object by its hash, and to entries by
//     exactly those search rows that follow from them;
//   - full tiles that are exactly those that follow from the entries;
//   - a root computed from the entries that is the stored one and the signed one,
//     with both signatures;
//   - every acknowledged entry at its index with its bytes, and the root of every
//     checkpoint that was ever seen at its size. So any two of them are
//     consistent: both are prefixes of one tree;
//   - a file whose pages bbolt itself finds in order.
//
// # Reading order
//
// checker.go reads all of it and holds it against what was promised, compare.go
// holds it against itself. derive.go and rows.go say what follows from an entry,
// tree.go is RFC 6962, note.go reads checkpoints; layout.go, index.go
// and headfile.go alone know how the files are laid out.
//
// # Caveats
//
// Of state cells only the checksums are looked at: nothing outside the server
// defines what they hold. Of the filters of the index, too. A
// damaged file can make bbolt panic or loop, so call it in a child process with
// a timeout. A Checker remembers what it has hashed and is not for concurrent
// use.
package checker
