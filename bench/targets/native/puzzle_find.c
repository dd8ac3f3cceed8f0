// Twelve bytes are compared at once.

#include "puzzles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size == 12 && memcmp(data, "canyoufindme", 12) == 0)
    abort();
  return 0;
}
