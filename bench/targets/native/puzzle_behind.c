// The checksum, and a byte that it covers.

#include "puzzles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 16 || little(data) != 0xdeadbeef || big(data + 4) != 0xcafef00d)
    return 0;
  if (little(data + 8) != fnv(data + 12, size - 12))
    return 0;
  if (data[13] == 'Z')
    abort();
  return 0;
}
