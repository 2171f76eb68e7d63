// The rule decision as scenario tables; the expected codes stand in the last column.
#include "domain/decision.hpp"

#include <gtest/gtest.h>

#include "support/samples.hpp"

namespace zl::domain {
namespace {

using base::Code;
using std::chrono::hours;
using test::id_of;
using test::opening;
using test::sample_activity;
using test::sample_programme;
using Codes = std::vector<Code>;

Codes codes_of(const std::vector<Violation>& violations) {
  Codes codes;
  for (const Violation& violation : violations) codes.push_back(code_of(violation));
  return codes;
}

constexpr base::Milliseconds tick{1};

TEST(CheckTime, refuses_before_opening_and_from_the_end_on) {
  const Programme programme = sample_programme();
  const Activity activity = sample_activity(1, 10);
  struct Case {
    const char* when;
    base::Instant now;
    Codes expected;
  };
  for (const Case& c : {
           Case{"long before", opening - hours(1), {Code::not_open}},
           Case{"just before", opening - tick, {Code::not_open}},
           Case{"at the opening", opening, {}},
           Case{"just before the end", programme.closes_at - tick, {}},
           Case{"at the end", programme.closes_at, {Code::closed}},
           Case{"long after", programme.closes_at + hours(1000), {Code::closed}},
       }) {
    std::vector<Violation> out;
    check_time(programme, activity, c.now, out);
    EXPECT_EQ(codes_of(out), c.expected) << c.when;
  }
}

TEST(CheckTime, names_the_moments) {
  const Programme programme = sample_programme();
  std::vector<Violation> out;
  check_time(programme, sample_activity(1, 10), opening - tick, out);
  check_time(programme, sample_activity(1, 10), programme.closes_at, out);
  EXPECT_EQ(std::get<NotOpen>(out.at(0)).opens_at, opening);
  EXPECT_EQ(std::get<Closed>(out.at(1)).closed_at, programme.closes_at);
}

TEST(CheckTime, ends_at_the_first_start_where_that_is_earlier) {
  Programme programme = sample_programme();
  const Activity activity = sample_activity(1, 10);
  programme.closes_at = activity.first_start() + hours(100);
  std::vector<Violation> out;
  check_time(programme, activity, activity.first_start() - tick, out);
  EXPECT_TRUE(out.empty());
  check_time(programme, activity, activity.first_start(), out);
  EXPECT_EQ(codes_of(out), Codes{Code::closed});
}

TEST(CheckTime, is_closed_alone_where_a_programme_never_was_open) {
  Programme programme = sample_programme();
  Activity activity = sample_activity(1, 10);
  programme.opens_at = activity.first_start() + hours(1);
  std::vector<Violation> out;
  check_time(programme, activity, activity.first_start(), out);
  EXPECT_EQ(codes_of(out), Codes{Code::closed});
}

TEST(CheckAge, counts_completed_years_on_the_day_of_the_first_session) {
  Activity activity = sample_activity(1, 10);  // ages 6 to 12
  const base::Instant start = *base::parse_instant("2026-07-20T00:30:00+08:00");
  activity.sessions[0].time = {start, start + hours(1)};
  struct Case {
    const char* birth_date;
    Codes expected;
  };
  for (const Case& c : {
           Case{"2020-07-21", {Code::ineligible}},                                          // turns 6 the day after
           Case{"2020-07-20", {}},                                                          // turns 6 on the day
           Case{"2016-01-01", {}}, Case{"2013-07-21", {}},                                  // 12 for one more day
           Case{"2013-07-20", {Code::ineligible}},                                          // turns 13 on the day
           Case{"1950-01-01", {Code::ineligible}}, Case{"2026-07-21", {Code::ineligible}},  // not born yet
       }) {
    std::vector<Violation> out;
    check_age(activity, *base::parse_date(c.birth_date), test::town_offset_minutes, out);
    EXPECT_EQ(codes_of(out), c.expected) << c.birth_date;
  }
}

TEST(CheckAge, takes_the_day_of_the_town) {
  Activity activity = sample_activity(1, 10);
  const base::Instant start = *base::parse_instant("2026-07-20T00:30:00+08:00");  // the 19th in UTC
  activity.sessions[0].time = {start, start + hours(1)};
  std::vector<Violation> out;
  check_age(activity, *base::parse_date("2020-07-20"), 480, out);
  EXPECT_TRUE(out.empty());
  check_age(activity, *base::parse_date("2020-07-20"), 0, out);
  ASSERT_EQ(codes_of(out), Codes{Code::ineligible});
  EXPECT_EQ(std::get<Ineligible>(out[0]).age, 5);
  EXPECT_EQ(std::get<Ineligible>(out[0]).age_min, 6);
  EXPECT_EQ(std::get<Ineligible>(out[0]).age_max, 12);
}

TEST(CheckAge, makes_children_of_29_february_older_on_1_march) {
  Activity activity = sample_activity(1, 10);
  for (const auto& [day, expected] : std::vector<std::pair<const char*, Codes>>{
           {"2026-02-28T09:00:00+08:00", {Code::ineligible}}, {"2026-03-01T09:00:00+08:00", {}}}) {
    const base::Instant start = *base::parse_instant(day);
    activity.sessions[0].time = {start, start + hours(1)};
    std::vector<Violation> out;
    check_age(activity, *base::parse_date("2020-02-29"), 480, out);
    EXPECT_EQ(codes_of(out), expected) << day;
  }
}

// Of the wish in all cases: activity 1 for child 1 of user 1; activities 2 and 3 meet at its time.
struct Held {
  std::uint64_t activity;
  std::uint64_t attendee;
  std::uint64_t user;
};
struct HeldCase {
  const char* name;
  Rules rules;
  std::vector<Held> held;
  Codes expected;
};

std::vector<Violation> decide(const HeldCase& c) {
  std::vector<HeldBooking> held;
  held.reserve(c.held.size());
  for (const Held& h : c.held) {
    held.push_back({id_of<base::BookingId>(100 + held.size()), id_of<base::ActivityId>(h.activity),
                    id_of<base::AttendeeId>(h.attendee), id_of<base::UserId>(h.user)});
  }
  std::vector<Violation> out;
  check_held(c.rules, {id_of<base::ActivityId>(2), id_of<base::ActivityId>(3)}, id_of<base::ActivityId>(1),
             id_of<base::AttendeeId>(1), id_of<base::UserId>(1), held, out);
  return out;
}

const Rules no_rules;
const Rules caps{2, 3, false, 0};
const Rules no_overlap{std::nullopt, std::nullopt, true, 0};
const Rules all_rules{2, 3, true, 0};

TEST(CheckHeld, names_every_broken_rule_in_the_order_of_weight) {
  for (const HeldCase& c : {
           HeldCase{"nothing held", all_rules, {}, {}},
           HeldCase{"the same activity", no_rules, {{1, 1, 1}}, {Code::already_booked}},
           HeldCase{"the same activity by the other parent", no_rules, {{1, 1, 2}}, {Code::already_booked}},
           HeldCase{"the same activity for a sibling", no_rules, {{1, 2, 1}}, {}},
           HeldCase{"no cap is no cap", no_rules, {{4, 1, 1}, {5, 1, 1}, {6, 1, 1}, {7, 1, 1}}, {}},
           HeldCase{"child one below its cap", caps, {{4, 1, 1}}, {}},
           HeldCase{"child at its cap", caps, {{4, 1, 1}, {5, 1, 1}}, {Code::limit_reached}},
           HeldCase{"child at its cap by both parents", caps, {{4, 1, 1}, {5, 1, 2}}, {Code::limit_reached}},
           HeldCase{"child above its cap", {1, {}, false, 0}, {{4, 1, 2}, {5, 1, 2}}, {Code::limit_reached}},
           HeldCase{"family one below its cap", caps, {{4, 2, 1}, {5, 2, 1}}, {}},
           HeldCase{"family at its cap by siblings", caps, {{4, 2, 1}, {5, 2, 1}, {6, 3, 1}}, {Code::limit_reached}},
           HeldCase{"family cap counts who pressed", caps, {{4, 2, 2}, {5, 2, 2}, {6, 3, 2}}, {}},
           HeldCase{"both caps", {1, 1, false, 0}, {{4, 1, 1}}, {Code::limit_reached, Code::limit_reached}},
           HeldCase{"overlap", no_overlap, {{2, 1, 1}}, {Code::overlaps}},
           HeldCase{"overlap by the other parent", no_overlap, {{2, 1, 2}}, {Code::overlaps}},
           HeldCase{"overlap of a sibling", no_overlap, {{2, 2, 1}}, {}},
           HeldCase{"overlap allowed", no_rules, {{2, 1, 1}}, {}},
           HeldCase{"other time", no_overlap, {{4, 1, 1}}, {}},
           HeldCase{"two overlaps", no_overlap, {{2, 1, 1}, {3, 1, 1}}, {Code::overlaps, Code::overlaps}},
           HeldCase{"everything at once",
                    all_rules,
                    {{2, 1, 1}, {1, 1, 1}, {3, 1, 1}},
                    {Code::already_booked, Code::limit_reached, Code::limit_reached, Code::overlaps, Code::overlaps}},
       }) {
    EXPECT_EQ(codes_of(decide(c)), c.expected) << c.name;
  }
}

TEST(CheckHeld, says_which_booking_limit_and_activity) {
  const auto out = decide({"", all_rules, {{2, 1, 1}, {1, 1, 1}, {4, 2, 1}}, {}});
  ASSERT_EQ(out.size(), 4U);
  EXPECT_EQ(std::get<AlreadyBooked>(out[0]).booking_id, id_of<base::BookingId>(101));
  const auto& of_child = std::get<LimitReached>(out[1]);
  EXPECT_EQ(of_child.scope, CapScope::attendee);
  EXPECT_EQ(of_child.limit, 2);
  EXPECT_EQ(of_child.used, 2);
  const auto& of_family = std::get<LimitReached>(out[2]);
  EXPECT_EQ(of_family.scope, CapScope::user);
  EXPECT_EQ(of_family.limit, 3);
  EXPECT_EQ(of_family.used, 3);
  EXPECT_EQ(std::get<Overlaps>(out[3]).activity_id, id_of<base::ActivityId>(2));
  for (const Violation& violation : out) EXPECT_FALSE(is_provisional(violation));
}

TEST(CheckHeld, adds_to_what_is_known_already) {
  std::vector<Violation> out{SoldOut{}};
  check_held(
      no_rules, {}, id_of<base::ActivityId>(1), id_of<base::AttendeeId>(1), id_of<base::UserId>(1),
      {{id_of<base::BookingId>(1), id_of<base::ActivityId>(1), id_of<base::AttendeeId>(1), id_of<base::UserId>(1)}},
      out);
  EXPECT_EQ(codes_of(out), (Codes{Code::sold_out, Code::already_booked}));
}

Activity at(std::uint64_t number, std::initializer_list<std::pair<int, int>> hours_of_sessions) {
  Activity activity = sample_activity(number, 10);
  activity.sessions.clear();
  for (const auto& [from, to] : hours_of_sessions) {
    activity.sessions.push_back({{}, {opening + hours(from), opening + hours(to)}, {}});
  }
  return activity;
}

TEST(OverlappingActivities, meet_in_at_least_one_session) {
  const Activity wanted = at(1, {{10, 12}, {34, 36}});
  struct Case {
    const char* name;
    Activity other;
    bool overlaps;
  };
  for (const Case& c : {
           Case{"ends when it starts", at(2, {{8, 10}}), false},
           Case{"starts when it ends", at(2, {{12, 14}}), false},
           Case{"the same time", at(2, {{10, 12}}), true},
           Case{"within", at(2, {{11, 12}}), true},
           Case{"around", at(2, {{1, 100}}), true},
           Case{"overlaps the start", at(2, {{9, 11}}), true},
           Case{"overlaps the end", at(2, {{11, 13}}), true},
           Case{"between the sessions", at(2, {{12, 34}}), false},
           Case{"second with second", at(2, {{0, 1}, {35, 37}}), true},
           Case{"itself", at(1, {{10, 12}}), false},
       }) {
    const OverlapSet expected = c.overlaps ? OverlapSet{c.other.id} : OverlapSet{};
    EXPECT_EQ(overlapping_activities(wanted, {&c.other}), expected) << c.name;
  }
}

TEST(OverlappingActivities, are_all_that_meet) {
  const Activity wanted = at(1, {{10, 12}});
  const Activity second = at(2, {{11, 13}});
  const Activity third = at(3, {{13, 14}});
  const Activity fourth = at(4, {{9, 11}});
  EXPECT_EQ(overlapping_activities(wanted, {&wanted, &second, &third, &fourth}), (OverlapSet{second.id, fourth.id}));
}

}  // namespace
}  // namespace zl::domain
