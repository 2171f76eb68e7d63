#include "server/operator_commands.hpp"

#include <chrono>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <thread>

#include "app/verify_gates.hpp"
#include "runtime/metrics.hpp"
#include "runtime/random_device.hpp"
#include "runtime/run_on.hpp"
#include "runtime/system_clock.hpp"
#include "runtime/timer.hpp"
#include "server/mysql_side.hpp"
#include "server/redis_side.hpp"
#include "store/mysql/audit_seals.hpp"
#include "store/mysql/restored.hpp"
#include "store/mysql/verify_ledger.hpp"

namespace zl::server {
namespace {

constexpr std::chrono::seconds redis_patience{5};
constexpr std::chrono::milliseconds between_attempts{20};

/// Both stores, as a serving process has them, on one loop.
class Stores final : private app::SeatNews {
 public:
  explicit Stores(const Config& config)
      : mysql_(config.mysql, clock_, random_, metrics_),
        redis_(config.redis, base::Milliseconds(config.booking.hold_ttl_ms), loops_, random_, metrics_) {
    loops_.start();
    redis_.start(*this);
  }
  Stores(const Stores&) = delete;
  Stores& operator=(const Stores&) = delete;
  ~Stores() override {
    mysql_.stop();
    redis_.stop();
    loops_.stop();
    loops_.join();
  }

  /// Redis's time. Throws where Redis does not answer in time.
  base::Instant gate_now() {
    const auto end = clock_.steady_now() + redis_patience;
    while (true) {
      const auto now = runtime::run_on(loops_, 0, redis_.gate().time());
      if (now) return *now;
      if (clock_.steady_now() > end) throw std::runtime_error("Redis does not answer, or is not fit to hold gates");
      std::this_thread::sleep_for(between_attempts);
    }
  }

  app::CheckReport verify_gates(std::vector<app::GateToVerify> programmes, base::Milliseconds patience) {
    const auto report = runtime::run_on(
        loops_, 0, app::verify_gates(redis_.gate(), mysql_.ledger(), std::move(programmes), sleeper_, patience));
    if (!report) throw std::runtime_error("a store did not answer while gates were compared");
    return *report;
  }

 private:
  void on_seats(const base::ProgrammeId& /*programme_id*/, const app::SeatCount& /*seats*/) override {}
  void on_change() override {}

  runtime::SystemClock clock_;
  runtime::SystemRandom random_;
  runtime::Metrics metrics_;
  runtime::AsioSleeper sleeper_;
  runtime::Loops loops_{1};
  MysqlSide mysql_;
  RedisSide redis_;
};

std::optional<mysql::KnownSeal> known_seal(const Verify& wanted) {
  if (wanted.seal_number == 0) return std::nullopt;
  return mysql::KnownSeal{wanted.seal_number, mysql::digest_of(base::from_hex(wanted.seal_hash).value_or(""))};
}

/// The number of faults.
std::uint64_t print(const app::CheckReport& report) {
  const std::uint64_t count = report.faults.size() + report.more_faults;
  std::cout << report.name << ": " << report.counted << (count == 0 ? ": clean\n" : "\n");
  for (const std::string& sentence : report.faults) std::cout << "  FAULT " << sentence << '\n';
  if (report.more_faults > 0) std::cout << "  FAULT and more of the same\n";
  return count;
}

}  // namespace

int verify(const Config& config, const Verify& wanted) {
  try {
    mysql::init_driver();
    mysql::Connection connection(mysql::for_verifying(connection_config(config.mysql)));
    std::vector<app::CheckReport> reports = mysql::verify_ledger(connection, known_seal(wanted));
    if (wanted.gates) {
      Stores stores(config);
      reports.push_back(stores.verify_gates(mysql::programmes_to_verify(connection, stores.gate_now()),
                                            std::chrono::seconds(wanted.patience_s)));
    }
    std::uint64_t faults = 0;
    for (const app::CheckReport& report : reports) faults += print(report);
    std::cout << (faults == 0 ? "clean\n" : "faults were found\n");
    return faults == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    std::cerr << "zhonglou: could not verify: " << error.what() << '\n';
    return could_not_verify;
  }
}

int restored(const Config& config) {
  try {
    mysql::init_driver();
    const runtime::SystemClock clock;
    runtime::SystemRandom random;
    runtime::Metrics metrics;
    runtime::Loops loops(1);
    MysqlSide mysql(config.mysql, clock, random, metrics);
    loops.start();
    const base::Outcome<std::uint64_t> programmes = runtime::run_on(loops, 0, mysql.outdate_gates());
    mysql.stop();
    loops.stop();
    loops.join();
    if (!programmes) throw std::runtime_error("MySQL did not say that it was done: run it again");
    std::cout << "the gates of " << *programmes << " programmes will be rebuilt\n";
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "zhonglou: " << error.what() << '\n';
    return 1;
  }
}

}  // namespace zl::server
