#include "runtime/private_memory.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>

namespace zl::runtime {

void keep_memory_private() {
  const rlimit none{0, 0};
  ::setrlimit(RLIMIT_CORE, &none);
  ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

}  // namespace zl::runtime
