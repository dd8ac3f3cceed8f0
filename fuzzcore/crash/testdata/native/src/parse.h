// This file declares a parser with one bug for each kind of crash.
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// parse runs the bug that the first byte names, with the bytes behind it.
void parse(const uint8_t *data, size_t size);

// throwing runs the bugs that only C++ has.
void throwing(uint8_t bug, const uint8_t *data, size_t size);

#ifdef __cplusplus
}
#endif
