// Shared credentials on a real MariaDB: one turn at a time, and nothing stored by who outlived his.
#include "store/mysql/credential_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>

#include "store_harness.hpp"

namespace zl::test {
namespace {

using app::Credential;
using app::RenewalTurn;
using std::chrono::seconds;

class CredentialStoreTest : public StoreTest {
 protected:
  std::optional<Credential> found(const std::string& name) { return wait(store_->find(name)).value(); }
  std::optional<RenewalTurn> take(const std::string& name, base::Milliseconds duration = seconds(60)) {
    return wait(store_->take_turn(name, duration)).value();
  }
  bool put(const std::string& name, RenewalTurn turn, const std::string& value, base::Milliseconds lifetime) {
    return wait(store_->put(name, turn, Credential{value, lifetime})).value();
  }
  void lapse_turn(const std::string& name) {
    connection_.execute(
        mysql::sql("UPDATE credentials SET turn_until_ms = turn_until_ms - 61000 WHERE name = ?", name));
  }

  const std::unique_ptr<app::CredentialStore> store_ = mysql::create_credential_store(pool_);
};

TEST_F(CredentialStoreTest, has_nothing_before_the_first) {
  EXPECT_FALSE(found("nothing"));
  ASSERT_TRUE(take("nothing"));
  EXPECT_FALSE(found("nothing"));
}

TEST_F(CredentialStoreTest, gives_what_was_stored_and_what_is_left_of_it) {
  const std::string value("se'cret\0\xFF\\", 10);
  ASSERT_TRUE(put("kept", take("kept").value(), value, seconds(7200)));
  const auto credential = found("kept");
  ASSERT_TRUE(credential);
  EXPECT_EQ(credential->value, value);
  EXPECT_LE(credential->lifetime, seconds(7200));
  EXPECT_GT(credential->lifetime, seconds(7100));
}

TEST_F(CredentialStoreTest, has_room_for_long_values) {
  ASSERT_TRUE(put("long", take("long").value(), std::string(1024, 'x'), seconds(7200)));
  EXPECT_EQ(found("long")->value.size(), 1024U);
}

TEST_F(CredentialStoreTest, gives_one_turn_at_a_time) {
  std::vector<asio::awaitable<base::Outcome<std::optional<RenewalTurn>>>> calls;
  calls.reserve(16);
  for (int i = 0; i < 16; ++i) calls.push_back(store_->take_turn("raced", seconds(60)));
  const auto outcomes = all(std::move(calls));
  EXPECT_EQ(std::ranges::count_if(outcomes, [](const auto& outcome) { return outcome.value().has_value(); }), 1);
}

TEST_F(CredentialStoreTest, a_turn_comes_round_when_it_was_used_ended_or_has_lapsed) {
  const auto used = take("turns").value();
  EXPECT_FALSE(take("turns"));
  ASSERT_TRUE(put("turns", used, "a", seconds(7200)));
  const auto ended = take("turns").value();
  EXPECT_GT(ended.number, used.number);
  EXPECT_TRUE(wait(store_->end_turn("turns", ended)));
  const auto lapsed = take("turns").value();
  lapse_turn("turns");
  EXPECT_GT(take("turns").value().number, lapsed.number);
}

TEST_F(CredentialStoreTest, who_outlived_his_turn_stores_and_ends_nothing) {
  const auto late = take("fenced").value();
  lapse_turn("fenced");
  const auto later = take("fenced").value();
  EXPECT_FALSE(put("fenced", late, "old", seconds(7200)));
  EXPECT_TRUE(wait(store_->end_turn("fenced", late)));
  EXPECT_FALSE(found("fenced"));
  EXPECT_FALSE(take("fenced")) << "the later turn still lasts";
  EXPECT_TRUE(put("fenced", later, "new", seconds(7200)));
  EXPECT_FALSE(put("fenced", late, "old", seconds(7200)));
  EXPECT_EQ(found("fenced")->value, "new");
}

TEST_F(CredentialStoreTest, storing_twice_in_a_turn_does_no_harm) {
  const auto turn = take("twice").value();
  EXPECT_TRUE(put("twice", turn, "a", seconds(7200)));
  EXPECT_TRUE(put("twice", turn, "a", seconds(7200)));
  EXPECT_EQ(found("twice")->value, "a");
}

TEST_F(CredentialStoreTest, a_late_word_about_an_old_value_leaves_the_new_one) {
  ASSERT_TRUE(put("void", take("void").value(), "old", seconds(7200)));
  EXPECT_TRUE(wait(store_->expire("void", "old")));
  EXPECT_LE(found("void")->lifetime, seconds(0));
  ASSERT_TRUE(put("void", take("void").value(), "new", seconds(7200)));
  EXPECT_TRUE(wait(store_->expire("void", "old")));
  EXPECT_GT(found("void")->lifetime, seconds(7100));
}

}  // namespace
}  // namespace zl::test
