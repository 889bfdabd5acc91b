// Package sigstoretest plays a person who signs by way of sigstore, with what
// sigstore releases: Fulcio certifies whom an identity provider names, cosign
// signs, the timestamp authority says by when, and a register takes it on. An
// auditor checks it offline. Then somebody else's signatures are tried. It is told
// step by step in docs/operating.md.
//
// It is a module of its own, because the three programs bring hundreds of others;
// go.mod says which versions, and is kept by go mod tidy -e, since what their own tests
// import cannot all be had. All of it runs on loopback, and nothing is logged in
// public. programs_test.go builds and starts the programs, provider_test.go is the
// identity provider, testdata/person.txtar the story; forge_test.go makes what no tool
// of ours would.
package sigstoretest
