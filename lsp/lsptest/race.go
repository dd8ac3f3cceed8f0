//go:build race

package lsptest

// raceEnabled reports whether the tests run under the race detector.
const raceEnabled = true
