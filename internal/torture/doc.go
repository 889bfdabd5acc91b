// Package torture runs the real server and treats it badly. It has tests only:
//
//	kill_test.go   SIGKILL under load, again and again, then a stale copy
//
// DEED_LONG=1 runs more rounds.
package torture
