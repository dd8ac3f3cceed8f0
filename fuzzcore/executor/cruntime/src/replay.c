// This file replays files: what an executable does that is started by hand, with the
// command line of libFuzzer's executables.

#define _GNU_SOURCE
#include "fuzzls.h"

#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

// The defaults of libFuzzer.
enum { DEFAULT_TIMEOUT = 1200, DEFAULT_RSS_MB = 2048, TIMEOUT_STATUS = 70, MEMORY_STATUS = 71 };

static struct {
  fuzzls_test test;
  long runs, max_len, timeout, rss_limit_mb, print_final_stats, help;
  long executed, ticks;
} replay = {.runs = 1, .timeout = DEFAULT_TIMEOUT, .rss_limit_mb = DEFAULT_RSS_MB};

static const struct {
  const char *name;
  long *value;
} answered[] = {
    {"runs", &replay.runs},           {"max_len", &replay.max_len},
    {"timeout", &replay.timeout},     {"rss_limit_mb", &replay.rss_limit_mb},
    {"help", &replay.help},           {"print_final_stats", &replay.print_final_stats},
};

// elsewhere are flags for which fuzzls has another place; with NULL, they matter only
// when fuzzing and are let pass.
static const struct {
  const char *name, *instead;
} elsewhere[] = {
    {"merge", "\"fuzzls corpus minimize\""},
    {"set_cover_merge", "\"fuzzls corpus minimize\""},
    {"minimize_crash", "\"fuzzls fuzz\", which minimizes each crash that it finds"},
    {"cleanse_crash", "\"fuzzls fuzz\", which minimizes each crash that it finds"},
    {"fork", "\"fuzzls fuzz\", which goes on after crashes, on all cores"},
    {"jobs", "\"fuzzls fuzz\", which runs on all cores"},
    {"workers", "\"fuzzls fuzz\", which runs on all cores"},
    {"dump_coverage", "\"fuzzls cover\""},
    {"print_coverage", "\"fuzzls cover\""},
    {"print_full_coverage", "\"fuzzls cover\""},
    {"seed", NULL},
    {"dict", NULL},
    {"artifact_prefix", NULL},
    {"exact_artifact_path", NULL},
    {"max_total_time", NULL},
    {"len_control", NULL},
    {"only_ascii", NULL},
    {"use_value_profile", NULL},
    {"detect_leaks", NULL},
    {"close_fd_mask", NULL},
    {"verbosity", NULL},
    {"reload", NULL},
    {"shrink", NULL},
    {"reduce_inputs", NULL},
    {"entropic", NULL},
    {"keep_seed", NULL},
    {"cross_over", NULL},
    {"mutate_depth", NULL},
    {"print_pcs", NULL},
    {"print_corpus_stats", NULL},
    {"report_slow_units", NULL},
    {"malloc_limit_mb", NULL},
    {"purge_allocator_interval", NULL},
    {"ignore_crashes", NULL},
    {"ignore_timeouts", NULL},
    {"ignore_ooms", NULL},
    {"ignore_remaining_args", NULL},
};

static void print_help(const char *program) {
  printf("Usage: %s [-flag=value ...] file or directory ...\n\n"
         "Runs the fuzz test with each file, and with each file of each directory. To fuzz,\n"
         "run \"fuzzls fuzz\" in the project.\n\n"
         " -runs=N              run each input N times (1)\n"
         " -max_len=N           run only the first N bytes of an input (all)\n"
         " -timeout=N           end a run after N seconds, with status %d (%d)\n"
         " -rss_limit_mb=N      end when N MiB are in use, with status %d (%d)\n"
         " -print_final_stats=1 say at the end what was used\n"
         " -help=1              print this\n\n"
         "libFuzzer's other flags are let pass if they matter only when fuzzing.\n",
         program, TIMEOUT_STATUS, DEFAULT_TIMEOUT, MEMORY_STATUS, DEFAULT_RSS_MB);
}

// take_flag takes an argument of the form -name=value and returns false if there is
// no such flag here.
static bool take_flag(const char *argument) {
  const char *name = argument + 1, *equals = strchr(name, '=');
  size_t length = equals == NULL ? strlen(name) : (size_t)(equals - name);
  const char *value = equals == NULL ? "1" : equals + 1;
  if (length > 0 && name[0] == '-') {
    fprintf(stderr, "WARNING: did you mean '%s' (single dash)?\n", name);
    return true;
  }
  for (size_t i = 0; i < sizeof answered / sizeof *answered; i++) {
    if (strlen(answered[i].name) != length || strncmp(answered[i].name, name, length) != 0)
      continue;
    char *end;
    *answered[i].value = strtol(value, &end, 10);
    if (*value == 0 || *end != 0) {
      fprintf(stderr, "fuzzls: -%s: %s is not a number\n", answered[i].name, value);
      return false;
    }
    return true;
  }
  for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
    if (strlen(elsewhere[i].name) != length || strncmp(elsewhere[i].name, name, length) != 0)
      continue;
    if (elsewhere[i].instead == NULL || strcmp(value, "0") == 0)
      return true;
    fprintf(stderr, "fuzzls: -%s is not for this executable: use %s\n", elsewhere[i].name, elsewhere[i].instead);
    return false;
  }
  fprintf(stderr, "fuzzls: there is no flag -%.*s; -help=1 lists those that there are\n", (int)length, name);
  return false;
}

static long max_rss_mb(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss >> 10;
}

// TICKS is how often in a second a run is looked at: often enough that it cannot take
// all of a machine's memory in between.
#define TICKS 10

// on_tick ends a run that takes too long or too much memory.
static void on_tick(int number) {
  (void)number;
  char what[96];
  if (!fuzzls_in_run)
    return;
  if (replay.timeout > 0 && ++replay.ticks > replay.timeout * TICKS) {
    snprintf(what, sizeof what, "timeout: the run takes more than %ld seconds", replay.timeout);
    fuzzls_report(what, 0);
    _exit(TIMEOUT_STATUS);
  }
  if (replay.rss_limit_mb > 0 && max_rss_mb() > replay.rss_limit_mb) {
    snprintf(what, sizeof what, "out of memory: %ld MiB are in use, the limit is %ld", max_rss_mb(), replay.rss_limit_mb);
    fuzzls_report(what, 0);
    _exit(MEMORY_STATUS);
  }
}

static uint8_t *read_file(const char *path, size_t *size) {
  FILE *f = fopen(path, "re");
  if (f == NULL)
    return NULL;
  size_t capacity = 64 << 10;
  uint8_t *data = malloc(capacity);
  *size = 0;
  while (data != NULL) {
    *size += fread(data + *size, 1, capacity - *size, f);
    if (*size < capacity)
      break;
    capacity *= 2;
    uint8_t *more = realloc(data, capacity);
    if (more == NULL)
      free(data);
    data = more;
  }
  if (data != NULL && ferror(f)) {
    free(data);
    data = NULL;
  }
  fclose(f);
  return data;
}

static bool replay_file(const char *path) {
  size_t size = 0;
  uint8_t *data = read_file(path, &size);
  if (data == NULL) {
    fprintf(stderr, "fuzzls: reading %s: %s\n", path, strerror(errno));
    return false;
  }
  if (replay.max_len > 0 && size > (size_t)replay.max_len)
    size = (size_t)replay.max_len;
  fprintf(stderr, "Running: %s\n", path);
  struct timespec start, stop;
  clock_gettime(CLOCK_MONOTONIC, &start);
  for (long i = 0; i < replay.runs; i++) {
    replay.ticks = 0;
    fuzzls_run_input(replay.test, data, size);
    fuzzls_check_leaks(replay.test, data, size);
    replay.executed++;
  }
  clock_gettime(CLOCK_MONOTONIC, &stop);
  free(data);
  fprintf(stderr, "Executed %s in %lld ms\n", path,
          (long long)(stop.tv_sec - start.tv_sec) * 1000 + (stop.tv_nsec - start.tv_nsec) / 1000000);
  return true;
}

static bool replay_path(const char *path);

static int is_visible(const struct dirent *entry) {
  return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

// replay_directory runs all files below a directory, in the order of their names.
static bool replay_directory(const char *path) {
  struct dirent **entries;
  int n = scandir(path, &entries, is_visible, alphasort);
  if (n < 0) {
    fprintf(stderr, "fuzzls: reading %s: %s\n", path, strerror(errno));
    return false;
  }
  bool ok = true;
  for (int i = 0; i < n; i++) {
    char *name = NULL;
    if (asprintf(&name, "%s/%s", path, entries[i]->d_name) > 0)
      ok = replay_path(name) && ok;
    free(name);
    free(entries[i]);
  }
  free(entries);
  return ok;
}

static bool replay_path(const char *path) {
  struct stat info;
  if (stat(path, &info) == 0 && S_ISDIR(info.st_mode))
    return replay_directory(path);
  return replay_file(path);
}

int fuzzls_replay(fuzzls_test test, int argc, char **argv) {
  replay.test = test;
  int paths = 0;
  for (int i = 1; i < argc; i++) {
    if (argv[i][0] != '-') {
      paths++;
      continue;
    }
    if (strncmp(argv[i], "-ignore_remaining_args", 22) == 0) {
      argc = i;
      break;
    }
    if (!take_flag(argv[i]))
      return 1;
  }
  if (replay.help != 0 || paths == 0) {
    print_help(argv[0]);
    return replay.help != 0 ? 0 : 1;
  }
  fuzzls_guard_process();
  fuzzls_set_up_memory(0, replay.rss_limit_mb > 0 ? (size_t)replay.rss_limit_mb << 20 : 0);
  sigaction(SIGALRM, &(struct sigaction){.sa_handler = on_tick, .sa_flags = SA_RESTART}, NULL);
  const struct timeval tick = {.tv_usec = 1000000 / TICKS};
  setitimer(ITIMER_REAL, &(struct itimerval){tick, tick}, NULL);
  bool ok = true;
  for (int i = 1; i < argc; i++) {
    if (argv[i][0] != '-')
      ok = replay_path(argv[i]) && ok;
  }
  fprintf(stderr, "***\n*** NOTE: fuzzing was not performed, you have only\n"
                  "***       executed the target code on a fixed set of inputs.\n***\n");
  if (replay.print_final_stats != 0)
    fprintf(stderr, "stat::number_of_executed_units: %ld\nstat::peak_rss_mb:              %ld\n", replay.executed,
            max_rss_mb());
  return ok ? 0 : 1;
}
