// This fuzz test is in C++.

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <thread>

static std::thread *worker;

extern "C" int LLVMFuzzerInitialize(int *, char ***) {
  if (getenv("INITIALIZE_STARTS_THREAD"))
    worker = new std::thread([] {
      for (;;)
        std::this_thread::sleep_for(std::chrono::hours(1));
    });
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  std::string text(reinterpret_cast<const char *>(data), size);
  try {
    if (text == "caught")
      throw std::runtime_error("caught");
  } catch (const std::exception &) {
    return 0;
  }
  if (text == "thrown")
    throw std::runtime_error("nobody catches this");
  return 0;
}
