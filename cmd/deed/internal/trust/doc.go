// Package trust holds the commands about what a verdict rests on, for auditors and
// for who runs a register: write a log's own opinion of a trust directory, compare a
// directory with the log, and list the roots that the register has logged.
package trust
