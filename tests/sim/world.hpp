// One run: servers, stores and town on one seed, with faults for a while, then healing, then the judge's word.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sim/clients.hpp"
#include "sim/judge.hpp"
#include "sim/server.hpp"
#include "sim/setting.hpp"

namespace zl::sim {

struct Report {
  std::uint64_t seed = 0;
  std::string violation;  ///< the first broken promise; empty where all held
  std::uint64_t digest = 0;
  std::string trace;            ///< empty unless asked for
  std::int64_t settled_ms = 0;  ///< from the end of the faults until gate and ledger said the same
  Coverage seen;
};

Report run(std::uint64_t seed, Bug bug, bool keep_trace);

class World {
 public:
  World(std::uint64_t seed, Bug bug, bool keep_trace, Metrics& metrics);

  Report run();

 private:
  struct Slot {
    std::unique_ptr<Server> server;
    bool restarting = false;
  };

  void start_server(std::size_t slot);
  void kill(Owner owner);
  void restart_later(std::size_t slot);
  Server* any_server();
  void each_server(const std::function<void(Server&)>& what);
  void tell_servers(std::int64_t least_us, const std::function<void(Server&)>& what);

  void plan_faults();
  void plan(int times, void (World::*fault)());
  void stop_a_server();
  void restart_redis();
  void redis_is_up(Survives what);
  void stop_redis();
  void restart_mysql();
  void stop_mysql();
  void move_redis_clock();
  void write_redis_disk();

  /// One event and everything that follows at once.
  bool step(std::int64_t until_us);
  void run_until(std::int64_t until_ms);
  void heal();
  void settle();
  void fill_seats();
  void shut_down();
  void fail(const std::string& what);
  bool failed() const { return !violation_.empty(); }

  Setting setting_;
  RedisSim redis_;
  MysqlSim mysql_;
  Metrics& metrics_;
  std::vector<Slot> slots_;
  Clients clients_;
  Judge judge_;
  std::string violation_;
  std::int64_t settled_ms_ = 0;
  std::int64_t clock_went_back_ms_ = 0;
};

}  // namespace zl::sim
