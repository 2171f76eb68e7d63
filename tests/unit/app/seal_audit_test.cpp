#include "app/seal_audit.hpp"

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>

namespace zl::app {
namespace {

class CountingSealer final : public AuditSealer {
 public:
  explicit CountingSealer(runtime::TaskGroup& group) : group_(group) {}

  asio::awaitable<base::Outcome<std::optional<AuditSeal>>> seal() override {
    ++calls;
    // Sleeps end at once in a group that stops, and the loop sees it.
    group_.stop();
    co_return base::Unknown{"no answer"};
  }

  int calls = 0;

 private:
  runtime::TaskGroup& group_;
};

TEST(KeepSealed, SealsAtOnceAndEndsWithItsGroupThoughTheStoreDoesNotAnswer) {
  boost::asio::io_context loop;
  runtime::TaskGroup group(loop.get_executor());
  CountingSealer sealer(group);
  group.spawn(keep_sealed(sealer, group), "seal_audit");
  loop.run_for(std::chrono::seconds(10));
  EXPECT_EQ(sealer.calls, 1);
  EXPECT_EQ(group.running(), 0U);
}

}  // namespace
}  // namespace zl::app
