// The answers of gate.lua's functions, as values. Pure: an answer of another shape than expected is Unknown.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

#include "app/gate.hpp"
#include "base/outcome.hpp"
#include "store/redis/reply.hpp"

namespace zl::redis {

/// Numbers as gate.lua keeps them: big-endian doubles in a row, exact to 2^53.
std::string pack(std::initializer_list<std::uint64_t> numbers);
std::string pack(domain::GrantNumber grant);

/// Why there is no answer to read: unsent took no effect, lost and errors may have. Nothing where there is one.
template <class T>
std::optional<base::Outcome<T>> no_answer(const Reply& reply) {
  if (reply.is_unsent()) return base::Outcome<T>(base::Refused{base::Code::unavailable, reply.text(), {}, 1});
  if (reply.is_lost() || reply.is_error()) return base::Outcome<T>(base::Unknown{"redis: " + reply.text()});
  return std::nullopt;
}

/// One for each wish of a call, in its order; `activities` is what each one wants. Read as a whole or not at all.
std::vector<base::Outcome<app::GateDecision>> read_decisions(const Reply& reply,
                                                             const std::vector<base::ActivityId>& activities);
/// The holds that the late answer to these wishes tells of, each once, with its newest grant. A hold that was there
/// before is none of them: an earlier call may have booked it.
std::vector<app::LateGrant> read_late_grants(const Reply& reply, const std::vector<domain::BookingWish>& wishes);
/// Of a change: OK, `used` (refused: invalid_state) or `lost` (refused: unavailable).
base::Outcome<base::Done> read_change(const Reply& reply);
/// Of HMGET run epoch changes.
base::Outcome<std::optional<app::GateVersion>> read_version(const Reply& reply, const std::string& run_id);
base::Outcome<std::optional<app::GateSeats>> read_seats(const Reply& reply);
base::Outcome<std::optional<app::GateHolders>> read_holders(const Reply& reply);
base::Outcome<std::vector<app::ExpiredHold>> read_expired(const Reply& reply);
base::Outcome<base::Instant> read_time(const Reply& reply);

}  // namespace zl::redis
