// Package mutant switches single rules off. No program imports it: the sweep of
// internal/vectors compiles the rules anew, with a call of [Off] at each.
package mutant

import (
	"os"
	"strconv"
	"sync/atomic"
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

// most is how often a site may be off after it was dropped: without its rule a loop
// may never end.
const most = 1 << 16

var left atomic.Int64

// Drop makes a site the one that is off, and counts anew.
func Drop(site int) {
	Active = site
	left.Store(most)
}

// Off reports whether a site is off. It panics when that is asked without end.
func Off(site int) bool {
	if Hit != nil {
		Hit[site] = true
	}
	if site != Active {
		return false
	}
	if left.Add(-1) == 0 {
		panic("without this rule it does not end")
	}
	return true
}
