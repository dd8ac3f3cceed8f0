// This fuzz test reads the header of a gzip file, which is given in small pieces.

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

// PIECE is how many bytes are given at once.
#define PIECE 16

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  z_stream stream = {0};
  if (inflateInit2(&stream, 15 + 16) != Z_OK)
    return 0;
  gz_header header = {.extra_max = 8};
  uint8_t *extra = malloc(header.extra_max);
  header.extra = extra; // inflate may set it to NULL
  inflateGetHeader(&stream, &header);
  uint8_t out[256];
  int status = Z_OK;
  while (size > 0 && status == Z_OK) {
    stream.next_in = (uint8_t *)data;
    stream.avail_in = size < PIECE ? size : PIECE;
    data += stream.avail_in;
    size -= stream.avail_in;
    stream.next_out = out;
    stream.avail_out = sizeof out;
    status = inflate(&stream, Z_NO_FLUSH);
  }
  inflateEnd(&stream);
  free(extra);
  return 0;
}
