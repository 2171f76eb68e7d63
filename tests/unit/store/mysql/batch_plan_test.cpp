// What a group commit decides, from values alone.
#include "store/mysql/batch_plan.hpp"

#include <gtest/gtest.h>

namespace zl::mysql {
namespace {

constexpr base::ProgrammeId programme{{1}};
constexpr base::ActivityId drawing{{1}};
constexpr base::ActivityId chess{{2}};
constexpr base::AttendeeId xiaoming{{1}};
constexpr base::AttendeeId xiaohong{{2}};
constexpr base::UserId mother{{1}};
constexpr base::UserId father{{2}};

std::shared_ptr<const app::ActivityPolicy> no_rules() {
  static const auto policy = std::make_shared<const app::ActivityPolicy>();
  return policy;
}

std::shared_ptr<const app::ActivityPolicy> caps(std::optional<int> per_attendee, std::optional<int> per_user) {
  app::ActivityPolicy policy;
  policy.rules.max_per_attendee = per_attendee;
  policy.rules.max_per_user = per_user;
  return std::make_shared<const app::ActivityPolicy>(policy);
}

app::LedgerItem item(std::uint8_t id, base::ActivityId activity, base::AttendeeId attendee, base::UserId user,
                     std::shared_ptr<const app::ActivityPolicy> policy = no_rules()) {
  app::LedgerItem made;
  made.wish = {base::BookingId{{id}}, activity, programme, attendee, user};
  made.grant = domain::GrantNumber::of(1, id);
  made.receipt.arrival = id;
  made.receipt.decided_at = {1000 + id};
  made.policy = std::move(policy);
  return made;
}

BatchFacts seats(std::initializer_list<std::pair<const base::ActivityId, SeatsRow>> rows) {
  BatchFacts facts;
  facts.seats = rows;
  return facts;
}

constexpr SeatsRow free_seats(int capacity, int taken) {
  return {capacity, taken, {}, true};
}

template <class T>
const T& answer(const BatchDecision& decision, std::size_t index) {
  return std::get<T>(decision.answers.at(index).value());
}

base::Code refusal(const BatchDecision& decision, std::size_t index) {
  return domain::top_code(answer<app::LedgerRefused>(decision, index).violations);
}

TEST(Decide, TakesSeatsInOrderUntilTheActivityIsFull) {
  const std::vector<app::LedgerItem> items{item(1, drawing, xiaoming, mother), item(2, drawing, xiaohong, mother)};
  const BatchDecision decision = decide(items, seats({{drawing, free_seats(10, 9)}}));
  EXPECT_EQ(decision.accepted, std::vector<std::size_t>{0});
  EXPECT_EQ(answer<app::LedgerBooked>(decision, 0).booking.id, items[0].wish.id);
  EXPECT_FALSE(answer<app::LedgerBooked>(decision, 0).earlier);
  answer<app::LedgerFull>(decision, 1);
}

TEST(Decide, RefusesClosedAndMissingActivities) {
  SeatsRow closed = free_seats(10, 0);
  closed.open = false;
  const BatchDecision decision =
      decide({item(1, drawing, xiaoming, mother), item(2, chess, xiaoming, mother)}, seats({{drawing, closed}}));
  answer<app::LedgerClosed>(decision, 0);
  answer<app::LedgerClosed>(decision, 1);
  EXPECT_TRUE(decision.accepted.empty());
}

TEST(Decide, FencesGrantsUpToAndWithTheFence) {
  SeatsRow row = free_seats(10, 0);
  row.fence = domain::GrantNumber::of(1, 1);
  const BatchDecision decision =
      decide({item(1, drawing, xiaoming, mother), item(2, drawing, xiaohong, mother)}, seats({{drawing, row}}));
  answer<app::LedgerFenced>(decision, 0);
  answer<app::LedgerBooked>(decision, 1);
}

TEST(Decide, LooksAtIdsThatExistBeforeAnythingElse) {
  app::LedgerItem same = item(1, drawing, xiaoming, mother, caps(1, 1));
  BatchFacts facts = seats({{drawing, free_seats(1, 1)}});
  domain::Booking row = booking_of(same);
  row.state = domain::BookingState::cancelled;
  facts.existing.emplace(row.id, row);
  facts.existing_grants.emplace(row.id, domain::GrantNumber::of(1, 99));
  facts.held.push_back({programme, {row.id, drawing, xiaoming, mother}});

  const BatchDecision retried = decide({same}, facts);
  EXPECT_TRUE(answer<app::LedgerBooked>(retried, 0).earlier);
  EXPECT_EQ(answer<app::LedgerBooked>(retried, 0).booking.state, domain::BookingState::cancelled);

  facts.existing_grants[row.id] = same.grant;
  EXPECT_FALSE(answer<app::LedgerBooked>(decide({same}, facts), 0).earlier) << "its own row, from a run before";

  same.wish.attendee_id = xiaohong;
  EXPECT_EQ(decide({same}, facts).answers[0].refused().code, base::Code::idempotency_conflict);
}

TEST(Decide, AnswersARetryThatJoinedTwiceFromItsFirst) {
  const BatchDecision decision =
      decide({item(1, drawing, xiaoming, mother), item(1, drawing, xiaoming, mother), item(1, chess, xiaoming, mother)},
             seats({{drawing, free_seats(10, 0)}, {chess, free_seats(10, 0)}}));
  EXPECT_EQ(decision.accepted, std::vector<std::size_t>{0});
  EXPECT_TRUE(answer<app::LedgerBooked>(decision, 1).earlier);
  EXPECT_EQ(decision.answers[2].refused().code, base::Code::idempotency_conflict);
}

TEST(Decide, RefusesASecondSeatOfTheSameAttendeeOnlyWhereTheFirstWasGiven) {
  const std::vector<app::LedgerItem> items{item(1, drawing, xiaoming, mother), item(2, drawing, xiaoming, father)};
  const BatchDecision given = decide(items, seats({{drawing, free_seats(10, 0)}}));
  EXPECT_EQ(refusal(given, 1), base::Code::already_booked);

  SeatsRow row = free_seats(10, 0);
  row.fence = items[0].grant;
  const BatchDecision fenced = decide(items, seats({{drawing, row}}));
  answer<app::LedgerFenced>(fenced, 0);
  answer<app::LedgerBooked>(fenced, 1);
}

TEST(Decide, CountsTheBatchsEarlierItemsTowardsTheCaps) {
  BatchFacts facts = seats({{drawing, free_seats(10, 0)}, {chess, free_seats(10, 0)}});
  facts.held.push_back({programme, {base::BookingId{{9}}, base::ActivityId{{9}}, xiaohong, mother}});
  const auto rules = caps(1, 2);
  const BatchDecision decision =
      decide({item(1, drawing, xiaoming, mother, rules), item(2, chess, xiaoming, father, rules),
              item(3, chess, base::AttendeeId{{3}}, mother, rules)},
             facts);
  EXPECT_EQ(decision.accepted, std::vector<std::size_t>{0});
  EXPECT_EQ(refusal(decision, 1), base::Code::limit_reached) << "the child's cap, through the other parent";
  EXPECT_EQ(refusal(decision, 2), base::Code::limit_reached) << "the family's cap";
}

TEST(Decide, LeavesOtherProgrammesOutOfTheCaps) {
  BatchFacts facts = seats({{drawing, free_seats(10, 0)}});
  facts.held.push_back({base::ProgrammeId{{9}}, {base::BookingId{{9}}, chess, xiaoming, mother}});
  EXPECT_EQ(decide({item(1, drawing, xiaoming, mother, caps(1, 1))}, facts).accepted.size(), 1U);
}

TEST(Decide, NamesARuleRatherThanFull) {
  BatchFacts facts = seats({{drawing, free_seats(1, 1)}});
  facts.held.push_back({programme, {base::BookingId{{9}}, drawing, xiaoming, mother}});
  EXPECT_EQ(refusal(decide({item(1, drawing, xiaoming, mother)}, facts), 0), base::Code::already_booked);
}

TEST(Decide, RefusesAnAttendeeWhoIsGone) {
  BatchFacts facts = seats({{drawing, free_seats(10, 0)}});
  facts.gone = {xiaoming};
  EXPECT_EQ(decide({item(1, drawing, xiaoming, mother)}, facts).answers[0].refused().code, base::Code::not_found);
}

TEST(HasRivals, SeesTheSameIdAndTheSameSeatHolder) {
  EXPECT_FALSE(has_rivals({item(1, drawing, xiaoming, mother), item(2, chess, xiaoming, mother)}));
  EXPECT_TRUE(has_rivals({item(1, drawing, xiaoming, mother), item(1, drawing, xiaohong, mother)}));
  EXPECT_TRUE(has_rivals({item(1, drawing, xiaoming, mother), item(2, drawing, xiaoming, father)}));
}

TEST(SeatDemands, CountByActivityInOrderOfIds) {
  const std::vector<app::LedgerItem> items{item(5, chess, xiaoming, mother), item(4, chess, xiaohong, mother),
                                           item(6, drawing, xiaoming, mother), item(3, drawing, xiaohong, mother)};
  const std::vector<SeatDemand> demands = seat_demands(items, {0, 1, 2});
  ASSERT_EQ(demands.size(), 2U);
  EXPECT_EQ(demands[0].activity_id, drawing);
  EXPECT_EQ(demands[0].seats, 1);
  EXPECT_EQ(demands[1].seats, 2);
  EXPECT_EQ(demands[0].oldest, items[2].grant);
  EXPECT_EQ(demands[1].oldest, items[1].grant);
}

}  // namespace
}  // namespace zl::mysql
