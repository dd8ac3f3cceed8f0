// This file writes down what the target is: its instrumented modules with their PC
// tables, its hooks, its sanitizers. As JSON; cruntime.Description says what is what.

#include "fuzzls.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

FUZZLS_WEAK void __asan_init(void);
FUZZLS_WEAK void __hwasan_init(void);
FUZZLS_WEAK void __msan_init(void);
FUZZLS_WEAK void __tsan_init(void);
FUZZLS_WEAK int __lsan_do_recoverable_leak_check(void);
FUZZLS_WEAK void __ubsan_handle_add_overflow(void *data, uintptr_t a, uintptr_t b);

static void write_string(FILE *f, const char *text) {
  fputc('"', f);
  for (const unsigned char *p = (const unsigned char *)text; *p != 0; p++) {
    if (*p < ' ' || *p == '"' || *p == '\\')
      fprintf(f, "\\u%04x", *p);
    else
      fputc(*p, f);
  }
  fputc('"', f);
}

static uintptr_t unslid(uintptr_t address) {
  const struct image *image = fuzzls_image_of(address);
  return image == NULL ? address : address - image->base;
}

static void write_module(FILE *f, const struct module *m) {
  const struct image *image = m->extra ? NULL : fuzzls_image_of((uintptr_t)m->start);
  fprintf(f, "{\"path\":");
  write_string(f, image == NULL ? "" : image->path);
  fprintf(f, ",\"base\":%zu,\"first\":%zu,\"count\":%zu,\"extra\":%s,\"pcs\":[", image == NULL ? 0 : image->base,
          m->first, (size_t)(m->stop - m->start), m->extra ? "true" : "false");
  for (const uintptr_t *p = m->pcs; p + 1 < m->pcs_stop; p += 2)
    fprintf(f, "%s%zu,%zu", p == m->pcs ? "" : ",", unslid(p[0]), p[1]);
  fprintf(f, "]}");
}

static void write_sanitizers(FILE *f) {
  const struct {
    const char *name;
    bool linked;
  } sanitizers[] = {
      {"address", __asan_init != NULL}, {"hwaddress", __hwasan_init != NULL},
      {"memory", __msan_init != NULL},  {"thread", __tsan_init != NULL},
      {"leak", __lsan_do_recoverable_leak_check != NULL},
      {"undefined", __ubsan_handle_add_overflow != NULL},
  };
  const char *separator = "";
  fprintf(f, "\"sanitizers\":[");
  for (size_t i = 0; i < sizeof sanitizers / sizeof *sanitizers; i++) {
    if (!sanitizers[i].linked)
      continue;
    fprintf(f, "%s\"%s\"", separator, sanitizers[i].name);
    separator = ",";
  }
  fprintf(f, "]");
}

int fuzzls_describe(const char *path, fuzzls_test test) {
  FILE *f = fopen(path, "we");
  if (f == NULL) {
    fuzzls_say("fuzzls: cannot write the description to %s\n", path);
    return 1;
  }
  fuzzls_find_images();
  fuzzls_freeze();
  const uint8_t *code = (const uint8_t *)fuzzls_images[0].code;
  const size_t code_size = fuzzls_images[0].code_stop - fuzzls_images[0].code;
  fprintf(f, "{\"modules\":[");
  for (size_t i = 0; i < fuzzls_module_count; i++) {
    fprintf(f, "%s", i == 0 ? "" : ",\n");
    write_module(f, &fuzzls_modules[i]);
  }
  fprintf(f, "],\"entry\":%zu,\"initialize\":%s,\"customMutator\":%s,\"customCrossOver\":%s,\"traces\":%s,\"foreign\":\"%s\",",
          unslid((uintptr_t)test), LLVMFuzzerInitialize ? "true" : "false", LLVMFuzzerCustomMutator ? "true" : "false",
          LLVMFuzzerCustomCrossOver ? "true" : "false", fuzzls_find_trace_calls(code, code_size).count > 0 ? "true" : "false",
          fuzzls_foreign == NULL ? "" : fuzzls_foreign);
  write_sanitizers(f);
  fprintf(f, "}\n");
  if (ferror(f) || fclose(f) != 0) {
    fuzzls_say("fuzzls: writing the description to %s failed\n", path);
    return 1;
  }
  return 0;
}
