// Package live is the live state of one workspace, for those who show it: which fuzz
// tests there are, which of them are being built or fuzzed and with what figures,
// which source lines are covered, what crashed. It also holds the commands that a
// person can give: start, stop, replay, minimize, dismiss.
//
// It stands on target/project, which finds and builds, and on supervisor, which fuzzes.
// It knows no editor: it tells an Observer that something changed, and answers
// questions about the state of this moment.
package live
