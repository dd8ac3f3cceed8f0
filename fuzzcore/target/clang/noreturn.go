package clang

import "strings"

// This file knows the functions that never return: after a call of one of them, no code
// runs, though some may follow.

// neverReturns reports whether a function of the C or C++ library, of Rust's or of a
// sanitizer never returns.
func neverReturns(name string) bool {
	switch name {
	case "abort", "exit", "_exit", "_Exit", "quick_exit", "longjmp", "_longjmp", "siglongjmp", "__longjmp_chk",
		"__assert_fail", "__assert", "__stack_chk_fail", "__chk_fail", "__cxa_throw", "__cxa_rethrow", "__cxa_bad_cast",
		"__cxa_throw_bad_array_new_length", "__clang_call_terminate", "_Unwind_Resume", "__cxa_pure_virtual",
		"pthread_exit", "err", "errx", "verr", "verrx", "_ZSt9terminatev", "rust_begin_unwind":
		return true
	}
	switch {
	case strings.HasPrefix(name, "__asan_report_"):
		return !strings.HasSuffix(name, "_noabort")
	case strings.HasPrefix(name, "__ubsan_handle_"):
		return strings.HasSuffix(name, "_abort")
	case strings.HasPrefix(name, "__msan_warning"):
		return strings.Contains(name, "noreturn")
	case strings.HasPrefix(name, "_ZSt") && strings.Contains(name, "__throw_"):
		return true // std::__throw_out_of_range and its like
	}
	// Rust's panics: core::panicking::*, alloc::alloc::handle_alloc_error, …
	return strings.Contains(name, "4core9panicking") || strings.Contains(name, "handle_alloc_error") ||
		strings.Contains(name, "unwrap_failed") || strings.Contains(name, "slice_index_fail") || strings.Contains(name, "begin_panic")
}
