// This file takes inputs from the ring, runs them, and writes down what each run
// did. While inputs keep coming it makes no system call.

#define _GNU_SOURCE
#include "fuzzls.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct {
  uint8_t *memory; // the whole ring
  struct ring_header *header;
  int bell_in, bell_out;
  size_t edges, cells;
} ring;

static int move_up(int fd) {
  int high = fcntl(fd, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
  if (high < 0) {
    fcntl(fd, F_SETFD, FD_CLOEXEC);
    return fd;
  }
  close(fd);
  return high;
}

static void ring_bell(void) {
  while (write(ring.bell_out, "\1", 1) < 0 && errno == EINTR) {
  }
}

// await_bell sleeps until the host rings and returns false if it has hung up.
static bool await_bell(void) {
  char rings[64];
  for (;;) {
    ssize_t n = read(ring.bell_in, rings, sizeof rings);
    if (n >= 0)
      return n > 0;
    if (errno == EINTR)
      continue;
    // The target has closed the bell: look at the ring now and then. The host kills
    // this process when it is done with it, or dies and takes it along.
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return true;
  }
}

static void announce(uint32_t state) {
  atomic_store(&ring.header->state, state);
  ring_bell();
}

static void *map(int fd, size_t size) {
  void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (p == MAP_FAILED)
    fuzzls_say("fuzzls: mapping %zu bytes of the ring: %s\n", size, strerror(errno));
  return p == MAP_FAILED ? NULL : p;
}

// open_ring maps the ring and tells the host what it needs to know to lay it out, if
// it has not yet.
static bool open_ring(int memory) {
  struct ring_header *h = map(memory, RING_HEADER_SIZE);
  if (h == NULL)
    return false;
  ring.header = h;
  if (h->magic != RING_MAGIC) {
    fuzzls_say("fuzzls: the ring's version is %#llx, this executable's is %#llx: build it again\n",
               (unsigned long long)h->magic, (unsigned long long)RING_MAGIC);
    return false;
  }
  ring.edges = fuzzls_freeze();
  ring.cells = fuzzls_cells();
  // The host writes size last, and rings then.
  _Atomic uint64_t *size = (_Atomic uint64_t *)&h->size;
  if (atomic_load(size) == 0) {
    h->edges = ring.edges;
    h->cells = ring.cells;
    h->hooks = (LLVMFuzzerCustomMutator ? HOOK_MUTATES : 0) | (LLVMFuzzerCustomCrossOver ? HOOK_CROSSES : 0);
    announce(STATE_HELLO);
    while (atomic_load(size) == 0) {
      if (!await_bell())
        return false;
    }
  }
  if (h->edges != ring.edges || h->cells != ring.cells) {
    fuzzls_say("fuzzls: the ring is for %llu edges and %llu regions, this executable has %zu and %zu\n",
               (unsigned long long)h->edges, (unsigned long long)h->cells, ring.edges, ring.cells);
    return false;
  }
  ring.memory = map(memory, h->size);
  if (ring.memory == NULL)
    return false;
  ring.header = (struct ring_header *)ring.memory;
  munmap(h, RING_HEADER_SIZE);
  close(memory);
  return true;
}

// await_head sleeps until the host has published more than tail runs, and returns
// how many; tail if it has hung up.
static uint64_t await_head(uint64_t tail) {
  struct ring_header *h = ring.header;
  for (;;) {
    uint64_t head = atomic_load(&h->head);
    if (head != tail)
      return head;
    atomic_store(&h->sleeping, 1);
    head = atomic_load(&h->head);
    if (head != tail) {
      // If the host has seen sleeping, its ring stays in the pipe and wakes us once
      // too often.
      atomic_store(&h->sleeping, 0);
      return head;
    }
    bool rung = await_bell();
    atomic_store(&h->sleeping, 0);
    if (!rung)
      return tail;
  }
}

// ring_host_if_due rings the host if it sleeps until tail.
static inline void ring_host_if_due(uint64_t tail) {
  struct ring_header *h = ring.header;
  uint64_t wake = atomic_load_explicit(&h->wake_at, memory_order_relaxed);
  if (__builtin_expect(wake != 0 && tail >= wake, 0) && atomic_exchange(&h->wake_at, 0) != 0)
    ring_bell();
}

static uint64_t up_to_64(uint64_t n) { return (n + 63) & ~(uint64_t)63; }

// blocks_offset and compares_offset are where in a run's piece of the arena its regions
// and its comparisons lie: as abi.NewRingRoom says.
static uint64_t blocks_offset(uint32_t want) { return want & WANT_COUNTERS ? up_to_64(ring.edges) : 0; }

static uint64_t compares_offset(uint32_t want) {
  return blocks_offset(want) + (want & WANT_BLOCKS ? up_to_64(up_to_64(ring.cells) / 8) : 0);
}

// now returns a time in nanoseconds. It makes no system call.
static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

// traced is the WANT_COMPARES of the last run: hooks stay as they are until a run wants
// them otherwise.
static uint32_t traced;

// run_slot runs the input of a slot and writes down what it did.
static inline void run_slot(fuzzls_test test, struct ring_slot *s) {
  const uint32_t want = s->want;
  if (__builtin_expect(want & WANT_MUTATE, 0))
    fuzzls_mutate(s, ring.header->input_size);
  uint8_t *data;
  const uint32_t size = fuzzls_decode(s->input, s->len, &data);
  uint8_t *piece = ring.memory + s->arena;
  if (__builtin_expect((want & WANT_COMPARES) != traced, 0)) {
    traced = want & WANT_COMPARES;
    fuzzls_trace(traced != 0);
  }
  if (__builtin_expect(want & WANT_COMPARES, 0))
    fuzzls_start_compares(piece + compares_offset(want));
  if (__builtin_expect(want & WANT_BLOCKS, 0))
    fuzzls_clear_cells(ring.cells);
  const uint64_t began = __builtin_expect(want & WANT_COUNTERS, 0) ? now() : 0;
  int result = fuzzls_run_input(test, data, size);
  if (__builtin_expect(fuzzls_is_copy(), 0))
    _exit(0); // a process that the target forked has come back here
  if (__builtin_expect(want & WANT_COUNTERS, 0)) {
    const uint64_t took = now() - began;
    s->nanos = took < UINT32_MAX ? (uint32_t)took : UINT32_MAX;
  }
  if (__builtin_expect(want & WANT_COMPARES, 0))
    s->compares = fuzzls_stop_compares();
  if (__builtin_expect(want & WANT_BLOCKS, 0))
    fuzzls_copy_cells((uint64_t *)(piece + blocks_offset(want)), ring.cells);
  fuzzls_check_leaks(test, data, size);
  if (__builtin_expect(want & WANT_COUNTERS, 0))
    fuzzls_copy_counters(piece);
  // What the fuzz test rejects teaches nothing: what it hit is still new to a run
  // that is not rejected.
  bool rejected = result == -1;
  struct verdict v = fuzzls_judge(!rejected);
  s->flags = rejected ? RUN_SKIPPED : v.is_new ? RUN_NEW : 0;
  s->edges = v.edges;
  s->path = v.path;
}

static void run_all(fuzzls_test test) {
  struct ring_header *h = ring.header;
  uint8_t *slots = ring.memory + h->slots_offset;
  const uint64_t stride = h->slot_stride, mask = h->slots - 1;
  uint64_t tail = atomic_load(&h->tail);
  for (;;) {
    uint64_t head = await_head(tail);
    if (head == tail)
      return;
    while (tail != head) {
      run_slot(test, (struct ring_slot *)(slots + (tail & mask) * stride));
      tail++;
      atomic_store_explicit(&h->tail, tail, memory_order_release);
      ring_host_if_due(tail);
    }
    // The host may have gone to sleep while the last tail was on its way to it: with
    // the fence, it has seen that tail or we see that it sleeps.
    atomic_thread_fence(memory_order_seq_cst);
    ring_host_if_due(tail);
  }
}

int fuzzls_run_ring(fuzzls_test test, const char *env) {
  int memory, in, out, control = -1;
  if (sscanf(env, "%d,%d,%d,%d", &memory, &in, &out, &control) < 3) {
    fuzzls_say("fuzzls: FUZZLS_RING=%s is not a list of three or four descriptors\n", env);
    return 1;
  }
  ring.bell_in = move_up(in);
  ring.bell_out = move_up(out);
  if (!open_ring(memory))
    return 1;
  struct ring_header *h = ring.header;
  fuzzls_find_images();
  fuzzls_set_up_traces();
  fuzzls_use_seen(ring.memory + h->seen_offset);
  fuzzls_copy_counters(ring.memory + h->early_offset);
  fuzzls_copy_cells((uint64_t *)(ring.memory + h->baseline_offset), ring.cells);
  fuzzls_clear_counters();
  fuzzls_set_up_memory(h->input_size, h->memory_limit);
  announce(STATE_READY);
  fuzzls_serve_forks(control);
  fuzzls_guard_process();
  run_all(test);
  _exit(0);
}
