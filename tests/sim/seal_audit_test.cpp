// When the audit is sealed, on virtual time.
#include "app/seal_audit.hpp"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <vector>

#include "sim/schedule.hpp"

namespace zl::sim {
namespace {

constexpr std::int64_t minute_us = 60'000'000;

/// Notes when it is asked; its first answers are that nobody knows, and that there is no store.
class NotingSealer final : public app::AuditSealer {
 public:
  explicit NotingSealer(const Schedule& schedule) : schedule_(schedule) {}

  boost::asio::awaitable<base::Outcome<std::optional<app::AuditSeal>>> seal() override {
    asked_us.push_back(schedule_.now_us());
    if (asked_us.size() == 1) co_return base::Unknown{"no answer to COMMIT"};
    if (asked_us.size() == 2) co_return base::Code::unavailable;
    co_return app::AuditSeal{asked_us.size(), std::string(64, 'a')};
  }

  std::vector<std::int64_t> asked_us;

 private:
  const Schedule& schedule_;
};

class KeepSealed : public testing::Test {
 protected:
  void run_until(std::int64_t moment_us) {
    do {
      schedule_.set_running(owner_);
      do {
        loop_.restart();
      } while (loop_.poll() > 0);
      schedule_.set_running(nobody);
    } while (schedule_.step(moment_us));
  }

  Schedule schedule_;
  const Owner owner_ = schedule_.add_owner();
  boost::asio::io_context loop_;
  runtime::TaskGroup group_{loop_.get_executor()};
  NotingSealer sealer_{schedule_};
};

TEST_F(KeepSealed, SealsAtOnceAndThenEachMinuteWhateverTheStoreAnswers) {
  group_.spawn(app::keep_sealed(sealer_, group_), "seal_audit");
  run_until(4 * minute_us + 1'000'000);
  EXPECT_EQ(sealer_.asked_us, (std::vector<std::int64_t>{0, minute_us, 2 * minute_us, 3 * minute_us, 4 * minute_us}));
}

TEST_F(KeepSealed, EndsWithItsGroupWithoutWaitingForTheMinute) {
  group_.spawn(app::keep_sealed(sealer_, group_), "seal_audit");
  run_until(minute_us / 2);
  group_.stop();
  run_until(minute_us / 2 + 1000);
  EXPECT_EQ(group_.running(), 0U);
  EXPECT_EQ(sealer_.asked_us.size(), 1U);
}

}  // namespace
}  // namespace zl::sim
