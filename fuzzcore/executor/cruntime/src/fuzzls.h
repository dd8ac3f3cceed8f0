// This file defines what the parts of the C runtime share: the ring's layout, and
// the functions that one part has for another.
//
// The runtime is linked into a fuzz target in place of libFuzzer's. It runs the
// inputs that a worker writes into shared memory (the ring), and says what each run
// did. Run by hand, it replays files. C11; needs Linux on a 64-bit machine.

#ifndef FUZZLS_H
#define FUZZLS_H

#if !defined(__linux__) || !defined(__LP64__)
#error "fuzzls runs fuzz targets on 64-bit Linux only"
#endif

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// The runtime is compiled with hidden visibility: only what a target or a compiler
// refers to is for others to see.
#define FUZZLS_API __attribute__((visibility("default")))
#define FUZZLS_WEAK __attribute__((weak))

// HIGH_DESCRIPTOR is where descriptors move that stay open, so that code that closes what
// it did not open seldom looks there; it is below the usual soft limit of 1024.
#define HIGH_DESCRIPTOR 960

// --- The ring. Its master, with the meaning of each field, is fuzzcore/abi/ring.go;
// a test compares the two.

#define RING_MAGIC 0x66757a7a6c730003u
#define RING_HEADER_SIZE 4096
#define RING_TEXT (32 << 10)
#define MAX_COMPARES 4096
#define COMPARE_TEXT 48

// What a slot asks for.
enum { WANT_COUNTERS = 1, WANT_COMPARES = 2, WANT_BLOCKS = 4, WANT_MUTATE = 8 };

// What the target has of its own.
enum { HOOK_MUTATES = 1, HOOK_CROSSES = 2 };

// What happened in a run.
enum { RUN_NEW = 1, RUN_FAILED = 2, RUN_SKIPPED = 4 };

// States of the process.
enum { STATE_HELLO = 1, STATE_READY = 2 };

struct ring_header {
  uint64_t magic, size;
  uint64_t slots, input_size;
  uint64_t slots_offset, slot_stride, texts_offset;
  uint64_t seen_offset, baseline_offset;
  uint64_t arena_offset, arena_size;
  uint64_t edges, cells;
  _Atomic uint32_t state;
  uint32_t hooks;
  uint64_t memory_limit;
  uint64_t early_offset;

  _Atomic uint64_t head;
  _Atomic uint64_t wake_at;
  uint8_t unused2[112];

  _Atomic uint64_t tail;
  _Atomic uint32_t sleeping;
  uint32_t unused3;
  uint64_t slow;
  uint8_t unused4[104];
};

struct ring_slot {
  uint32_t len, want;
  uint64_t arena;
  uint32_t flags, edges;
  uint64_t path;
  uint32_t text, compares;
  uint32_t seed, donor, limit;
  uint32_t nanos;
  uint8_t unused[8];
  uint8_t input[];
};

// compare_record is abi.Compare.
struct compare_record {
  uint32_t site;
  uint8_t kind, len_a, len_b, unused1;
  uint64_t a, b;
  uint8_t text_a[COMPARE_TEXT], text_b[COMPARE_TEXT];
  uint8_t unused2[8];
};

// --- The target.

typedef int (*fuzzls_test)(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
FUZZLS_WEAK int LLVMFuzzerInitialize(int *argc, char ***argv);
FUZZLS_WEAK size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
FUZZLS_WEAK size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
                                             size_t size2, uint8_t *out, size_t max_out, unsigned seed);

// LLVMFuzzerRunDriver is libFuzzer's entry for targets with a main of their own.
int LLVMFuzzerRunDriver(int *argc, char ***argv, fuzzls_test test);

// fuzzls_run_ring runs the inputs of the ring that env names (abi.RingEnv) until
// the host hangs up. It returns the process's exit status.
int fuzzls_run_ring(fuzzls_test test, const char *env);

// --- counters.c: edge counters and the verdict on a run.

#define MAX_MODULES 256

// module is one executable or shared object with instrumented code, or the target's
// own extra counters.
struct module {
  uint8_t *start, *stop;       // its counters, one for each edge
  const uintptr_t *pcs, *pcs_stop; // pairs of an address and flags; NULL if there are none
  size_t first;                // number of its first edge
  uint8_t *seen;               // its part of the seen map; set by fuzzls_use_seen
  bool extra;                  // the counters are the target's own
};

extern struct module fuzzls_modules[MAX_MODULES];
extern size_t fuzzls_module_count;
// fuzzls_foreign is the name of another instrumentation in the target that this
// runtime cannot use, or NULL.
extern const char *fuzzls_foreign;

// fuzzls_freeze numbers the edges of all modules and returns how many there are.
// What registers later is not looked at.
size_t fuzzls_freeze(void);
// fuzzls_use_seen gives each module its part of the seen map.
void fuzzls_use_seen(uint8_t *seen);
void fuzzls_copy_counters(uint8_t *to);
void fuzzls_clear_counters(void);

struct verdict {
  uint32_t edges;
  uint64_t path;
  bool is_new;
};

// fuzzls_judge counts and hashes the edges that a run hit, compares their buckets
// with the seen map, and clears the counters, all in one pass. Only with learn does
// it change the seen map.
struct verdict fuzzls_judge(bool learn);

// --- cells.c: regions of the source, one cell each.

// fuzzls_cells returns how many there are, 0 if the target has none.
size_t fuzzls_cells(void);
// fuzzls_clear_cells forgets what ran.
void fuzzls_clear_cells(size_t count);
// fuzzls_copy_cells writes a bitset of the cells that ran.
void fuzzls_copy_cells(uint64_t *to, size_t count);

// --- compare.c: comparisons.

struct compare_log;
// fuzzls_comparing is where hooks record: NULL but during a run that wants it.
extern struct compare_log *fuzzls_comparing;
void fuzzls_start_compares(void *records);
uint32_t fuzzls_stop_compares(void);
// fuzzls_compared_ints and the next are for hooks, while fuzzls_comparing is set.
void fuzzls_compared_ints(uint8_t kind, uint64_t a, uint64_t b, uintptr_t pc);
void fuzzls_compared_texts(uint8_t kind, const void *a, size_t size_a, const void *b, size_t size_b, uintptr_t pc);

enum { COMPARE_STRING = 0x40, COMPARE_FOLD = 0x41, COMPARE_CONST = 0x80 };

// --- trace.c: the compiler's hooks.

// trace_calls is where in some code hooks are called: how often, and the offsets of the
// first and of the end of the last call.
struct trace_calls {
  size_t count, first, stop;
};

struct trace_calls fuzzls_find_trace_calls(const uint8_t *code, size_t size);
// fuzzls_set_up_traces takes the hooks out of the executable's code, where that can be
// done; fuzzls_find_images has been called.
void fuzzls_set_up_traces(void);
// fuzzls_trace has the hooks in the code, or not.
void fuzzls_trace(bool on);

// --- images.c: what is loaded where.

// image is an executable or shared object as it is loaded.
struct image {
  uintptr_t base;            // what to subtract from an address to get the file's
  uintptr_t start, stop;     // of its code and data
  uintptr_t code, code_stop; // of its last executable segment
  const char *path;
};

#define MAX_IMAGES 128
extern struct image fuzzls_images[MAX_IMAGES];
extern size_t fuzzls_image_count;
// fuzzls_find_images fills the two above.
void fuzzls_find_images(void);
// fuzzls_image_of returns the image that an address is in, or NULL.
const struct image *fuzzls_image_of(uintptr_t address);

// --- describe.c

// fuzzls_describe writes the target's description to a file and returns the exit
// status. Layout: cruntime.Description.
int fuzzls_describe(const char *path, fuzzls_test test);

// --- server.c

// fuzzls_serve_forks returns, again and again, in a new child process that is to
// run inputs; the calling process looks after the child and tells the host, over the
// control socket, how each of them ends. It never returns there.
void fuzzls_serve_forks(int control);

// --- report.c: what is said about the end of a process.

// fuzzls_guard_process makes signals, exit and fork in the target known for what
// they are. Called first in each process that runs inputs.
void fuzzls_guard_process(void);
void fuzzls_catch_signals(void);
// fuzzls_is_copy reports whether this process is one that the target forked.
bool fuzzls_is_copy(void);
// fuzzls_in_run says whether a run is under way, for what is said about an exit.
extern volatile bool fuzzls_in_run;
// fuzzls_report prints a line on standard error, then the stack from pc on (0: the
// caller's).
void fuzzls_report(const char *what, uintptr_t pc);
// fuzzls_say prints to standard error; the text is cut at 512 bytes.
__attribute__((format(printf, 1, 2))) void fuzzls_say(const char *format, ...);

// --- memory.c: the input's memory, leaks, allocations that are too large.

// fuzzls_set_up_memory prepares for inputs of up to input_size bytes, or of any size if
// that is 0; where there is a sanitizer, single allocations beyond limit end the process.
void fuzzls_set_up_memory(size_t input_size, size_t limit);
// fuzzls_run_input calls the fuzz test with its own copy of the input.
int fuzzls_run_input(fuzzls_test test, const uint8_t *data, size_t size);
// fuzzls_check_leaks looks whether the input leaks, if it seems to. It runs it once
// more, and ends the process if so.
void fuzzls_check_leaks(fuzzls_test test, const uint8_t *data, size_t size);

// --- mutate.c

// fuzzls_mutate has the target's own mutator make an input of the one in the slot,
// which has room for capacity bytes.
void fuzzls_mutate(struct ring_slot *slot, size_t capacity);

// fuzzls_decode finds the byte string that an encoded input holds, its length and its
// bytes, and returns its length. What is missing at the end is cut off.
static inline uint32_t fuzzls_decode(uint8_t *encoded, size_t length, uint8_t **data) {
  uint32_t size = 0;
  *data = encoded + sizeof size;
  if (length < sizeof size)
    return 0;
  __builtin_memcpy(&size, encoded, sizeof size);
  return size < length - sizeof size ? size : (uint32_t)(length - sizeof size);
}

// --- replay.c

// fuzzls_replay runs the files and directories that the arguments name, as
// libFuzzer's executables do, and returns the exit status.
int fuzzls_replay(fuzzls_test test, int argc, char **argv);

#endif
