// Where libFuzzer comes in.
#include "fuzz/support/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  zl::fuzz::feed({reinterpret_cast<const char*>(data), size});
  return 0;
}
