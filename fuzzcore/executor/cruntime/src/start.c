// This file lets fuzzls take the place of a target's own main, such as one that runs the
// harness on a file when there is no fuzzer. Executables that are linked with
// --wrap=__libc_start_main start here; by hand, their own main runs.

#include "fuzzls.h"

#include <stdlib.h>

#pragma weak LLVMFuzzerTestOneInput

typedef int (*main_function)(int, char **, char **);

// __libc_start_main is what an executable's first code calls (Linux Standard Base,
// "__libc_start_main").
int __real___libc_start_main(main_function main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                             void (*rtld_fini)(void), void *stack_end);

static main_function own_main;

static int main_or_fuzzls(int argc, char **argv, char **env) {
  if (LLVMFuzzerTestOneInput != NULL && (getenv("FUZZLS_RING") != NULL || getenv("FUZZLS_DESCRIBE") != NULL))
    return LLVMFuzzerRunDriver(&argc, &argv, LLVMFuzzerTestOneInput);
  return own_main(argc, argv, env);
}

FUZZLS_API int __wrap___libc_start_main(main_function main, int argc, char **argv, void (*init)(void), void (*fini)(void),
                                        void (*rtld_fini)(void), void *stack_end) {
  own_main = main;
  return __real___libc_start_main(main_or_fuzzls, argc, argv, init, fini, rtld_fini, stack_end);
}
