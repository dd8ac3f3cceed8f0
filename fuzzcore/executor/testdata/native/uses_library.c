// This fuzz test is about code in a shared object.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int library_count(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (library_count(data, size) > 2)
    abort();
  return 0;
}
