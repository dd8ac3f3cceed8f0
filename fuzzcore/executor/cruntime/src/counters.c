// This file keeps the edge counters of all modules and judges a run by them: in one
// pass they are counted, hashed, put into buckets, compared with the seen map and
// cleared. With AVX2, 32 counters are handled at a time; otherwise eight, as the
// bytes of a word.

#include "fuzzls.h"

#include <string.h>

struct module fuzzls_modules[MAX_MODULES];
size_t fuzzls_module_count;
const char *fuzzls_foreign;

static bool frozen;
// registering is the module that the last call registered: its PC table follows.
static struct module *registering;

// --- Registration, by constructors that the compiler puts into every module.

FUZZLS_API void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop) {
  registering = NULL;
  if (start >= stop)
    return;
  for (size_t i = 0; i < fuzzls_module_count; i++) {
    // Every object file of a module registers all of the module.
    if (fuzzls_modules[i].start == start) {
      registering = &fuzzls_modules[i];
      return;
    }
  }
  if (frozen || fuzzls_module_count == MAX_MODULES - 1)
    return; // one is kept for the extra counters
  registering = &fuzzls_modules[fuzzls_module_count++];
  registering->start = start;
  registering->stop = stop;
}

FUZZLS_API void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop) {
  if (registering == NULL || registering->pcs != NULL)
    return;
  registering->pcs = start;
  registering->pcs_stop = stop;
}

// Instrumentations that this runtime has no use for. They are defined so that a
// target that has them links, and can be told what is wrong.

FUZZLS_API void __sanitizer_cov_trace_pc_guard_init(uint32_t *start, uint32_t *stop) {
  (void)start, (void)stop;
  fuzzls_foreign = "trace-pc-guard";
}

FUZZLS_API void __sanitizer_cov_trace_pc_guard(uint32_t *guard) { (void)guard; }

FUZZLS_API void __sanitizer_cov_trace_pc(void) { fuzzls_foreign = "trace-pc"; }

FUZZLS_API void __sanitizer_cov_bool_flag_init(bool *start, bool *stop) {
  (void)start, (void)stop;
  fuzzls_foreign = "inline-bool-flag";
}

FUZZLS_API void __sanitizer_cov_trace_pc_indir(uintptr_t callee) { (void)callee; }

// __sancov_lowest_stack is written by code that is compiled with stack-depth, as
// -fsanitize=fuzzer-no-link does. Nobody reads it here.
FUZZLS_API __attribute__((tls_model("initial-exec"))) _Thread_local uintptr_t __sancov_lowest_stack = UINTPTR_MAX;

// The counters that a target counts by itself, in a section of this name.
FUZZLS_WEAK extern uint8_t __start___libfuzzer_extra_counters[];
FUZZLS_WEAK extern uint8_t __stop___libfuzzer_extra_counters[];

size_t fuzzls_freeze(void) {
  size_t edges = 0;
  if (!frozen && &__start___libfuzzer_extra_counters[0] < &__stop___libfuzzer_extra_counters[0]) {
    struct module *m = &fuzzls_modules[fuzzls_module_count++];
    m->start = __start___libfuzzer_extra_counters;
    m->stop = __stop___libfuzzer_extra_counters;
    m->extra = true;
  }
  frozen = true;
  for (size_t i = 0; i < fuzzls_module_count; i++) {
    struct module *m = &fuzzls_modules[i];
    m->first = edges;
    edges += (size_t)(m->stop - m->start);
  }
  return edges;
}

void fuzzls_use_seen(uint8_t *seen) {
  for (size_t i = 0; i < fuzzls_module_count; i++)
    fuzzls_modules[i].seen = seen + fuzzls_modules[i].first;
}

void fuzzls_copy_counters(uint8_t *to) {
  for (size_t i = 0; i < fuzzls_module_count; i++) {
    const struct module *m = &fuzzls_modules[i];
    memcpy(to + m->first, m->start, (size_t)(m->stop - m->start));
  }
}

void fuzzls_clear_counters(void) {
  for (size_t i = 0; i < fuzzls_module_count; i++) {
    const struct module *m = &fuzzls_modules[i];
    memset(m->start, 0, (size_t)(m->stop - m->start));
  }
}

// --- The verdict.

static const uint64_t ones = 0x0101010101010101;
static const uint64_t highs = 0x8080808080808080;
// path_factor is an odd number without a pattern.
static const uint64_t path_factor = 0x9fb21c651e98df25;

// mix_path adds the edges hit in one word or vector. Multiplying carries differences
// up, rotating brings them down again.
static inline uint64_t mix_path(uint64_t path, uint64_t hit) {
  uint64_t product = (path ^ hit) * path_factor;
  return product << 29 | product >> 35;
}

// nonzero returns 0x80 for each byte of w that is not 0.
static inline uint64_t nonzero(uint64_t w) { return (((w & ~highs) + ~highs) | w) & highs; }

// buckets maps each byte of w, a hit count, to its bucket as a single bit, in the
// buckets of AFL: 1, 2, 3, 4-7, 8-15, 16-31, 32-127, 128-255.
static inline uint64_t buckets(uint64_t w) {
  // bN is bit N of each byte; top is set where a higher bucket has been chosen.
  uint64_t b0 = w & ones, b1 = w >> 1 & ones, b2 = w >> 2 & ones, b3 = w >> 3 & ones;
  uint64_t b4 = w >> 4 & ones, b5 = w >> 5 & ones, b6 = w >> 6 & ones, b7 = w >> 7 & ones;
  uint64_t out = b7 << 7, top = b7;
  b5 |= b6;
  out |= (b5 & ~top) << 6;
  top |= b5;
  out |= (b4 & ~top) << 5;
  top |= b4;
  out |= (b3 & ~top) << 4;
  top |= b3;
  out |= (b2 & ~top) << 3;
  top |= b2;
  out |= (b0 & b1 & ~top) << 2;
  out |= (b1 & ~b0 & ~top) << 1;
  out |= b0 & ~b1 & ~top;
  return out;
}

static inline uint64_t load(const uint8_t *p) {
  uint64_t w;
  memcpy(&w, p, sizeof w);
  return w;
}

static inline void store(uint8_t *p, uint64_t w) { memcpy(p, &w, sizeof w); }

// judge_word judges eight counters; number is that of the first.
static inline void judge_word(struct verdict *v, uint8_t *counters, uint8_t *seen, uint64_t number, bool learn) {
  uint64_t w = load(counters);
  if (w == 0)
    return;
  store(counters, 0);
  uint64_t hit = nonzero(w);
  v->edges += (uint32_t)__builtin_popcountll(hit);
  v->path = mix_path(v->path, hit ^ number);
  if (!learn)
    return;
  uint64_t bucket = buckets(w), known = load(seen);
  if (bucket & ~known) {
    store(seen, known | bucket);
    v->is_new = true;
  }
}

// judge_scalar judges n counters; number is that of the first.
static void judge_scalar(struct verdict *v, uint8_t *counters, uint8_t *seen, size_t n, uint64_t number, bool learn) {
  size_t i = 0;
  for (; i + 8 <= n; i += 8)
    judge_word(v, counters + i, seen + i, number + i, learn);
  if (i == n)
    return;
  uint8_t last[8] = {0}, last_seen[8] = {0};
  memcpy(last, counters + i, n - i);
  memcpy(last_seen, seen + i, n - i);
  memset(counters + i, 0, n - i);
  judge_word(v, last, last_seen, number + i, learn);
  if (learn)
    memcpy(seen + i, last_seen, n - i);
}

#ifdef __x86_64__

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2,popcnt")))

// judge_vector judges 32 counters that are not all 0.
AVX2 static inline void judge_vector(struct verdict *v, __m256i w, uint8_t *counters, uint8_t *seen, uint64_t number,
                                     bool learn) {
  const __m256i zero = _mm256_setzero_si256(), low_bits = _mm256_set1_epi8(15);
  // The bucket of a count is looked up by its low four bits if the high four are 0,
  // and by its high four bits otherwise.
  const __m256i low_buckets =
      _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 2, 4, 8, 8, 8, 8, 16, 16, 16, 16, 16, 16, 16, 16));
  const __m256i high_buckets = _mm256_broadcastsi128_si256(
      _mm_setr_epi8(0, 32, 64, 64, 64, 64, 64, 64, -128, -128, -128, -128, -128, -128, -128, -128));
  _mm256_storeu_si256((__m256i *)counters, zero);
  uint32_t hit = ~(uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(w, zero));
  v->edges += (uint32_t)__builtin_popcount(hit);
  v->path = mix_path(v->path, hit ^ number << 27); // number/32 in the upper half
  if (!learn)
    return;
  __m256i high = _mm256_and_si256(_mm256_srli_epi16(w, 4), low_bits);
  __m256i by_low = _mm256_and_si256(_mm256_shuffle_epi8(low_buckets, _mm256_and_si256(w, low_bits)),
                                    _mm256_cmpeq_epi8(high, zero));
  __m256i bucket = _mm256_or_si256(_mm256_shuffle_epi8(high_buckets, high), by_low);
  __m256i known = _mm256_loadu_si256((const __m256i *)seen);
  if (!_mm256_testc_si256(known, bucket)) {
    _mm256_storeu_si256((__m256i *)seen, _mm256_or_si256(known, bucket));
    v->is_new = true;
  }
}

// judge_avx2 judges n counters, a multiple of 32; number is that of the first.
AVX2 static void judge_avx2(struct verdict *v, uint8_t *counters, uint8_t *seen, size_t n, uint64_t number,
                            bool learn) {
  struct verdict local = *v; // so that it stays in registers
  size_t i = 0;
  for (; i + 128 <= n; i += 128) {
    __m256i w[4], any = _mm256_setzero_si256();
    for (int k = 0; k < 4; k++) {
      w[k] = _mm256_loadu_si256((const __m256i *)(counters + i + 32 * k));
      any = _mm256_or_si256(any, w[k]);
    }
    // Most of a large target's code is not hit in a run.
    if (_mm256_testz_si256(any, any))
      continue;
    for (int k = 0; k < 4; k++) {
      size_t at = i + 32 * (size_t)k;
      if (!_mm256_testz_si256(w[k], w[k]))
        judge_vector(&local, w[k], counters + at, seen + at, number + at, learn);
    }
  }
  for (; i < n; i += 32) {
    __m256i w = _mm256_loadu_si256((const __m256i *)(counters + i));
    if (!_mm256_testz_si256(w, w))
      judge_vector(&local, w, counters + i, seen + i, number + i, learn);
  }
  *v = local;
}

static bool have_avx2;

__attribute__((constructor)) static void find_avx2(void) {
  __builtin_cpu_init();
  have_avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt");
}

#else

static const bool have_avx2 = false;

static void judge_avx2(struct verdict *v, uint8_t *counters, uint8_t *seen, size_t n, uint64_t number, bool learn) {
  judge_scalar(v, counters, seen, n, number, learn);
}

#endif

struct verdict fuzzls_judge(bool learn) {
  struct verdict v = {.path = path_factor};
  for (size_t i = 0; i < fuzzls_module_count; i++) {
    const struct module *m = &fuzzls_modules[i];
    size_t n = (size_t)(m->stop - m->start), vectors = have_avx2 ? n & ~(size_t)31 : 0;
    if (vectors > 0)
      judge_avx2(&v, m->start, m->seen, vectors, m->first, learn);
    judge_scalar(&v, m->start + vectors, m->seen + vectors, n - vectors, m->first + vectors, learn);
  }
  return v;
}
