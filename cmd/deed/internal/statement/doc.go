// Package statement makes statements from command lines and files: it reads a
// predicate or the flags ([Members], [Act], [Grants]), completes it from the register
// and from who signs ([Draft]), keeps envelopes with their objects in files, and for
// the many commands that make just one it does all of it and prints the receipt
// ([Submitter]).
//
// The commands of people, agents, services and administrators use it.
package statement
