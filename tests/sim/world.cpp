#include "sim/world.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace zl::sim {
namespace {

// A commit that nobody heard of, a hold, and a few of the reconciler's passes.
constexpr std::int64_t settle_bound_ms = 4000 + hold_ttl.count() + 10 * reconcile_interval.count();
// What was on its way when the faults ended has arrived by then, and every process has looked for changes since.
constexpr std::int64_t quiet_ms = 6000;
constexpr std::int64_t fresh_bound_ms = 2000;
constexpr std::int64_t stop_bound_ms = 10'000;

}  // namespace

World::World(std::uint64_t seed, Bug bug, bool keep_trace, Metrics& metrics)
    : setting_(seed, bug, keep_trace),
      redis_(setting_),
      mysql_(setting_),
      metrics_(metrics),
      slots_(static_cast<std::size_t>(setting_.plan.servers)),
      clients_(setting_, mysql_, [this] { return any_server(); }),
      judge_(setting_, mysql_, redis_) {
  setting_.kill = [this](Owner owner) { kill(owner); };
  redis_.on_news([this](const base::ProgrammeId& programme, const app::SeatCount& seats) {
    tell_servers(50, [programme, seats](Server& server) { server.on_news(programme, seats); });
  });
}

void World::fail(const std::string& what) {
  if (violation_.empty()) violation_ = what;
}

void World::start_server(std::size_t slot) {
  slots_[slot].restarting = false;
  slots_[slot].server = std::make_unique<Server>(
      setting_, redis_, mysql_, metrics_, [this] { tell_servers(50, [](Server& server) { server.on_change(); }); });
  setting_.trace.note(slots_[slot].server->owner(), "server", "start");
}

void World::kill(Owner owner) {
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].server || slots_[i].server->owner() != owner) continue;
    setting_.trace.note(owner, "server", "killed");
    slots_[i].server.reset();
    restart_later(i);
    clients_.lose(owner);
    return;
  }
}

void World::restart_later(std::size_t slot) {
  if (std::exchange(slots_[slot].restarting, true)) return;
  setting_.schedule.after_us(setting_.chance.between(100'000, 3'000'000), nobody, [this, slot] { start_server(slot); });
}

Server* World::any_server() {
  std::vector<Server*> ready;
  for (const Slot& slot : slots_) {
    if (slot.server && slot.server->ready()) ready.push_back(slot.server.get());
  }
  return ready.empty() ? nullptr : setting_.chance.pick(ready);
}

void World::each_server(const std::function<void(Server&)>& what) {
  for (const Slot& slot : slots_) {
    if (slot.server) what(*slot.server);
  }
}

/// A message to all, each of which may be late or lost.
void World::tell_servers(std::int64_t least_us, const std::function<void(Server&)>& what) {
  each_server([&](Server& server) {
    if (setting_.chance.permille(setting_.faults.news_lost)) return setting_.seen.add("news", "lost");
    setting_.seen.add("news", "told");
    // Only while the server lives: its events go with it.
    setting_.schedule.after_us(least_us + setting_.delay_us(), server.owner(), [&server, what] { what(server); });
  });
}

void World::plan(int times, void (World::*fault)()) {
  for (int i = 0; i < times; ++i) {
    setting_.schedule.at(setting_.chance.between(300'000, setting_.plan.faults_end_ms * 1000), nobody,
                         [this, fault] { (this->*fault)(); });
  }
}

void World::plan_faults() {
  const Faults& faults = setting_.faults;
  plan(faults.stalls, &World::stop_a_server);
  plan(faults.redis_restarts, &World::restart_redis);
  plan(faults.redis_stalls, &World::stop_redis);
  plan(faults.mysql_restarts, &World::restart_mysql);
  plan(faults.mysql_stalls, &World::stop_mysql);
  plan(faults.clock_jumps, &World::move_redis_clock);
  if (faults.redis_restarts > 0) write_redis_disk();
}

void World::stop_a_server() {
  const Server* server = any_server();
  if (server == nullptr || setting_.schedule.frozen(server->owner())) return;
  const Owner owner = server->owner();
  setting_.schedule.freeze(owner);
  setting_.seen.add("faults", "server stopped");
  setting_.trace.note(owner, "server", "stopped");
  setting_.schedule.after_us(setting_.chance.between(100'000, 8'000'000), nobody, [this, owner] {
    setting_.trace.note(owner, "server", "goes on");
    setting_.schedule.thaw(owner);
  });
}

void World::restart_redis() {
  if (!redis_.up()) return;
  redis_.crash();
  tell_servers(0, [](Server& server) { server.reset_links(); });
  const auto what = static_cast<Survives>(setting_.chance.number(1, 3));
  setting_.schedule.after_us(setting_.chance.between(50'000, 2'000'000), nobody, [this, what] {
    if (!redis_.up()) redis_is_up(what);
  });
}

void World::redis_is_up(Survives what) {
  switch (what) {
    case Survives::everything:
      setting_.seen.add("faults", "redis restarted whole");
      break;
    case Survives::an_older_state:
      setting_.seen.add("faults", "redis restarted older");
      break;
    case Survives::nothing:
      setting_.seen.add("faults", "redis restarted empty");
      break;
  }
  redis_.start(what);
  each_server([](Server& server) { server.reset_links(); });
  tell_servers(50'000, [](Server& server) { server.on_change(); });
}

void World::write_redis_disk() {
  redis_.synchronise();
  if (setting_.now_ms() > setting_.plan.faults_end_ms) return;
  setting_.schedule.after_us(setting_.chance.between(400'000, 1'000'000), nobody, [this] { write_redis_disk(); });
}

void World::stop_redis() {
  setting_.seen.add("faults", "redis stopped");
  redis_.stop_until(setting_.schedule.now_us() + setting_.chance.between(200'000, 6'000'000));
}

void World::restart_mysql() {
  if (!mysql_.up()) return;
  setting_.seen.add("faults", "mysql restarted");
  mysql_.set_up(false);
  setting_.schedule.after_us(setting_.chance.between(100'000, 4'000'000), nobody, [this] {
    if (!mysql_.up()) mysql_.set_up(true);
  });
}

void World::stop_mysql() {
  setting_.seen.add("faults", "mysql stopped");
  mysql_.stop_until(setting_.schedule.now_us() + setting_.chance.between(200'000, 6'000'000));
}

void World::move_redis_clock() {
  const std::int64_t by_ms = setting_.chance.between(-longest_clock_jump.count(), longest_clock_jump.count());
  setting_.seen.add("faults", by_ms < 0 ? "redis clock back" : "redis clock forward");
  clock_went_back_ms_ += std::max<std::int64_t>(-by_ms, 0);
  setting_.trace.note(nobody, "redis clock", by_ms < 0 ? "back" : "forward",
                      static_cast<std::uint64_t>(std::abs(by_ms)));
  redis_.move_clock(by_ms);
}

bool World::step(std::int64_t until_us) {
  if (!setting_.schedule.step(until_us)) return false;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Server* server = slots_[i].server.get();
    if (server == nullptr || setting_.schedule.frozen(server->owner())) continue;
    server->run();
    if (!server->failed()) continue;
    setting_.seen.add("faults", "start failed");
    kill(server->owner());
  }
  if (std::exchange(setting_.stores_changed, false)) fail(judge_.at_any_time());
  fail(clients_.complaint());
  return true;
}

void World::run_until(std::int64_t until_ms) {
  while (!failed() && step(until_ms * 1000)) {
  }
}

/// All faults end; what was stopped goes on.
void World::heal() {
  setting_.trace.note(nobody, "faults", "end");
  setting_.faults = {};
  redis_.stop_until(0);
  mysql_.stop_until(0);
  if (!redis_.up()) redis_is_up(Survives::nothing);
  if (!mysql_.up()) mysql_.set_up(true);
  each_server([this](const Server& server) { setting_.schedule.thaw(server.owner()); });
}

/// Until gate and ledger say the same and nobody waits; within the bound, or it is a lost seat.
void World::settle() {
  const std::int64_t begun_ms = setting_.now_ms();
  const std::int64_t end_ms = begun_ms + settle_bound_ms + clock_went_back_ms_;
  std::string fault = "not looked at";
  int times = 0;
  while (!failed() && setting_.now_ms() < end_ms) {
    run_until(setting_.now_ms() + 250);
    fault = clients_.open_requests() > 0 ? "a request is not answered" : judge_.when_settled();
    if (setting_.late_commits > 0) fault = "a commit is late";
    if (!fault.empty()) setting_.trace.note(nobody, "not settled:", fault);
    times = fault.empty() ? times + 1 : 0;
    if (times == 1) settled_ms_ = std::max(settled_ms_, setting_.now_ms() - begun_ms);
    if (times == 4) return;
  }
  fail(fault);
}

/// Every seat that nobody holds can be booked, and not one more.
void World::fill_seats() {
  if (setting_.plan.closes_ms) return;
  const std::int64_t opens_ms = mysql_.programme().opens_at.unix_ms - start_of_run.unix_ms;
  run_until(std::max(setting_.now_ms(), opens_ms + clock_went_back_ms_ + 1000));
  for (const base::ActivityId& id : mysql_.activity_ids()) {
    if (mysql_.activity(id).publication != domain::Publication::published) continue;
    const int free = mysql_.activity(id).capacity - mysql_.ledger().taken(id);
    for (int i = 0; i <= free && !failed(); ++i) {
      const Attempt& attempt = clients_.press_fresh(id);
      const std::int64_t end_ms = setting_.now_ms() + fresh_bound_ms;
      while (attempt.ending == Ending::open && !failed() && step(end_ms * 1000)) {
      }
      const Ending wanted = i < free ? Ending::booked : Ending::refused;
      if (attempt.ending != wanted) fail(fmt::format("of {} free seats, press {} was answered otherwise", free, i + 1));
      setting_.seen.add("seats at the end", i < free ? "booked" : "refused");
    }
  }
}

void World::shut_down() {
  each_server([](Server& server) { server.stop(); });
  run_until(setting_.now_ms() + stop_bound_ms);
  each_server([this](const Server& server) {
    if (server.tasks() > 0) fail("a task did not end");
    if (server.places_taken() > 0) fail("a place in the writers' queue was not given back");
  });
}

Report World::run() {
  try {
    for (std::size_t i = 0; i < slots_.size(); ++i) start_server(i);
    clients_.begin();
    plan_faults();
    run_until(setting_.plan.faults_end_ms);
    heal();
    run_until(setting_.plan.faults_end_ms + quiet_ms);
    settle();
    if (!failed()) fill_seats();
    if (!failed()) settle();
    if (!failed()) fail(judge_.of_history(clients_.history()));
    if (setting_.seen.count("ledger said", "full") > 0) fail("the ledger had no seat left for a grant");
    if (!failed()) shut_down();
  } catch (const std::exception& error) {
    fail(std::string("an exception left a request: ") + error.what());
  }
  return {setting_.plan.seed, violation_, setting_.trace.digest(), setting_.trace.text(), settled_ms_, setting_.seen};
}

Report run(std::uint64_t seed, Bug bug, bool keep_trace) {
  static Metrics metrics;
  return World(seed, bug, keep_trace, metrics).run();
}

}  // namespace zl::sim
