// What everybody may read. Answered from this process's memory: no call here waits for a store.
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"
#include "http/first_page.hpp"

namespace zl::http {
namespace {

Answer as_public(Answer answer) {
  answer.is_public = true;
  return answer;
}

/// Drafts are nobody's to see.
bool is_public(const app::ActivityEntry& entry) {
  return entry.activity.publication != domain::Publication::draft;
}

/// A programme's list is short, and in the same order as the whole one.
const app::Catalogue::Activities& candidates_of(const app::Catalogue& catalogue,
                                                const std::optional<base::ProgrammeId>& programme_id) {
  static const app::Catalogue::Activities none;
  if (!programme_id) return catalogue.activities();
  const app::ProgrammeEntry* programme = catalogue.programme(*programme_id);
  return programme == nullptr ? none : programme->activities;
}

/// The programme whose first page is asked for, and nothing else; null where it isn't so.
const app::ProgrammeEntry* asked_for_alone(const ActivityFilter& filter, const PlacePage& page,
                                           const app::Catalogue& catalogue) {
  ActivityFilter alone;
  alone.programme_id = filter.programme_id;
  if (!filter.programme_id || filter != alone || page != PlacePage{}) return nullptr;
  return catalogue.programme(*filter.programme_id);
}

/// About as much as a page of these takes.
std::size_t bytes_of(const std::vector<const app::ActivityEntry*>& entries, int offset_minutes) {
  constexpr std::size_t around = 128;  // of a page
  constexpr std::size_t between = 64;  // of an activity: seats, state and time
  std::size_t bytes = around;
  for (const app::ActivityEntry* entry : entries) bytes += between + text_of(*entry, offset_minutes).text.size();
  return bytes;
}

}  // namespace

asio::awaitable<Answer> list_stations(const Api& api, Request& /*request*/) {
  co_return as_public(json_answer(api, [&api](JsonWriter& json) {
    const app::Catalogue& catalogue = api.catalogue.current();
    json.begin_object().key("items").begin_array();
    for (const auto& station : catalogue.stations()) {
      if (!station->parent_id) write_node(json, *station, catalogue);
    }
    json.end_array().end_object();
  }));
}

asio::awaitable<Answer> get_station(const Api& api, Request& request) {
  const app::Catalogue& catalogue = api.catalogue.current();
  const auto id = id_parameter<base::StationId>(request);
  const domain::Station* station = id ? catalogue.station(*id) : nullptr;
  if (station == nullptr) co_return problem(request, base::Code::not_found);
  co_return as_public(json_answer(api, [&](JsonWriter& json) { write_node(json, *station, catalogue); }));
}

asio::awaitable<Answer> list_programmes(const Api& api, Request& request) {
  Faults faults;
  QueryReader query(request, faults);
  const PlacePage page = read_place_page(query, List::programmes);
  std::optional<base::StationId> station_id;
  query.id("station_id", station_id);
  if (!faults.empty()) co_return invalid(request, faults);
  const app::Catalogue& catalogue = api.catalogue.current();
  const auto shown_ones = select_page(List::programmes, catalogue.programmes(), page, [&](const auto& entry) {
    return !station_id || catalogue.within(entry.programme->station_id, *station_id);
  });
  co_return as_public(json_answer(api, [&](JsonWriter& json) {
    write_page(json, shown_ones, [&json](const auto& entry) { write(json, *entry.programme); });
  }));
}

asio::awaitable<Answer> get_programme(const Api& api, Request& request) {
  const auto id = id_parameter<base::ProgrammeId>(request);
  const app::ProgrammeEntry* entry = id ? api.catalogue.current().programme(*id) : nullptr;
  if (entry == nullptr) co_return problem(request, base::Code::not_found);
  co_return as_public(shown(api, *entry->programme));
}

asio::awaitable<Answer> list_activities(const Api& api, Request& request) {
  Faults faults;
  QueryReader query(request, faults);
  const PlacePage page = read_place_page(query, List::activities);
  const ActivityFilter filter = read_activity_filter(query);
  if (!faults.empty()) co_return invalid(request, faults);
  const app::Catalogue& catalogue = api.catalogue.current();
  const base::Instant now = api.time.now();
  const base::SteadyTime steady_now = api.clock.steady_now();
  if (const app::ProgrammeEntry* programme = asked_for_alone(filter, page, catalogue)) {
    Answer answer;
    answer.body = first_page(*programme, now, steady_now, api.offset_minutes);
    co_return as_public(std::move(answer));
  }
  const auto& candidates = candidates_of(catalogue, filter.programme_id);
  const auto shown_ones = select_page(List::activities, candidates, page, [&](const auto& entry) {
    return is_public(entry) && fits(entry, filter, catalogue, now);
  });
  co_return as_public(json_answer(api, [&](JsonWriter& json) {
    json.reserve(bytes_of(shown_ones.items, api.offset_minutes));
    const std::string server_time = instant_text(now, api.offset_minutes);
    write_page(json, shown_ones, [&](const app::ActivityEntry& entry) {
      entry.seats->touch(steady_now);
      write(json, entry, context_of(entry, now), server_time);
    });
  }));
}

asio::awaitable<Answer> get_activity(const Api& api, Request& request) {
  const auto id = id_parameter<base::ActivityId>(request);
  const app::ActivityEntry* entry = id ? api.catalogue.current().activity(*id) : nullptr;
  if (entry == nullptr || !is_public(*entry)) co_return problem(request, base::Code::not_found);
  entry->seats->touch(api.clock.steady_now());
  co_return as_public(json_answer(api, [&](JsonWriter& json) {
    const base::Instant now = api.time.now();
    json.reserve(bytes_of({entry}, api.offset_minutes));
    write(json, *entry, context_of(*entry, now), instant_text(now, api.offset_minutes));
  }));
}

asio::awaitable<Answer> get_time(const Api& api, Request& /*request*/) {
  const base::Instant now = api.time.now();
  co_return json_answer(api, [now](JsonWriter& json) {
    json.begin_object().member("now", now).member("unix_ms", now.unix_ms).end_object();
  });
}

}  // namespace zl::http
