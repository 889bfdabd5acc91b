// Package vectors reads, replays and writes the published vectors of attribution
// (testdata/vectors/attribution, whose README is the format). It is for tests: no
// program imports it.
//
// # Reading order
//
// [Corpus] is the files in memory, [Vector] one case: a small register and the
// statement under test. [Register] is a register in memory, with the rules of
// internal/admission and nothing else; [Corpus.Replay] runs a vector through one.
//
// The tests of the package hold the cases that the files are written from
// (go test ./internal/vectors -update), the attacks, and the sweep that drops
// the rules of admission, warrants, policy, attribution and evidence in turn, those
// of certificates included, and wants a vector to notice, or a published case that
// needs no register: of the class table, of passkeys, of what people sign with tools
// of their own and register, of certificates, of policies (the last two are written
// from here, too). The rules of crypto/x509 are outside it; they have cases.
package vectors
