// What becomes of each wish in a call that a turn of the loop sends to the gate, answers that come too late included.
#include <map>
#include <memory>

#include "integration/gate_crowd.hpp"
#include "integration/gate_harness.hpp"

namespace zl::redis {
namespace {

using base::Code;
using test::id_of;
using Codes = std::vector<Code>;

class GateQueueTest : public GateTest {
 protected:
  /// A gate by way of a link of its own, which gives a call up after this time and its connection after twice this
  /// time.
  class ImpatientGate {
   public:
    ImpatientGate(GateQueueTest& test, base::Milliseconds timeout) : test_(test) {
      runtime::run_on(test_.loops, 0, runtime::as_task([this, timeout] {
                        LinkOptions options;
                        options.endpoint.unix_socket = servers->redis_socket();
                        options.command_timeout = timeout;
                        link_ = std::make_unique<Link>(test_.loops.executor(0), options, test_.random);
                        link_->start();
                      }));
      wait_for([this] { return link_->up(); });
      gate_ = std::make_unique<RedisGate>(std::vector<Link*>{link_.get()}, std::chrono::hours(1));
      gate_->tell(late_);
    }
    ~ImpatientGate() {
      runtime::run_on(test_.loops, 0, link_->stop());
      runtime::run_on(test_.loops, 0, runtime::as_task([this] { link_.reset(); }));
    }
    RedisGate& operator*() { return *gate_; }
    /// What it was told of since, by booking; waits until it was told of something.
    std::map<base::BookingId, domain::GrantNumber> late_grants() {
      std::map<base::BookingId, domain::GrantNumber> told;
      wait_for([&] {
        runtime::run_on(test_.loops, 0, runtime::as_task([&] { told = late_.told; }));
        return !told.empty();
      });
      return told;
    }
    std::uint64_t connects() const { return link_->stats().connects; }

   private:
    struct Late final : app::LateGrants {
      void on_late_grants(std::vector<app::LateGrant> grants) override {
        for (const auto& [wish, grant] : grants) EXPECT_TRUE(told.emplace(wish.id, grant).second) << "told once";
      }
      std::map<base::BookingId, domain::GrantNumber> told;  ///< on the loop
    };

    GateQueueTest& test_;
    Late late_;
    std::unique_ptr<Link> link_;
    std::unique_ptr<RedisGate> gate_;
  };
};

TEST_F(GateQueueTest, tells_of_the_new_holds_that_come_too_late) {
  install(image(1, {9, 9}));
  std::vector<domain::BookingWish> wishes = crowd(4);
  ASSERT_NE(granted(book(wishes[0])), nullptr);
  wishes.push_back(wishes[3]);  // pressed twice
  wishes.push_back(crowd(1, 2)[0]);
  ImpatientGate impatient(*this, std::chrono::seconds(2));
  servers->pause(test::Store::redis);
  for (const auto& decision : book_together(*impatient, wishes, 0)) EXPECT_TRUE(decision.is_unknown());
  servers->resume(test::Store::redis);

  const auto told = impatient.late_grants();
  EXPECT_EQ(told.size(), 4U) << "not of the one that was held before, and once of the one that was pressed twice";
  EXPECT_EQ(impatient.connects(), 1U) << "the connection was kept";
  EXPECT_EQ(count(1).seats.used, 4);
  for (const auto& [booking, grant] : told) {
    for (const std::uint64_t activity : {1U, 2U}) {
      ASSERT_TRUE(run([&] {
        return gate->remove(test::sample_programme_id, id_of<base::ActivityId>(activity), {{booking, grant}},
                            app::Unit::returns);
      }));
    }
  }
  EXPECT_EQ(count(1).seats.used, 1) << "the one that was held before";
  EXPECT_EQ(count(2).seats.used, 0);
}

TEST_F(GateQueueTest, who_came_again_meanwhile_has_a_newer_grant_than_the_late_one) {
  install(image(1, {9}));
  const domain::BookingWish wish = crowd(1)[0];
  ImpatientGate impatient(*this, std::chrono::seconds(2));
  servers->pause(test::Store::redis);
  for (const auto& decision : book_together(*impatient, {wish}, 0)) EXPECT_TRUE(decision.is_unknown());
  servers->resume(test::Store::redis);
  const domain::GrantNumber late = impatient.late_grants().at(wish.id);
  const Decision again = book(wish);
  ASSERT_NE(granted(again), nullptr);
  EXPECT_TRUE(granted(again)->again);
  ASSERT_TRUE(remove(101, 1, late));
  EXPECT_EQ(count(1).seats.used, 1);
  EXPECT_EQ(holders(1)->holders.at(0).grant, granted(again)->grant);
}

TEST_F(GateQueueTest, sells_the_last_seat_once_within_a_turn) {
  install(image(1, {3}));
  listen();
  const auto decisions = book_together(crowd(5));
  for (std::size_t i = 0; i < 3; ++i) EXPECT_NE(granted(decisions[i]), nullptr) << i;
  for (std::size_t i = 3; i < 5; ++i) {
    ASSERT_EQ(codes(decisions[i]), Codes{Code::sold_out}) << i;
    EXPECT_TRUE(domain::is_provisional(violations(decisions[i])[0])) << "the holds of this turn may come back";
  }
  wait_for([&] { return !news().empty(); });
  EXPECT_EQ(news().size(), 1U);
}

TEST_F(GateQueueTest, sees_what_the_same_child_and_family_took_within_a_turn) {
  app::GateImage made = image(1, {5, 5, 5, 5}, {2, 3, true, 0});
  made.activities[0].overlapping = {id_of<base::ActivityId>(4)};
  made.activities[3].overlapping = {id_of<base::ActivityId>(1)};
  install(made);
  auto sibling = test::sample_wish(5, 1, 2);
  sibling.user_id = id_of<base::UserId>(1);
  auto sibling_again = sibling;
  sibling_again.id = id_of<base::BookingId>(6);
  sibling_again.activity_id = id_of<base::ActivityId>(2);
  const auto decisions = book_together(
      {test::sample_wish(1, 1, 1), test::sample_wish(2, 1, 1), test::sample_wish(3, 4, 1), test::sample_wish(4, 2, 1),
       test::sample_wish(7, 3, 1), sibling, sibling_again, test::sample_wish(1, 1, 1), test::sample_wish(1, 2, 1)});
  EXPECT_NE(granted(decisions[0]), nullptr);
  EXPECT_EQ(codes(decisions[1]), Codes{Code::already_booked});
  EXPECT_EQ(codes(decisions[2]), Codes{Code::overlaps});
  EXPECT_NE(granted(decisions[3]), nullptr);
  EXPECT_EQ(codes(decisions[4]), Codes{Code::limit_reached});
  EXPECT_NE(granted(decisions[5]), nullptr);
  EXPECT_EQ(codes(decisions[6]), Codes{Code::limit_reached});
  ASSERT_NE(granted(decisions[7]), nullptr);
  EXPECT_TRUE(granted(decisions[7])->again);
  EXPECT_EQ(granted(decisions[7])->receipt.arrival, granted(decisions[0])->receipt.arrival);
  EXPECT_GT(granted(decisions[7])->grant, granted(decisions[0])->grant);
  ASSERT_TRUE(decisions[8].is_refused());
  EXPECT_EQ(decisions[8].refused().code, Code::idempotency_conflict);
}

TEST_F(GateQueueTest, answers_each_wish_although_one_meets_what_cannot_be_read) {
  install(image(1, {9}));
  const auto spoilt = test::sample_wish(102, 1, 2);
  const std::string record = name_of(spoilt.activity_id) + name_of(spoilt.attendee_id) + name_of(spoilt.user_id);
  ask({"HSET", ProgrammeKeys(test::sample_programme_id).held(), name_of(spoilt.id), record});
  const auto decisions = book_together(crowd(3));
  EXPECT_NE(granted(decisions[0]), nullptr);
  EXPECT_TRUE(decisions[1].is_unknown());
  EXPECT_NE(granted(decisions[2]), nullptr);
  EXPECT_EQ(count(1).seats.used, 2);
}

TEST_F(GateQueueTest, tells_only_the_unknown_activity_that_it_is_lost) {
  install(image(1, {9}));
  const auto decisions =
      book_together({test::sample_wish(1, 1, 1), test::sample_wish(2, 8, 2), test::sample_wish(3, 1, 3)});
  EXPECT_NE(granted(decisions[0]), nullptr);
  EXPECT_TRUE(lost(decisions[1]));
  EXPECT_EQ(granted(decisions[2])->receipt.arrival, 2U);
  EXPECT_EQ(granted(book(4, 1, 4))->receipt.arrival, 3U) << "as the gate counted it too";
  EXPECT_EQ(holders(1)->holders.at(2).grant, domain::GrantNumber::of(1, 3));
}

TEST_F(GateQueueTest, tells_everybody_of_a_turn_that_the_gate_is_lost) {
  install(image(1, {9}));
  for (const auto& decision : book_together(crowd(3), 2)) EXPECT_TRUE(lost(decision));
  ask({"FLUSHALL"});
  for (const auto& decision : book_together(crowd(3))) EXPECT_TRUE(lost(decision));
  EXPECT_EQ(ask({"DBSIZE"}).number(), 0);
}

TEST_F(GateQueueTest, refuses_what_was_never_sent_and_goes_on_when_the_link_is_back) {
  install(image(1, {200}));
  ask({"CONFIG", "SET", "appendonly", "no"});
  servers->stop(test::Store::redis);
  wait_for([this] { return !link->up(); });
  for (const auto& decision : book_together(crowd(100))) {
    ASSERT_TRUE(decision.is_refused());
    EXPECT_EQ(decision.refused().code, Code::unavailable);
  }
  servers->start(test::Store::redis);
  wait_for([this] { return link->up(); });
  install(image(2, {200}));
  for (const auto& decision : book_together(crowd(100))) EXPECT_NE(granted(decision), nullptr);
}

}  // namespace
}  // namespace zl::redis
