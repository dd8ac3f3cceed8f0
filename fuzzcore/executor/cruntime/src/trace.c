// This file takes the compiler's comparison hooks out of the code and puts them back.
//
// A hook that does nothing but look whether it is to record costs a call, which makes
// targets that compare much a third slower; and only about one run in a hundred records.
// So the executable's code exists twice, in a file in memory: as it was linked, and with
// each call of a hook replaced by an instruction that does nothing. Which of them is
// mapped where the code belongs changes with a single system call. Calls from shared
// objects go through a table and stay as they are; so does everything where this cannot
// be done: the hooks look by themselves.

#define _GNU_SOURCE
#include "fuzzls.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

// CODE_LIMIT is how large code may be that is copied twice into memory.
#define CODE_LIMIT ((size_t)256 << 20)

// POPULATE_LIMIT is how large code may be whose pages are mapped at once. Of larger code, a
// run touches a part, whose pages come up a few dozen at a time when they are touched.
#define POPULATE_LIMIT ((size_t)256 << 10)

void __sanitizer_cov_trace_cmp1(uint8_t a, uint8_t b);
void __sanitizer_cov_trace_cmp2(uint16_t a, uint16_t b);
void __sanitizer_cov_trace_cmp4(uint32_t a, uint32_t b);
void __sanitizer_cov_trace_cmp8(uint64_t a, uint64_t b);
void __sanitizer_cov_trace_const_cmp1(uint8_t a, uint8_t b);
void __sanitizer_cov_trace_const_cmp2(uint16_t a, uint16_t b);
void __sanitizer_cov_trace_const_cmp4(uint32_t a, uint32_t b);
void __sanitizer_cov_trace_const_cmp8(uint64_t a, uint64_t b);
void __sanitizer_cov_trace_switch(uint64_t value, uint64_t *cases);

// is_hook reports whether an address is a hook's.
static bool is_hook(uintptr_t address) {
  const uintptr_t hooks[] = {
      (uintptr_t)__sanitizer_cov_trace_cmp1,       (uintptr_t)__sanitizer_cov_trace_cmp2,
      (uintptr_t)__sanitizer_cov_trace_cmp4,       (uintptr_t)__sanitizer_cov_trace_cmp8,
      (uintptr_t)__sanitizer_cov_trace_const_cmp1, (uintptr_t)__sanitizer_cov_trace_const_cmp2,
      (uintptr_t)__sanitizer_cov_trace_const_cmp4, (uintptr_t)__sanitizer_cov_trace_const_cmp8,
      (uintptr_t)__sanitizer_cov_trace_switch,     0,
  };
  for (size_t i = 0; hooks[i] != 0; i++) {
    if (address == hooks[i])
      return true;
  }
  return false;
}

#ifdef __x86_64__

// A call is a byte and the distance from the next instruction. A pattern that looks like
// the call of a hook and is none would need four bytes to be right by chance.
enum { STEP = 1, CALL_SIZE = 5 };

// nop is an instruction that does nothing, of the same length.
static const uint8_t nop[CALL_SIZE] = {0x0f, 0x1f, 0x44, 0x00, 0x00};

static bool calls_hook(const uint8_t *p) {
  int32_t distance;
  if (*p != 0xe8)
    return false;
  memcpy(&distance, p + 1, sizeof distance);
  return is_hook((uintptr_t)p + CALL_SIZE + (uintptr_t)(intptr_t)distance);
}

#else

// A call is a word: a branch with link over a distance of words.
enum { STEP = 4, CALL_SIZE = 4 };

static const uint8_t nop[CALL_SIZE] = {0x1f, 0x20, 0x03, 0xd5};

static bool calls_hook(const uint8_t *p) {
  uint32_t word;
  memcpy(&word, p, sizeof word);
  return word >> 26 == 0x25 && is_hook((uintptr_t)p + (uintptr_t)((intptr_t)(int32_t)(word << 6) >> 4));
}

#endif

struct trace_calls fuzzls_find_trace_calls(const uint8_t *code, size_t size) {
  struct trace_calls found = {0};
  for (size_t i = 0; i + CALL_SIZE <= size; i += STEP) {
    if (!calls_hook(code + i))
      continue;
    if (found.count++ == 0)
      found.first = i;
    found.stop = i + CALL_SIZE;
  }
  return found;
}

// remove_calls replaces the calls of hooks in a copy of some code.
static void remove_calls(const uint8_t *code, size_t size, uint8_t *copy) {
  for (size_t i = 0; i + CALL_SIZE <= size; i += STEP) {
    if (calls_hook(code + i))
      memcpy(copy + i, nop, sizeof nop);
  }
}

static struct {
  uint8_t *code; // the executable's, whole pages
  size_t size;
  int file; // the code without hooks, then the code with them; -1 if there is none
  bool on;
} traces = {.file = -1, .on = true};

// show maps the code with or without hooks.
static bool show(bool on) {
  int flags = MAP_PRIVATE | MAP_FIXED | (traces.size <= POPULATE_LIMIT ? MAP_POPULATE : 0);
  // Not by way of mmap: a sanitizer would take it for new memory.
  long at = syscall(SYS_mmap, traces.code, traces.size, PROT_READ | PROT_EXEC, flags, traces.file,
                    on ? (off_t)traces.size : 0);
  if (at == -1)
    return false;
  traces.on = on;
  return true;
}

// make_copies fills a new file with the code without and with hooks.
static bool make_copies(int file) {
  if (ftruncate(file, (off_t)(2 * traces.size)) != 0)
    return false;
  uint8_t *copies = mmap(NULL, 2 * traces.size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (copies == MAP_FAILED)
    return false;
  memcpy(copies, traces.code, traces.size);
  memcpy(copies + traces.size, traces.code, traces.size);
  remove_calls(traces.code, traces.size, copies);
  // Where instructions are cached apart from data.
  __builtin___clear_cache((char *)copies, (char *)copies + 2 * traces.size);
  munmap(copies, 2 * traces.size);
  return true;
}

void fuzzls_set_up_traces(void) {
  if (fuzzls_image_count == 0)
    return;
  const uintptr_t code = fuzzls_images[0].code, page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const struct trace_calls calls = fuzzls_find_trace_calls((const uint8_t *)code, fuzzls_images[0].code_stop - code);
  if (calls.count == 0)
    return;
  // Only the pages that have calls, and what lies between them: mapping takes its time.
  const uintptr_t start = (code + calls.first) & ~(page - 1), stop = (code + calls.stop + page - 1) & ~(page - 1);
  traces.code = (uint8_t *)start;
  traces.size = stop - start;
  if (traces.size > CODE_LIMIT)
    return;
  int file = memfd_create("fuzzls-code", MFD_CLOEXEC);
  if (file < 0)
    return;
  // A high number, for it is to stay open.
  traces.file = fcntl(file, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
  close(file);
  if (traces.file >= 0 && make_copies(traces.file) && show(false))
    return;
  if (traces.file >= 0)
    close(traces.file);
  traces.file = -1;
}

void fuzzls_trace(bool on) {
  // If the target has closed the file, comparisons are no longer recorded; all else goes on.
  if (traces.file >= 0 && traces.on != on && !show(on))
    traces.file = -1;
}
