#include "sim/server.hpp"

#include <array>
#include <boost/asio/detached.hpp>
#include <chrono>

namespace zl::sim {
namespace {

constexpr std::chrono::seconds redis_patience{5};

std::array<runtime::Counter*, base::code_count + 1> refusal_counters(runtime::Metrics& metrics) {
  std::array<runtime::Counter*, base::code_count + 1> counters{};
  for (std::size_t code = 1; code < counters.size(); ++code) {
    counters[code] = &metrics.counter("refused", "-", {{"code", std::to_string(code)}});
  }
  return counters;
}

/// The same in every process, for it is kept in MySQL.
std::string booking_secret(const Setting& setting, Owner owner) {
  std::string secret = "0123456789abcdef0123456789abcdef";
  if (setting.bug == Bug::id_per_process) secret[0] = static_cast<char>('a' + owner % 20);
  return secret;
}

}  // namespace

Metrics::Metrics()
    : booking{registry.histogram("gate", "-"),  registry.histogram("ledger", "-"),
              registry.counter("granted", "-"), refusal_counters(registry),
              registry.counter("fenced", "-"),  registry.counter("gate_too_generous", "-")},
      reconcile{registry.counter("passes", "-"), registry.counter("holds_returned", "-"),
                registry.counter("holds_confirmed", "-"), registry.counter("repairs", "-")},
      turned_away{nullptr, &registry.counter("late_loop", "-"), &registry.counter("late_gate", "-"),
                  &registry.counter("full_ledger", "-")} {}

Server::Server(Setting& setting, RedisSim& redis, MysqlSim& mysql, Metrics& metrics, std::function<void()> announce)
    : setting_(setting),
      owner_(setting.schedule.add_owner()),
      clock_(setting.schedule, setting.faults.clock_jumps > 0 ? setting.chance.between(-600'000, 600'000) : 0),
      random_(setting.chance.next()),
      gate_(setting, redis, owner_, late_grants_, std::move(announce)),
      ledger_(setting, mysql, owner_),
      people_(setting, mysql),
      store_(setting, mysql),
      attendance_(setting, mysql),
      feed_(setting, mysql),
      lease_(setting, mysql, owner_),
      accounts_(account_calls_),
      tasks_(loop_->get_executor(), 16'384),
      late_grants_(gate_, tasks_, metrics.registry.counter("late_grants", "-")),
      time_(clock_),
      keeper_(gate_, ledger_, clock_),
      seats_(gate_, keeper_, catalogue_, clock_, tasks_, seats_poll_interval, 20'000),
      changes_({store_, feed_, accounts_, catalogue_, voided_, attendees_, clock_, tasks_, std::chrono::hours(1)}),
      reconcile_(
          {gate_, gate_, ledger_, keeper_, lease_, catalogue_, time_, tasks_, metrics.reconcile, reconcile_interval}),
      ids(booking_secret(setting, owner_)),
      admission({gate_, ledger_, [](base::SteadyTime) { return false; }, metrics.turned_away, 64}),
      book({gate_, ledger_, admission, people_, keeper_, seats_, attendees_, catalogue_, time_, ids, clock_, tasks_,
            metrics.booking, test::town_offset_minutes}),
      cancel(gate_, ledger_, catalogue_, time_, tasks_),
      manage({store_, ledger_, gate_, gate_, keeper_, changes_, catalogue_, time_, random_}),
      door(attendance_, catalogue_, ids, time_, random_, std::chrono::hours(24 * 365)) {
  boost::asio::co_spawn(*loop_, come_up(*this), [](const std::exception_ptr& error) {
    if (error) std::rethrow_exception(error);
  });
}

Server::~Server() {
  setting_.schedule.drop(owner_);
  loop_.reset();
}

/// As Services::start() does it.
boost::asio::awaitable<void> Server::come_up(Server& self) {
  const base::Outcome<base::Done> loaded = co_await self.changes_.load();
  if (!loaded) {
    self.failed_ = true;
    co_return;
  }
  const base::SteadyTime end = self.clock_.steady_now() + redis_patience;
  while (!co_await self.time_.synchronise(self.gate_) && self.clock_.steady_now() < end) {
    co_await self.tasks_.sleeper().sleep_for(base::Milliseconds(10));
  }
  self.tasks_.spawn(self.time_.keep(self.gate_, self.tasks_), "gate_clock");
  self.tasks_.spawn(self.changes_.keep(), "follow_changes");
  self.tasks_.spawn(self.seats_.keep(), "seat_watch");
  self.tasks_.spawn(self.reconcile_.keep(), "reconcile");
  self.ready_ = true;
}

void Server::run() {
  setting_.schedule.set_running(owner_);
  do {
    loop_->restart();
  } while (loop_->poll() > 0);
  setting_.schedule.set_running(nobody);
}

}  // namespace zl::sim
