// Package crash tells crashes apart: what kind of crash it was, where in the
// user's code it happened, and whether it is one that is known already.
//
// Analyze reads what a target left behind, a test failure's text or the
// traceback or report of a dying process, and makes a Report. Two crashes with the same
// Report.Signature are taken for one bug: the signature is made of the kind and
// of the functions around the crash, without addresses, arguments and, where
// functions suffice, line numbers, so that it survives edits elsewhere, other
// inputs and other versions of Go. What goes into it for each kind is told in
// signature.go.
//
// Of C, C++ and Rust (native.go), it reads the reports of sanitizers and of our own
// runtime, which hold addresses; Raw.Native says how they become frames, and Symbolize does
// it with package debuginfo.
//
// ReplayCommand and ReproducerPath say where an input must be for plain `go
// test` to fail on it, RawReplayCommand how an executable that takes files is run;
// Minimize makes the input smaller first. The package runs nothing, reads no files but in
// Symbolize, and knows no engine.
package crash
