// This fuzz test reads a PNG file.

#include <png.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct source {
  const uint8_t *data;
  size_t size;
};

static void read_data(png_structp png, png_bytep to, size_t n) {
  struct source *s = png_get_io_ptr(png);
  if (n > s->size)
    png_error(png, "end of input");
  memcpy(to, s->data, n);
  s->data += n;
  s->size -= n;
}

static void on_error(png_structp png, png_const_charp message) {
  (void)message;
  png_longjmp(png, 1);
}

static void on_warning(png_structp png, png_const_charp message) { (void)png, (void)message; }

// A chunk may say that it has gigabytes. Most of the time would go into clearing memory.
static void *limited_malloc(png_structp png, png_alloc_size_t size) {
  (void)png;
  return size <= 100000 ? malloc(size) : NULL;
}

static void limited_free(png_structp png, png_voidp memory) {
  (void)png;
  free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 8 || png_sig_cmp(data, 0, 8) != 0)
    return 0;
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, NULL, on_error, on_warning);
  png_infop info = png_create_info_struct(png);
  struct source source = {data, size};
  uint8_t *volatile row = NULL;
  if (setjmp(png_jmpbuf(png)) == 0) {
    png_set_mem_fn(png, NULL, limited_malloc, limited_free);
    png_set_crc_action(png, PNG_CRC_QUIET_USE, PNG_CRC_QUIET_USE);
    png_set_read_fn(png, &source, read_data);
    png_read_info(png, info);
    if (png_get_image_width(png, info) <= 1000 && png_get_image_height(png, info) <= 1000) {
      int passes = png_set_interlace_handling(png);
      png_read_update_info(png, info);
      row = malloc(png_get_rowbytes(png, info));
      for (int pass = 0; pass < passes; pass++)
        for (unsigned y = 0; y < png_get_image_height(png, info); y++)
          png_read_row(png, row, NULL);
      png_read_end(png, info);
    }
  }
  free(row);
  png_destroy_read_struct(&png, &info, NULL);
  return 0;
}
