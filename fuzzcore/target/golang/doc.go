// Package golang finds and builds Go fuzz tests.
package golang
