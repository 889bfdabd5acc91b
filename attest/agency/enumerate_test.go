package agency_test

import (
	"sync"
	"testing"

	"github.com/deedlog/deed/attest/agency"
)

// cell is a class with the binding and key that can be reported beside it.
type cell struct {
	class   agency.Class
	binding agency.Binding
	key     agency.Key
}

type enumeration struct {
	points []point
	rows   []int
	class  map[int]agency.Class
	counts map[int]int
	cells  map[cell]bool
	table  []cube
}

// enumerate runs the code on every combination, once for all tests.
var enumerate = sync.OnceValue(func() enumeration {
	e := enumeration{class: map[int]agency.Class{}, counts: map[int]int{}, cells: map[cell]bool{}}
	eachPoint(func(p point) {
		a := agency.Attribute(p.evidence())
		e.points = append(e.points, p)
		e.rows = append(e.rows, a.Row)
		e.class[a.Row] = a.Agency
		e.counts[a.Row]++
		e.cells[cell{a.Agency, a.Binding, a.Key}] = true
	})
	e.table = collapse(e.rows, e.points)
	return e
})

func TestEveryCombination(t *testing.T) {
	wrong := 0
	for n, p := range enumerate().points {
		row, class := oracle(p)
		if got := agency.Attribute(p.evidence()); got.Row != row || got.Agency != class || got.Row != enumerate().rows[n] {
			if wrong++; wrong <= 5 {
				t.Errorf("row %d %q, want row %d %q: %v", got.Row, got.Agency, row, class, p)
			}
		}
	}
	if wrong > 0 {
		t.Errorf("%d combinations differ", wrong)
	}
	if len(enumerate().class) != 9 {
		t.Errorf("%d rows were reached, want 9", len(enumerate().class))
	}
}
