package engine

// This file solves comparisons of a value computed from an integer argument, by
// the line through two observations.

// maxObserved is how many Int fields an observation covers.
const maxObserved = 4

// observation is what a comparison saw: the first Int fields of the input, and
// the operands.
type observation struct {
	set    bool
	values [maxObserved]uint64
	a, b   uint64
}

// observe returns the observation of the comparison at hand.
func (s *substituter) observe() observation {
	o := observation{set: true, a: s.c.A, b: s.c.B}
	i := 0
	for field, f := range s.engine.schema {
		if f.Kind != Int {
			continue
		}
		if i == maxObserved {
			break
		}
		o.values[i] = f.extend(s.word(field))
		i++
	}
	return o
}

// linear sets an Int field to where the line through this observation and the
// one before reaches the other operand; without one before, the line has slope
// one: the program added a constant.
func (s *substituter) linear(field int, c change) {
	f := s.engine.schema[field]
	v := int64(f.extend(s.word(field)))
	run, rise, ok := s.slope(field, c)
	rank := rankLinear
	if !ok {
		run, rise, rank = 1, 1, rankOffset
	}
	for _, g := range c.goals() {
		way := c.signed(g.value) - c.signed(c.from)
		// way*run/rise, without overflow where it can be had.
		n := uint64(v + way/rise*run + way%rise*run/rise)
		if f.extend(n&f.mask()) != n && n&f.mask() != n {
			continue
		}
		s.emit(patch{kind: setNumber, field: field, number: n, rank: rank + g.rank}, g.aims)
	}
}

// slope returns by how much the field and the operand changed since the last
// observation, if nothing else changed and both did.
func (s *substituter) slope(field int, c change) (run, rise int64, ok bool) {
	last, now := s.site.line, s.observe()
	if !last.set {
		return 0, 0, false
	}
	from := last.b
	if c.from == s.c.A {
		from = last.a
	}
	rise = c.signed(c.from) - c.signed(from)
	i, changed := 0, 0
	for k, f := range s.engine.schema {
		if f.Kind != Int || i == maxObserved {
			continue
		}
		if now.values[i] != last.values[i] {
			changed++
			if k == field {
				run = int64(now.values[i] - last.values[i])
			}
		}
		i++
	}
	return run, rise, changed == 1 && run != 0 && rise != 0
}
