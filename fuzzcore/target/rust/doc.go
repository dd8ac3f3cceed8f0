// Package rust finds and builds the fuzz tests of cargo fuzz: packages with a fuzz_target!
// in each of their binaries.
//
// The projects stay as they are. Cargo builds them, with the flags that cargo fuzz sets and
// in a target directory of ours, and the crate libfuzzer-sys links libfuzzls.a instead of
// its own copy of libFuzzer, which it does if CUSTOM_LIBFUZZER_PATH names one. From there
// on a fuzz test is run as those of C are.
//
// Lines are those of the machine code, as in C targets of an older clang: what is shown as
// covered ran, what is optimized away has no lines of its own.
package rust
