// This file holds the bugs that only C++ has.
#include "parse.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace doc {

class Reader {
 public:
  virtual ~Reader() = default;
  virtual int Read(const std::vector<uint8_t> &bytes) = 0;
};

class Plain : public Reader {
 public:
  int Read(const std::vector<uint8_t> &bytes) override {
    if (bytes.size() > 2) throw std::runtime_error("the document has " + std::to_string(bytes.size()) + " bytes");
    return 0;
  }
};

template <typename T>
int Sum(const T &values, size_t n) {
  int sum = 0;
  for (size_t i = 0; i < n; i++) sum += values[i];
  return sum;
}

}  // namespace doc

extern volatile int sink;

extern "C" void throwing(uint8_t bug, const uint8_t *data, size_t size) {
  std::vector<uint8_t> bytes(data, data + size - 1);
  switch (bug) {
    case 'e': {
      std::unique_ptr<doc::Reader> reader(new doc::Plain);
      sink = reader->Read(bytes);
      break;
    }
    case 'v': sink = doc::Sum(bytes, size + 100); break;
    case 'a': sink = bytes.at(size + 7); break;
    case 'i': throw 7;
    case 'd': {
      uint8_t *array = new uint8_t[4];
      delete array;
      break;
    }
    case 'l': {
      auto lambda = [&](size_t at) { return *(volatile uint8_t *)(at - at); };
      sink = lambda(size);
      break;
    }
  }
}
