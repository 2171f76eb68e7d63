// A server's way to Redis: one link a loop. What is sent on a link arrives in its order; links overtake each other.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "app/gate.hpp"
#include "sim/pool.hpp"
#include "sim/redis_sim.hpp"
#include "sim/setting.hpp"

namespace zl::sim {

/// One connection after the other. Shared with what is on its way, which may outlive the server.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(Setting& setting, RedisSim& redis, Owner owner) : setting_(setting), redis_(redis), owner_(owner) {}

  /// Connects where Redis is up, else tries again.
  void connect();
  /// The connection ends: who waits for an answer will not know, and what was sent may have arrived.
  void reset();

  bool up() const { return up_; }
  std::uint64_t run() const { return run_; }

  /// `arrive` runs at Redis; it may answer with `reply`.
  void transmit(std::string_view call, std::function<void()> arrive);
  void reply(std::uint64_t generation, std::function<void()> answer);
  std::uint64_t generation() const { return generation_; }
  /// `lost` is to be told when the connection ends, as long as `who` exists.
  void wait(std::weak_ptr<void> who, std::function<void()> lost);
  void give_up(std::uint64_t generation);
  /// A call timed out; where nothing will come for as long again, the connection is given up.
  void note_time_out();

 private:
  struct Message {
    std::string_view call;
    std::uint64_t generation = 0;
    std::uint64_t redis_run = 0;
    std::function<void()> arrive;
  };
  void deliver(const Message& message);

  Setting& setting_;
  RedisSim& redis_;
  const Owner owner_;
  bool up_ = false;
  std::uint64_t run_ = 0;
  std::uint64_t generation_ = 0;
  std::int64_t last_arrival_us_ = 0;
  std::int64_t last_answer_us_ = 0;
  struct Waiter {
    std::weak_ptr<void> who;
    std::function<void()> lost;
  };
  std::vector<Waiter> waiting_;
};

class SimGate final : public app::Gate, public app::GateUpkeep {
 public:
  SimGate(Setting& setting, RedisSim& redis, Owner owner, app::LateGrants& late_grants, std::function<void()> announce);

  Answer<app::GateDecision> book(const domain::BookingWish& wish, std::uint64_t min_epoch) override;
  bool is_late(base::SteadyTime) const override { return false; }
  void confirm(const domain::BookingWish& wish) override;
  Answer<base::Done> remove(base::ProgrammeId programme_id, base::ActivityId activity_id,
                            std::vector<app::HoldRef> holds, app::Unit unit) override;
  Answer<base::Done> remove_cancelled(base::ProgrammeId programme_id, base::ActivityId activity_id,
                                      base::BookingId id) override;
  Answer<std::optional<app::GateVersion>> version(base::ProgrammeId programme_id) override;
  Answer<std::optional<app::GateSeats>> seats(base::ProgrammeId programme_id,
                                              std::vector<base::ActivityId> activities) override;
  Answer<std::optional<app::GateHolders>> holders(base::ProgrammeId programme_id,
                                                  base::ActivityId activity_id) override;
  Answer<base::Instant> time() override;
  void announce_change() override;
  Answer<base::Done> adopt(base::ProgrammeId programme_id, base::ActivityId activity_id,
                           std::vector<app::GateBooking> bookings) override;
  Answer<base::Done> give_back_spare(base::ProgrammeId programme_id, base::ActivityId activity_id, int count) override;
  Answer<std::vector<app::ExpiredHold>> expired_holds(base::ProgrammeId programme_id,
                                                      std::vector<base::ActivityId> activities,
                                                      std::size_t limit) override;
  Answer<bool> install(app::GateImage image) override;
  Answer<base::Done> set_capacity(base::ProgrammeId programme_id, base::ActivityId activity_id, int capacity,
                                  std::uint64_t version) override;

  void reset_links() const;
  bool up() const;

 private:
  Link& any_link() const;
  template <class T, class Serve, class Late>
  Answer<T> ask(std::string_view call, Serve serve, Late late);
  template <class T, class Serve>
  Answer<T> ask(std::string_view call, Serve serve);

  Setting& setting_;
  RedisSim& redis_;
  app::LateGrants& late_grants_;
  std::vector<std::shared_ptr<Link>> links_;
  std::function<void()> announce_;  ///< at Redis: tells every subscriber
};

}  // namespace zl::sim
