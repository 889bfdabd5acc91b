// Package mutant switches single rules off. No program imports it: the sweep of
// internal/vectors compiles the rules anew, with a call of [Off] at each.
package mutant

import (
	"os"
	"strconv"
)

// Env names the site that is off from the beginning of a process.
const Env = "DEED_MUTANT"

// Active is the site that is off; -1 is none.
var Active = first()

// Hit, where it is not nil, takes every site that is asked about: those at which
// being off would have made a difference. One goroutine asks then.
var Hit map[int]bool

func first() int {
	if n, err := strconv.Atoi(os.Getenv(Env)); err == nil {
		return n
	}
	return -1
}

// Off reports whether a site is off.
func Off(site int) bool {
	if Hit != nil {
		Hit[site] = true
	}
	return site == Active
}
