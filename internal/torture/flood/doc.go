// Package flood gives the real server more than it can take, and what nobody
// should send. It has tests only, behind the build tag torture: make flood.
//
//	hammer_test.go    writers with retries and duplicates, readers of everything
//	overload_test.go  five times as many writers as it takes for full speed
//	repeat_test.go    one statement again and again, from many sides
//	slow_test.go      thousands of sockets that do next to nothing
//	frames_test.go    floods of single HTTP/2 frames
//	bodies_test.go    bodies that are large, deep, or compressed
//
// process_test.go runs deed serve with 4,096 file descriptors and watches its
// memory; honest_test.go is the traffic that has to go on meanwhile. Every
// figure that is compared is a ratio to one of the same run.
//
// DEED_LONG=1 runs longer.
package flood
