// Package console is what all commands of deed have in common: reading a command
// line and files that it names, help, printing for people and for machines, asking
// whoever sits at the terminal, and failing.
//
// Data goes to stdout, errors and hints to stderr. Every error ends in one of three
// exit codes: [ExitDone], [ExitFalse] for what was checked and is false, [ExitCould]
// for what could not be done or checked. A command returns [Usage], [False], an error
// with a [Hint], or any other; [Run] classifies it.
//
// Every command uses it, and it knows none of them.
package console
