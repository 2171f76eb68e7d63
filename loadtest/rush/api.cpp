// Every creating call carries an Idempotency-Key, so that trying again is safe.
#include "rush/api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <stdexcept>

#include "rush/demo.hpp"
#include "rush/instant.hpp"
#include "rush/wire.hpp"

namespace zl::rush {
namespace {

namespace asio = boost::asio;
namespace json = boost::json;

constexpr int max_tries = 20;
constexpr int clock_readings = 15;

asio::awaitable<void> pause(double seconds) {
  asio::steady_timer timer(co_await asio::this_coro::executor);
  timer.expires_after(std::chrono::milliseconds(static_cast<int>(seconds * 1000)));
  co_await timer.async_wait(asio::use_awaitable);
}

std::string describe(const Request& request, const Answer& answer) {
  const std::string what = answer.delivery == Delivery::answered
                               ? fmt::format("{} {}", answer.status, answer.body.substr(0, 500))
                               : answer.failure;
  return fmt::format("{} {}: {}", request.method, request.target, what);
}

bool may_pass(const Answer& answer) {
  return answer.delivery != Delivery::answered || answer.status == 429 || answer.status == 503;
}

asio::awaitable<json::value> call(HttpClient& client, Request request) {
  for (int tries = 1;; ++tries) {
    const Answer answer = co_await client.send(request);
    if (answer.delivery == Delivery::answered && answer.status >= 200 && answer.status < 300) {
      co_return json::parse(answer.body);
    }
    if (!may_pass(answer) || tries == max_tries) {
      throw std::runtime_error(describe(request, answer));
    }
    co_await pause(answer.retry_after_s.value_or(0.25));
  }
}

asio::awaitable<json::value> get(HttpClient& client, std::string target, std::string token = {}) {
  Request request;
  request.target = std::move(target);
  request.token = std::move(token);
  co_return co_await call(client, std::move(request));
}

asio::awaitable<json::value> post(HttpClient& client, std::string target, std::string token, std::string key,
                                  json::object body) {
  Request request;
  request.method = "POST";
  request.target = std::move(target);
  request.token = std::move(token);
  request.idempotency_key = std::move(key);
  request.body = body.empty() ? std::string() : json::serialize(body);
  co_return co_await call(client, std::move(request));
}

std::string id_of(const json::value& made) {
  return std::string(made.at("id").as_string());
}

/// The id of the station of that name, looking through stations and their points; empty if there is none.
std::string find_station(const json::value& nodes, const json::value& name) {
  for (const json::value& node : nodes.as_array()) {
    if (node.at("name") == name) {
      return id_of(node);
    }
    const json::value* points = node.as_object().if_contains("points");
    const std::string id = points == nullptr ? std::string() : find_station(*points, name);
    if (!id.empty()) {
      return id;
    }
  }
  return {};
}

asio::awaitable<std::string> demo_station(HttpClient& client, std::string token, std::string tag) {
  const json::object body = demo_station_body();
  const json::value stations = co_await get(client, "/api/v1/stations");
  std::string id = find_station(stations.at("items"), body.at("name"));
  if (id.empty()) {
    const json::value made =
        co_await post(client, "/api/v1/admin/stations", token, fmt::format("station-{}", tag), body);
    id = id_of(made);
  }
  co_return id;
}

/// Another server process, or this one's catalogue, may learn of the new activities a moment later.
asio::awaitable<void> wait_until_listed(HttpClient& client, const Programme& programme) {
  for (int tries = 0; tries < 100; ++tries) {
    const auto listed = co_await list_activities(client, programme.id);
    if (listed.size() == programme.activities.size()) {
      co_return;
    }
    co_await pause(0.05);
  }
  throw std::runtime_error(fmt::format("programme {} doesn't list its published activities", programme.id));
}

}  // namespace

asio::awaitable<ServerClock> read_clock(HttpClient& client) {
  std::optional<ServerClock> best;
  for (int reading = 0; reading < clock_readings; ++reading) {
    const auto before = std::chrono::steady_clock::now();
    const json::value time = co_await get(client, "/api/v1/time");
    const auto round_trip = std::chrono::steady_clock::now() - before;
    const double error_ms = std::chrono::duration<double, std::milli>(round_trip).count() / 2;
    if (!best || error_ms < best->error_ms()) {
      best.emplace(time.at("unix_ms").to_number<Instant>(), before + round_trip / 2, error_ms);
    }
  }
  co_return *best;
}

asio::awaitable<std::string> admin_login(HttpClient& client, std::string username, std::string password) {
  const json::object body{{"username", username}, {"password", password}};
  const json::value login = co_await post(client, "/api/v1/admin/login", {}, {}, body);
  co_return std::string(login.at("token").as_string());
}

asio::awaitable<void> register_parent(HttpClient& client, Parent& parent) {
  const json::object who{{"openid", parent.openid}, {"nickname", parent.children.front().name + "的家长"}};
  const json::value login = co_await post(client, "/api/v1/login/dev", {}, {}, who);
  parent.token = login.at("token").as_string();
  parent.user_id = login.at("user").at("id").as_string();
  for (std::size_t number = 0; number < parent.children.size(); ++number) {
    Child& child = parent.children[number];
    const json::object body{{"name", child.name}, {"birth_date", format_day(child.birth_day)}, {"relation", "parent"}};
    const json::value made = co_await post(client, "/api/v1/me/attendees", parent.token,
                                           fmt::format("{}-child-{}", parent.openid, number), body);
    child.id = id_of(made);
  }
}

asio::awaitable<Programme> read_programme(HttpClient& client, std::string id) {
  const json::value answer = co_await get(client, fmt::format("/api/v1/programmes/{}", id));
  Programme programme = read_programme(answer);
  programme.activities = co_await list_activities(client, id);
  co_return programme;
}

asio::awaitable<void> make_demo_copy(HttpClient& client, std::string token, const ServerClock& clock, double opens_in_s,
                                     std::string tag, Programme& programme) {
  const std::string station_id = co_await demo_station(client, token, tag);
  programme.opens_at = clock.now() + static_cast<Instant>(opens_in_s * 1000);
  const json::object body = demo_programme_body(programme, station_id, programme.opens_at);
  const json::value made =
      co_await post(client, "/api/v1/admin/programmes", token, fmt::format("programme-{}", tag), body);
  programme.id = id_of(made);
  const auto bodies = demo_activity_bodies(programme);
  for (std::size_t index = 0; index < bodies.size(); ++index) {
    const json::value activity = co_await post(client, "/api/v1/admin/activities", token,
                                               fmt::format("activity-{}-{}", tag, index), bodies[index]);
    programme.activities[index].id = id_of(activity);
    const std::string target = fmt::format("/api/v1/admin/activities/{}/publish", programme.activities[index].id);
    co_await post(client, target, token, {}, {});
  }
  co_await wait_until_listed(client, programme);
}

asio::awaitable<std::vector<Activity>> list_activities(HttpClient& client, std::string programme_id) {
  std::vector<Activity> activities;
  std::string cursor;
  do {
    const json::value page =
        co_await get(client, fmt::format("/api/v1/activities?programme_id={}&limit=200{}", programme_id, cursor));
    for (const json::value& item : page.at("items").as_array()) {
      activities.push_back(read_activity(item));
    }
    const auto next = read_text(page, "next_cursor");
    cursor = next ? "&cursor=" + *next : std::string();
  } while (!cursor.empty());
  co_return activities;
}

asio::awaitable<std::vector<RosterEntry>> read_rosters(HttpClient& client, std::string token,
                                                       const Programme& programme) {
  std::vector<RosterEntry> entries;
  for (std::size_t index = 0; index < programme.activities.size(); ++index) {
    std::string cursor;
    do {
      const json::value page = co_await get(
          client, fmt::format("/api/v1/admin/activities/{}/roster?limit=200{}", programme.activities[index].id, cursor),
          token);
      for (const json::value& item : page.at("items").as_array()) {
        entries.push_back(read_roster_entry(item, index));
      }
      const auto next = read_text(page, "next_cursor");
      cursor = next ? "&cursor=" + *next : std::string();
    } while (!cursor.empty());
  }
  co_return entries;
}

}  // namespace zl::rush
