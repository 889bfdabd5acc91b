// Package failpoint names the places where the torture harness
// (internal/torture) breaks the server, and the ways in which it is built wrong
// to see that the harness notices.
//
// Without the build tag "torture" every function is empty and inlined: a
// program has neither the code nor the names. With the tag, the environment
// says what happens:
//
//	DEED_FAILPOINT=name:action:nth   at the nth time that name is reached
//	    kill      SIGKILL to the own process
//	    hold      the same after 300 ms, in which whatever left early is seen
//	    error     an input/output error, where an error can be returned
//	    unknown   a write that finds the disk full, where an error can be returned
//	DEED_MUTANT=name                 this behaviour is broken
//
// # Caveats
//
// Never serve with a binary that was built with the tag.
package failpoint
