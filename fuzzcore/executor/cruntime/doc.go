// Package cruntime holds the runtime that goes into C, C++ and Rust fuzz targets,
// and compiles it.
//
// The runtime is C (src), embedded here. It takes the place of libFuzzer's: a target
// is compiled with -fsanitize=fuzzer-no-link and linked with libfuzzls.a, which has
// the main function. Started by fuzzls with a ring in its environment (abi.RingEnv),
// such an executable runs the inputs of the ring; with abi.DescribeEnv, it says what
// it is; started by hand, it replays files. The archive does not depend on the
// target's sanitizer: it finds out at run time which one there is.
package cruntime
