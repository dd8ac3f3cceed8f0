// This file records the comparisons that a run makes, if it is to. Otherwise a hook
// costs a load and a branch.
//
// Hooks may be called on any thread, at any moment: they allocate nothing, take no
// lock and tolerate races (a racing record may be lost or torn, never out of bounds).

#include "fuzzls.h"

#include <string.h>

// COMPARE_SITES is the number of buckets that sites are counted in: more than the
// comparisons of a large package, few enough to be cleared for each such run.
#define COMPARE_SITES 2048

// What a record takes from its site's allowance, so that a loop's condition does not
// fill the log. A string site may record 128 different comparisons (a table of
// keywords), an integer site 32. Equal operands teach little more than that the site
// was passed, so 8 are enough.
enum { SITE_ALLOWANCE = 128, COST_STRING = 1, COST_INT = 4, COST_EQUAL = 16 };

// SWITCH_CASES is the most cases of a switch that are recorded: what one run of
// the site may record.
#define SWITCH_CASES 64

struct compare_log {
  struct compare_record *records; // in the ring's arena
  uint32_t n;
  struct {
    uint32_t last; // digest of the operands recorded last
    uint32_t spent;
  } sites[COMPARE_SITES];
};

struct compare_log *fuzzls_comparing;
static struct compare_log run_log;

void fuzzls_start_compares(void *records) {
  run_log.records = records;
  run_log.n = 0;
  memset(run_log.sites, 0, sizeof run_log.sites);
  fuzzls_comparing = &run_log;
}

uint32_t fuzzls_stop_compares(void) {
  fuzzls_comparing = NULL;
  return run_log.n < MAX_COMPARES ? run_log.n : MAX_COMPARES;
}

// site_of returns a number for an address that does not depend on where things are
// loaded.
static uint32_t site_of(uintptr_t pc) {
  const struct image *image = fuzzls_image_of(pc);
  if (image == NULL)
    return (uint32_t)pc;
  return (uint32_t)(pc - image->base) ^ (uint32_t)(image - fuzzls_images) * 0x9e3779b1u;
}

// new_record returns the record to fill in, or NULL if the site has said enough.
static struct compare_record *new_record(uint32_t site, uint32_t digest, uint32_t cost) {
  struct compare_log *l = &run_log;
  uint32_t bucket = (site ^ site >> 11) % COMPARE_SITES;
  if (l->sites[bucket].spent != 0 && l->sites[bucket].last == digest)
    return NULL;
  uint32_t n = l->n;
  if (l->sites[bucket].spent + cost > SITE_ALLOWANCE || n >= MAX_COMPARES)
    return NULL;
  l->sites[bucket].last = digest;
  l->sites[bucket].spent += cost;
  l->n = n + 1;
  l->records[n].site = site;
  return &l->records[n];
}

__attribute__((noinline)) void fuzzls_compared_ints(uint8_t kind, uint64_t a, uint64_t b, uintptr_t pc) {
  uint32_t digest = (uint32_t)(a ^ a >> 32) * 0x9e3779b1u ^ (uint32_t)(b ^ b >> 32);
  struct compare_record *r = new_record(site_of(pc), digest, a == b ? COST_EQUAL : COST_INT);
  if (r == NULL)
    return;
  r->kind = kind;
  r->len_a = r->len_b = 0;
  r->a = a;
  r->b = b;
}

__attribute__((noinline)) void fuzzls_compared_texts(uint8_t kind, const void *a, size_t size_a, const void *b,
                                                     size_t size_b, uintptr_t pc) {
  const uint8_t *text_a = a, *text_b = b;
  size_t la = size_a < COMPARE_TEXT ? size_a : COMPARE_TEXT, lb = size_b < COMPARE_TEXT ? size_b : COMPARE_TEXT;
  uint32_t digest = (uint32_t)size_a * 0x9e3779b1u ^ (uint32_t)size_b;
  bool equal = size_a == size_b;
  for (size_t i = 0; i < la; i++) {
    digest = (digest ^ text_a[i]) * 0x01000193u;
    equal = equal && text_a[i] == text_b[i];
  }
  for (size_t i = 0; i < lb; i++)
    digest = (digest ^ text_b[i]) * 0x01000193u;
  struct compare_record *r = new_record(site_of(pc), digest, equal ? COST_EQUAL : COST_STRING);
  if (r == NULL)
    return;
  r->kind = kind;
  r->len_a = (uint8_t)la;
  r->len_b = (uint8_t)lb;
  r->a = size_a;
  r->b = size_b;
  for (size_t i = 0; i < la; i++)
    r->text_a[i] = text_a[i];
  for (size_t i = 0; i < lb; i++)
    r->text_b[i] = text_b[i];
}

// --- The compiler's hooks, -fsanitize-coverage=trace-cmp.

#define RECORDING __builtin_expect(fuzzls_comparing != NULL, 0)
#define CALLER ((uintptr_t)__builtin_return_address(0))

#define COMPARE_HOOKS(bytes, type)                                                                                   \
  FUZZLS_API void __sanitizer_cov_trace_cmp##bytes(type a, type b) {                                                 \
    if (RECORDING)                                                                                                   \
      fuzzls_compared_ints(bytes, a, b, CALLER);                                                                     \
  }                                                                                                                  \
  FUZZLS_API void __sanitizer_cov_trace_const_cmp##bytes(type a, type b) {                                           \
    if (RECORDING)                                                                                                   \
      fuzzls_compared_ints(COMPARE_CONST | bytes, a, b, CALLER);                                                     \
  }

COMPARE_HOOKS(1, uint8_t)
COMPARE_HOOKS(2, uint16_t)
COMPARE_HOOKS(4, uint32_t)
COMPARE_HOOKS(8, uint64_t)

// compared_switch records the comparisons of a value with the cases of a switch:
// their number, their width in bits, then the cases.
static __attribute__((noinline)) void compared_switch(uint64_t value, const uint64_t *cases, uintptr_t pc) {
  uint64_t n = cases[0] < SWITCH_CASES ? cases[0] : SWITCH_CASES;
  uint8_t bytes = (uint8_t)(cases[1] / 8);
  if (bytes == 0 || (bytes & (bytes - 1)) != 0 || bytes > 8)
    return;
  for (uint64_t i = 0; i < n; i++)
    fuzzls_compared_ints(COMPARE_CONST | bytes, cases[2 + i], value, pc + i);
}

FUZZLS_API void __sanitizer_cov_trace_switch(uint64_t value, uint64_t *cases) {
  if (RECORDING)
    compared_switch(value, cases, CALLER);
}

// Traces that nobody reads here.
FUZZLS_API void __sanitizer_cov_trace_div4(uint32_t value) { (void)value; }
FUZZLS_API void __sanitizer_cov_trace_div8(uint64_t value) { (void)value; }
FUZZLS_API void __sanitizer_cov_trace_gep(uintptr_t index) { (void)index; }

// --- The sanitizers' hooks in memcmp and its family. Without a sanitizer, strings.c
// takes their place.

// FARTHEST is how far the end of a string is looked for.
#define FARTHEST 4096

static size_t length(const char *s, size_t most) {
  size_t n = 0;
  while (n < most && n < FARTHEST && s[n] != 0)
    n++;
  return n;
}

static __attribute__((noinline)) void compared_strings(uint8_t kind, const char *a, const char *b, size_t most, uintptr_t pc) {
  fuzzls_compared_texts(kind, a, length(a, most), b, length(b, most), pc);
}

// searched records the search for a text: the beginning of where it is looked for is
// compared with it.
static __attribute__((noinline)) void searched(uint8_t kind, const char *in, size_t size, const char *text, size_t text_size,
                                               uintptr_t pc) {
  fuzzls_compared_texts(kind, in, size < text_size ? size : text_size, text, text_size, pc);
}

FUZZLS_API void __sanitizer_weak_hook_memcmp(void *pc, const void *a, const void *b, size_t n, int result) {
  (void)result;
  if (RECORDING)
    fuzzls_compared_texts(COMPARE_STRING, a, n, b, n, (uintptr_t)pc);
}

FUZZLS_API void __sanitizer_weak_hook_bcmp(void *pc, const void *a, const void *b, size_t n, int result) {
  __sanitizer_weak_hook_memcmp(pc, a, b, n, result);
}

FUZZLS_API void __sanitizer_weak_hook_strcmp(void *pc, const char *a, const char *b, int result) {
  (void)result;
  if (RECORDING)
    compared_strings(COMPARE_STRING, a, b, FARTHEST, (uintptr_t)pc);
}

FUZZLS_API void __sanitizer_weak_hook_strncmp(void *pc, const char *a, const char *b, size_t n, int result) {
  (void)result;
  if (RECORDING)
    compared_strings(COMPARE_STRING, a, b, n, (uintptr_t)pc);
}

FUZZLS_API void __sanitizer_weak_hook_strcasecmp(void *pc, const char *a, const char *b, int result) {
  (void)result;
  if (RECORDING)
    compared_strings(COMPARE_FOLD, a, b, FARTHEST, (uintptr_t)pc);
}

FUZZLS_API void __sanitizer_weak_hook_strncasecmp(void *pc, const char *a, const char *b, size_t n, int result) {
  (void)result;
  if (RECORDING)
    compared_strings(COMPARE_FOLD, a, b, n, (uintptr_t)pc);
}

FUZZLS_API void __sanitizer_weak_hook_strstr(void *pc, const char *in, const char *text, char *result) {
  (void)result;
  if (RECORDING)
    searched(COMPARE_STRING, in, length(in, FARTHEST), text, length(text, FARTHEST), (uintptr_t)pc);
}

FUZZLS_API void __sanitizer_weak_hook_strcasestr(void *pc, const char *in, const char *text, char *result) {
  (void)result;
  if (RECORDING)
    searched(COMPARE_FOLD, in, length(in, FARTHEST), text, length(text, FARTHEST), (uintptr_t)pc);
}

FUZZLS_API void __sanitizer_weak_hook_memmem(void *pc, const void *in, size_t size, const void *text, size_t text_size,
                                             void *result) {
  (void)result;
  if (RECORDING)
    searched(COMPARE_STRING, in, size, text, text_size, (uintptr_t)pc);
}
