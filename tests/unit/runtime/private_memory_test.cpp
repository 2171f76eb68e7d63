#include "runtime/private_memory.hpp"

#include <gtest/gtest.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace zl::runtime {
namespace {

TEST(PrivateMemory, IsNeitherDumpedNorReadByOthers) {
  // In a child: what is given up here is never had again.
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    keep_memory_private();
    rlimit core{1, 1};
    const bool kept = ::getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0 && core.rlim_max == 0 &&
                      ::prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) == 0;
    ::_exit(kept ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace zl::runtime
