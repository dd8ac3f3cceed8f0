package clang

// This file defines Recipe: how the executable of a harness is built.

// Recipe says how to build one fuzz test. It is what a [[target]] of fuzzls.toml says, or
// what is concluded from the files of another build system.
type Recipe struct {
	// Name is that of the fuzz test.
	Name string
	// Dir is the directory that relative paths refer to, absolute.
	Dir string
	// Sources are the C and C++ files to compile, absolute, that of the harness first.
	Sources []string
	// Flags are those of the compiler, Libs those of the linker.
	Flags, Libs []string
	// Command is a shell command that builds the executable Exe, which is relative to Dir
	// or to $OUT; instead of Sources, Flags and Libs.
	Command string
	Exe     string
	// Corpus are directories of seeds, Dict is a dictionary as libFuzzer has them;
	// absolute, "" if there is none.
	Corpus []string
	Dict   string
}
