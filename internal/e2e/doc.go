// Package e2e holds the end-to-end tests against real SPIRE. They are built
// with the tag e2e only, because they start other people's servers and take
// about a minute:
//
//	go test -tags e2e -timeout 60m -v ./internal/e2e
//
// The first run builds SPIRE from source, which takes about 15 minutes, into
// the user's cache directory; later runs find it there. DEED_SPIRE_DIR names a
// directory with spire-server and spire-agent to use instead.
//
// # Reading order
//
// rotation_test.go is the shortest whole test. [FindSPIRE] finds or builds the
// programs, [StartSPIRE] starts a server and an agent, [SPIRE.Register] gives
// an identity to a kind of process, and [SPIRE.Socket] is where such a process
// gets it. [StartProcess] runs any other program for the length of a test.
package e2e
