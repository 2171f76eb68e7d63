// What a loop has to tell gates: wishes of one programme go in few calls, the confirmations of one activity in one
// command.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "app/gate.hpp"
#include "base/outcome.hpp"
#include "base/time.hpp"
#include "domain/booking.hpp"
#include "runtime/resumption.hpp"
#include "store/redis/link.hpp"

namespace zl::redis {

struct GateQueueLimits {
  std::size_t wishes_at_once = 64;  ///< in one call; more keep Redis busy longer
  std::size_t full_call = 16;       ///< so many of a programme don't wait for more: fewer cost Redis more each
  int full_calls = 8;               ///< with so many of a programme on the way none is added until one is back
  std::size_t waiting = 16'384;     ///< wishes not yet sent; beyond it they are not taken
};

/// Used on one loop only, that of its link, which outlives its use. Always held by a shared_ptr.
class GateQueue : public std::enable_shared_from_this<GateQueue> {
 public:
  using Decision = base::Outcome<app::GateDecision>;

  GateQueue(Link& link, base::Milliseconds hold_ttl, GateQueueLimits limits = {});

  /// As app::Gate::book. Wishes are decided in the order of these calls, but those of a call that met an error after
  /// what was on the way by then. As soon as a full call has come together it leaves, so that Redis works while this
  /// turn reads what else has come. Fewer leave with the turn's end, or when what is on the way of their programme has
  /// come back; so an answer takes twice the link's timeout at most, or four times where calls meet errors.
  boost::asio::awaitable<Decision> book(const domain::BookingWish& wish, std::uint64_t min_epoch);

  /// From now on, of holds that come too late.
  void tell(app::LateGrants& late_grants) { late_grants_ = &late_grants; }

  /// As app::Gate::confirm.
  void confirm(const domain::BookingWish& wish);

  /// Sends the confirmations that wait for the end of the turn, so that what is sent next comes after them.
  void send_confirmations();

 private:
  class Batch;
  struct Waiting {
    domain::BookingWish wish;
    std::uint64_t min_epoch;
    runtime::Resumption<Decision> caller;
  };
  struct Programme {
    std::vector<Waiting> waiting;
    int calls = 0;  ///< on the way
  };

  void take(Waiting waiting);
  void end_turn_later();
  void end_turn();
  bool may_send(const Programme& programme) const;
  void send_alone();
  void send_waiting(const base::ProgrammeId& programme_id);
  void send(const base::ProgrammeId& programme_id, std::vector<Waiting> wishes);
  void settle(const base::ProgrammeId& programme_id, std::vector<Waiting> wishes, const Reply& reply);

  Link& link_;
  app::LateGrants* late_grants_ = nullptr;
  const base::Milliseconds hold_ttl_;
  const GateQueueLimits limits_;

  std::unordered_map<base::ProgrammeId, Programme> programmes_;  ///< those with wishes waiting or on the way
  std::vector<base::ProgrammeId> due_;                           ///< to be sent at the end of the turn
  std::vector<Waiting> alone_;  ///< of a call that failed: to be sent each in one of its own
  std::size_t waiting_ = 0;
  std::unordered_map<std::string, std::vector<std::string>> confirmations_;  ///< by key of seats
  bool ending_turn_ = false;
};

}  // namespace zl::redis
