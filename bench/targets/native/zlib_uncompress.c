// This fuzz test uncompresses its input, as a zlib, gzip or raw deflate stream.

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint8_t out[64 << 10];
  if (size == 0)
    return 0;
  z_stream stream;
  memset(&stream, 0, sizeof stream);
  // The first byte chooses the format.
  static const int windows[] = {15, 31, -15, 47};
  if (inflateInit2(&stream, windows[data[0] % 4]) != Z_OK)
    return 0;
  stream.next_in = (uint8_t *)(uintptr_t)(data + 1);
  stream.avail_in = (unsigned)size - 1;
  stream.next_out = out;
  stream.avail_out = sizeof out;
  inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  return 0;
}
