// A session that could not reach the database: how long it lets it alone, and what ends that.
#include "store/mysql/session.hpp"

#include <filesystem>

#include "store_harness.hpp"
#include "support/manual_clock.hpp"

namespace zl::test {
namespace {

class SessionTest : public StoreTest {
 protected:
  void TearDown() override { go_away(); }

  void come_back() { std::filesystem::create_symlink(socket_, path_); }
  void go_away() { std::filesystem::remove(path_); }

  mysql::Session a_session() { return {config_, time_, random_, up_, reached_}; }
  static bool connects(mysql::Session& session) {
    try {
      session.connection();
      return true;
    } catch (const mysql::SqlError&) {
      return false;
    }
  }
  void time_passes() { time_.advance(base::Milliseconds(1)); }

  const std::filesystem::path socket_ = serving_config().address.substr(std::string("unix://").size());
  const std::filesystem::path path_ = socket_.parent_path() / "away.sock";
  const mysql::ConnectionConfig config_ = [this] {
    mysql::ConnectionConfig config = serving_config();
    config.address = "unix://" + path_.string();
    return config;
  }();
  ManualClock time_;  // stands, so no pause ends by itself
  std::atomic<bool> up_ = true;
  mysql::Reached reached_;
};

TEST_F(SessionTest, pauses_after_a_failure_until_somebody_has_got_through_since) {
  auto away = a_session();
  EXPECT_FALSE(connects(away));
  come_back();
  EXPECT_FALSE(connects(away)) << "nobody knows yet";
  time_passes();
  auto first = a_session();
  EXPECT_TRUE(connects(first));
  EXPECT_TRUE(connects(away));
}

TEST_F(SessionTest, pauses_although_somebody_had_got_through_before_its_failure) {
  come_back();
  auto session = a_session();
  EXPECT_TRUE(connects(session));
  go_away();
  session.drop();
  time_passes();
  EXPECT_FALSE(connects(session));
  come_back();
  EXPECT_FALSE(connects(session));
}

TEST_F(SessionTest, tries_again_by_itself_after_its_pause) {
  auto session = a_session();
  EXPECT_FALSE(connects(session));
  come_back();
  time_.advance(base::Milliseconds(100));  // more than the first pause, of 75 ms at most
  EXPECT_TRUE(connects(session));
}

}  // namespace
}  // namespace zl::test
