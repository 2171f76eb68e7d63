#include "support/engine.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

namespace zl::test {
namespace {

constexpr std::string_view secret = "0123456789abcdef0123456789abcdef";

std::array<runtime::Counter*, base::code_count + 1> refusal_counters(runtime::Metrics& metrics) {
  std::array<runtime::Counter*, base::code_count + 1> counters{};
  for (std::size_t code = 1; code < counters.size(); ++code) {
    counters[code] = &metrics.counter("refused", "-", {{"code", std::to_string(code)}});
  }
  return counters;
}

}  // namespace

Engine::Engine(std::size_t place_limit)
    : group(loop.get_executor()),
      gate(clock, trace, hold_ttl),
      ledger(trace, place_limit),
      people(trace),
      lease(trace),
      ids(secret),
      time(clock),
      keeper(gate, ledger, clock),
      seats(gate, keeper, catalogue, clock, group, base::Milliseconds(200), 20'000),
      booking_metrics{metrics.histogram("gate", "-"),  metrics.histogram("ledger", "-"),
                      metrics.counter("granted", "-"), refusal_counters(metrics),
                      metrics.counter("fenced", "-"),  metrics.counter("gate_too_generous", "-")},
      reconcile_metrics{metrics.counter("passes", "-"), metrics.counter("holds_returned", "-"),
                        metrics.counter("holds_confirmed", "-"), metrics.counter("repairs", "-")},
      admission({gate,
                 ledger,
                 [this](base::SteadyTime) { return loop_is_late; },
                 {nullptr, &metrics.counter("turned_away", "-", {{"where", "loop"}}),
                  &metrics.counter("turned_away", "-", {{"where", "gate"}}),
                  &metrics.counter("turned_away", "-", {{"where", "ledger"}})}}),
      book({gate, ledger, admission, people, keeper, seats, attendees, catalogue, time, ids, clock, group,
            booking_metrics, town_offset_minutes}),
      cancel(gate, ledger, catalogue, time, group),
      reconcile({gate, gate, ledger, keeper, lease, catalogue, time, group, reconcile_metrics, mend_wait}) {
  set_time(opening + std::chrono::minutes(1));
  domain::Station station;
  station.id = id_of<base::StationId>(1);
  station.name = "钟楼";
  content.stations = {station};
  put(sample_programme());
  publish();
  run(time.synchronise(gate));
  trace.clear();
}

Engine::~Engine() {
  group.stop();
  for (Calls* calls :
       {&gate.book_calls, &gate.remove_calls, &gate.version_calls, &gate.seats_calls, &gate.holders_calls,
        &gate.install_calls, &ledger.book_calls, &ledger.image_calls, &people.facts_calls}) {
    calls->release();
  }
  settle();
}

void Engine::settle() {
  do {
    loop.restart();
  } while (loop.poll() > 0);
}

void Engine::run(boost::asio::awaitable<void> task) {
  bool done = false;
  boost::asio::co_spawn(loop, std::move(task), [&done](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
    done = true;
  });
  settle();
  if (!done) throw std::runtime_error("the task waits for something that does not happen");
}

void Engine::put(const domain::Programme& programme) {
  ledger.model.put(programme);
  content.programmes = {programme};
}

void Engine::put(const domain::Activity& activity) {
  ledger.model.put(activity);
  std::erase_if(content.activities, [&](const domain::Activity& known) { return known.id == activity.id; });
  content.activities.push_back(activity);
}

void Engine::publish() {
  catalogue.update([this](const app::Catalogue& now) {
    if (now.programmes().empty()) return app::Catalogue(content);
    return now.with_programme({content.programmes.front(), content.activities});
  });
}

void Engine::build_gate() {
  if (!run(keeper.rebuild(sample_programme_id))) throw std::runtime_error("the gate was not built");
  trace.clear();
}

void Engine::add_child(std::uint64_t number, const std::vector<std::uint64_t>& other_guardians) {
  app::AttendeeFacts facts{
      id_of<base::AttendeeId>(number), *base::parse_date("2016-07-06"), {id_of<base::UserId>(number)}};
  for (const std::uint64_t user : other_guardians) facts.guardians.push_back(id_of<base::UserId>(user));
  people.known[facts.id] = facts;
}

boost::asio::awaitable<base::Outcome<app::BookAnswer>> Engine::press(std::uint64_t child, std::uint64_t activity,
                                                                     std::string key) {
  return book(id_of<base::UserId>(child), id_of<base::ActivityId>(activity), id_of<base::AttendeeId>(child),
              std::move(key), sample_actor);
}

base::BookingId Engine::booking_id(std::uint64_t user, std::string_view key) const {
  return ids.booking(id_of<base::UserId>(user), key);
}

GateModel::Activity& Engine::at_gate(std::uint64_t activity) {
  return *gate.model.activity(sample_programme_id, id_of<base::ActivityId>(activity));
}

app::SeatState& Engine::knowledge(std::uint64_t activity) const {
  return *catalogue.current().activity(id_of<base::ActivityId>(activity))->seats;
}

}  // namespace zl::test
