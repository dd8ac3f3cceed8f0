// This file holds one bug of C for each kind of crash.
#include "parse.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

// BUG keeps each bug in a function of its own.
#define BUG static __attribute__((noinline))

int table[4];
volatile int sink;
volatile uint8_t zero;

// field is inlined into its callers: the crash has two frames at one address.
static inline __attribute__((always_inline)) uint8_t field(const uint8_t *data, size_t at) {
  return data[at];
}

BUG void heap_overflow(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size);
  memcpy(copy, data, size);
  sink = field(copy, size);
  free(copy);
}

BUG void heap_copy(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size / 2);
  memcpy(copy, data, size);
  sink = copy[0];
  free(copy);
}

BUG void use_after_free(const uint8_t *data, size_t size) {
  uint8_t *copy = malloc(size);
  memcpy(copy, data, size);
  free(copy);
  sink = copy[0];
}

BUG void double_free(void) {
  void *volatile p = malloc(8);
  free(p);
  free(p);
}

BUG void bad_free(void) {
  char *volatile p = malloc(8);
  free(p + 1);
}

BUG void stack_overflow(size_t size) {
  int local[4] = {0};
  for (size_t i = 0; i < size; i++) local[i] = 1;
  sink = local[zero];
}

BUG int *leaving(void) {
  int local[4] = {zero};
  int *volatile escaped = local;
  return escaped;
}

BUG void global_overflow(size_t size) { sink = table[size]; }

BUG void null_write(void) { *(volatile int *)(uintptr_t)zero = 1; }

BUG void wild_read(const uint8_t *data) { sink = *(volatile int *)(uintptr_t)(0x7000dead0000 + data[0]); }

BUG void jump(void) { ((void (*)(void))(uintptr_t)(zero + 8))(); }

BUG int even(int n, int *p);

BUG int odd(int n, int *p) {
  int local[64] = {n};
  return even(n + 1, local) + local[n & 7] + *p;
}

BUG int even(int n, int *p) {
  int local[64] = {n};
  return odd(n + 1, local) + local[n & 7] + *p;
}

BUG void leak(const uint8_t *data) {
  char *volatile lost = malloc(100 + data[0]);
  lost = NULL;
  (void)lost;
}

BUG void too_big(void) { sink = *(char *)malloc((size_t)-1 - zero); }

BUG void check(const uint8_t *data, size_t size) {
  assert(size < 2 && "a header is one byte long");
  sink = data[0];
}

BUG void leave(void) {
  fprintf(stderr, "parse: cannot go on\n");
  exit(3 + zero);
}

BUG void divide(const uint8_t *data) { sink = data[0] / zero; }

BUG void overflow(const uint8_t *data) { sink = 0x7fffffff + data[0]; }

BUG void shift(const uint8_t *data) { sink = 1 << data[0]; }

BUG void misaligned(const uint8_t *data) { sink = *(int *)(data + 1); }

BUG void out_of_bounds(const uint8_t *data) { sink = table[data[0]]; }

BUG void overlapping(char *p, size_t size) {
  memcpy(p, p + 1, size);
  sink = p[zero];
}

BUG void uninitialized(size_t size) {
  int *p = malloc(size * sizeof *p);
  if (p[size - 1] == 7) sink = 1;
  free(p);
}

BUG void forever(void) {
  for (;;) sink++;
}

static void *racing(void *p) {
  sink++;
  return p;
}

BUG void race(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, racing, NULL);
  sink++;
  pthread_join(thread, NULL);
}

BUG void protected_write(void) {
  char *page = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  page[zero] = 1;
}

void parse(const uint8_t *data, size_t size) {
  if (size < 3) return;
  char overlap[16] = "overlapping";
  int ignored = 0;
  switch (*data++) {
    case 'h': heap_overflow(data, size - 1); break;
    case 'H': heap_copy(data, size - 1); break;
    case 'u': use_after_free(data, size - 1); break;
    case 'd': double_free(); break;
    case 'f': bad_free(); break;
    case 's': stack_overflow(size + 4); break;
    case 'r': sink = *leaving(); break;
    case 'g': global_overflow(size + 2); break;
    case 'n': null_write(); break;
    case 'w': wild_read(data); break;
    case 'j': jump(); break;
    case 'o': sink = odd(zero, &ignored); break;
    case 'l': leak(data); break;
    case 'b': too_big(); break;
    case 'a': check(data, size); break;
    case 'A': abort();
    case 'x': leave(); break;
    case 'z': divide(data); break;
    case 'i': overflow(data); break;
    case 'S': shift(data); break;
    case 'm': misaligned(data); break;
    case 'B': out_of_bounds(data); break;
    case 'p': overlapping(overlap, size); break;
    case 'U': uninitialized(size); break;
    case 'F': forever(); break;
    case 'R': race(); break;
    case 'P': protected_write(); break;
    case 'T': throwing(*data, data, size); break;
  }
}
