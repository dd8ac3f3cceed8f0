// This fuzz test does what the first word of its input says: it is for the tests of
// what an executor makes of a run.

#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static volatile int sink;
static int initialized;

int LLVMFuzzerInitialize(int *argc, char ***argv) {
  (void)argc, (void)argv;
  initialized = 1;
  if (getenv("INITIALIZE_EXITS"))
    exit(5);
  if (getenv("INITIALIZE_CRASHES"))
    abort();
  return 0;
}

// Each command is compared as a whole, and has code of its own.
static int is(const uint8_t *data, size_t size, const char *word) {
  return size >= strlen(word) && memcmp(data, word, strlen(word)) == 0;
}

static int recurse(int n) {
  volatile char frame[4096];
  frame[n % 4096] = (char)n;
  return n < 0 ? 0 : recurse(n + 1) + frame[n % 4096];
}

static void *wait_a_bit(void *unused) {
  (void)unused;
  sink++;
  return NULL;
}

static void on_segv(int number) {
  (void)number;
  _exit(9);
}

static void start_threads(void) {
  pthread_t threads[4];
  for (int i = 0; i < 4; i++)
    pthread_create(&threads[i], NULL, wait_a_bit, NULL);
  for (int i = 0; i < 4; i++)
    pthread_join(threads[i], NULL);
}

// fork_and_return forks a process that comes back from the fuzz test, too.
static void fork_and_return(void) {
  pid_t child = fork();
  if (child > 0)
    waitpid(child, NULL, 0);
}

static void *leaked;

static void leak(size_t n) {
  leaked = malloc(n);
  sink += leaked != NULL;
  leaked = NULL;
}

static void take(size_t n) {
  char *volatile p = malloc(n);
  memset(p, 1, n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (!initialized)
    abort();
  if (size == 0 && getenv("EMPTY_CRASHES"))
    __builtin_trap();
  if (is(data, size, "reject"))
    return -1;
  if (is(data, size, "segv"))
    *(volatile int *)(uintptr_t)(16 + size / 100) = 1;
  if (is(data, size, "abort"))
    abort();
  if (is(data, size, "trap"))
    __builtin_trap();
  if (is(data, size, "exit3"))
    exit(3);
  if (is(data, size, "exit0"))
    exit(0);
  if (is(data, size, "_exit4"))
    _exit(4);
  if (is(data, size, "hang"))
    for (;;)
      sink++;
  if (is(data, size, "sleep"))
    for (;;)
      pause();
  if (is(data, size, "overflow"))
    return recurse((int)size) & 0;
  if (is(data, size, "memory"))
    for (;;)
      take(16 << 20);
  if (is(data, size, "malloc"))
    leak((size_t)3 << 30);
  if (is(data, size, "fork"))
    fork_and_return();
  if (is(data, size, "background") && fork() == 0)
    for (;;)
      pause();
  if (is(data, size, "threads"))
    start_threads();
  if (is(data, size, "handlers"))
    signal(SIGSEGV, on_segv);
  if (is(data, size, "raise segv"))
    raise(SIGSEGV);
  if (is(data, size, "print"))
    printf("to stdout\n"), fflush(stdout), fprintf(stderr, "to stderr\n");
  if (is(data, size, "close"))
    for (int fd = 0; fd < 1024; fd++)
      close(fd);
  if (is(data, size, "leak"))
    leak(100 + size);
  if (is(data, size, "overread"))
    sink += data[size];
  if (is(data, size, "integer") && size > 7)
    sink += 0x7fffffff + data[7];
  if (is(data, size, "uninitialized")) {
    char *p = malloc(16);
    if (p[size % 16] == 7)
      sink++;
    free(p);
  }
  if (is(data, size, "often"))
    for (size_t i = 0; i < size; i++)
      sink++;
  if (is(data, size, "killparent"))
    for (kill(getppid(), SIGKILL);;)
      pause();
  return 0;
}
