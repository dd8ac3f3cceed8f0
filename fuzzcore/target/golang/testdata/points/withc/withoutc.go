//go:build !cgo

// Package withc calls C if it can.
package withc

// Twice returns 2n.
func Twice(n int) int { return 2 * n } // want covered
