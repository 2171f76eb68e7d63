// A programme's first page, put together from one text: what the list shows of each activity by itself.
#include "http/first_page.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "base/limits.hpp"
#include "http/endpoint_support.hpp"
#include "support.hpp"
#include "support/samples.hpp"

namespace zl::http {
namespace {

using std::chrono::hours;
using test::id_of;
using test::opening;

constexpr base::SteadyTime soon{std::chrono::seconds(7)};

/// With a draft, a cancelled one and one that is nearly over among them.
app::Catalogue a_catalogue(std::uint64_t count) {
  domain::Station station;
  station.id = id_of<base::StationId>(1);
  station.name = "钟楼";
  app::CatalogueContent content{{station}, {test::sample_programme()}, {}};
  for (std::uint64_t number = 1; number <= count; ++number) {
    domain::Activity activity = test::sample_activity(number, 10);
    activity.seats_taken = static_cast<int>(number % 4);
    if (number == 2) activity.publication = domain::Publication::draft;
    if (number == 3) activity.publication = domain::Publication::cancelled;
    if (number == 4) activity.sessions.front().time = {opening + hours(1), opening + hours(2)};
    content.activities.push_back(std::move(activity));
  }
  return app::Catalogue(std::move(content));
}

const app::ProgrammeEntry& programme_of(const app::Catalogue& catalogue) {
  return *catalogue.programme(test::sample_programme_id);
}

void learn(const app::Catalogue& catalogue, std::uint64_t number, int used) {
  app::SeatCount seats;
  seats.activity_id = id_of<base::ActivityId>(number);
  seats.version = {1, static_cast<std::uint64_t>(used)};
  seats.used = used;
  seats.capacity = 10;
  catalogue.activity(seats.activity_id)->seats->learn(seats, soon);
}

boost::json::object page_at(const app::Catalogue& catalogue, base::Instant now) {
  return parsed(first_page(programme_of(catalogue), now, soon, test::town_offset_minutes));
}

/// Each activity as it is shown alone, in the order of the list.
boost::json::array one_by_one(const app::Catalogue& catalogue, base::Instant now) {
  boost::json::array items;
  for (const auto& entry : programme_of(catalogue).activities) {
    if (entry->activity.publication == domain::Publication::draft) continue;
    std::string text;
    JsonWriter json(text, test::town_offset_minutes);
    write(json, *entry, context_of(*entry, now), instant_text(now, test::town_offset_minutes));
    items.push_back(parsed(text));
  }
  return items;
}

TEST(FirstPage, shows_each_activity_as_it_is_shown_alone_at_every_moment) {
  const app::Catalogue catalogue = a_catalogue(9);
  const std::vector<base::Instant> moments{{opening.unix_ms - 1},   opening,
                                           opening + hours(1),      opening + hours(3),
                                           opening + hours(24 * 7), opening + hours(24 * 30)};
  for (const int used : {0, 4, 10}) {
    if (used > 0) learn(catalogue, 5, used);
    for (const base::Instant now : moments) {
      const boost::json::object page = page_at(catalogue, now);
      EXPECT_EQ(page.at("items"), one_by_one(catalogue, now)) << used << " used, " << now.unix_ms;
      EXPECT_TRUE(page.at("next_cursor").is_null());
    }
  }
}

TEST(FirstPage, ends_where_a_page_ends_with_the_cursor_of_the_next) {
  const app::Catalogue catalogue = a_catalogue(base::limits::page_default + 2);
  const boost::json::object page = page_at(catalogue, opening);
  EXPECT_EQ(page.at("items").as_array().size(), base::limits::page_default);
  const auto& last = programme_of(catalogue).activities[base::limits::page_default];  // one of those before is a draft
  EXPECT_EQ(page.at("items").as_array().back().at("id").as_string(), last->activity.id.hex());
  EXPECT_EQ(page.at("next_cursor").as_string(), write_cursor(List::activities, place_of(*last)));
}

TEST(FirstPage, touches_what_it_shows) {
  const app::Catalogue catalogue = a_catalogue(3);
  (void)page_at(catalogue, opening);
  EXPECT_EQ(catalogue.activity(id_of<base::ActivityId>(1))->seats->touched_at(), soon);
  EXPECT_EQ(catalogue.activity(id_of<base::ActivityId>(2))->seats->touched_at(), base::SteadyTime{}) << "a draft";
}

TEST(FirstPage, of_an_empty_programme_has_nothing) {
  const app::Catalogue catalogue = a_catalogue(0);
  EXPECT_EQ(first_page(programme_of(catalogue), opening, soon, test::town_offset_minutes),
            R"({"items":[],"next_cursor":null})");
}

TEST(FirstPage, follows_a_changed_activity) {
  const app::Catalogue catalogue = a_catalogue(1);
  (void)page_at(catalogue, opening);
  domain::Activity changed = test::sample_activity(1, 12);
  changed.title = "围棋";
  changed.version = 2;
  const app::Catalogue next = catalogue.with_programme({test::sample_programme(), {changed}});
  EXPECT_EQ(page_at(next, opening).at("items").at(0).at("title"), "围棋");
  EXPECT_EQ(page_at(catalogue, opening).at("items").at(0).at("title"), "活动1") << "an old snapshot stays what it was";
}

}  // namespace
}  // namespace zl::http
