#include "rush/plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "rush/demo.hpp"
#include "rush/instant.hpp"

namespace zl::rush {
namespace {

constexpr Instant some_day = 1'781'920'800'000;

std::vector<Parent> draw(std::uint64_t seed, std::size_t parents = 1000) {
  return draw_parents(demo_programme(some_day), {.parents = parents, .two_children = 0.2, .seed = seed, .tag = "t"});
}

TEST(DemoProgrammeTest, is_the_reported_one_and_starts_on_the_monday_after_next) {
  const Programme programme = demo_programme(some_day);
  int seats = 0;
  Day first_day = programme.activities.front().first_day;
  for (const Activity& activity : programme.activities) {
    seats += activity.capacity;
    first_day = std::min(first_day, activity.first_day);
    EXPECT_EQ(day_of(activity.sessions.front().starts_at), activity.first_day);
  }
  EXPECT_EQ(programme.activities.size(), 14U);
  EXPECT_EQ(seats, 300);
  EXPECT_EQ(first_day, monday_after_next(some_day));
}

TEST(PlanTest, the_same_seed_draws_the_same_crowd_and_another_seed_another) {
  const auto one = draw(1);
  const auto again = draw(1);
  const auto other = draw(2);
  const auto same = [](const Parent& left, const Parent& right) {
    return left.presses_ms == right.presses_ms && left.children.front().name == right.children.front().name &&
           left.children.front().birth_day == right.children.front().birth_day;
  };
  EXPECT_TRUE(std::equal(one.begin(), one.end(), again.begin(), same));
  EXPECT_FALSE(std::equal(one.begin(), one.end(), other.begin(), same));
}

TEST(PlanTest, every_child_fits_all_that_it_wants) {
  const Programme programme = demo_programme(some_day);
  for (const Parent& parent : draw(3)) {
    for (const Child& child : parent.children) {
      EXPECT_FALSE(child.preferences.empty());
      for (const std::size_t index : child.preferences) {
        const Activity& activity = programme.activities[index];
        const int age = age_on(child.birth_day, activity.first_day);
        EXPECT_TRUE(age >= activity.age_min && age <= activity.age_max) << activity.title << " at " << age;
      }
    }
  }
}

TEST(PlanTest, first_choices_alone_would_fill_every_activity) {
  const Programme programme = demo_programme(some_day);
  std::vector<int> wanted(programme.activities.size());
  for (const Parent& parent : draw(4)) {
    wanted[parent.children.front().preferences.front()] += 1;
  }
  for (std::size_t index = 0; index < wanted.size(); ++index) {
    EXPECT_GE(wanted[index], programme.activities[index].capacity) << programme.activities[index].title;
  }
}

TEST(PlanTest, parents_press_first_within_the_window_and_early_rather_than_late) {
  std::size_t early = 0;
  const auto parents = draw(5);
  for (const Parent& parent : parents) {
    EXPECT_TRUE(std::is_sorted(parent.presses_ms.begin(), parent.presses_ms.end()));
    EXPECT_GE(parent.presses_ms.front(), 0);
    EXPECT_LT(parent.presses_ms.front(), 30'000);
    early += parent.presses_ms.front() < 5'000 ? 1 : 0;
  }
  EXPECT_GT(early, parents.size() / 2);
}

TEST(PlanTest, every_fifth_parent_has_two_children_who_differ) {
  std::size_t with_two = 0;
  std::set<std::string> openids;
  for (const Parent& parent : draw(6)) {
    openids.insert(parent.openid);
    if (parent.children.size() == 2) {
      with_two += 1;
      EXPECT_NE(parent.children[0].name, parent.children[1].name);
    }
  }
  EXPECT_EQ(openids.size(), 1000U);
  EXPECT_NEAR(static_cast<double>(with_two), 200, 50);
}

}  // namespace
}  // namespace zl::rush
