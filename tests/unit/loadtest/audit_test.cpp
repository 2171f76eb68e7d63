// The audit is only worth what it catches: each test doctors the results of an honest rush and names the check that
// must fail.
#include "rush/audit.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace zl::rush {
namespace {

constexpr Instant release = 1'700'000'000'000;

Activity make_activity(std::string id, int capacity, Instant starts_at) {
  Activity activity;
  activity.id = id;
  activity.title = std::move(id);
  activity.capacity = capacity;
  activity.sessions = {{.starts_at = starts_at, .ends_at = starts_at + 3'600'000}};
  return activity;
}

class AuditTest : public testing::Test {
 protected:
  /// Painting has two seats and lasts until dancing starts; chess has five and overlaps painting.
  AuditTest() {
    Programme& programme = evidence.programme;
    programme.release = release;
    programme.rules = {.max_per_attendee = 2, .max_per_user = 2, .forbid_overlap = true};
    programme.activities = {make_activity("painting", 2, release), make_activity("dancing", 2, release + 3'600'000),
                            make_activity("chess", 5, release + 1'800'000)};
    grant("b1", painting, "wang", "wang-child", 100);
    grant("b2", painting, "li", "li-child", 200);
    refuse_as_full(painting, "zhang", "zhang-child", 300);
  }

  static constexpr std::size_t painting = 0;
  static constexpr std::size_t dancing = 1;
  static constexpr std::size_t chess = 2;

  Press& press(std::size_t activity, std::string user, std::string attendee, Instant decided_ms) {
    Press made;
    made.activity = activity;
    made.user_id = std::move(user);
    made.attendee_id = std::move(attendee);
    made.intended_ms = made.sent_ms = static_cast<double>(decided_ms);
    made.answered_ms = made.intended_ms + 5;
    made.sends = 1;
    made.decided_at = release + decided_ms;
    return evidence.presses.emplace_back(std::move(made));
  }

  Press& grant(std::string booking, std::size_t activity, std::string user, std::string attendee, Instant decided_ms) {
    evidence.after.push_back({.activity = activity,
                              .booking_id = booking,
                              .user_id = user,
                              .attendee_id = attendee,
                              .active = true,
                              .decided_at = release + decided_ms});
    Press& made = press(activity, std::move(user), std::move(attendee), decided_ms);
    made.outcome = Outcome::granted;
    made.code = "granted";
    made.booking_id = std::move(booking);
    return made;
  }

  Press& refuse_as_full(std::size_t activity, std::string user, std::string attendee, Instant decided_ms) {
    Press& made = press(activity, std::move(user), std::move(attendee), decided_ms);
    made.outcome = Outcome::refused;
    made.code = "sold_out";
    made.told_sold_out = true;
    return made;
  }

  Press& give_up(std::size_t activity, std::string user, std::string attendee, Instant sent_ms) {
    Press& made = press(activity, std::move(user), std::move(attendee), sent_ms);
    made.outcome = Outcome::unknown;
    made.code = "timeout";
    made.decided_at.reset();
    return made;
  }

  RosterEntry& entry(const std::string& booking) {
    return *std::find_if(evidence.after.begin(), evidence.after.end(),
                         [&](const RosterEntry& candidate) { return candidate.booking_id == booking; });
  }

  void expect_pass() const {
    for (const Check& check : audit(evidence).checks) {
      EXPECT_TRUE(check.faults.empty()) << check.name << ": " << check.faults.front();
    }
  }

  /// Exactly the check of that name fails.
  void expect_only_fault(const std::string& name) const {
    const Audit result = audit(evidence);
    EXPECT_FALSE(result.passed());
    for (const Check& check : result.checks) {
      EXPECT_EQ(check.faults.size(), check.name == name ? 1U : 0U) << check.name;
    }
  }

  const std::string somebody = "somebody got a seat";
  const std::string oversold = "sold <= capacity";
  const std::string twice = "no attendee twice";
  const std::string promises = "every 201 in the roster";
  const std::string unknowing = "no seat that nobody was told of";
  const std::string sold_out = "no sold_out before the last seat was taken";
  const std::string rules = "caps and overlaps";

  Evidence evidence;
};

TEST_F(AuditTest, an_honest_rush_passes) {
  expect_pass();
  EXPECT_EQ(audit(evidence).sold, 2U);
  EXPECT_EQ(audit(evidence).capacity, 9U);
}

TEST_F(AuditTest, a_rush_without_a_seat_fails) {
  evidence.presses.clear();
  evidence.after.clear();
  expect_only_fault(somebody);
}

TEST_F(AuditTest, one_seat_too_many_fails) {
  grant("b3", painting, "zhao", "zhao-child", 200);
  expect_only_fault(oversold);
}

TEST_F(AuditTest, an_attendee_with_two_seats_of_an_activity_fails) {
  evidence.programme.rules = {};
  evidence.programme.activities[chess].sessions.clear();
  grant("b3", chess, "wang", "wang-child", 100);
  grant("b4", chess, "wang", "wang-child", 110);
  expect_only_fault(twice);
}

TEST_F(AuditTest, a_told_booking_that_the_roster_lacks_fails) {
  grant("b3", dancing, "zhao", "zhao-child", 150);
  evidence.after.pop_back();
  expect_only_fault(promises);
}

TEST_F(AuditTest, a_told_booking_that_was_cancelled_behind_its_client_fails) {
  grant("b3", dancing, "zhao", "zhao-child", 150);
  entry("b3").active = false;
  expect_only_fault(promises);
}

TEST_F(AuditTest, one_booking_told_to_two_parents_fails) {
  Press second = evidence.presses.front();
  second.user_id = "zhao";
  evidence.presses.push_back(second);
  expect_only_fault(promises);
}

TEST_F(AuditTest, a_booking_that_its_client_cancelled_need_not_be_there) {
  grant("b3", dancing, "zhao", "zhao-child", 150).cancelled_ms = 400;
  evidence.after.pop_back();
  grant("b4", dancing, "zhou", "zhou-child", 150).cancelled_ms = 400;
  entry("b4").active = false;
  expect_pass();
}

TEST_F(AuditTest, a_cancelled_booking_that_still_holds_its_seat_fails) {
  grant("b3", dancing, "zhao", "zhao-child", 150).cancelled_ms = 400;
  expect_only_fault(promises);
}

TEST_F(AuditTest, a_seat_that_nobody_was_told_of_fails) {
  Press& refused = refuse_as_full(dancing, "zhao", "zhao-child", 150);
  refused.told_sold_out = false;
  evidence.after.push_back({.activity = dancing,
                            .booking_id = "b3",
                            .user_id = "zhao",
                            .attendee_id = "zhao-child",
                            .active = true,
                            .decided_at = release + 150});
  expect_only_fault(unknowing);
}

TEST_F(AuditTest, a_seat_of_a_client_that_gave_up_is_no_fault) {
  give_up(dancing, "zhao", "zhao-child", 150);
  evidence.after.push_back({.activity = dancing,
                            .booking_id = "b3",
                            .user_id = "zhao",
                            .attendee_id = "zhao-child",
                            .active = true,
                            .decided_at = release + 160});
  expect_pass();
}

TEST_F(AuditTest, seats_of_others_count_only_where_others_may_book) {
  evidence.after.push_back({.activity = dancing,
                            .booking_id = "b3",
                            .user_id = "a stranger",
                            .attendee_id = "a stranger's child",
                            .active = true,
                            .decided_at = release + 150});
  expect_only_fault(unknowing);
  evidence.strangers_may_book = true;
  expect_pass();
}

TEST_F(AuditTest, seats_from_before_the_rush_are_no_fault) {
  evidence.before.push_back({.activity = dancing,
                             .booking_id = "b0",
                             .user_id = "zhao",
                             .attendee_id = "zhao-child",
                             .active = true,
                             .decided_at = release - 1000});
  evidence.after.push_back(evidence.before.back());
  expect_pass();
}

TEST_F(AuditTest, a_sold_out_before_the_last_seat_was_taken_fails) {
  refuse_as_full(painting, "zhao", "zhao-child", 199);
  expect_only_fault(sold_out);
}

TEST_F(AuditTest, a_sold_out_in_the_millisecond_of_the_last_seat_is_true) {
  refuse_as_full(painting, "zhao", "zhao-child", 200);
  expect_pass();
}

TEST_F(AuditTest, a_sold_out_of_an_activity_that_keeps_seats_fails) {
  refuse_as_full(chess, "zhao", "zhao-child", 900);
  expect_only_fault(sold_out);
}

TEST_F(AuditTest, a_sold_out_without_a_time_fails) {
  refuse_as_full(painting, "zhao", "zhao-child", 300).decided_at.reset();
  expect_only_fault(sold_out);
}

TEST_F(AuditTest, a_seat_that_came_back_makes_a_later_sold_out_a_lie_until_it_is_taken_again) {
  evidence.presses[0].cancelled_ms = 1000;
  entry("b1").active = false;
  refuse_as_full(painting, "zhao", "zhao-child", 1000 + seat_return_grace_ms - 1);
  grant("b3", painting, "zhou", "zhou-child", 5000);
  refuse_as_full(painting, "wu", "wu-child", 5000);
  expect_pass();
  refuse_as_full(painting, "xu", "xu-child", 4999);
  expect_only_fault(sold_out);
}

TEST_F(AuditTest, a_repeated_press_held_its_seat_since_it_was_first_sent) {
  refuse_as_full(painting, "zhao", "zhao-child", 150);
  Press& repeated = evidence.presses[1];
  repeated.sends = 2;
  repeated.sent_ms = 150;
  expect_pass();
}

TEST_F(AuditTest, a_press_that_was_never_answered_may_hold_a_seat) {
  grant("b3", dancing, "zhao", "zhao-child", 100);
  refuse_as_full(dancing, "wu", "wu-child", 300);
  expect_only_fault(sold_out);
  give_up(dancing, "zhou", "zhou-child", 200);
  expect_pass();
}

TEST_F(AuditTest, more_than_the_child_cap_fails) {
  evidence.programme.rules.max_per_attendee = 1;
  grant("b3", dancing, "wang", "wang-child", 100);
  expect_only_fault(rules);
}

TEST_F(AuditTest, more_than_the_family_cap_fails) {
  grant("b3", dancing, "wang", "wang-child", 100);
  expect_pass();
  grant("b4", chess, "wang", "wang-second-child", 110);
  expect_only_fault(rules);
}

TEST_F(AuditTest, overlapping_seats_of_one_child_fail_where_the_rules_forbid_them) {
  grant("b3", chess, "wang", "wang-child", 100);
  expect_only_fault(rules);
  evidence.programme.rules.forbid_overlap = false;
  expect_pass();
}

}  // namespace
}  // namespace zl::rush
