// What a group commit of check-ins decides, from values alone.
#include "store/mysql/check_in_plan.hpp"

#include <gtest/gtest.h>

namespace zl::mysql {
namespace {

constexpr base::ProgrammeId programme{{1}};
constexpr base::ActivityId drawing{{1}};
constexpr base::ActivityId chess{{2}};
constexpr base::SessionId monday{{1}};
constexpr base::SessionId tuesday{{2}};
constexpr base::AttendeeId xiaoming{{1}};

app::CheckInItem item(std::uint8_t id, std::uint8_t booking, base::SessionId session = monday) {
  return {base::CheckInId{{id}}, base::BookingId{{booking}}, session, drawing, programme, {1000 + id}, {}};
}

CheckInRow row(std::uint8_t id, std::uint8_t booking, bool active = true, base::Instant at = {7}) {
  return {base::CheckInId{{id}}, base::BookingId{{booking}}, monday, active, at};
}

/// Confirmed bookings 1 to `count` of xiaoming's.
CheckInFacts bookings(std::uint8_t count) {
  CheckInFacts facts;
  for (std::uint8_t i = 1; i <= count; ++i) {
    facts.bookings.emplace(base::BookingId{{i}}, BookedRow{drawing, domain::BookingState::confirmed, xiaoming});
  }
  facts.attendees.emplace(xiaoming, AttendeeRow{"小明", base::parse_date("2017-05-04").value()});
  return facts;
}

base::Code refusal(const CheckInPlan& plan, std::size_t index) {
  return plan.answers.at(index).refused().code;
}

TEST(PlanCheckIns, MakesWhatIsNewAndTellsWhoItIs) {
  const CheckInPlan plan = plan_check_ins({item(1, 1), item(2, 2), item(3, 1, tuesday)}, bookings(2));
  EXPECT_EQ(plan.made, (std::vector<std::size_t>{0, 1, 2}));
  const app::CheckInResult& made = plan.answers[1].value();
  EXPECT_FALSE(made.earlier);
  EXPECT_EQ(made.check_in.id, base::CheckInId{{2}});
  EXPECT_EQ(made.check_in.booking_id, base::BookingId{{2}});
  EXPECT_EQ(made.check_in.session_id, monday);
  EXPECT_EQ(made.check_in.attendee_id, xiaoming);
  EXPECT_EQ(made.check_in.attendee_name, "小明");
  EXPECT_EQ(base::format_date(made.check_in.birth_date), "2017-05-04");
  EXPECT_EQ(made.check_in.at, base::Instant{1002});
}

TEST(PlanCheckIns, RefusesWhatMayNotComeIn) {
  CheckInFacts facts = bookings(4);
  facts.bookings.at(base::BookingId{{2}}).activity_id = chess;
  facts.bookings.at(base::BookingId{{3}}).state = domain::BookingState::cancelled;
  facts.bookings.at(base::BookingId{{4}}).state = domain::BookingState::waitlisted;
  const CheckInPlan plan = plan_check_ins({item(1, 9), item(2, 2), item(3, 3), item(4, 4), item(5, 1)}, facts);
  EXPECT_EQ(refusal(plan, 0), base::Code::not_found);
  EXPECT_EQ(refusal(plan, 1), base::Code::wrong_session);
  EXPECT_EQ(refusal(plan, 2), base::Code::invalid_state);
  EXPECT_EQ(refusal(plan, 3), base::Code::invalid_state);
  EXPECT_EQ(plan.made, std::vector<std::size_t>{4});
}

TEST(PlanCheckIns, TheFirstOfABookingStaysTheFirst) {
  CheckInFacts facts = bookings(2);
  facts.check_ins = {row(8, 1)};
  const CheckInPlan plan = plan_check_ins({item(1, 1), item(2, 2), item(3, 2)}, facts);
  EXPECT_EQ(plan.made, std::vector<std::size_t>{1});
  EXPECT_TRUE(plan.answers[0]->earlier);
  EXPECT_EQ(plan.answers[0]->check_in.id, base::CheckInId{{8}});
  EXPECT_EQ(plan.answers[0]->check_in.at, base::Instant{7});
  EXPECT_FALSE(plan.answers[1]->earlier);
  EXPECT_TRUE(plan.answers[2]->earlier);
  EXPECT_EQ(plan.answers[2]->check_in.id, base::CheckInId{{2}});
}

TEST(PlanCheckIns, TheSameIdIsTheSameCall) {
  CheckInFacts facts = bookings(3);
  facts.check_ins = {row(1, 1), row(1, 1), row(2, 2, false)};
  const std::vector<app::CheckInItem> items{item(1, 1), item(1, 3), item(1, 1, tuesday), item(2, 2),
                                            item(3, 3), item(3, 3), item(3, 1)};
  const CheckInPlan plan = plan_check_ins(items, facts);
  EXPECT_EQ(plan.made, std::vector<std::size_t>{4});
  EXPECT_TRUE(plan.answers[0]->earlier);
  EXPECT_EQ(plan.answers[0]->check_in.at, base::Instant{7});
  EXPECT_EQ(refusal(plan, 1), base::Code::idempotency_conflict);
  EXPECT_EQ(refusal(plan, 2), base::Code::idempotency_conflict);
  EXPECT_TRUE(plan.answers[3]->earlier) << "undone since, but made by this call";
  EXPECT_FALSE(plan.answers[4]->earlier);
  EXPECT_TRUE(plan.answers[5]->earlier);
  EXPECT_EQ(refusal(plan, 6), base::Code::idempotency_conflict);
}

TEST(PlanCheckIns, AnUndoneCheckInIsNoFirst) {
  CheckInFacts facts = bookings(1);
  facts.check_ins = {row(8, 1, false)};
  EXPECT_EQ(plan_check_ins({item(1, 1)}, facts).made, std::vector<std::size_t>{0});
}

TEST(PlanCheckIns, InDoubtARowOfTheSameInstantIsThisCallsOwnOnce) {
  CheckInFacts facts = bookings(2);
  facts.check_ins = {row(1, 1, true, {1001}), row(2, 2, true, {900})};
  const std::vector<app::CheckInItem> items{item(1, 1), item(1, 1), item(2, 2)};
  EXPECT_TRUE(plan_check_ins(items, facts).answers[0]->earlier);
  facts.in_doubt = true;
  const CheckInPlan plan = plan_check_ins(items, facts);
  EXPECT_TRUE(plan.made.empty());
  EXPECT_FALSE(plan.answers[0]->earlier);
  EXPECT_TRUE(plan.answers[1]->earlier);
  EXPECT_TRUE(plan.answers[2]->earlier) << "a call of long before";
}

TEST(PlanCheckIns, WhereSessionsWereLookedAtOneThatIsGoneIsTheWrongOne) {
  CheckInFacts facts = bookings(2);
  facts.sessions.emplace({tuesday});
  const CheckInPlan plan = plan_check_ins({item(1, 1), item(2, 2, tuesday)}, facts);
  EXPECT_EQ(refusal(plan, 0), base::Code::wrong_session);
  EXPECT_EQ(plan.made, std::vector<std::size_t>{1});
}

}  // namespace
}  // namespace zl::mysql
