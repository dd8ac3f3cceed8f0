// This file runs the harness on its first argument, as a driver does.
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef LSAN
static void check_leaks(void) {}
#else
int __lsan_do_recoverable_leak_check(void);
static void check_leaks(void) {
  if (__lsan_do_recoverable_leak_check()) _Exit(77);
}
#endif

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int main(int argc, char **argv) {
  if (argc < 2) return 2;
  size_t size = strlen(argv[1]);
  uint8_t *data = malloc(size);
  memcpy(data, argv[1], size);
  LLVMFuzzerTestOneInput(data, size);
  check_leaks();
  free(data);
  return 0;
}
