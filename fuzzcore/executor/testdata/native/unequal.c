// This fuzz test registers counters and a table of addresses that do not belong
// together.

#include <stddef.h>
#include <stdint.h>

void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *stop);
void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *stop);

static uint8_t counters[10];
static const uintptr_t pcs[8] = {1, 1, 2, 0, 3, 0, 4, 0};

__attribute__((constructor)) static void register_both(void) {
  __sanitizer_cov_8bit_counters_init(counters, counters + 10);
  __sanitizer_cov_pcs_init(pcs, pcs + 8);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  (void)data, (void)size;
  return 0;
}
