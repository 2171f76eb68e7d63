// Activities as everybody sees them: what was written once, and what is put into it.
#include "http/views.hpp"

#include <gtest/gtest.h>

#include "support.hpp"
#include "support/samples.hpp"

namespace zl::http {
namespace {

using test::id_of;
using test::opening;

app::Catalogue a_catalogue(domain::Activity activity, const char* station_name = "钟楼") {
  domain::Station station;
  station.id = id_of<base::StationId>(1);
  station.name = station_name;
  return app::Catalogue(app::CatalogueContent{{station}, {test::sample_programme()}, {std::move(activity)}});
}

const app::ActivityEntry& entry_of(const app::Catalogue& catalogue) {
  return *catalogue.activity(id_of<base::ActivityId>(1));
}

std::string shown(const app::ActivityEntry& entry, base::Instant now) {
  std::string out;
  JsonWriter json(out, 480);
  write(json, entry, context_of(entry, now), instant_text(now, 480));
  return out;
}

TEST(Views, an_activity_has_all_its_members_in_order) {
  domain::Activity activity = test::sample_activity(1, 10);
  activity.title = "\"书\"\n";
  activity.seats_taken = 3;
  EXPECT_EQ(
      shown(entry_of(a_catalogue(activity)), opening),
      R"({"id":"00000000000000000000000000000001","programme_id":"00000000000000000000000000000001",)"
      R"("station":{"id":"00000000000000000000000000000001","name":"钟楼"},"kind":"class","title":"\"书\"\n",)"
      R"("description":"","age_min":6,"age_max":12,"capacity":10,"remaining":7,)"
      R"("opens_at":"2026-07-06T09:00:00.000+08:00","closes_at":"2026-07-13T09:00:00.000+08:00",)"
      R"("cancel_until":"2026-07-20T10:00:00.000+08:00","state":"open",)"
      R"("sessions":[{"id":"00000000000000000000000000000001","starts_at":"2026-07-20T10:00:00.000+08:00",)"
      R"("ends_at":"2026-07-20T11:00:00.000+08:00","venue":"一楼"}],"server_time":"2026-07-06T09:00:00.000+08:00"})");
}

TEST(Views, what_staff_sees_has_the_same_members_and_more) {
  const app::Catalogue catalogue = a_catalogue(test::sample_activity(1, 10));
  const app::ActivityEntry& entry = entry_of(catalogue);
  std::string out;
  JsonWriter json(out, 480);
  write_for_staff(json, entry.activity, context_of(entry, opening), 2);
  boost::json::object staff = parsed(out);
  for (const char* name : {"status", "seats_taken", "cancel_reason", "version"}) EXPECT_EQ(staff.erase(name), 1U);
  EXPECT_EQ(staff, parsed(shown(entry, opening)));
}

TEST(Views, seats_state_and_time_are_those_of_the_moment) {
  const app::Catalogue catalogue = a_catalogue(test::sample_activity(1, 10));
  const app::ActivityEntry& entry = entry_of(catalogue);
  EXPECT_EQ(parsed(shown(entry, opening)).at("remaining"), 10);

  app::SeatCount seats;
  seats.activity_id = entry.activity.id;
  seats.version = {1, 1};
  seats.capacity = 10;
  seats.used = 10;
  entry.seats->learn(seats, {});
  const boost::json::object full = parsed(shown(entry, opening));
  EXPECT_EQ(full.at("remaining"), 0);
  EXPECT_EQ(full.at("state"), "full");

  const boost::json::object before = parsed(shown(entry, {opening.unix_ms - 1}));
  EXPECT_EQ(before.at("state"), "scheduled");
  EXPECT_EQ(before.at("server_time"), "2026-07-06T08:59:59.999+08:00");
}

TEST(Views, a_changed_activity_or_station_is_shown_as_it_is_now) {
  const app::Catalogue catalogue = a_catalogue(test::sample_activity(1, 10));
  EXPECT_EQ(parsed(shown(entry_of(catalogue), opening)).at("title"), "活动1");
  domain::Activity changed = test::sample_activity(1, 10);
  changed.title = "围棋";
  changed.version = 2;
  const app::Catalogue retitled = catalogue.with_programme({test::sample_programme(), {changed}});
  EXPECT_EQ(parsed(shown(entry_of(retitled), opening)).at("title"), "围棋");

  domain::Station station;
  station.id = id_of<base::StationId>(1);
  station.name = "鼓楼";
  station.version = 2;
  const app::Catalogue renamed = retitled.with_stations({station});
  EXPECT_EQ(parsed(shown(entry_of(renamed), opening)).at("station").at("name"), "鼓楼");
  EXPECT_EQ(parsed(shown(entry_of(catalogue), opening)).at("title"), "活动1") << "an old snapshot stays what it was";
}

}  // namespace
}  // namespace zl::http
