// This file has the target's own mutator make inputs, and defines LLVMFuzzerMutate,
// which it may call for a change that knows nothing of the input's structure.

#include "fuzzls.h"

#include <stdlib.h>
#include <string.h>

FUZZLS_API size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);

static uint64_t random_state = 0x9e3779b97f4a7c15;

// random_below returns a number below n, which must not be 0 (xorshift64*).
static size_t random_below(size_t n) {
  random_state ^= random_state >> 12;
  random_state ^= random_state << 25;
  random_state ^= random_state >> 27;
  return (size_t)((random_state * 0x2545f4914f6cdd1d) >> 32) % n;
}


// insert makes room for n bytes at a place and returns it.
static uint8_t *insert(uint8_t *data, size_t size, size_t n) {
  size_t at = random_below(size + 1);
  memmove(data + at + n, data + at, size - at);
  return data + at;
}

static void change_integer(uint8_t *data, size_t size) {
  size_t width = (size_t)1 << random_below(4);
  if (width > size)
    width = 1;
  uint8_t *p = data + random_below(size - width + 1);
  uint64_t n = 0;
  memcpy(&n, p, width);
  n += random_below(21) - 10;
  if (random_below(4) == 0)
    n = ~n;
  memcpy(p, &n, width);
}

static void copy_part(uint8_t *data, size_t size) {
  size_t n = 1 + random_below(size);
  memmove(data + random_below(size - n + 1), data + random_below(size - n + 1), n);
}

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size) {
  if (max_size == 0)
    return 0;
  if (size > max_size)
    size = max_size;
  size_t choice = size == 0 ? 0 : random_below(7);
  if (choice <= 1 && size == max_size)
    choice += 2; // there is no room to insert
  switch (choice) {
  case 0:
    *insert(data, size, 1) = (uint8_t)random_below(256);
    return size + 1;
  case 1: {
    size_t n = 1 + random_below(max_size - size < 16 ? max_size - size : 16);
    memset(insert(data, size, n), (int)random_below(256), n);
    return size + n;
  }
  case 2:
    data[random_below(size)] = (uint8_t)random_below(256);
    return size;
  case 3:
    data[random_below(size)] ^= (uint8_t)(1 << random_below(8));
    return size;
  case 4:
    change_integer(data, size);
    return size;
  case 5:
    copy_part(data, size);
    return size;
  }
  size_t n = 1 + random_below(size < 16 ? size : 16), at = random_below(size - n + 1);
  memmove(data + at, data + at + n, size - at - n);
  return size - n;
}

FUZZLS_WEAK void __msan_unpoison(const volatile void *p, size_t size);

// SOFT_LIMIT is how long inputs may become beyond twice their parent's length:
// libFuzzer's usual limit. Mutators like to use what room there is.
#define SOFT_LIMIT 4096

// CROSS_EVERY is how often an input with a donor is made by crossing over.
#define CROSS_EVERY 2

// cross makes an input of two, at data1, and returns its length.
static size_t cross(uint8_t *data1, size_t size1, const uint8_t *data2, size_t size2, size_t max_size, unsigned seed) {
  uint8_t *out = malloc(max_size);
  if (out == NULL)
    return size1;
  size_t size = LLVMFuzzerCustomCrossOver(data1, size1, data2, size2, out, max_size, seed);
  if (__msan_unpoison)
    __msan_unpoison(out, max_size);
  if (size > 0 && size <= max_size)
    memcpy(data1, out, size);
  else
    size = size1;
  free(out);
  return size;
}

void fuzzls_mutate(struct ring_slot *slot, size_t capacity) {
  random_state = (slot->seed + (uint64_t)1) * 0x9e3779b97f4a7c15 | 1;
  uint8_t *data, *donor = NULL;
  uint32_t size = fuzzls_decode(slot->input, slot->len, &data), donor_size = 0;
  if (slot->donor > 0 && slot->len + (uint64_t)slot->donor <= capacity)
    donor_size = fuzzls_decode(slot->input + slot->len, slot->donor, &donor);
  size_t max_size = (slot->limit < capacity ? slot->limit : capacity) - sizeof size;
  size_t soft = (size_t)2 * size > SOFT_LIMIT ? (size_t)2 * size : SOFT_LIMIT;
  if (max_size > soft)
    max_size = soft;
  size_t made;
  if (donor_size > 0 && LLVMFuzzerCustomCrossOver && random_below(CROSS_EVERY) == 0) {
    made = cross(data, size, donor, donor_size, max_size, slot->seed);
  } else {
    made = LLVMFuzzerCustomMutator(data, size, max_size, slot->seed);
    if (__msan_unpoison)
      __msan_unpoison(data, max_size);
  }
  if (made > max_size)
    made = max_size;
  uint32_t length = (uint32_t)made;
  memcpy(slot->input, &length, sizeof length);
  slot->len = (uint32_t)sizeof length + length;
  // The run begins with nothing counted of the mutator's own code.
  fuzzls_clear_counters();
}
