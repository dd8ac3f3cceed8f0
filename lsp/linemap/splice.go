package linemap

import "bytes"

// This file finds the one place where two texts of an edited document differ.

// Splice tells how a text became another one: from line Start, Remove lines gave way to
// Insert lines, and all others are the same.
type Splice struct{ Start, Remove, Insert int }

// SpliceOf returns the smallest splice that makes the text now of the text old.
func SpliceOf(old, now Lines) Splice {
	n, m := old.Lines(), now.Lines()
	first := 0
	for first < min(n, m) && bytes.Equal(old.Line(first), now.Line(first)) {
		first++
	}
	last := 0
	for last < min(n, m)-first && bytes.Equal(old.Line(n-1-last), now.Line(m-1-last)) {
		last++
	}
	return Splice{first, n - first - last, m - first - last}
}
