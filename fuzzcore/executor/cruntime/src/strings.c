// This file takes the place of memcmp and its family in targets without a sanitizer,
// so that what they compare can be recorded. With a sanitizer, the sanitizer's own
// functions do that, and these are not linked: the archive has one object file for
// each of them, compiled with FUZZLS_<name> defined.

#define _GNU_SOURCE
#include "fuzzls.h"

#include <ctype.h>

#define RECORDING __builtin_expect(fuzzls_comparing != NULL, 0)
#define CALLER __builtin_return_address(0)

#if defined(FUZZLS_memcmp) || defined(FUZZLS_bcmp) || defined(FUZZLS_memmem)

// word is eight bytes anywhere in memory that holds anything.
typedef uint64_t __attribute__((may_alias, aligned(1))) word;

static inline int compare(const void *s, const void *t, size_t n) {
  const uint8_t *a = s, *b = t;
  size_t i = 0;
  while (i + 8 <= n && *(const word *)(a + i) == *(const word *)(b + i))
    i += 8;
  for (; i < n; i++) {
    if (a[i] != b[i])
      return a[i] - b[i];
  }
  return 0;
}

#endif

#if defined(FUZZLS_strncasecmp) || defined(FUZZLS_strcasecmp) || defined(FUZZLS_strcasestr)

static inline int lower(char c) { return tolower((unsigned char)c); }

#endif

#ifdef FUZZLS_memcmp
void __sanitizer_weak_hook_memcmp(void *pc, const void *a, const void *b, size_t n, int result);

FUZZLS_API int memcmp(const void *a, const void *b, size_t n) {
  int result = compare(a, b, n);
  if (RECORDING)
    __sanitizer_weak_hook_memcmp(CALLER, a, b, n, result);
  return result;
}
#endif

#ifdef FUZZLS_bcmp
void __sanitizer_weak_hook_memcmp(void *pc, const void *a, const void *b, size_t n, int result);

FUZZLS_API int bcmp(const void *a, const void *b, size_t n) {
  int result = compare(a, b, n);
  if (RECORDING)
    __sanitizer_weak_hook_memcmp(CALLER, a, b, n, result);
  return result;
}
#endif

#ifdef FUZZLS_strcmp
void __sanitizer_weak_hook_strcmp(void *pc, const char *a, const char *b, int result);

FUZZLS_API int strcmp(const char *a, const char *b) {
  if (RECORDING)
    __sanitizer_weak_hook_strcmp(CALLER, a, b, 0);
  size_t i = 0;
  while (a[i] == b[i] && a[i] != 0)
    i++;
  return (uint8_t)a[i] - (uint8_t)b[i];
}
#endif

#ifdef FUZZLS_strncmp
void __sanitizer_weak_hook_strncmp(void *pc, const char *a, const char *b, size_t n, int result);

FUZZLS_API int strncmp(const char *a, const char *b, size_t n) {
  if (RECORDING)
    __sanitizer_weak_hook_strncmp(CALLER, a, b, n, 0);
  for (size_t i = 0; i < n; i++) {
    if (a[i] != b[i] || a[i] == 0)
      return (uint8_t)a[i] - (uint8_t)b[i];
  }
  return 0;
}
#endif

#ifdef FUZZLS_strcasecmp
void __sanitizer_weak_hook_strcasecmp(void *pc, const char *a, const char *b, int result);

FUZZLS_API int strcasecmp(const char *a, const char *b) {
  if (RECORDING)
    __sanitizer_weak_hook_strcasecmp(CALLER, a, b, 0);
  size_t i = 0;
  while (lower(a[i]) == lower(b[i]) && a[i] != 0)
    i++;
  return lower(a[i]) - lower(b[i]);
}
#endif

#ifdef FUZZLS_strncasecmp
void __sanitizer_weak_hook_strncasecmp(void *pc, const char *a, const char *b, size_t n, int result);

FUZZLS_API int strncasecmp(const char *a, const char *b, size_t n) {
  if (RECORDING)
    __sanitizer_weak_hook_strncasecmp(CALLER, a, b, n, 0);
  for (size_t i = 0; i < n; i++) {
    if (lower(a[i]) != lower(b[i]) || a[i] == 0)
      return lower(a[i]) - lower(b[i]);
  }
  return 0;
}
#endif

#ifdef FUZZLS_strstr
void __sanitizer_weak_hook_strstr(void *pc, const char *in, const char *text, char *result);

FUZZLS_API char *strstr(const char *in, const char *text) {
  if (RECORDING)
    __sanitizer_weak_hook_strstr(CALLER, in, text, NULL);
  for (;; in++) {
    size_t i = 0;
    while (text[i] != 0 && in[i] == text[i])
      i++;
    if (text[i] == 0)
      return (char *)(uintptr_t)in;
    if (in[i] == 0)
      return NULL;
  }
}
#endif

#ifdef FUZZLS_strcasestr
void __sanitizer_weak_hook_strcasestr(void *pc, const char *in, const char *text, char *result);

FUZZLS_API char *strcasestr(const char *in, const char *text) {
  if (RECORDING)
    __sanitizer_weak_hook_strcasestr(CALLER, in, text, NULL);
  for (;; in++) {
    size_t i = 0;
    while (text[i] != 0 && lower(in[i]) == lower(text[i]))
      i++;
    if (text[i] == 0)
      return (char *)(uintptr_t)in;
    if (in[i] == 0)
      return NULL;
  }
}
#endif

#ifdef FUZZLS_memmem
void __sanitizer_weak_hook_memmem(void *pc, const void *in, size_t size, const void *text, size_t text_size, void *result);

FUZZLS_API void *memmem(const void *in, size_t size, const void *text, size_t text_size) {
  if (RECORDING)
    __sanitizer_weak_hook_memmem(CALLER, in, size, text, text_size, NULL);
  for (const uint8_t *p = in; text_size <= size; p++, size--) {
    if (compare(p, text, text_size) == 0)
      return (void *)(uintptr_t)p;
  }
  return NULL;
}
#endif
