// This file knows which regions of the source ran. Clang 19 and newer give each region of
// a function's text one byte, if they are told to (-fprofile-instrument=clang
// -fcoverage-mapping -mllvm -enable-single-byte-coverage): it is 255 until the region
// runs, then 0. The bytes of an executable are in one section; those of shared objects
// are not looked at.

#include "fuzzls.h"

#include <string.h>

#define HIDDEN_WEAK __attribute__((weak, visibility("hidden")))

// The linker defines these if there is such a section.
extern HIDDEN_WEAK uint8_t __start___llvm_prf_cnts[], __stop___llvm_prf_cnts[];

// The compiler writes its profile's version and variants here (LLVM, InstrProfData.inc).
extern FUZZLS_WEAK const uint64_t __llvm_profile_raw_version;
#define VARIANT_BYTES (UINT64_C(1) << 60)

size_t fuzzls_cells(void) {
  if (&__llvm_profile_raw_version == NULL || (__llvm_profile_raw_version & VARIANT_BYTES) == 0)
    return 0; // counters of eight bytes, which are the target's own business
  return (size_t)(__stop___llvm_prf_cnts - __start___llvm_prf_cnts);
}

void fuzzls_clear_cells(size_t count) {
  memset(__start___llvm_prf_cnts, 0xff, count);
}

void fuzzls_copy_cells(uint64_t *to, size_t count) {
  for (size_t word = 0; word * 64 < count; word++) {
    size_t first = word * 64, n = count - first < 64 ? count - first : 64;
    uint64_t bits = 0;
    for (size_t i = 0; i < n; i++)
      bits |= (uint64_t)(__start___llvm_prf_cnts[first + i] == 0) << i;
    to[word] = bits;
  }
}
