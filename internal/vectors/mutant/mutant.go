// Package mutant switches single rules off. No program imports it: the sweep of
// internal/vectors compiles the rules anew, with a call of [Off] at each.
package mutant

// Active is the site that is off; -1 is none.
var Active = -1

// Hit holds every site that was asked about since it was cleared: those at which
// being off would have made a difference.
var Hit = map[int]bool{}

// Off reports whether a site is off.
func Off(site int) bool {
	Hit[site] = true
	return site == Active
}
