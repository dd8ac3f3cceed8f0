// This file finds out what is loaded where, so that addresses can be told as places
// in files.

#define _GNU_SOURCE
#include "fuzzls.h"

#include <limits.h>
#include <link.h>
#include <unistd.h>

struct image fuzzls_images[MAX_IMAGES];
size_t fuzzls_image_count;

static char executable[PATH_MAX];

static int add_image(struct dl_phdr_info *info, size_t size, void *unused) {
  (void)size, (void)unused;
  if (fuzzls_image_count == MAX_IMAGES)
    return 1;
  struct image *image = &fuzzls_images[fuzzls_image_count];
  *image = (struct image){.base = info->dlpi_addr, .start = UINTPTR_MAX, .path = info->dlpi_name};
  for (int i = 0; i < info->dlpi_phnum; i++) {
    const ElfW(Phdr) *header = &info->dlpi_phdr[i];
    if (header->p_type != PT_LOAD)
      continue;
    uintptr_t start = info->dlpi_addr + header->p_vaddr, stop = start + header->p_memsz;
    image->start = start < image->start ? start : image->start;
    image->stop = stop > image->stop ? stop : image->stop;
    if (header->p_flags & PF_X) {
      image->code = start;
      image->code_stop = stop;
    }
  }
  if (fuzzls_image_count == 0)
    image->path = executable; // the first is the executable, which has no name here
  fuzzls_image_count++;
  return 0;
}

void fuzzls_find_images(void) {
  ssize_t n = readlink("/proc/self/exe", executable, sizeof executable - 1);
  executable[n > 0 ? n : 0] = 0;
  fuzzls_image_count = 0;
  dl_iterate_phdr(add_image, NULL);
}

const struct image *fuzzls_image_of(uintptr_t address) {
  for (size_t i = 0; i < fuzzls_image_count; i++) {
    if (address >= fuzzls_images[i].start && address < fuzzls_images[i].stop)
      return &fuzzls_images[i];
  }
  return NULL;
}
