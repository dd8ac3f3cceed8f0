// This program compares the ways to judge counters with each other and with the words of
// their description, on random counters; with an argument, it measures them.

#define _GNU_SOURCE
#include "../src/counters.c"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { MOST = 1000 };

static uint8_t bucket_of(uint8_t n) {
  static const uint8_t least[] = {1, 2, 3, 4, 8, 16, 32, 128};
  for (int i = 7; i >= 0; i--)
    if (n >= least[i])
      return (uint8_t)(1 << i);
  return 0;
}

// expect judges counters one after another.
static struct verdict expect(const uint8_t *counters, uint8_t *seen, size_t n, bool learn) {
  struct verdict v = {0};
  for (size_t i = 0; i < n; i++) {
    v.edges += counters[i] != 0;
    if (learn && bucket_of(counters[i]) & ~seen[i]) {
      seen[i] |= bucket_of(counters[i]);
      v.is_new = true;
    }
  }
  return v;
}

static void fail(const char *what, size_t n) {
  printf("%s, with %zu counters\n", what, n);
  exit(1);
}

static void check(void (*judge)(struct verdict *, uint8_t *, uint8_t *, size_t, uint64_t, bool), size_t n) {
  static uint8_t counters[MOST + 1], seen[MOST + 1], again[MOST], expected_seen[MOST];
  // Counters need not be aligned.
  uint8_t *c = counters + rand() % 2, *s = seen + rand() % 2;
  int density = 1 << rand() % 8;
  for (size_t i = 0; i < n; i++) {
    c[i] = again[i] = rand() % density == 0 ? (uint8_t)(rand() >> rand() % 8) : 0;
    s[i] = expected_seen[i] = (uint8_t)(rand() | rand());
  }
  bool learn = rand() % 4 != 0;
  struct verdict got = {.path = path_factor}, want = expect(c, expected_seen, n, learn);
  judge(&got, c, s, n, 96, learn);
  if (got.edges != want.edges || got.is_new != want.is_new || memcmp(s, expected_seen, n) != 0)
    fail("another verdict", n);
  for (size_t i = 0; i < n; i++)
    if (c[i] != 0)
      fail("counters are not cleared", n);
  // The path depends on which edges are hit, not on how often.
  struct verdict other = {.path = path_factor};
  for (size_t i = 0; i < n; i++)
    c[i] = again[i] == 0 ? 0 : (uint8_t)(1 + rand() % 255);
  judge(&other, c, s, n, 96, false);
  if (other.path != got.path)
    fail("another path for the same edges", n);
  if (n == 0)
    return;
  other = (struct verdict){.path = path_factor};
  size_t changed = (size_t)rand() % n;
  for (size_t i = 0; i < n; i++)
    c[i] = (again[i] != 0) != (i == changed);
  judge(&other, c, s, n, 96, false);
  if (other.path == got.path)
    fail("the same path for other edges", n);
}

static double nanoseconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

// measure prints what a pass over 64 Ki counters takes of which 3,000 are hit.
static void measure(const char *name, void (*judge)(struct verdict *, uint8_t *, uint8_t *, size_t, uint64_t, bool)) {
  enum { COUNT = 64 << 10, HIT = 3000, PASSES = 2000 };
  static uint8_t counters[COUNT], seen[COUNT];
  memset(seen, 0xff, sizeof seen);
  double best = 1e18;
  for (int pass = 0; pass < PASSES; pass++) {
    for (size_t i = 0; i < HIT; i++)
      counters[i * 17 % COUNT] = 1;
    struct verdict v = {.path = path_factor};
    double start = nanoseconds();
    judge(&v, counters, seen, COUNT, 0, true);
    double took = nanoseconds() - start;
    best = took < best ? took : best;
  }
  printf("%s %.0f ns/pass\n", name, best);
}

int main(int argc, char **argv) {
  (void)argv;
  if (argc > 1) {
    measure("scalar", judge_scalar);
    if (have_avx2)
      measure("AVX2", judge_avx2);
    return 0;
  }
  for (int i = 0; i < 20000; i++) {
    size_t n = (size_t)rand() % MOST;
    check(judge_scalar, n);
    if (have_avx2)
      check(judge_avx2, n & ~(size_t)31);
  }
  return 0;
}
