// A little-endian magic, a big-endian tag, and a checksum of all that lies behind it.

#include "puzzles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 16 || little(data) != 0xdeadbeef || big(data + 4) != 0xcafef00d)
    return 0;
  if (little(data + 8) == fnv(data + 12, size - 12))
    abort();
  return 0;
}
