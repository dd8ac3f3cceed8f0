// This is the shared object of uses_library.c.

#include <stddef.h>
#include <stdint.h>

int library_count(const uint8_t *data, size_t size) {
  int n = 0;
  for (size_t i = 0; i < size; i++)
    n += data[i] == 'x';
  return n;
}
