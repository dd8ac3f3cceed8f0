#include "query.hpp"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    try {
        auto values = query::parse({reinterpret_cast<const char *>(data), size});
        if (query::last<int>(values, "page", 1) == 404 && query::last<unsigned char>(values, "size", 10) > 200)
            return 0;
    } catch (const query::Error &) {
        // A query string that is wrong is no fault.
    }
    return 0;
}
