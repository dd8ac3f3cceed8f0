// This file starts the runtime: under fuzzls it describes the target or runs the
// inputs of a ring; by hand, it replays files.

#define _GNU_SOURCE
#include "fuzzls.h"

#include <stdlib.h>

FUZZLS_API int LLVMFuzzerRunDriver(int *argc, char ***argv, fuzzls_test test) {
  const char *describe = getenv("FUZZLS_DESCRIBE"), *ring = getenv("FUZZLS_RING");
  // A process that the target starts is none of ours. The values stay where they are.
  unsetenv("FUZZLS_DESCRIBE");
  unsetenv("FUZZLS_RING");
  fuzzls_catch_signals();
  if (LLVMFuzzerInitialize)
    LLVMFuzzerInitialize(argc, argv);
  if (describe != NULL)
    return fuzzls_describe(describe, test);
  if (ring != NULL)
    return fuzzls_run_ring(test, ring);
  return fuzzls_replay(test, *argc, *argv);
}
