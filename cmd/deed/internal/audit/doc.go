// Package audit holds the commands of auditors, and of anybody who wants to know what
// was done: find and show entries, export them as evidence, verify it offline, compare
// a service's own log with the register, and see over the network that the log only
// grew and is sound.
package audit
