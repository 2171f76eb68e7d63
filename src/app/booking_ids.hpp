// Booking ids and tickets: both made from one secret that is kept in MySQL and never rotated, so that every process
// makes the same ones and a printed ticket stays good.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/id.hpp"
#include "runtime/hmac.hpp"

namespace zl::app {

class BookingIds {
 public:
  /// `secret`: 32 random bytes.
  explicit BookingIds(std::string_view secret) : hmac_(secret) {}

  /// The first 16 bytes of HMAC(user, key): a retry means the same booking, in every process, without a lookup.
  base::BookingId booking(const base::UserId& user, std::string_view idempotency_key) const;

  /// Likewise for a check-in by a staff account.
  base::CheckInId check_in(const base::AccountId& account, std::string_view idempotency_key) const;

  /// For other creating calls: caller, route and key.
  base::Bytes16 creation(const base::AccountId& caller, std::string_view route, std::string_view idempotency_key) const;

  /// "z1.<booking id>.<32 hex digits of a MAC>": opaque to clients.
  std::string ticket(const base::BookingId& id) const;

  /// The booking of a ticket, or nothing where it is not one of ours.
  std::optional<base::BookingId> open_ticket(std::string_view text) const;

 private:
  base::Bytes16 first16(std::string_view purpose, std::string_view a, std::string_view b, std::string_view c) const;

  runtime::HmacSha256 hmac_;
};

}  // namespace zl::app
