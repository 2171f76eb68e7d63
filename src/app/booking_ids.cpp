#include "app/booking_ids.hpp"

#include <algorithm>

namespace zl::app {
namespace {

constexpr std::string_view ticket_prefix = "z1.";

/// Every part with its length before it, so that no two lists of parts give the same bytes.
void append_part(std::string& message, std::string_view part) {
  const auto length = static_cast<std::uint32_t>(part.size());
  for (int shift = 24; shift >= 0; shift -= 8) message.push_back(static_cast<char>((length >> shift) & 0xFFU));
  message.append(part);
}

}  // namespace

base::Bytes16 BookingIds::first16(std::string_view purpose, std::string_view a, std::string_view b,
                                  std::string_view c) const {
  thread_local std::string message;  // its memory is kept: every booking needs one
  message.clear();
  for (const std::string_view part : {purpose, a, b, c}) append_part(message, part);
  const auto digest = hmac_(message);
  base::Bytes16 bytes{};
  std::copy_n(digest.begin(), bytes.size(), bytes.begin());
  return bytes;
}

base::BookingId BookingIds::booking(const base::UserId& user, std::string_view idempotency_key) const {
  return {first16("booking", user.raw(), idempotency_key, {})};
}

base::CheckInId BookingIds::check_in(const base::AccountId& account, std::string_view idempotency_key) const {
  return {first16("check-in", account.raw(), idempotency_key, {})};
}

base::Bytes16 BookingIds::creation(const base::AccountId& caller, std::string_view route,
                                   std::string_view idempotency_key) const {
  return first16("creation", caller.raw(), route, idempotency_key);
}

std::string BookingIds::ticket(const base::BookingId& id) const {
  const base::Bytes16 mac = first16("ticket", id.raw(), {}, {});
  const std::string_view mac_bytes(reinterpret_cast<const char*>(mac.data()), mac.size());
  return std::string(ticket_prefix) + id.hex() + "." + base::to_hex(mac_bytes);
}

std::optional<base::BookingId> BookingIds::open_ticket(std::string_view text) const {
  if (!text.starts_with(ticket_prefix) || text.size() != ticket_prefix.size() + 32 + 1 + 32) return std::nullopt;
  const auto id = base::BookingId::parse(text.substr(ticket_prefix.size(), 32));
  if (!id || !runtime::constant_time_equal(ticket(*id), text)) return std::nullopt;
  return id;
}

}  // namespace zl::app
