// Reads the compiled-in demo data and writes the bodies that create a copy of it.
#include "rush/demo.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <stdexcept>

#include "rush/assets.hpp"
#include "rush/instant.hpp"

namespace zl::rush {
namespace {

namespace json = boost::json;

json::value parse(std::string_view text) {
  return json::parse(json::string_view(text.data(), text.size()));
}

/// "09:30" in minutes after midnight.
int minutes_of(const json::value& clock) {
  const std::string text(clock.as_string());
  return std::stoi(text.substr(0, 2)) * 60 + std::stoi(text.substr(3, 2));
}

}  // namespace

Programme demo_programme(Instant now) {
  const json::value demo = parse(demo_activities());
  const Day first_day = monday_after_next(now);
  Programme programme;
  programme.title = demo.at("title").as_string();
  const json::value& rules = demo.at("rules");
  programme.rules.max_per_attendee = rules.at("max_per_attendee").to_number<int>();
  programme.rules.max_per_user = rules.at("max_per_user").to_number<int>();
  programme.rules.forbid_overlap = rules.at("forbid_overlap").as_bool();
  for (const json::value& given : demo.at("activities").as_array()) {
    Activity activity;
    activity.title = given.at("title").as_string();
    activity.capacity = given.at("capacity").to_number<int>();
    activity.age_min = given.at("age_min").to_number<int>();
    activity.age_max = given.at("age_max").to_number<int>();
    activity.first_day = first_day + given.at("day").to_number<int>() - 1;
    const Instant starts_at = instant_of(activity.first_day, minutes_of(given.at("start")));
    activity.sessions.push_back(
        {.starts_at = starts_at, .ends_at = starts_at + given.at("minutes").to_number<Instant>() * 60'000});
    programme.activities.push_back(std::move(activity));
  }
  return programme;
}

json::object demo_station_body() {
  const json::value demo = parse(demo_activities());
  const json::value stations = parse(demo_stations());
  for (const json::value& station : stations.at("stations").as_array()) {
    if (station.at("code") == demo.at("station")) {
      return {{"name", station.at("name")}, {"area", station.at("area")}};
    }
  }
  throw std::runtime_error("the demo programme names a station that the demo stations lack");
}

json::object demo_programme_body(const Programme& programme, const std::string& station_id, Instant opens_at) {
  const json::value demo = parse(demo_activities());
  const Instant first_day = instant_of(programme.activities.front().first_day, 0);
  return {{"station_id", station_id},
          {"title", programme.title},
          {"opens_at", format_instant(opens_at)},
          {"closes_at", format_instant(first_day)},
          {"rules", demo.at("rules")}};
}

std::vector<json::object> demo_activity_bodies(const Programme& programme) {
  const json::value demo = parse(demo_activities());
  const json::array& given = demo.at("activities").as_array();
  std::vector<json::object> bodies;
  for (std::size_t index = 0; index < programme.activities.size(); ++index) {
    const Activity& activity = programme.activities[index];
    const json::object session{{"starts_at", format_instant(activity.sessions.front().starts_at)},
                               {"ends_at", format_instant(activity.sessions.front().ends_at)},
                               {"venue", given[index].at("venue")}};
    bodies.push_back({{"programme_id", programme.id},
                      {"kind", demo.at("kind")},
                      {"title", activity.title},
                      {"description", ""},
                      {"age_min", activity.age_min},
                      {"age_max", activity.age_max},
                      {"capacity", activity.capacity},
                      {"sessions", json::array{session}}});
  }
  return bodies;
}

}  // namespace zl::rush
