// This file keeps a process from which those that run inputs are forked, so that a
// crash costs a fork and not the start of a program.
//
// The two sides of the control socket speak in messages of two u32: the server says
// {CHILD_STARTED, process} and {CHILD_ENDED, status of wait}; upon the latter the
// host answers with any message when it has taken note, and the next child starts. A
// child that has ended stays a zombie until then, so that its number stays its own.

#define _GNU_SOURCE
#include "fuzzls.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILD_STARTED = 1, CHILD_ENDED = 2 };

// threads returns how many threads this process has.
static int threads(void) {
  DIR *dir = opendir("/proc/self/task");
  if (dir == NULL)
    return 1;
  int n = 0;
  for (struct dirent *entry; (entry = readdir(dir)) != NULL;)
    n += entry->d_name[0] != '.';
  closedir(dir);
  return n;
}

static void tell(int control, uint32_t kind, uint32_t value) {
  uint32_t message[2] = {kind, value};
  while (send(control, message, sizeof message, MSG_NOSIGNAL) < 0 && errno == EINTR) {
  }
}

// hear waits for the host and returns false if it has hung up.
static bool hear(int control) {
  char message[8];
  ssize_t n;
  while ((n = recv(control, message, sizeof message, 0)) < 0 && errno == EINTR) {
  }
  return n > 0;
}

// child_status is what wait says about a child that has ended, which stays a zombie.
static uint32_t child_status(pid_t child) {
  siginfo_t info = {0};
  while (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR) {
  }
  if (info.si_code == CLD_EXITED)
    return (uint32_t)(info.si_status & 0xff) << 8;
  return (uint32_t)info.si_status & 0x7f;
}

void fuzzls_serve_forks(int control) {
  // A child has one thread: what the others do would not be done. Then this process
  // runs the inputs itself.
  if (control < 0 || threads() != 1) {
    if (control >= 0)
      close(control);
    return;
  }
  struct sigaction before;
  sigaction(SIGCHLD, &(struct sigaction){.sa_handler = SIG_DFL}, &before);
  pid_t server = getpid();
  fflush(NULL);
  for (;;) {
    pid_t child = fork();
    if (child == 0) {
      close(control);
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      if (getppid() != server)
        _exit(1);
      setpgid(0, 0);
      sigaction(SIGCHLD, &before, NULL);
      return;
    }
    if (child < 0) {
      fuzzls_say("fuzzls: forking: %s\n", strerror(errno));
      _exit(1);
    }
    setpgid(child, child); // whoever comes first
    tell(control, CHILD_STARTED, (uint32_t)child);
    uint32_t status = child_status(child);
    kill(-child, SIGKILL); // what it has started and left behind
    tell(control, CHILD_ENDED, status);
    bool again = hear(control);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) {
    }
    if (!again)
      _exit(0);
  }
}
