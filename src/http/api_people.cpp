// A user and their attendees. Somebody else's attendee is not found.
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"
#include "http/inputs.hpp"

namespace zl::http {
namespace {

base::Date today(const Api& api) {
  return base::civil_day(api.time.now(), api.offset_minutes);
}

}  // namespace

asio::awaitable<Answer> get_me(const Api& api, Request& request) {
  const base::Outcome<app::Me> me = co_await api.people.me(request.claims->user());
  // A token of a user who is gone.
  if (me.is_refused() && me.refused().code == base::Code::not_found) {
    co_return problem(request, base::Code::unauthorized);
  }
  if (!me) co_return failure(request, me);
  co_return json_answer(api, [&me](JsonWriter& json) {
    json.begin_object().key("user");
    write(json, me->user);
    json.key("attendees").begin_array();
    for (const domain::Attendee& attendee : me->attendees) write(json, attendee);
    json.end_array().end_object();
  });
}

asio::awaitable<Answer> create_attendee(const Api& api, Request& request) {
  Faults faults;
  const std::optional<std::string> key = read_idempotency_key(request, Need::optional, faults);
  domain::Attendee attendee = read_attendee(request.body, today(api), faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const auto mark = creation_mark(api, request, "POST /me/attendees", key);
  const base::Outcome<app::Created<domain::Attendee>> created =
      co_await api.people.create(request.claims->user(), std::move(attendee), request.actor(), mark);
  if (!created) co_return failure(request, created);
  co_return created_with_version(api, *created, "/api/v1/me/attendees/");
}

asio::awaitable<Answer> update_attendee(const Api& api, Request& request) {
  Faults faults;
  const Patch patch = read_attendee_patch(request.body, today(api), faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const auto id = id_parameter<base::AttendeeId>(request);
  if (!id) co_return problem(request, base::Code::not_found);

  const base::UserId user = request.claims->user();
  const base::Outcome<domain::Attendee> found = co_await api.people.find(user, *id);
  if (!found) co_return failure(request, found);
  domain::Attendee attendee = *found;
  const std::uint64_t version = attendee.version;
  if (!if_match_holds(request.if_match, version)) co_return problem(request, base::Code::version_mismatch);
  merge(patch, attendee);
  const base::Outcome<domain::Attendee> updated =
      co_await api.people.update(user, std::move(attendee), version, request.actor());
  if (!updated) co_return failure(request, updated);
  co_return shown_with_version(api, *updated);
}

asio::awaitable<Answer> delete_attendee(const Api& api, Request& request) {
  const auto id = id_parameter<base::AttendeeId>(request);
  if (!id) co_return problem(request, base::Code::not_found);
  const base::Outcome<base::Done> removed = co_await api.people.remove(request.claims->user(), *id, request.actor());
  if (!removed) co_return failure(request, removed);
  Answer answer;
  answer.status = 204;
  co_return answer;
}

}  // namespace zl::http
