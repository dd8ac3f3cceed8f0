// This fuzz test does next to nothing: what a run costs besides the code under test.

#include <stddef.h>
#include <stdint.h>

static volatile int sink;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 2 && data[0] == 'f' && data[1] == 'u')
    sink++;
  return 0;
}
