// Seats: booking, reading, cancelling. Somebody else's booking is not found.
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"
#include "http/inputs.hpp"

namespace zl::http {
namespace {

Answer shown_booking(const Api& api, const domain::Booking& booking) {
  return json_answer(api, [&](JsonWriter& json) { write(json, booking, api.ids); });
}

Answer answer_of(const Api& api, const Request& request, const base::Outcome<app::BookAnswer>& booked) {
  if (!booked) return failure(request, booked);
  if (const auto* refused = std::get_if<domain::Refusal>(&*booked)) {
    return refusal(request, *refused, api.offset_minutes);
  }
  const auto& made = std::get<app::Booked>(*booked);
  Answer answer = shown_booking(api, made.booking);
  tell_created(answer, "/api/v1/bookings/", made.booking.id.hex(), made.earlier);
  return answer;
}

asio::awaitable<Answer> finish_booking(const Api& api, const Request& request, app::Book::Underway underway) {
  const base::Outcome<app::BookAnswer> booked = co_await api.book.finish(std::move(underway), request.actor());
  co_return answer_of(api, request, booked);
}

}  // namespace

Reply create_booking(const Api& api, Request& request) {
  Faults faults;
  const std::optional<std::string> key = read_idempotency_key(request, Need::required, faults);
  const base::AttendeeId attendee_id = read_booking(request.body, faults);
  if (!faults.empty()) return invalid(request, faults);
  const auto activity_id = id_parameter<base::ActivityId>(request);
  if (!activity_id) return problem(request, base::Code::not_found);

  auto begun = api.book.begin(request.claims->user(), *activity_id, attendee_id, *key);
  if (const auto* told = std::get_if<base::Outcome<app::BookAnswer>>(&begun)) return answer_of(api, request, *told);
  return finish_booking(api, request, std::get<app::Book::Underway>(std::move(begun)));
}

asio::awaitable<Answer> list_my_bookings(const Api& api, Request& request) {
  Faults faults;
  QueryReader query(request, faults);
  const auto page = read_id_page<base::BookingId>(query, List::bookings);
  if (!faults.empty()) co_return invalid(request, faults);
  const base::Outcome<app::BookingPage> found =
      co_await api.ledger.of_user(request.claims->user(), page.after, page.limit);
  if (!found) co_return failure(request, found);

  const app::Catalogue& catalogue = api.catalogue.current();
  const auto is_known = [&catalogue](const auto& booking) {
    return catalogue.activity(booking.activity_id) != nullptr;
  };
  // Another process has published and booked it just now; this one hears of it within a second.
  if (!std::ranges::all_of(found->items, is_known)) co_return problem(request, base::Code::unavailable);
  co_return json_answer(api, [&](JsonWriter& json) {
    json.begin_object();
    write_stored_page(
        json, List::bookings, *found, [](const auto& booking) { return booking.id; },
        [&](const auto& booking) {
          write_item(json, booking, api.ids, catalogue.activity(booking.activity_id)->activity);
        });
  });
}

asio::awaitable<Answer> get_booking(const Api& api, Request& request) {
  const auto id = id_parameter<base::BookingId>(request);
  if (!id) co_return problem(request, base::Code::not_found);
  const base::Outcome<std::optional<domain::Booking>> found = co_await api.ledger.find(*id);
  if (!found) co_return failure(request, found);
  const std::optional<domain::Booking>& booking = *found;
  if (!booking || booking->user_id != request.claims->user()) co_return problem(request, base::Code::not_found);
  co_return shown_booking(api, *booking);
}

asio::awaitable<Answer> cancel_booking(const Api& api, Request& request) {
  const auto id = id_parameter<base::BookingId>(request);
  if (!id) co_return problem(request, base::Code::not_found);
  const base::Outcome<domain::Booking> cancelled =
      co_await api.cancel_booking(request.claims->user(), *id, request.actor());
  if (!cancelled) co_return failure(request, cancelled);
  co_return shown_booking(api, *cancelled);
}

}  // namespace zl::http
