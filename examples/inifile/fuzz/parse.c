#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ini.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ini *file = ini_parse((const char *)data, size);
    const char *mode;

    if (file == NULL)
        return 0;
    mode = ini_get(file, "server", "mode");
    if (mode != NULL && strcmp(mode, "self-destruct") == 0)
        abort();
    ini_free(file);
    return 0;
}
