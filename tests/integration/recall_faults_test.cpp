// Every statement of the way in which most bookings of a rush are made fails once: decided by what the writer
// remembers, and sent as one packet with its COMMIT (statement_fault_trials.hpp says what has to hold). Here the whole
// ledger and its audit are examined at the end of each test as well.
#include "batch_faults.hpp"
#include "store/mysql/verify_ledger.hpp"

namespace zl::test {
namespace {

using app::LedgerBooked;
using Items = std::vector<app::LedgerItem>;

class RecallFaultsTest : public BatchFaultsTest {
 protected:
  void SetUp() override {
    BatchFaultsTest::SetUp();
    other_ = an_activity(10'000);
  }

  /// Bookings until they are made without reading.
  void learn(const base::ActivityId& activity, const domain::Rules& rules,
             const std::function<void(const app::LedgerItem&)>& book_one) {
    for (int booked = 0; booked < 10; ++booked) {
      const int before = mysql_->unread_bookings();
      book_one(an_item(activity, rules));
      if (mysql_->unread_bookings() > before) return;
    }
    throw std::runtime_error("the writer reads before each commit");
  }
  void learn(const base::ActivityId& activity, const domain::Rules& rules) {
    learn(activity, rules, [this](const app::LedgerItem& item) { as<LedgerBooked>(book(item)); });
  }
  void learn_together(const base::ActivityId& activity, const domain::Rules& rules) {
    learn(activity, rules, [this](const app::LedgerItem& item) { as<LedgerBooked>(book_together({item}).front()); });
  }
  base::ActivityId a_known_activity(const domain::Rules& rules) {
    const auto id = an_activity(20);
    learn_together(id, rules);
    return id;
  }

  Items all_again(Items items) {
    for (app::LedgerItem& item : items) item = again(std::move(item));
    return items;
  }

  /// Runs a call, which has to be sent without having read where it is the first of its trial.
  template <class Call>
  auto unread(bool& is_first, Call call) {
    const int before = mysql_->unread_bookings();
    auto answer = call();
    if (std::exchange(is_first, false)) EXPECT_GT(mysql_->unread_bookings(), before);
    return answer;
  }

  std::uint64_t rows(const app::LedgerItem& item) {
    return number(
        mysql::sql("SELECT COUNT(*) FROM bookings WHERE id = ? AND user_id = ?", item.wish.id, item.wish.user_id));
  }
  std::vector<std::uint64_t> facts_of(const Items& items) {
    std::vector<std::uint64_t> all;
    for (const app::LedgerItem& item : items) {
      const auto found = facts(item);
      all.insert(all.end(), found.begin(), found.end());
      all.push_back(rows(item));
    }
    return all;
  }
  /// Those of items that are all booked, where `before` are those that were found when none was.
  static std::vector<std::uint64_t> booked_facts(const Items& items, std::vector<std::uint64_t> before) {
    const std::size_t each = before.size() / items.size();
    for (std::size_t i = 0; i < items.size(); ++i) {
      const auto beside = static_cast<std::uint64_t>(std::ranges::count_if(
          items, [&](const app::LedgerItem& item) { return item.wish.activity_id == items[i].wish.activity_id; }));
      before[each * i] += beside;
      before[each * i + 1] += beside;
      before[each * i + 3] += 1;
      before[each * i + 4] += 1;
    }
    return before;
  }
  std::function<Written()> look_at(const Items& items) {
    const std::vector<std::uint64_t> before = facts_of(items);
    return [this, items, before] { return written(facts_of(items), before, booked_facts(items, before)); };
  }

  /// A call that finds nothing of an item makes its booking, and one that finds it says so.
  void is_true(const BookAnswer& answer, std::uint64_t rows_before) {
    if (answer.is_done()) EXPECT_EQ(as<LedgerBooked>(answer).earlier, rows_before == 1);
  }

  /// Seats against bookings, and the audit's chains against both.
  void TearDown() override {
    mysql::Connection connection(mysql::for_verifying(serving().connection));
    for (const app::CheckReport& report : mysql::verify_ledger(connection, std::nullopt)) {
      for (const std::string& fault : report.faults) ADD_FAILURE() << report.name << ": " << fault;
    }
    BatchFaultsTest::TearDown();
  }
  /// What is remembered after the fault is no more generous than before.
  void has_had_her_one_seat(const base::UserId& mother) {
    const auto answer = book(an_item(other_, an_attendee(), mother, {one_each_, {}}));
    EXPECT_EQ(refusal(answer), base::Code::limit_reached);
  }

  /// Through the writer, as a parent's press comes.
  void fail_a_booking(const domain::Rules& rules) {
    fail_each_statement(
        [this, rules] {
          const auto activity = an_activity(20);
          learn(activity, rules);
          const app::LedgerItem item = an_item(activity, rules);
          Trial trial{[this, item, first = true]() mutable {
                        const std::uint64_t before = rows(item);
                        const auto answer = unread(first, [&] { return book(again(item)); });
                        is_true(answer, before);
                        return told(answer);
                      },
                      look_at({item})};
          trial.settled = [this, rules, user = item.wish.user_id] {
            if (rules.max_per_user) has_had_her_one_seat(user);
          };
          return trial;
        },
        Follows::up);
  }

  /// Three people of two activities in one transaction: all have the same answer, and it is true of each.
  void fail_a_batch(const domain::Rules& rules) {
    fail_each_statement(
        [this, rules] {
          const auto first_activity = a_known_activity(rules);
          const auto second_activity = a_known_activity(rules);
          const Items items{an_item(first_activity, rules), an_item(second_activity, rules),
                            an_item(first_activity, rules)};
          Trial trial{[this, items, first = true]() mutable {
                        const std::uint64_t before = rows(items.front());
                        const auto answers = unread(first, [&] { return book_together(all_again(items)); });
                        for (const auto& answer : answers) {
                          is_true(answer, before);
                          EXPECT_EQ(told(answer), told(answers.front()));
                        }
                        return told(answers.front());
                      },
                      look_at(items)};
          trial.settled = [this, rules, user = items.back().wish.user_id] {
            if (rules.max_per_user) has_had_her_one_seat(user);
          };
          return trial;
        },
        Follows::up);
  }

  const domain::Rules one_each_{std::nullopt, 1, false, 0};
  base::ActivityId other_;
};

TEST_F(RecallFaultsTest, ALearntBookingIsOnePacketAndReadsNothing) {
  const auto reads = [this] { return db_.query("SHOW GLOBAL STATUS LIKE 'Com_select'").front().u64(1); };
  for (const domain::Rules& rules : {domain::Rules{}, one_each_}) {
    const auto activity = an_activity(20);
    learn(activity, rules);
    const std::uint64_t read = reads();
    const int unread_before = mysql_->unread_bookings();
    mysql_->count();
    as<LedgerBooked>(book(an_item(activity, rules)));
    EXPECT_EQ(mysql_->seen(), 5U) << "bookings, audit, guards, seats, COMMIT";
    EXPECT_EQ(mysql_->unread_bookings(), unread_before + 1);
    EXPECT_EQ(reads(), read);
  }
}

TEST_F(RecallFaultsTest, OfABookingWithoutRules) {
  fail_a_booking({});
}

TEST_F(RecallFaultsTest, OfABookingUnderACap) {
  fail_a_booking(one_each_);
}

TEST_F(RecallFaultsTest, OfABatchUnderACap) {
  fail_a_batch(one_each_);
}

/// Another process has booked meanwhile: the packet fails at its claim, and the batch is decided by what is committed.
TEST_F(RecallFaultsTest, OfABatchWhoseMemoryIsOutOfDate) {
  be_brief();
  fail_each_statement(
      [this] {
        const auto activity = a_known_activity(one_each_);
        const app::LedgerItem item = an_item(activity, one_each_);
        const app::LedgerItem over = an_item(activity, one_each_);
        const app::LedgerItem elsewhere = an_item(other_, an_attendee(), over.wish.user_id, {one_each_, {}});
        as<LedgerBooked>(start_booking(other_ledger(), elsewhere).get());
        Trial trial{[this, item, over, first = true]() mutable {
                      const std::uint64_t before = rows(item);
                      const auto answers = unread(first, [&] { return book_together(all_again({item, over})); });
                      is_true(answers.front(), before);
                      EXPECT_EQ(told(answers.back()), told(answers.front()));
                      if (answers.back().is_done()) EXPECT_EQ(refusal(answers.back()), base::Code::limit_reached);
                      return told(answers.front());
                    },
                    look_at({item})};
        trial.has_company = true;  // a roll-back that fails is nothing that is told
        trial.settled = [this, over, user = item.wish.user_id] {
          EXPECT_EQ(rows(over), 0U);
          has_had_her_one_seat(user);
        };
        return trial;
      },
      Follows::up, 10);
}

/// A key comes again in a batch with new ones: it is told its booking, and the new ones have theirs.
TEST_F(RecallFaultsTest, OfABatchWithARepeatedKey) {
  be_brief();
  fail_each_statement(
      [this] {
        const auto activity = a_known_activity({});
        const app::LedgerItem repeated = an_item(activity);
        as<LedgerBooked>(book_together({repeated}).front());
        learn_together(activity, {});
        const app::LedgerItem item = an_item(activity);
        Trial trial{[this, repeated, item, first = true]() mutable {
                      const std::uint64_t before = rows(item);
                      const auto answers = unread(first, [&] { return book_together(all_again({repeated, item})); });
                      is_true(answers.front(), 1);
                      is_true(answers.back(), before);
                      return told(answers.back());
                    },
                    look_at({item})};
        trial.has_company = true;
        trial.settled = [this, repeated] {
          EXPECT_EQ(rows(repeated), 1U);
          EXPECT_EQ(audit_entries(repeated.wish.id), 1U);
        };
        return trial;
      },
      Follows::up, 10);
}

}  // namespace
}  // namespace zl::test
