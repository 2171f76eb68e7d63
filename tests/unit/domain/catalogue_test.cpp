#include "domain/catalogue.hpp"

#include <gtest/gtest.h>

#include "support/samples.hpp"

namespace zl::domain {
namespace {

using std::chrono::hours;
using test::opening;
using test::sample_activity;
using test::sample_programme;

constexpr base::Milliseconds tick{1};

TEST(BookingEndsAt, the_closing_or_the_first_start_whichever_comes_first) {
  Programme programme = sample_programme();
  const Activity activity = sample_activity(1, 10);
  EXPECT_EQ(booking_ends_at(programme, activity), programme.closes_at);
  programme.closes_at = activity.first_start();
  EXPECT_EQ(booking_ends_at(programme, activity), activity.first_start());
  programme.closes_at = activity.first_start() + tick;
  EXPECT_EQ(booking_ends_at(programme, activity), activity.first_start());
}

TEST(CancelUntil, is_the_first_start_less_the_hours) {
  Programme programme = sample_programme();
  const Activity activity = sample_activity(1, 10);
  EXPECT_EQ(cancel_until(programme, activity), activity.first_start());
  programme.rules.cancel_hours = 24;
  EXPECT_EQ(cancel_until(programme, activity), activity.first_start() - hours(24));
}

TEST(LastEnd, is_the_latest_of_all_sessions) {
  Activity activity = sample_activity(1, 10);
  const base::Instant start = activity.first_start();
  activity.sessions.push_back({{}, {start + hours(48), start + hours(50)}, {}});
  activity.sessions.push_back({{}, {start + hours(49), start + hours(49) + tick}, {}});
  EXPECT_EQ(activity.last_end(), start + hours(50));
  EXPECT_EQ(activity.intervals().size(), 3U);
  EXPECT_EQ(activity.intervals()[1], (Interval{start + hours(48), start + hours(50)}));
}

TEST(PublicState, follows_time_and_seats) {
  const Programme programme = sample_programme();
  const Activity activity = sample_activity(1, 10);
  struct Case {
    const char* name;
    base::Instant now;
    std::optional<int> remaining;
    PublicState expected;
  };
  for (const Case& c : {
           Case{"before opening", opening - tick, 10, PublicState::scheduled},
           Case{"before opening, full", opening - tick, 0, PublicState::scheduled},
           Case{"at opening", opening, 10, PublicState::open},
           Case{"one seat left", opening, 1, PublicState::open},
           Case{"none left", opening, 0, PublicState::full},
           Case{"fewer than none left", opening, -1, PublicState::full},
           Case{"seats unknown", opening, std::nullopt, PublicState::open},
           Case{"just before closing", programme.closes_at - tick, 10, PublicState::open},
           Case{"at closing", programme.closes_at, 10, PublicState::closed},
           Case{"at closing, full", programme.closes_at, 0, PublicState::closed},
           Case{"just before the end", activity.last_end() - tick, 10, PublicState::closed},
           Case{"at the end", activity.last_end(), 10, PublicState::finished},
       }) {
    EXPECT_EQ(public_state(programme, activity, c.remaining, c.now), c.expected) << c.name;
  }
}

TEST(PublicState, of_a_cancelled_activity_is_cancelled_at_any_time) {
  const Programme programme = sample_programme();
  Activity activity = sample_activity(1, 10);
  activity.publication = Publication::cancelled;
  for (const base::Instant now : {opening - hours(1), opening, programme.closes_at, activity.last_end() + hours(1)}) {
    EXPECT_EQ(public_state(programme, activity, 5, now), PublicState::cancelled);
  }
}

}  // namespace
}  // namespace zl::domain
