// The door: who booked, and who came.
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"
#include "http/inputs.hpp"
#include "http/problem_texts.hpp"

namespace zl::http {
namespace {

/// The start of a session; nothing where there is no such session.
std::optional<base::Instant> start_of(const Api& api, const base::SessionId& id) {
  const app::ActivityEntry* entry = api.catalogue.current().activity_of(id);
  if (entry == nullptr) return std::nullopt;
  return std::ranges::find(entry->activity.sessions, id, &domain::Session::id)->time.starts_at;
}

Answer too_early(const Api& api, const Request& request, base::Instant opens_at) {
  ExtraMembers extra;
  JsonWriter(extra, api.offset_minutes).member("opens_at", opens_at);
  return problem(request, base::Code::not_open, translated("check-in has not begun", request.language), extra);
}

Answer came_before(const Api& api, const Request& request, const app::CheckIn& first) {
  ExtraMembers extra;
  JsonWriter(extra, api.offset_minutes).member("id", first.id).member("at", first.at);
  return problem(request, base::Code::already_checked_in, {}, extra);
}

/// Refused before the store was asked, which tells of a booking that isn't there.
bool was_never_looked_up(const base::Outcome<app::CheckInAnswer>& checked_in) {
  if (!checked_in.is_refused()) return false;
  const base::Code code = checked_in.refused().code;
  return code == base::Code::forbidden || code == base::Code::not_open;
}

}  // namespace

asio::awaitable<Answer> admin_get_roster(const Api& api, Request& request) {
  Faults faults;
  QueryReader query(request, faults);
  const auto page = read_id_page<base::BookingId>(query, List::roster);
  if (!faults.empty()) co_return invalid(request, faults);
  const auto id = id_parameter<base::ActivityId>(request);
  if (!id) co_return problem(request, base::Code::not_found);
  const base::Outcome<app::RosterPage> roster = co_await api.door.roster(*id, page.after, page.limit, *request.claims);
  if (!roster) co_return failure(request, roster);
  co_return json_answer(api, [&](JsonWriter& json) {
    json.begin_object().member("activity_id", *id);
    write_stored_page(
        json, List::roster, *roster, [](const auto& entry) { return entry.booking.id; },
        [&json](const auto& entry) { write(json, entry); });
  });
}

asio::awaitable<Answer> admin_check_in(const Api& api, Request& request) {
  Faults faults;
  const std::optional<std::string> key = read_idempotency_key(request, Need::optional, faults);
  const CheckInWish wish = read_check_in(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const std::optional<base::BookingId> booking_id =
      wish.booking_id ? wish.booking_id : api.ids.open_ticket(wish.ticket);
  const std::optional<base::Instant> starts_at = start_of(api, wish.session_id);
  if (!booking_id || !starts_at) co_return problem(request, base::Code::not_found);
  const base::Outcome<app::CheckInAnswer> checked_in = co_await api.door.check_in(
      wish.session_id, *booking_id, key.value_or(std::string()), *request.claims, request.actor());
  if (was_never_looked_up(checked_in)) {
    // Whether there is such a booking comes before whether the caller may let it in, and before from when on.
    const base::Outcome<std::optional<domain::Booking>> booking = co_await api.ledger.find(*booking_id);
    if (!booking) co_return failure(request, booking);
    if (!booking->has_value()) co_return problem(request, base::Code::not_found);
  }
  if (checked_in.is_refused() && checked_in.refused().code == base::Code::not_open) {
    co_return too_early(api, request, api.door.begins_at(*starts_at));
  }
  if (!checked_in) co_return failure(request, checked_in);
  const app::CheckIn& check_in = checked_in->check_in;
  const bool same_call = key && check_in.id == api.ids.check_in(request.claims->account, *key);
  if (checked_in->earlier && !same_call) co_return came_before(api, request, check_in);
  Answer answer = shown(api, check_in);
  tell_created(answer, "/api/v1/admin/check-ins/", check_in.id.hex(), checked_in->earlier);
  co_return answer;
}

asio::awaitable<Answer> admin_undo_check_in(const Api& api, Request& request) {
  const auto id = id_parameter<base::CheckInId>(request);
  if (!id) co_return problem(request, base::Code::not_found);
  const base::Outcome<base::Done> undone = co_await api.door.undo(*id, *request.claims, request.actor());
  if (!undone) co_return failure(request, undone);
  Answer answer;
  answer.status = 204;
  co_return answer;
}

}  // namespace zl::http
