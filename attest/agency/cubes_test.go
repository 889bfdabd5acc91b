package agency_test

import "testing"

// cube is a set of values per axis: a line of an ordered table, in which the
// first line that holds a point decides it.
type cube struct {
	row   int
	in    [len(point{})][]bool
	cases int // decided by this line and none before it
}

// index maps a point to its number in the order of eachPoint.
func index(p point) int {
	n := 0
	for i, v := range p {
		n = n*len(axes[i].values) + v
	}
	return n
}

// collapse turns the row of every point into an ordered table. For each row it
// starts at the first point not yet covered and widens one axis at a time:
// wholly, if all that comes in belongs to this row or is decided by an earlier
// one; else by the values that add something to this row.
func collapse(rows []int, points []point) []cube {
	var out []cube
	covered := make([]bool, len(points))
	for row := 1; row <= 9; row++ {
		for n, p := range points {
			if rows[n] != row || covered[n] {
				continue
			}
			c := widen(at(p, row), rows)
			c.each(func(q point) {
				if i := index(q); !covered[i] && rows[i] == row {
					covered[i] = true
					c.cases++
				}
			})
			out = append(out, c)
		}
	}
	return out
}

func at(p point, row int) cube {
	c := cube{row: row}
	for i, v := range p {
		c.in[i] = make([]bool, len(axes[i].values))
		c.in[i][v] = true
	}
	return c
}

func widen(c cube, rows []int) cube {
	for _, axis := range []int{0, 1, 2, 12, 11, 10, 8, 9, 7, 6, 5, 4, 3} {
		n := len(axes[axis].values)
		whole := c.with(axis, 0, n)
		if ok, _ := whole.fits(rows); ok {
			c = whole
			continue
		}
		for v := range n {
			slice := c
			slice.in[axis] = make([]bool, n)
			slice.in[axis][v] = true
			if ok, adds := slice.fits(rows); ok && adds {
				c = c.with(axis, v, v+1)
			}
		}
	}
	return c
}

// with returns the cube with the values from to below to added on one axis.
func (c cube) with(axis, from, to int) cube {
	in := append([]bool(nil), c.in[axis]...)
	for v := from; v < to; v++ {
		in[v] = true
	}
	c.in[axis] = in
	return c
}

// fits reports whether no point of the cube belongs to a later row, and whether
// one belongs to its own.
func (c cube) fits(rows []int) (ok, adds bool) {
	ok = true
	c.each(func(p point) {
		r := rows[index(p)]
		ok = ok && r <= c.row
		adds = adds || r == c.row
	})
	return ok, adds
}

func (c cube) each(f func(point)) {
	var p point
	var walk func(axis int)
	walk = func(axis int) {
		if axis == len(p) {
			f(p)
			return
		}
		for v, in := range c.in[axis] {
			if in {
				p[axis] = v
				walk(axis + 1)
			}
		}
	}
	walk(0)
}

func (c cube) holds(p point) bool {
	for i, v := range p {
		if !c.in[i][v] {
			return false
		}
	}
	return true
}

// TestTableOfThePage reads the collapsed table as a reader would, first line
// that holds wins, and expects the code's row for every combination.
func TestTableOfThePage(t *testing.T) {
	e := enumerate()
	total := 0
	for _, c := range e.table {
		total += c.cases
	}
	if total != len(e.points) {
		t.Errorf("the lines decide %d of %d combinations", total, len(e.points))
	}
	for n, p := range e.points {
		got := 0
		for _, c := range e.table {
			if c.holds(p) {
				got = c.row
				break
			}
		}
		if got != e.rows[n] {
			t.Fatalf("table says row %d, code says row %d: %v", got, e.rows[n], p)
		}
	}
}
