// Package inner is imported by its parent.
package inner

// Weight is inlined across packages.
func Weight(b byte) int {
	if b == 'w' { // want covered or partly covered
		return 10 // want not covered
	}
	return 1 // want covered
}

// Dead is called by nobody.
func Dead() int {
	return 7 // want not covered
}
