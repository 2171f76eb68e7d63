#include "http/inputs.hpp"

#include <algorithm>
#include <utility>

#include "base/limits.hpp"
#include "domain/validation.hpp"

namespace zl::http {
namespace {

namespace limits = base::limits;

bool is_openid(std::string_view text) {
  return !text.empty() && text.size() <= limits::openid_length && std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  });
}

bool is_ticket(std::string_view text) {
  constexpr std::string_view prefix = "z1.";
  constexpr std::size_t longest = 200;
  if (!text.starts_with(prefix) || text.size() == prefix.size() || text.size() > longest) return false;
  return std::ranges::all_of(text, [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
  });
}

/// A booking as pages and programs write it, without spaces: what a rush consists of needs no tree.
std::optional<base::AttendeeId> read_plain_booking(std::string_view body) {
  constexpr std::string_view head = R"({"attendee_id":")";
  constexpr std::string_view tail = R"("})";
  if (!body.starts_with(head) || !body.ends_with(tail) || body.size() < head.size() + tail.size()) return std::nullopt;
  return base::AttendeeId::parse(body.substr(head.size(), body.size() - head.size() - tail.size()));
}

}  // namespace

DevLogin read_dev_login(std::string_view body, Faults& faults) {
  DevLogin login;
  const std::optional<JsonMembers> members = read_object(body, faults);
  if (!members) return login;
  ObjectReader reader(*members, "", faults);
  if (reader.text_as_sent("openid", Need::required, login.openid) && !is_openid(login.openid)) {
    reader.fault("openid", "is no openid", "1..128 characters of A-Z, a-z, 0-9, _ and -");
  }
  if (reader.text("nickname", Need::required, login.nickname)) {
    domain::Faults found;
    domain::check_text(login.nickname, "/nickname", 1, limits::nickname_length, false, found);
    add_faults(faults, std::move(found));
  }
  reader.finish();
  return login;
}

std::string read_mini_login(std::string_view body, Faults& faults) {
  constexpr std::size_t longest = 512;
  std::string code;
  const std::optional<JsonMembers> members = read_object(body, faults);
  if (!members) return code;
  ObjectReader reader(*members, "", faults);
  if (reader.text_as_sent("code", Need::required, code)) {
    const bool fits = !code.empty() && code.size() <= longest &&
                      std::ranges::all_of(code, [](char c) { return c > ' ' && c <= '~'; });
    if (!fits) reader.fault("code", "is no code", "1..512 characters of printable ASCII");
  }
  reader.finish();
  return code;
}

StaffLogin read_staff_login(std::string_view body, Faults& faults) {
  StaffLogin login;
  const std::optional<JsonMembers> members = read_object(body, faults);
  if (!members) return login;
  ObjectReader reader(*members, "", faults);
  if (reader.text_as_sent("username", Need::required, login.username)) {
    add_faults(faults, domain::check_username(login.username));
  }
  if (reader.text_as_sent("password", Need::required, login.password)) {
    add_faults(faults, domain::check_password(login.password));
  }
  reader.finish();
  return login;
}

base::AttendeeId read_booking(std::string_view body, Faults& faults) {
  if (const std::optional<base::AttendeeId> plain = read_plain_booking(body)) return *plain;
  base::AttendeeId attendee_id;
  const std::optional<JsonMembers> members = read_object(body, faults);
  if (!members) return attendee_id;
  ObjectReader reader(*members, "", faults);
  reader.id("attendee_id", Need::required, attendee_id);
  reader.finish();
  return attendee_id;
}

std::string read_cancel_reason(std::string_view body, Faults& faults) {
  std::string reason;
  const std::optional<JsonMembers> members = read_object(body, faults);
  if (!members) return reason;
  ObjectReader reader(*members, "", faults);
  if (reader.text("reason", Need::required, reason)) {
    domain::Faults found;
    domain::check_text(reason, "/reason", 1, limits::reason_length, true, found);
    add_faults(faults, std::move(found));
  }
  reader.finish();
  return reason;
}

CheckInWish read_check_in(std::string_view body, Faults& faults) {
  CheckInWish wish;
  const std::optional<JsonMembers> members = read_object(body, faults);
  if (!members) return wish;
  ObjectReader reader(*members, "", faults);
  reader.id("session_id", Need::required, wish.session_id);
  if (reader.has("ticket") == reader.has("booking_id")) {
    add_fault(faults, "", "either a ticket or a booking is needed");
  }
  base::BookingId booking_id;
  if (reader.id("booking_id", Need::optional, booking_id)) wish.booking_id = booking_id;
  if (reader.text_as_sent("ticket", Need::optional, wish.ticket) && !is_ticket(wish.ticket)) {
    reader.fault("ticket", "is not a ticket");
  }
  reader.finish();
  return wish;
}

}  // namespace zl::http
