#include "base/invariant.hpp"

#include <cstdio>
#include <cstdlib>

namespace zl::base {

void fail_invariant(const char* sentence, std::source_location where) {
  std::fprintf(stderr, "invariant broken at %s:%u: %s\n", where.file_name(), where.line(), sentence);
  std::abort();
}

}  // namespace zl::base
