// This file gives each input its own memory, and finds what a run has not given back.

#define _GNU_SOURCE
#include "fuzzls.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// A sanitizer's interface, where there is one.
FUZZLS_WEAK void __asan_init(void);
FUZZLS_WEAK void __hwasan_init(void);
FUZZLS_WEAK void __msan_init(void);
FUZZLS_WEAK void __msan_unpoison(const volatile void *p, size_t size);
FUZZLS_WEAK void __msan_unpoison_param(size_t n);
FUZZLS_WEAK int __lsan_do_recoverable_leak_check(void);
FUZZLS_WEAK void __lsan_enable(void);
FUZZLS_WEAK void __lsan_disable(void);
FUZZLS_WEAK int __sanitizer_install_malloc_and_free_hooks(void (*on_malloc)(const volatile void *, size_t),
                                                          void (*on_free)(const volatile void *));

// LEAK_ATTEMPTS is how many inputs are looked at for leaks in one process: a target
// that keeps memory on purpose would be looked at after every run, each time for
// milliseconds.
#define LEAK_ATTEMPTS 1000
// LEAK_STATUS is the exit status of a process that leaks: LeakSanitizer's.
#define LEAK_STATUS 23

static bool on_heap;      // inputs are copied to memory of exactly their size
static uint8_t *copy;     // else here, where they are followed by zeros
static size_t copy_dirty; // how much of copy is not zero
static size_t allocation_limit;

static _Atomic int64_t allocations; // less those given back, since the run began
static int leak_attempts;

static void on_malloc(const volatile void *p, size_t size) {
  (void)p;
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  if (size > allocation_limit && fuzzls_in_run && !fuzzls_is_copy()) {
    char what[96];
    snprintf(what, sizeof what, "out of memory: malloc(%zu) is beyond the limit of %zu bytes", size, allocation_limit);
    fuzzls_report(what, 0);
    _exit(71); // as libFuzzer does
  }
}

static void on_free(const volatile void *p) {
  if (p != NULL)
    atomic_fetch_sub_explicit(&allocations, 1, memory_order_relaxed);
}

void fuzzls_set_up_memory(size_t input_size, size_t limit) {
  allocation_limit = limit > 0 ? limit : SIZE_MAX;
  // There, reading beyond the input is noticed.
  on_heap = input_size == 0 || __asan_init || __hwasan_init || __msan_init;
  if (!on_heap) {
    copy = mmap(NULL, input_size + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED) {
      fuzzls_say("fuzzls: no memory for inputs of %zu bytes\n", input_size);
      _exit(1);
    }
  }
  if (__sanitizer_install_malloc_and_free_hooks)
    __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}

static int call(fuzzls_test test, const uint8_t *data, size_t size) {
  if (__msan_unpoison_param)
    __msan_unpoison_param(2);
  fuzzls_in_run = true;
  int result = test(data, size);
  fuzzls_in_run = false;
  return result;
}

static __attribute__((noinline)) int call_on_heap(fuzzls_test test, const uint8_t *data, size_t size) {
  uint8_t *own = malloc(size);
  if (size > 0)
    memcpy(own, data, size);
  if (__msan_unpoison)
    __msan_unpoison(own, size);
  atomic_store_explicit(&allocations, 0, memory_order_relaxed);
  int result = call(test, own, size);
  atomic_fetch_add_explicit(&allocations, 1, memory_order_relaxed);
  free(own);
  return result;
}

int fuzzls_run_input(fuzzls_test test, const uint8_t *data, size_t size) {
  if (on_heap)
    return call_on_heap(test, data, size);
  // Aligned as memory from malloc is. What lies behind the input must not depend on
  // the inputs before it.
  memcpy(copy, data, size);
  if (copy_dirty > size)
    memset(copy + size, 0, copy_dirty - size);
  copy_dirty = size;
  return call(test, copy, size);
}

static __attribute__((noinline)) void find_leak(fuzzls_test test, const uint8_t *data, size_t size) {
  leak_attempts++;
  // What grows once, like a cache, does not grow when the same input runs again. What
  // this second run allocates is not looked at: the first has leaked the same.
  fuzzls_clear_counters();
  __lsan_disable();
  fuzzls_run_input(test, data, size);
  __lsan_enable();
  if (atomic_load_explicit(&allocations, memory_order_relaxed) <= 0 || __lsan_do_recoverable_leak_check() == 0)
    return;
  fuzzls_say("fuzzls: the input leaks memory\n");
  _exit(LEAK_STATUS);
}

void fuzzls_check_leaks(fuzzls_test test, const uint8_t *data, size_t size) {
  if (atomic_load_explicit(&allocations, memory_order_relaxed) <= 0 || __lsan_do_recoverable_leak_check == NULL ||
      leak_attempts >= LEAK_ATTEMPTS)
    return;
  find_leak(test, data, size);
}
