// Package warrant decides what warrants allow: whether a grant permits an
// action, whether one grant contains another, whether a chain of warrants from
// root to leaf holds together. It is pure and knows no policy and no state;
// counters and times are arguments (docs/spec/warrants.md).
//
// # Containment
//
// A constraint denotes a set of values. The kinds of constraint are a closed
// set whose intersections have a normal form (see [Implies]), so containment
// is decided, not guessed at. A grant is a conjunction, and its arguments are a
// closed world: an action has exactly the arguments that the grant names. From
// this follows the property that everything rests on:
//
//	Contains(p, c) == nil  and  Permits(c, x) == nil   imply   Permits(p, x) == nil
//
// # Reading order
//
// [Act] is what is to be done, [Permits] and [Forbids] answer for one grant and
// one denial; [Implies] and [Contains] compare two; [Check] applies the rules
// D1 to D6, D8 and D9 to a chain; [CheckRoot] and [CheckHolder] apply D11 and
// D10 to its ends; [Chain.Debit] applies D7.
//
// # Caveats
//
// Structs are taken as [attest.ParsePayload] leaves them. One that is out of
// form permits nothing, but is not reported as such here.
package warrant

import "github.com/deedlog/deed/attest"

// faultOf makes a fault as a value; [attest.Refuse] bounds what came from
// outside.
func faultOf(code, field, expected, found string) *attest.Fault {
	return attest.AsFault(attest.Refuse(code, field, expected, found))
}
