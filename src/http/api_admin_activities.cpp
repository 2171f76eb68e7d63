// Activities for admins, from draft to cancelled. How many seats are taken is the ledger's to say.
#include <unordered_map>

#include "app/access.hpp"
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"
#include "http/inputs.hpp"
#include "http/problem_texts.hpp"

namespace zl::http {
namespace {

using Taken = std::unordered_map<base::ActivityId, int>;

/// Adds what the ledger counts of a programme's activities.
asio::awaitable<base::Outcome<base::Done>> add_seats_taken(const Api& api, base::ProgrammeId programme_id,
                                                           Taken& taken) {
  const base::Outcome<std::vector<app::SeatsTaken>> counted = co_await api.ledger.seats_taken(programme_id);
  if (!counted) co_return counted.as<base::Done>();
  for (const app::SeatsTaken& seats : *counted) taken[seats.activity_id] = seats.seats_taken;
  co_return base::Done{};
}

/// The activity of the path that the caller reaches, or the answer that there is none.
struct Found {
  std::shared_ptr<const app::Catalogue> catalogue;
  const app::ActivityEntry* entry = nullptr;  ///< in `catalogue`
  Answer refused;                             ///< where `entry` is null
};

Found find_activity(const Api& api, const Request& request) {
  Found found{api.catalogue.share(), nullptr, {}};
  const auto id = id_parameter<base::ActivityId>(request);
  const app::ActivityEntry* entry = id ? found.catalogue->activity(*id) : nullptr;
  if (entry == nullptr) {
    found.refused = problem(request, base::Code::not_found);
  } else if (!app::reaches(*request.claims, *found.catalogue, *id)) {
    found.refused = problem(request, base::Code::forbidden);
  } else {
    found.entry = entry;
  }
  return found;
}

/// An activity as the transaction that read or changed it left it, among what memory knows of its programme. Asks no
/// store: what was done is never told as a failure.
Answer answer_with(const Api& api, const Request& request, domain::Activity activity) {
  const app::Catalogue& catalogue = api.catalogue.current();
  const app::ProgrammeEntry* programme = catalogue.programme(activity.programme_id);
  if (programme == nullptr) return problem(request, base::Code::outcome_unknown);
  const app::ActivityEntry* known = catalogue.activity(activity.id);

  app::ActivityEntry entry;
  entry.programme = programme->programme;
  const domain::Station* station = catalogue.station(programme->programme->station_id);
  if (station != nullptr) entry.station = std::make_shared<const domain::Station>(*station);
  entry.seats = known == nullptr ? std::make_shared<app::SeatState>() : known->seats;
  entry.activity = std::move(activity);
  Answer answer = json_answer(api, [&](JsonWriter& json) {
    write_for_staff(json, entry.activity, context_of(entry, api.time.now()), entry.activity.seats_taken);
  });
  answer.with("ETag", etag(entry.activity.version));
  return answer;
}

/// invalid_state, with the seats taken where they are what is in the way.
asio::awaitable<Answer> refuse_change(const Api& api, const Request& request, const base::Refused& refused,
                                      const domain::Activity& wanted) {
  if (refused.code != base::Code::invalid_state) co_return failure(request, refused);
  Taken taken;
  const base::Outcome<base::Done> counted = co_await add_seats_taken(api, wanted.programme_id, taken);
  if (!counted || taken[wanted.id] <= wanted.capacity) co_return failure(request, refused);
  co_return problem(request, base::Code::invalid_state, translated("more seats are taken", request.language),
                    "\"seats_taken\":" + std::to_string(taken[wanted.id]));
}

}  // namespace

asio::awaitable<Answer> admin_list_activities(const Api& api, Request& request) {
  Faults faults;
  QueryReader query(request, faults);
  const PlacePage page = read_place_page(query, List::activities);
  const ActivityFilter filter = read_activity_filter(query);
  if (!faults.empty()) co_return invalid(request, faults);

  const std::shared_ptr<const app::Catalogue> catalogue = api.catalogue.share();
  const base::Instant now = api.time.now();
  const auto shown_ones = select_page(List::activities, catalogue->activities(), page, [&](const auto& entry) {
    return app::reaches(*request.claims, *catalogue, entry.programme->station_id) &&
           fits(entry, filter, *catalogue, now);
  });
  Taken taken;
  for (const app::ActivityEntry* entry : shown_ones.items) {
    if (taken.contains(entry->activity.id)) continue;
    const base::Outcome<base::Done> counted = co_await add_seats_taken(api, entry->activity.programme_id, taken);
    if (!counted) co_return failure(request, counted);
    taken.try_emplace(entry->activity.id, entry->activity.seats_taken);
  }
  co_return json_answer(api, [&](JsonWriter& json) {
    write_page(json, shown_ones, [&](const auto& entry) {
      entry.seats->touch(api.clock.steady_now());
      write_for_staff(json, entry.activity, context_of(entry, now), taken[entry.activity.id]);
    });
  });
}

asio::awaitable<Answer> admin_create_activity(const Api& api, Request& request) {
  Faults faults;
  const std::optional<std::string> key = read_idempotency_key(request, Need::optional, faults);
  domain::Activity activity = read_activity(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const auto mark = creation_mark(api, request, "POST /admin/activities", key);
  const base::Outcome<app::Created<domain::Activity>> created =
      co_await api.manage_catalogue.create_activity(std::move(activity), *request.claims, request.actor(), mark);
  if (!created) co_return failure(request, created);
  Answer answer = answer_with(api, request, created->value);
  if (answer.status != 200) co_return answer;
  tell_created(answer, "/api/v1/admin/activities/", created->value.id.hex(), created->earlier);
  co_return answer;
}

asio::awaitable<Answer> admin_get_activity(const Api& api, Request& request) {
  Found found = find_activity(api, request);
  if (found.entry == nullptr) co_return std::move(found.refused);
  found.entry->seats->touch(api.clock.steady_now());
  domain::Activity activity = found.entry->activity;
  Taken taken;
  const base::Outcome<base::Done> counted = co_await add_seats_taken(api, activity.programme_id, taken);
  if (!counted) co_return failure(request, counted);
  activity.seats_taken = taken[activity.id];
  co_return answer_with(api, request, std::move(activity));
}

asio::awaitable<Answer> admin_update_activity(const Api& api, Request& request) {
  Faults faults;
  const Patch patch = read_activity_patch(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  Found found = find_activity(api, request);
  if (found.entry == nullptr) co_return std::move(found.refused);
  domain::Activity activity = found.entry->activity;
  const std::uint64_t version = activity.version;
  if (!if_match_holds(request.if_match, version)) co_return problem(request, base::Code::version_mismatch);

  merge(patch, activity);
  const bool sessions_replaced = has_member(patch, "sessions");
  const base::Outcome<domain::Activity> updated = co_await api.manage_catalogue.update_activity(
      activity, sessions_replaced, version, *request.claims, request.actor());
  if (updated.is_refused()) co_return co_await refuse_change(api, request, updated.refused(), activity);
  if (!updated) co_return failure(request, updated);
  co_return answer_with(api, request, *updated);
}

asio::awaitable<Answer> admin_publish_activity(const Api& api, Request& request) {
  Found found = find_activity(api, request);
  if (found.entry == nullptr) co_return std::move(found.refused);
  const base::Outcome<domain::Activity> published =
      co_await api.manage_catalogue.publish(found.entry->activity.id, *request.claims, request.actor());
  if (!published) co_return failure(request, published);
  co_return answer_with(api, request, *published);
}

asio::awaitable<Answer> admin_cancel_activity(const Api& api, Request& request) {
  Faults faults;
  std::string reason = read_cancel_reason(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  Found found = find_activity(api, request);
  if (found.entry == nullptr) co_return std::move(found.refused);
  const base::Outcome<domain::Activity> cancelled = co_await api.manage_catalogue.cancel(
      found.entry->activity.id, std::move(reason), *request.claims, request.actor());
  if (!cancelled) co_return failure(request, cancelled);
  co_return answer_with(api, request, *cancelled);
}

}  // namespace zl::http
