// Judges a run by the promises of the design, from the stores and from what the clients were told; it shares nothing
// with the application. Each function gives the first broken promise, or nothing.
#pragma once

#include <string>

#include "sim/history.hpp"
#include "sim/mysql_sim.hpp"
#include "sim/redis_sim.hpp"
#include "sim/timeline.hpp"

namespace zl::sim {

class Judge {
 public:
  Judge(const Setting& setting, const MysqlSim& mysql, const RedisSim& redis)
      : setting_(setting), mysql_(mysql), redis_(redis), timeline_(setting, mysql, redis) {}

  /// Holds at every moment: nothing is sold twice, caps and overlaps hold, the gate is never too generous. To be asked
  /// after every change of a store, for what refusals are held against is noted here.
  std::string at_any_time();

  /// Holds once the faults are over and the hold time has passed: gate and ledger say the same.
  std::string when_settled() const;

  /// Holds for everything that was asked and told, when nothing is open any more.
  std::string of_history(const History& history) const;

 private:
  std::string of_ledger() const;
  std::string of_rules() const;
  std::string of_gate() const;
  std::string of_booking(const domain::Booking& booking, const History& history) const;
  std::string of_receipts() const;
  std::string settled_activity(const base::ActivityId& id) const;

  const Setting& setting_;
  const MysqlSim& mysql_;
  const RedisSim& redis_;
  Timeline timeline_;
};

}  // namespace zl::sim
