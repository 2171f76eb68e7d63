// Calls to MySQL that each take a connection of a server's pool: one transaction each, with everything that can happen
// to it on the way.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "sim/mysql_sim.hpp"
#include "sim/setting.hpp"

namespace zl::sim {

template <class T>
using Answer = boost::asio::awaitable<base::Outcome<T>>;

inline constexpr std::int64_t mysql_deadline_us = 3'000'000;  ///< a call is answered by then, whatever happened

inline base::Refused no_mysql() {
  return {base::Code::unavailable, "no connection to MySQL", {}, 1};
}

/// Calls that each take a connection of the pool.
class Pool {
 public:
  Pool(Setting& setting, MysqlSim& mysql) : setting_(setting), mysql_(mysql) {}

  template <class T, class Serve>
  Answer<T> read(std::string_view call, Serve serve) {
    return ask<T>(call, false, std::move(serve));
  }
  /// One transaction: its COMMIT may stay without an answer.
  template <class T, class Serve>
  Answer<T> write(std::string_view call, Serve serve) {
    return ask<T>(call, true, std::move(serve));
  }

 private:
  template <class T>
  struct Request {
    std::string_view call;
    bool writes = false;
    Owner owner = nobody;
    std::weak_ptr<Call<base::Outcome<T>>> who;
    std::function<base::Outcome<T>(MysqlSim&)> serve;
  };

  template <class T, class Serve>
  Answer<T> ask(std::string_view call, bool writes, Serve serve);
  template <class T>
  static void deliver(Setting& setting, MysqlSim& mysql, const Request<T>& request);
  template <class T>
  static void answer(Setting& setting, const Request<T>& request, base::Outcome<T> outcome);

  Setting& setting_;
  MysqlSim& mysql_;
};

template <class T, class Serve>
Answer<T> Pool::ask(std::string_view call, bool writes, Serve serve) {
  using Outcome = base::Outcome<T>;
  return runtime::suspend<Outcome>([this, call, writes,
                                    serve = std::move(serve)](runtime::Resumption<Outcome> resumption) {
    setting_.seen.add("mysql calls", call);
    const auto waiting = Call<Outcome>::start(setting_.schedule, std::move(resumption));
    setting_.trace.note(waiting->owner(), call, "sent");
    const Request<T> request{call, writes, waiting->owner(), waiting, serve};
    setting_.schedule.after_us(setting_.delay_us(), nobody,
                               [&setting = setting_, &mysql = mysql_, request] { deliver(setting, mysql, request); });
    setting_.schedule.after_us(mysql_deadline_us, request.owner, [&setting = setting_, request] {
      const auto who = request.who.lock();
      if (!who || !who->waits()) return;
      setting.seen.add("mysql time-out of", request.call);
      // A transaction whose COMMIT was sent may still take effect.
      if (request.writes) {
        who->answer(base::Unknown{"no answer to COMMIT"});
      } else {
        who->answer(no_mysql());
      }
    });
  });
}

template <class T>
void Pool::answer(Setting& setting, const Request<T>& request, base::Outcome<T> outcome) {
  setting.schedule.after_us(setting.delay_us(), request.owner, [who = request.who, outcome = std::move(outcome)] {
    if (const auto still = who.lock()) still->answer(outcome);
  });
}

template <class T>
void Pool::deliver(Setting& setting, MysqlSim& mysql, const Request<T>& request) {
  Schedule& schedule = setting.schedule;
  const bool alive = schedule.alive(request.owner);
  if (!mysql.up()) return answer<T>(setting, request, no_mysql());
  if (mysql.stopped_until_us() > schedule.now_us()) {
    return schedule.at(mysql.stopped_until_us(), nobody,
                       [&setting, &mysql, request] { deliver(setting, mysql, request); });
  }
  if (!alive && (!request.writes || setting.chance.percent(50))) return;
  if (setting.crash_point(request.owner, "crash before", request.call)) return;
  if (setting.chance.permille(setting.faults.mysql_lost)) {
    setting.seen.add("mysql connection lost before", request.call);
    return answer<T>(setting, request, no_mysql());
  }
  const bool unknown = request.writes && setting.chance.permille(setting.faults.commit_unknown);
  const bool effect = !unknown || setting.chance.percent(60);
  if (unknown) setting.seen.add(effect ? "mysql commit unknown, done" : "mysql commit unknown, not done", request.call);
  std::optional<base::Outcome<T>> outcome;
  if (effect) outcome.emplace(request.serve(mysql));
  if (effect && request.writes) setting.stores_changed = true;
  setting.trace.note(nobody, request.call, effect ? "served" : "lost");
  if (setting.crash_point(request.owner, "crash after", request.call)) return;
  if (unknown) outcome.emplace(base::Unknown{"the connection ended after COMMIT was sent"});
  answer<T>(setting, request, *std::move(outcome));
}

}  // namespace zl::sim
