// The gate on Redis Functions (gate.lua): one call, one decision.
#pragma once

#include <memory>
#include <vector>

#include "app/gate.hpp"
#include "store/redis/endpoint.hpp"
#include "store/redis/gate_code.hpp"
#include "store/redis/gate_queue.hpp"
#include "store/redis/link.hpp"

namespace zl::redis {

/// Callable on any loop; each uses the link of its own.
class RedisGate final : public app::Gate, public app::GateUpkeep {
 public:
  /// `links` by loop index; they outlive the gate. It is late where a call waits longer than `late_after`.
  RedisGate(std::vector<Link*> links, base::Milliseconds hold_ttl,
            base::Milliseconds late_after = base::Milliseconds(250));

  template <class T>
  using Answer = boost::asio::awaitable<base::Outcome<T>>;

  Answer<app::GateDecision> book(const domain::BookingWish& wish, std::uint64_t min_epoch) override;
  bool is_late(base::SteadyTime now) const override;
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

  /// From now on, of holds that come too late. Before the links are started.
  void tell(app::LateGrants& late_grants);

  /// True where this loop's link is up.
  bool up() const { return link().up(); }

 private:
  Link& link() const;
  GateQueue& queue() const;
  boost::asio::awaitable<Reply> call(Command command);
  boost::asio::awaitable<bool> stage(Command command);
  Answer<base::Done> change(Command command);

  const base::Milliseconds hold_ttl_;
  const base::Milliseconds late_after_;
  std::vector<Link*> links_;
  std::vector<std::shared_ptr<GateQueue>> queues_;  ///< by loop, as the links
};

/// Takes one message of news_channel apart; what is not understood is left out.
void dispatch_news(std::string_view payload, app::SeatNews& news);

}  // namespace zl::redis
