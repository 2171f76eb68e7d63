// Redis as the gate's store sees it: the model of the gates, a run id, a clock of its own, and what a restart loses.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <vector>

#include "app/gate.hpp"
#include "sim/setting.hpp"
#include "support/gate_model.hpp"

namespace zl::sim {

/// What an AOF that is synchronised every second gives back.
enum class Survives { everything = 1, an_older_state, nothing };

/// Every call names the run id that its link read when it connected; a gate that was built on another is lost.
class RedisSim {
 public:
  using News = std::function<void(const base::ProgrammeId&, const app::SeatCount&)>;

  explicit RedisSim(Setting& setting) : setting_(setting), gates_(hold_ttl) {}

  void on_news(News news) { news_ = std::move(news); }

  bool up() const { return up_; }
  std::uint64_t run() const { return run_; }
  std::int64_t stopped_until_us() const { return stopped_until_us_; }
  base::Instant now() const { return {start_of_run.unix_ms + setting_.now_ms() + clock_error_ms_}; }

  void crash();
  void start(Survives what);
  void stop_until(std::int64_t when_us) { stopped_until_us_ = when_us; }
  void move_clock(std::int64_t by_ms) { clock_error_ms_ += by_ms; }
  /// What is on disk by now.
  void synchronise() { disk_ = {gates_, built_on_}; }

  base::Outcome<app::GateDecision> book(std::uint64_t run, const domain::BookingWish& wish, std::uint64_t min_epoch);
  void confirm(const domain::BookingWish& wish) { gates_.confirm(wish); }
  base::Outcome<base::Done> remove(std::uint64_t run, base::ProgrammeId programme, base::ActivityId activity,
                                   const std::vector<app::HoldRef>& holds, app::Unit unit);
  base::Outcome<base::Done> remove_cancelled(std::uint64_t run, base::ProgrammeId programme, base::ActivityId activity,
                                             base::BookingId id);
  base::Outcome<std::optional<app::GateVersion>> version(std::uint64_t run, base::ProgrammeId programme) const;
  base::Outcome<std::optional<app::GateSeats>> seats(std::uint64_t run, base::ProgrammeId programme,
                                                     const std::vector<base::ActivityId>& activities) const;
  base::Outcome<std::optional<app::GateHolders>> holders(std::uint64_t run, base::ProgrammeId programme,
                                                         base::ActivityId activity) const;
  base::Outcome<base::Done> adopt(std::uint64_t run, base::ProgrammeId programme, base::ActivityId activity,
                                  const std::vector<app::GateBooking>& bookings);
  base::Outcome<base::Done> give_back_spare(std::uint64_t run, base::ProgrammeId programme, base::ActivityId activity,
                                            int count);
  base::Outcome<std::vector<app::ExpiredHold>> expired_holds(std::uint64_t run, base::ProgrammeId programme,
                                                             const std::vector<base::ActivityId>& activities,
                                                             std::size_t limit) const;
  base::Outcome<bool> install(std::uint64_t run, const app::GateImage& image);
  base::Outcome<base::Done> set_capacity(std::uint64_t run, base::ProgrammeId programme, base::ActivityId activity,
                                         int capacity, std::uint64_t version);

  /// The gate that grants now, for the judge; null where it is lost.
  const test::GateModel::Programme* standing(base::ProgrammeId programme) const;
  const test::GateModel& gates() const { return gates_; }

 private:
  struct Disk {
    test::GateModel gates{hold_ttl};
    std::map<base::ProgrammeId, std::uint64_t> built_on;
  };

  bool ours(std::uint64_t run, base::ProgrammeId programme) const;
  base::Outcome<base::Done> change(std::uint64_t run, base::ProgrammeId programme, base::ActivityId activity,
                                   const std::function<base::Outcome<base::Done>()>& how);
  void tell(base::ProgrammeId programme, base::ActivityId activity);

  Setting& setting_;
  News news_ = [](const auto&, const auto&) {};
  test::GateModel gates_;
  std::map<base::ProgrammeId, std::uint64_t> built_on_;
  std::map<base::ActivityId, base::Instant> came_back_;  ///< when a seat did last while it was full
  Disk disk_;
  bool up_ = true;
  std::uint64_t run_ = 1;
  std::int64_t stopped_until_us_ = 0;
  std::int64_t clock_error_ms_ = 0;
};

}  // namespace zl::sim
