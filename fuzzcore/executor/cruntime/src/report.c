// This file says how a process ends: signals, exit, and the stack at that moment, in
// the form that sanitizers print without a symbolizer.

#define _GNU_SOURCE
#include "fuzzls.h"

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

// MAX_FRAMES is how much of a stack is printed: enough to see a recursion's cycle.
#define MAX_FRAMES 256
// REPORT_SECONDS is how long a report may take: the crashed program may hold a lock
// that unwinding needs.
#define REPORT_SECONDS 5
// STACK_REACH is how far beyond the stack pointer an overflowing stack is touched.
#define STACK_REACH (64 << 10)

FUZZLS_WEAK void __asan_init(void);
FUZZLS_WEAK void __hwasan_init(void);
FUZZLS_WEAK void __msan_init(void);
FUZZLS_WEAK void __tsan_init(void);

static int report_fd = STDERR_FILENO;
// original is 1 in the process that guards itself and 0 in those that it forks.
static volatile uint8_t *original;
volatile bool fuzzls_in_run;
static atomic_flag reporting = ATOMIC_FLAG_INIT;

void fuzzls_say(const char *format, ...) {
  char text[512];
  va_list args;
  va_start(args, format);
  int n = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (n <= 0)
    return;
  if ((size_t)n >= sizeof text)
    n = sizeof text - 1;
  if (write(report_fd, text, (size_t)n) < 0)
    return; // nobody listens
}

// stack_walk is the state of a walk over the frames of a stack.
struct stack_walk {
  uintptr_t from; // frames before this address are those of the report itself
  bool found;
  int printed;
};

static void print_frame(int number, uintptr_t pc) {
  const struct image *image = fuzzls_image_of(pc);
  if (image == NULL)
    fuzzls_say("    #%d 0x%zx  (<unknown module>)\n", number, pc);
  else
    fuzzls_say("    #%d 0x%zx  (%s+0x%zx)\n", number, pc, image->path, pc - image->base);
}

static _Unwind_Reason_Code walk_frame(struct _Unwind_Context *context, void *state) {
  struct stack_walk *w = state;
  int before = 0;
  uintptr_t pc = _Unwind_GetIPInfo(context, &before);
  if (pc == 0)
    return _URC_END_OF_STACK;
  if (!w->found && w->from != 0 && pc != w->from)
    return _URC_NO_REASON;
  w->found = true;
  // Where a call returns to may belong to the next line already.
  print_frame(w->printed++, before ? pc : pc - 1);
  return w->printed < MAX_FRAMES ? _URC_NO_REASON : _URC_END_OF_STACK;
}

void fuzzls_report(const char *what, uintptr_t pc) {
  fuzzls_find_images();
  fuzzls_say("fuzzls: %s\n", what);
  struct stack_walk walk = {.from = pc};
  _Unwind_Backtrace(walk_frame, &walk);
  if (!walk.found)
    print_frame(0, pc); // the stack cannot be walked
}

static const char *signal_name(int number) {
  switch (number) {
  case SIGSEGV: return "SIGSEGV";
  case SIGBUS: return "SIGBUS";
  case SIGILL: return "SIGILL";
  case SIGFPE: return "SIGFPE";
  case SIGTRAP: return "SIGTRAP";
  case SIGSYS: return "SIGSYS";
  case SIGABRT: return "SIGABRT";
  }
  return "SIGQUIT";
}

static uintptr_t context_pc(const ucontext_t *context) {
#ifdef __x86_64__
  return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
#else
  return (uintptr_t)context->uc_mcontext.pc;
#endif
}

static uintptr_t context_sp(const ucontext_t *context) {
#ifdef __x86_64__
  return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
#else
  return (uintptr_t)context->uc_mcontext.sp;
#endif
}

static void on_signal(int number, siginfo_t *info, void *context) {
  signal(number, SIG_DFL);
  // The signal comes again when this handler returns, and ends the process. A second
  // one, meanwhile, has nothing to add.
  if (info->si_code <= 0)
    raise(number);
  if (fuzzls_is_copy() || atomic_flag_test_and_set(&reporting))
    return;
  signal(SIGALRM, SIG_DFL);
  alarm(REPORT_SECONDS);
  uintptr_t pc = context_pc(context), sp = context_sp(context), address = (uintptr_t)info->si_addr;
  char what[128];
  if (number == SIGQUIT)
    snprintf(what, sizeof what, "the run was ended; it was here:");
  else if (number == SIGABRT)
    snprintf(what, sizeof what, "SIGABRT (abort)");
  else if (number == SIGSEGV && info->si_code > 0 && address - (sp - STACK_REACH) < 2 * STACK_REACH)
    snprintf(what, sizeof what, "stack overflow: SIGSEGV on address 0x%zx", address);
  else if (info->si_code > 0)
    snprintf(what, sizeof what, "%s on address 0x%zx", signal_name(number), address);
  else
    snprintf(what, sizeof what, "%s, sent by a process", signal_name(number));
  fuzzls_report(what, pc);
  raise(number);
}

// handler_stack is where the handler runs: the stack may be what has overflowed.
static uint8_t handler_stack[64 << 10];

void fuzzls_catch_signals(void) {
  int high = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, HIGH_DESCRIPTOR);
  if (high >= 0)
    report_fd = high; // the target may close standard error
  stack_t stack;
  if (sigaltstack(NULL, &stack) == 0 && stack.ss_flags & SS_DISABLE)
    sigaltstack(&(stack_t){.ss_sp = handler_stack, .ss_size = sizeof handler_stack}, NULL);
  // These sanitizers have handlers of their own, and say more. UBSan's, which clang
  // links in for coverage alone, fail when the stack overflows.
  bool sanitizer = __asan_init || __hwasan_init || __msan_init || __tsan_init;
  static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP, SIGSYS, SIGABRT, SIGQUIT};
  for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
    struct sigaction action;
    if (sigaction(signals[i], NULL, &action) != 0 || (sanitizer && action.sa_handler != SIG_DFL))
      continue;
    action = (struct sigaction){.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
    sigaction(signals[i], &action, NULL);
  }
}

// __asan_on_error is called by AddressSanitizer before it reports: on standard error,
// which the target may have closed.
FUZZLS_API FUZZLS_WEAK void __asan_on_error(void) {
  if (fcntl(STDERR_FILENO, F_GETFD) < 0)
    dup2(report_fd, STDERR_FILENO);
}

static void on_exit_call(int status, void *unused) {
  (void)unused;
  if (!fuzzls_in_run || fuzzls_is_copy())
    return;
  char what[64];
  snprintf(what, sizeof what, "the fuzz test called exit(%d)", status);
  fuzzls_report(what, 0);
  _exit(status);
}

static void on_exit_call_without_status(void) { on_exit_call(1, NULL); }

void fuzzls_guard_process(void) {
  uint8_t *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page != MAP_FAILED) {
    madvise(page, 4096, MADV_WIPEONFORK); // where it fails, forks are not told apart
    *page = 1;
    original = page;
  }
#ifdef __GLIBC__
  on_exit(on_exit_call, NULL);
  (void)on_exit_call_without_status;
#else
  atexit(on_exit_call_without_status);
#endif
}

bool fuzzls_is_copy(void) { return original != NULL && *original == 0; }
