// A chain of magic numbers of several widths and byte orders.

#include "puzzles.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 24 || little(data) != 0xdeadbeef || big(data + 4) != 0xcafef00d)
    return 0;
  uint64_t first;
  memcpy(&first, data + 8, 8);
  if (first == 0x0123456789abcdef && big(data + 16) == 0xfeedface && big(data + 20) == 0xdecafbad)
    abort();
  return 0;
}
