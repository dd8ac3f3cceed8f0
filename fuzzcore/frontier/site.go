package frontier

import "github.com/fuzzls/fuzzls/fuzzcore/abi"

// This file defines what is known of one comparison.

// Outcome is a set of results that a comparison had.
type Outcome uint8

// The outcomes. A and B are the operands as Pair has them. The record of a comparison
// tells neither its operator nor whether its type is signed, so there are both orders.
const (
	// Less and Greater: A < B, A > B as unsigned integers.
	Less Outcome = 1 << iota
	Greater
	// Equal: the integers, or the strings, were equal.
	Equal
	// Differs: the strings were not equal.
	Differs
	// SignedLess and SignedGreater: A < B, A > B as signed integers.
	SignedLess
	SignedGreater
)

// Site is what is known of one comparison.
type Site struct {
	// Site is coverage.CompareSite.Site.
	Site uint32 `json:"site"`
	// Bits is the width of integers, 0 for strings.
	Bits int `json:"bits,omitempty"`
	// Const: A is a constant of the program.
	Const bool `json:"const,omitempty"`
	// Fold: strings are compared without regard to case.
	Fold bool `json:"fold,omitempty"`
	// Outcomes are those of all recorded runs.
	Outcomes Outcome `json:"outcomes"`
	// Nearest are the unequal operands that were nearest to each other; nil if they were
	// always equal.
	Nearest *Pair `json:"nearest,omitempty"`
}

// Pair is the operands of one comparison.
type Pair struct {
	// A and B are integers, in the low Site.Bits bits, or the full lengths of strings.
	A uint64 `json:"a"`
	B uint64 `json:"b"`
	// TextA and TextB are the first bytes of strings, at most abi.CompareText.
	TextA []byte `json:"text_a,omitempty"`
	TextB []byte `json:"text_b,omitempty"`
}

// Signed returns A and B as signed integers of the given width.
func (p *Pair) Signed(bits int) (a, b int64) { return signed(p.A, bits), signed(p.B, bits) }

func signed(n uint64, bits int) int64 {
	if bits < 1 || bits > 64 {
		return int64(n)
	}
	return int64(n<<(64-bits)) >> (64 - bits)
}

// state is a Site as it is collected. It has no pointers, so that the table is one
// allocation.
type state struct {
	kind     abi.CompareKind
	outcomes Outcome
	// hasPair: nearest and distance are set.
	hasPair  bool
	distance uint64
	nearest  abi.Compare
}

// note takes one comparison and reports whether it told something new.
func (s *state) note(c *abi.Compare) bool {
	outcome := outcomeOf(c)
	fresh := outcome&^s.outcomes != 0
	s.outcomes |= outcome
	if outcome&Equal != 0 {
		return fresh
	}
	distance := distanceOf(c)
	if s.hasPair && distance >= s.distance {
		return fresh
	}
	s.hasPair, s.distance, s.nearest = true, distance, *c
	return true
}

// outcomeOf returns the outcomes of one comparison.
func outcomeOf(c *abi.Compare) Outcome {
	width := 8 * c.Kind.Size()
	if width == 0 {
		if c.A == c.B && commonPrefix(c) == int(c.LenA) && c.LenA == c.LenB {
			return Equal
		}
		return Differs
	}
	var out Outcome
	switch a, b := signed(c.A, width), signed(c.B, width); {
	case a < b:
		out = SignedLess
	case a > b:
		out = SignedGreater
	default:
		return Equal
	}
	mask := ^uint64(0) >> (64 - width)
	if c.A&mask < c.B&mask {
		return out | Less
	}
	return out | Greater
}

// distanceOf tells how far the operands are from equal: smaller is nearer. Integers have
// the shorter way around at their width, which is right for signed ones, too.
func distanceOf(c *abi.Compare) uint64 {
	if width := 8 * c.Kind.Size(); width > 0 {
		way := signed(c.A-c.B, width)
		return uint64(max(way, -way)) // the most negative one becomes the largest
	}
	// What is beyond the common beginning, then how different the lengths are.
	rest := uint64(abi.CompareText - commonPrefix(c))
	return rest<<32 | min(max(c.A, c.B)-min(c.A, c.B), 1<<32-1)
}

// commonPrefix returns how many bytes the strings begin with in common.
func commonPrefix(c *abi.Compare) int {
	n := min(int(c.LenA), int(c.LenB))
	for i := range n {
		a, b := c.TextA[i], c.TextB[i]
		if a != b && !(c.Kind == abi.CompareFold && lower(a) == lower(b)) {
			return i
		}
	}
	return n
}

func lower(b byte) byte {
	if b >= 'A' && b <= 'Z' {
		return b + 'a' - 'A'
	}
	return b
}

// isSound reports whether a record makes sense. The target writes it into shared memory,
// which its bugs may damage too.
func isSound(c *abi.Compare) bool {
	switch c.Kind &^ abi.CompareConst {
	case abi.Compare8, abi.Compare16, abi.Compare32, abi.Compare64:
		return true
	}
	text := c.Kind == abi.CompareString || c.Kind == abi.CompareFold
	return text && c.LenA <= abi.CompareText && c.LenB <= abi.CompareText
}
