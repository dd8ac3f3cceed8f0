// Package clang finds and builds C and C++ fuzz tests, and tells which source text their
// instrumented points stand for.
//
// # Finding
//
// A fuzz test is a harness: a definition of LLVMFuzzerTestOneInput in a C or C++ file of
// the workspace, whatever the file's name. [Find] reads the files and runs nothing. A
// fuzz test is called after the executable that the build system makes of the harness, as
// far as its files say so in plain words, and otherwise after the harness's file.
//
// # Building
//
// The user's own build system builds the executable, with clang, in a directory of ours.
// It is given a wrapper for the compiler, a small shell script (see wrapper.sh), which
// adds the instrumentation to what is compiled and the library libfuzzls.a to what is
// linked, and takes -fsanitize=fuzzer out. So no project has to know of fuzzls, and
// whatever a project can be built with works: CMake, Meson, make, shell scripts.
//
// # Points
//
// [ReadPoints] makes a coverage.Points of the tables that clang writes: which lines of
// source ran if a point was hit. It reads the machine code between the points and its
// line table, and the source text for what has no machine code of its own.
package clang
