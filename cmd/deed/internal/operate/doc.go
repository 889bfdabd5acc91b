// Package operate holds the commands of who runs a register, on its own machine: make
// one, serve it, check and mend its database, and try things with throwaway
// identities.
package operate
