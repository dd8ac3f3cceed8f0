/* A small reader of INI files, to try fuzzls on. It has a fault. */
#ifndef INI_H
#define INI_H

#include <stddef.h>

/* One "key = value" of a section; "" is the section before the first header. */
struct ini_entry {
    char section[32];
    char key[32];
    char *value;
};

struct ini {
    struct ini_entry *entries;
    size_t count;
    /* The number of the first line that is wrong, 0 if none is. */
    int bad_line;
};

/* Reads text of the given size. Returns NULL if memory runs out. */
struct ini *ini_parse(const char *text, size_t size);

/* Returns the value of a key, or NULL. */
const char *ini_get(const struct ini *file, const char *section, const char *key);

void ini_free(struct ini *file);

#endif
