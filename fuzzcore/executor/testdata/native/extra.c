// This fuzz test counts by itself, and has a mutator of its own.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static uint8_t counters[10] __attribute__((section("__libfuzzer_extra_counters"), used));

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed) {
  // With an odd seed, the input becomes its own double and so on; else it changes anyhow.
  if (seed % 2 == 0)
    return LLVMFuzzerMutate(data, size, max_size);
  for (size_t i = 0; i < size && size + i < max_size; i++)
    data[size + i] = data[i];
  return size * 2 < max_size ? size * 2 : max_size;
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, uint8_t *out,
                                 size_t max_out, unsigned seed) {
  (void)seed;
  if (size1 + size2 + 1 > max_out)
    return 0;
  memcpy(out, data2, size2);
  out[size2] = '+';
  memcpy(out + size2 + 1, data1, size1);
  return size1 + size2 + 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size > 3 && memcmp(data, "aaaa", 4) == 0)
    abort();
  if (size > 0)
    counters[data[0] % 10]++;
  return 0;
}
