// This file defines main, for targets without one. It is an object file of its own: a
// linker takes it from the archive only if nothing else defines main.

#include "fuzzls.h"

#pragma weak LLVMFuzzerTestOneInput

FUZZLS_API int main(int argc, char **argv) {
  if (LLVMFuzzerTestOneInput == NULL) {
    fuzzls_say("fuzzls: this executable has no LLVMFuzzerTestOneInput: link the fuzz test's object file\n");
    return 1;
  }
  return LLVMFuzzerRunDriver(&argc, &argv, LLVMFuzzerTestOneInput);
}
