// Package torture runs the real server and treats it badly. It has tests only:
//
//	kill_test.go     SIGKILL under load, again and again, then a stale copy
//	matrix_test.go   SIGKILL at every failpoint of the commit and sign path
//	mutant_test.go   failed writes, and broken builds that must be caught
//	syscall_test.go  system calls that fail, by strace
//	volume_test.go   full and read-only disks, on loop devices
//	rot_test.go      one flipped bit at a time, read in a process of its own
//	replay_test.go   what a loss of power leaves of a recorded run, state by state
//
// All but the first need the build tag torture: make torture.
//
// DEED_LONG=1 runs more rounds.
package torture
