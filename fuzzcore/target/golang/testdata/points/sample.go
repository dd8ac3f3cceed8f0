// Package points has a bit of everything that compilers treat in special ways.
// A comment "want STATE" names the state its line must have after the tests.
package points

import (
	"errors"
	"sort"

	"example.com/points/inner"
)

const never = false

// A function literal outside of any function, run by the package's init.
var table = func() map[string]int {
	return map[string]int{"one": 1, "two": 2} // want covered
}()

// Run calls everything.
func Run(data []byte) (n int, err error) {
	defer func() {
		if r := recover(); r != nil { // want partly covered or covered
			err = errors.New("recovered") // want not covered
		}
	}()
	if never {
		n = 100 // want not covered
	}
	n += small(len(data)) // want covered
	n += Max(n, 3)
	n += len(Max("a", "b"))
	if len(data) > 3 && data[0] == 'x' { // want partly covered
		n++ // want not covered
	}
	switch {
	case len(data) == 0:
		n = 1 // want covered
	case len(data) > 1000:
		n = 2 // want not covered
	default:
		n += 3 // want covered
	}
	for i := range data {
		n += inner.Weight(data[i]) // want covered
	}
	sort.Slice(data, func(i, j int) bool {
		return data[i] < data[j] // want covered
	})
	func() {
		n++ // want covered
	}()
	var t tree
	t.insert(n) // want covered
	t.insert(n + 1)
	if t.left != nil { // want partly covered
		return 0, errors.New("left") // want not covered
	}
	if n > 0 { // want partly covered
		n++ // want covered
	}
	goto end

end:
	return n, nil // want covered
}

// small is inlined everywhere.
func small(n int) int { return n*2 + table["two"] } // want covered

// Max has several instances.
func Max[T int | string](a, b T) T {
	if a > b { // want covered
		return a // want covered
	}
	return b // want covered
}

// unreachable is not in the executable.
func unreachable(n int) int {
	if n > 0 { // want not covered
		return 1 // want not covered
	}
	return 2 // want not covered
}

type tree struct {
	left, right *tree
	value       int
}

//go:noinline
func (t *tree) insert(v int) {
	for t != nil { // want covered
		if v < t.value { // want partly covered
			if t.left == nil { // want not covered
				t.left = &tree{value: v} // want not covered
				return                   // want not covered
			}
			t = t.left // want not covered
			continue   // want not covered
		}
		if t.right == nil { // want covered
			t.right = &tree{value: v} // want covered
			return                    // want covered
		}
		t = t.right // want covered
	}
}
