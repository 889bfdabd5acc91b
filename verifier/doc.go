// Package verifier checks evidence bundles offline. It needs a bundle file and
// the reader's own trust directory, and neither a network nor the operator.
//
//	bundle, err := verifier.Open(file)            // container, manifest, digests
//	trust, err := verifier.LoadTrust(os.DirFS(d)) // whom the reader believes
//	verdict := verifier.Verify(bundle, trust, verifier.Options{})
//	fmt.Print(verifier.Text(verdict))
//	os.Exit(verdict.ExitCode()) // 0 verified, 1 false, 2 could not check
//
// The verifier runs the register's own functions (internal/admission) on the
// input that the register recorded, and compares what comes out with what was
// logged, byte for byte.
//
// # Reading order
//
// verify.go is the list of checks, one line each: the page an auditor reads
// first. bundle.go, manifest.go and zip.go are the file; trust.go is the
// directory; log.go is the tree and its signatures; replay.go is one entry, and
// reads.go what its record says of the register; corroborate.go is the reader's
// own copies; verdict.go and words.go are what is said of it.
//
// # Formats
//
// A bundle (.deed.zip, docs/spec/bundle.md) is a zip of stored files, of which
// no byte is free:
//
//	README.txt  manifest.json  entries/N.entry  entries/N.tlog-proof  objects/sha256/HEX
//
// # Caveats
//
// A bundle shows what it holds. That nothing else happened before an entry, for
// instance that an approval was not used already, is shown only if the bundle
// holds every entry that could tell; otherwise it is the register's word, and
// the verdict says so.
//
// Signatures by witnesses that the reader does not know are neither true nor
// false to him: they make the answer "could not check".
//
// The package is pure. Every input is hostile: caps come first, nothing is
// believed before it is checked, and no input panics.
package verifier
