// The standard distributions are not specified to the bit, so the few that are needed stand here: a seed means the same
// crowd with every library.
#include "rush/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <string_view>
#include <utility>

#include "rush/instant.hpp"

namespace zl::rush {
namespace {

constexpr std::array<std::string_view, 16> surnames{"王", "李", "张", "刘", "陈", "杨", "赵", "黄",
                                                    "周", "吴", "徐", "孙", "朱", "沈", "陆", "顾"};
constexpr std::array<std::string_view, 16> given_names{"梓涵", "浩然", "雨桐", "子轩", "欣怡", "宇航", "诗涵", "俊杰",
                                                       "思远", "佳宁", "明轩", "若曦", "天佑", "语嫣", "一诺", "乐天"};
constexpr int spare_presses = 4;

class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}

  /// In [0, 1).
  double share() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  double between(double low, double high) { return low + (high - low) * share(); }
  int integer(int low, int high) { return low + static_cast<int>(share() * (high - low + 1)); }

 private:
  std::mt19937_64 engine_;
};

std::size_t draw_activity(const Programme& programme, Draw& draw) {
  int seats = 0;
  for (const Activity& activity : programme.activities) {
    seats += activity.capacity;
  }
  int seat = draw.integer(0, seats - 1);
  std::size_t index = 0;
  while (seat >= programme.activities[index].capacity) {
    seat -= programme.activities[index].capacity;
    ++index;
  }
  return index;
}

/// A birthday that makes the child `age` on `day`, never within three weeks of a birthday.
Day draw_birth_day(int age, Day day, Draw& draw) {
  return day - static_cast<Day>(std::ceil(age * 365.25)) - draw.integer(20, 340);
}

int draw_wishes(Draw& draw) {
  const double share = draw.share();
  if (share < 0.55) {
    return 1;
  }
  return share < 0.9 ? 2 : 3;
}

std::vector<std::size_t> draw_preferences(const Programme& programme, std::size_t first, Day birth_day, Draw& draw) {
  std::vector<std::size_t> fitting;
  for (std::size_t index = 0; index < programme.activities.size(); ++index) {
    const Activity& activity = programme.activities[index];
    const int age = age_on(birth_day, activity.first_day);
    if (index != first && age >= activity.age_min && age <= activity.age_max) {
      fitting.push_back(index);
    }
  }
  for (std::size_t left = fitting.size(); left > 1; --left) {
    std::swap(fitting[left - 1], fitting[static_cast<std::size_t>(draw.integer(0, static_cast<int>(left) - 1))]);
  }
  fitting.insert(fitting.begin(), first);
  return fitting;
}

Child draw_child(const Programme& programme, std::string_view surname, int number, Draw& draw) {
  const std::size_t first = draw_activity(programme, draw);
  const Activity& activity = programme.activities[first];
  const int age = draw.integer(activity.age_min, activity.age_max);
  const Day birth_day = draw_birth_day(age, activity.first_day, draw);
  // Siblings get names from different halves of the list: two children of one name and birthday would be one child.
  constexpr int half = static_cast<int>(given_names.size()) / 2;
  const int given = number % 2 * half + draw.integer(0, half - 1);
  return {.id = {},
          .name = fmt::format("{}{}", surname, given_names[static_cast<std::size_t>(given)]),
          .birth_day = birth_day,
          .wishes = draw_wishes(draw),
          .preferences = draw_preferences(programme, first, birth_day, draw)};
}

double draw_arrival_ms(double window_ms, Draw& draw) {
  if (draw.share() < 0.5) {
    const double mean_ms = window_ms / 15;
    const double arrival_ms = -mean_ms * std::log(1 - draw.share());
    return std::min(arrival_ms, draw.between(0, window_ms));
  }
  return window_ms * (1 - std::sqrt(1 - draw.share()));
}

std::vector<double> draw_presses(const std::vector<Child>& children, double window_ms, Draw& draw) {
  int presses = spare_presses;
  for (const Child& child : children) {
    presses += child.wishes;
  }
  std::vector<double> moments_ms{draw_arrival_ms(window_ms, draw)};
  while (std::cmp_less(moments_ms.size(), presses)) {
    moments_ms.push_back(moments_ms.back() + draw.between(1000, 3000));
  }
  return moments_ms;
}

}  // namespace

std::vector<Parent> draw_parents(const Programme& programme, const Crowd& crowd) {
  Draw draw(crowd.seed);
  std::vector<Parent> parents;
  parents.reserve(crowd.parents);
  for (std::size_t number = 0; number < crowd.parents; ++number) {
    const auto surname = surnames[static_cast<std::size_t>(draw.integer(0, surnames.size() - 1))];
    Parent parent;
    parent.openid = fmt::format("rush-{}-{}", crowd.tag, number + 1);
    parent.children.push_back(draw_child(programme, surname, 0, draw));
    if (draw.share() < crowd.two_children) {
      parent.children.push_back(draw_child(programme, surname, 1, draw));
    }
    parent.cancels = draw.share() < crowd.cancel;
    parent.presses_ms = draw_presses(parent.children, crowd.window_s * 1000, draw);
    parents.push_back(std::move(parent));
  }
  return parents;
}

}  // namespace zl::rush
