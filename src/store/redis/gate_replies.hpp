// The answers of gate.lua's functions, as values. Pure: an answer of another shape than expected is Unknown.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/gate.hpp"
#include "base/outcome.hpp"
#include "store/redis/reply.hpp"

namespace zl::redis {

/// "epoch.arrival", as gate.lua writes a grant.
std::string format_grant(domain::GrantNumber grant);
std::optional<domain::GrantNumber> parse_grant(std::string_view text);

/// Why there is no answer to read: unsent took no effect, lost and errors may have. Nothing where there is one.
template <class T>
std::optional<base::Outcome<T>> no_answer(const Reply& reply) {
  if (reply.is_unsent()) return base::Outcome<T>(base::Refused{base::Code::unavailable, reply.text(), {}, 1});
  if (reply.is_lost() || reply.is_error()) return base::Outcome<T>(base::Unknown{"redis: " + reply.text()});
  return std::nullopt;
}

base::Outcome<app::GateDecision> read_decision(const Reply& reply, const base::ActivityId& activity_id);
/// Of a change: OK, `used` (refused: invalid_state) or `lost` (refused: unavailable).
base::Outcome<base::Done> read_change(const Reply& reply);
base::Outcome<std::optional<app::GateSeats>> read_seats(const Reply& reply);
base::Outcome<std::optional<app::GateHolders>> read_holders(const Reply& reply);
base::Outcome<std::vector<app::ExpiredHold>> read_expired(const Reply& reply);
base::Outcome<base::Instant> read_time(const Reply& reply);

}  // namespace zl::redis
