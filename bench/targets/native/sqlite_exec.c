// This fuzz test executes its input as SQL in an empty database in memory.

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

// STEPS is how many thousand instructions of the database's machine an input may take.
#define STEPS 30

static int count_steps(void *left) { return --*(int *)left < 0; }

static int take_row(void *unused, int n, char **values, char **names) {
  (void)unused, (void)n, (void)values, (void)names;
  return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  sqlite3 *db;
  int left = STEPS;
  if (sqlite3_open_v2(":memory:", &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY, NULL) != SQLITE_OK)
    return 0;
  sqlite3_progress_handler(db, 1000, count_steps, &left);
  sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 100000);
  char *text = sqlite3_mprintf("%.*s", (int)size, data);
  sqlite3_exec(db, text, take_row, NULL, NULL);
  sqlite3_free(text);
  sqlite3_close(db);
  return 0;
}
