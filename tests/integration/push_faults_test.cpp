// Every statement of what is kept about the platform's pushes fails once, in every way in which MySQL may fail it
// (statement_fault_trials.hpp says what has to hold).
#include "administration_faults.hpp"
#include "store/mysql/push_store.hpp"

namespace zl::test {
namespace {

constexpr base::Milliseconds one_minute{60'000};

class PushFaultsTest : public AdministrationFaultsTest {
 protected:
  void SetUp() override {
    AdministrationFaultsTest::SetUp();
    pushes_ = mysql::create_push_store(*pool_);
  }

  std::string fresh() { return random_.next_id<base::TokenId>().hex(); }
  std::optional<app::PushTurn> begin(const std::string& key) { return wait(pushes_->begin(key, one_minute))->turn; }
  void let_turns_lapse(const std::string& key) {
    db_.execute(sql("UPDATE pushes SET turn_until_ms = 0 WHERE push_key = ?", key));
  }
  void finish(const app::PushTurn& turn, const std::string& answer) {
    EXPECT_TRUE(wait(pushes_->finish(turn, answer, std::nullopt)).is_done());
  }
  /// Whoever tells of it again may deal with it, and nobody beside him.
  void expect_free_for(const std::string& key, std::uint64_t turn) {
    expect_unlocked("pushes");
    const auto taken = begin(key);
    ASSERT_TRUE(taken);
    EXPECT_EQ(taken->number, turn);
    EXPECT_FALSE(begin(key));
  }
  std::uint64_t bytes_of_choices(const std::string& openid) {
    return number(sql("SELECT COALESCE(SUM(LENGTH(bookings)), 0) FROM chat_choices WHERE openid = ?", openid));
  }
  std::vector<base::BookingId> choices(std::size_t count) {
    std::vector<base::BookingId> ids(count);
    for (base::BookingId& id : ids) id = random_.next_id<base::BookingId>();
    return ids;
  }
  Trial remembering(const std::string& openid, const std::vector<base::BookingId>& ids, std::uint64_t before) {
    Trial trial{
        [this, openid, ids] { return told(wait(pushes_->remember_choices(openid, ids))); },
        [this, openid, ids, before] { return written({bytes_of_choices(openid)}, {before}, {16 * ids.size()}); }};
    trial.settled = [this, openid, ids] {
      expect_unlocked("chat_choices");
      EXPECT_EQ(wait(pushes_->choices(openid, {0})).value(), ids);
    };
    return trial;
  }

  std::unique_ptr<app::PushStore> pushes_;
};

/// Whoever isn't told that the turn is his has it all the same, until it lapses.
TEST_F(PushFaultsTest, OfAPushThatIsBegun) {
  fail_each_statement(
      [this] {
        const std::string key = fresh();
        const auto look = [this, key] {
          const std::string of_key = " FROM pushes WHERE push_key = ?";
          return written({number(sql("SELECT COALESCE(SUM(turn), 0)" + of_key, key)),
                          number(sql("SELECT COALESCE(SUM(turn_until_ms > 0), 0)" + of_key, key))},
                         {0, 0}, {1, 1});
        };
        Trial trial{[this, key, look] {
                      const bool was_taken = look() == Written::everything;
                      const auto begun = wait(pushes_->begin(key, one_minute));
                      if (begun.is_done()) {
                        EXPECT_EQ(begun->turn.has_value(), !was_taken);
                        EXPECT_FALSE(begun->answer);
                      }
                      return told(begun);
                    },
                    look};
        trial.settled = [this, key] {
          let_turns_lapse(key);
          expect_free_for(key, 2);
        };
        return trial;
      },
      Follows::not_up);
}

/// It is counted once, however often its answer is kept.
TEST_F(PushFaultsTest, OfAnAnsweredPush) {
  fail_each_statement(
      [this] {
        const std::string key = fresh();
        const std::string scene = fresh();
        const app::PushTurn turn = begin(key).value();
        const base::Date day{std::chrono::year{2026}, std::chrono::month{7}, std::chrono::day{6}};
        Trial trial{[this, turn, scene, day] {
                      const auto answer =
                          wait(pushes_->finish(turn, "好", app::FollowCount{app::FollowEvent::followed, scene, day}));
                      if (answer.is_done()) EXPECT_EQ(*answer, "好");
                      return told(answer);
                    },
                    [this, key, scene] {
                      return written(
                          {number(sql("SELECT COUNT(*) FROM pushes WHERE push_key = ? AND answer IS NOT NULL", key)),
                           number(sql("SELECT COALESCE(SUM(followed), 0) FROM follow_counts WHERE scene = ?", scene))},
                          {0, 0}, {1, 1});
                    }};
        trial.settled = [this, key] {
          expect_unlocked("pushes");
          expect_unlocked("follow_counts");
          EXPECT_EQ(wait(pushes_->begin(key, one_minute))->answer, "好");
        };
        return trial;
      },
      Follows::not_up, 4);
}

TEST_F(PushFaultsTest, OfAnAnswerThatCameTooLate) {
  fail_each_statement(
      [this] {
        const std::string key = fresh();
        const app::PushTurn lapsed = begin(key).value();
        let_turns_lapse(key);
        finish(begin(key).value(), "先");
        return a_reading([this, lapsed] { return pushes_->finish(lapsed, "后", std::nullopt); },
                         [](const std::string& answer) { EXPECT_EQ(answer, "先"); });
      },
      Follows::not_up, 4);
}

TEST_F(PushFaultsTest, OfAPushThatIsGivenUp) {
  fail_each_statement(
      [this] {
        const std::string key = fresh();
        const app::PushTurn turn = begin(key).value();
        Trial trial{[this, turn] { return told(wait(pushes_->give_up(turn))); },
                    [this, key] {
                      return written(
                          {number(sql("SELECT COUNT(*) FROM pushes WHERE push_key = ? AND turn_until_ms = 0", key))},
                          {0}, {1});
                    }};
        trial.settled = [this, key] { expect_free_for(key, 2); };
        return trial;
      },
      Follows::not_up, 3);
}

TEST_F(PushFaultsTest, OfChoicesThatReplaceOthers) {
  fail_each_statement(
      [this] {
        const std::string openid = fresh();
        EXPECT_TRUE(wait(pushes_->remember_choices(openid, choices(1))).is_done());
        return remembering(openid, choices(2), 16);
      },
      Follows::not_up, 3);
}

TEST_F(PushFaultsTest, OfChoicesThatAreForgotten) {
  fail_each_statement(
      [this] {
        const std::string openid = fresh();
        EXPECT_TRUE(wait(pushes_->remember_choices(openid, choices(3))).is_done());
        return remembering(openid, {}, 48);
      },
      Follows::not_up, 3);
}

}  // namespace
}  // namespace zl::test
