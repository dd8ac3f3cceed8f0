#include "ini.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* The text from p up to end. */
struct span {
    const char *p, *end;
};

static struct span trim(struct span s)
{
    while (s.p < s.end && isspace((unsigned char)*s.p))
        s.p++;
    while (s.p < s.end && isspace((unsigned char)s.end[-1]))
        s.end--;
    return s;
}

/* Copies a name; one that is too long is refused. */
static int copy_name(char *to, size_t room, struct span from)
{
    size_t n = (size_t)(from.end - from.p);

    if (n == 0 || n >= room)
        return 0;
    memcpy(to, from.p, n);
    to[n] = '\0';
    return 1;
}

/* Copies a value in quotes: \n, \t, \\ and \" stand for themselves. */
static char *unquote(struct span s)
{
    char *value = malloc((size_t)(s.end - s.p));
    char *to = value;

    if (value == NULL)
        return NULL;
    for (s.p++; s.p < s.end && *s.p != '"'; s.p++) {
        char c = *s.p;

        if (c == '\\') {
            switch (*++s.p) { /* fault: the text may end here */
            case 'n':
                c = '\n';
                break;
            case 't':
                c = '\t';
                break;
            default:
                c = *s.p;
            }
        }
        *to++ = c;
    }
    *to = '\0';
    return value;
}

static char *copy_value(struct span s)
{
    size_t n = (size_t)(s.end - s.p);
    char *value;

    if (n > 0 && *s.p == '"')
        return unquote(s);
    value = malloc(n + 1);
    if (value != NULL) {
        memcpy(value, s.p, n);
        value[n] = '\0';
    }
    return value;
}

/* Adds the entry of a line "key = value". */
static int add_entry(struct ini *file, const char *section, struct span line)
{
    const char *equals = memchr(line.p, '=', (size_t)(line.end - line.p));
    struct span key, value;
    struct ini_entry *entries, *entry;

    if (equals == NULL)
        return 0;
    key = trim((struct span){line.p, equals});
    value = trim((struct span){equals + 1, line.end});
    entries = realloc(file->entries, (file->count + 1) * sizeof *entries);
    if (entries == NULL)
        return 0;
    file->entries = entries;
    entry = &entries[file->count];
    if (!copy_name(entry->key, sizeof entry->key, key))
        return 0;
    strcpy(entry->section, section);
    entry->value = copy_value(value);
    if (entry->value == NULL)
        return 0;
    file->count++;
    return 1;
}

struct ini *ini_parse(const char *text, size_t size)
{
    struct ini *file = calloc(1, sizeof *file);
    const char *end = text + size;
    char section[32] = "";
    int number = 0;

    if (file == NULL)
        return NULL;
    while (text < end) {
        const char *newline = memchr(text, '\n', (size_t)(end - text));
        struct span line = {text, newline != NULL ? newline : end};
        int good = 1;

        text = newline != NULL ? newline + 1 : end;
        number++;
        line = trim(line);
        if (line.p == line.end || *line.p == ';' || *line.p == '#')
            continue;
        if (*line.p == '[') {
            if (line.end[-1] != ']')
                good = 0;
            else
                good = copy_name(section, sizeof section, trim((struct span){line.p + 1, line.end - 1}));
        } else {
            good = add_entry(file, section, line);
        }
        if (!good && file->bad_line == 0)
            file->bad_line = number;
    }
    return file;
}

const char *ini_get(const struct ini *file, const char *section, const char *key)
{
    size_t i;

    for (i = 0; i < file->count; i++)
        if (strcmp(file->entries[i].section, section) == 0 && strcmp(file->entries[i].key, key) == 0)
            return file->entries[i].value;
    return NULL;
}

void ini_free(struct ini *file)
{
    size_t i;

    if (file == NULL)
        return;
    for (i = 0; i < file->count; i++)
        free(file->entries[i].value);
    free(file->entries);
    free(file);
}
