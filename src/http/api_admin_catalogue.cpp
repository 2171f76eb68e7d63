// Stations and programmes, for admins. Lists leave out what the caller's station does not reach; one thing is 403.
#include "app/access.hpp"
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"
#include "http/inputs.hpp"

namespace zl::http {
namespace {

/// A page goes on behind the station of its cursor, wherever that stands now.
Answer stations_page(const Api& api, const Request& request, const IdPage<base::StationId>& page) {
  const app::Catalogue& catalogue = api.catalogue.current();
  const app::Catalogue::Stations& stations = catalogue.stations();
  auto begin = stations.begin();
  if (page.after) {
    begin = std::ranges::find(stations, *page.after, [](const auto& station) { return station->id; });
    if (begin == stations.end()) return invalid(request, {{"?cursor", "is not a cursor of this list", {}}});
    ++begin;
  }
  const auto shown_ones = select_page(
      std::ranges::subrange(begin, stations.end()), page.limit,
      [&](const auto& station) { return app::reaches(*request.claims, catalogue, station.id); },
      [](const auto& station) { return write_cursor(List::stations, station.id.raw()); });
  return json_answer(api, [&](JsonWriter& json) {
    write_page(json, shown_ones, [&json](const auto& station) { write(json, station); });
  });
}

}  // namespace

asio::awaitable<Answer> admin_list_stations(const Api& api, Request& request) {
  Faults faults;
  QueryReader query(request, faults);
  const auto page = read_id_page<base::StationId>(query, List::stations);
  if (!faults.empty()) co_return invalid(request, faults);
  co_return stations_page(api, request, page);
}

asio::awaitable<Answer> admin_create_station(const Api& api, Request& request) {
  Faults faults;
  const std::optional<std::string> key = read_idempotency_key(request, Need::optional, faults);
  domain::Station station = read_station(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const auto mark = creation_mark(api, request, "POST /admin/stations", key);
  const base::Outcome<app::Created<domain::Station>> created =
      co_await api.manage_catalogue.create_station(std::move(station), *request.claims, request.actor(), mark);
  if (!created) co_return failure(request, created);
  co_return created_with_version(api, *created, "/api/v1/admin/stations/");
}

asio::awaitable<Answer> admin_get_station(const Api& api, Request& request) {
  const app::Catalogue& catalogue = api.catalogue.current();
  const auto id = id_parameter<base::StationId>(request);
  const domain::Station* station = id ? catalogue.station(*id) : nullptr;
  if (station == nullptr) co_return problem(request, base::Code::not_found);
  if (!app::reaches(*request.claims, catalogue, *id)) co_return problem(request, base::Code::forbidden);
  co_return shown_with_version(api, *station);
}

asio::awaitable<Answer> admin_update_station(const Api& api, Request& request) {
  Faults faults;
  const Patch patch = read_station_patch(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const app::Catalogue& catalogue = api.catalogue.current();
  const auto id = id_parameter<base::StationId>(request);
  const domain::Station* known = id ? catalogue.station(*id) : nullptr;
  if (known == nullptr) co_return problem(request, base::Code::not_found);
  if (!app::reaches(*request.claims, catalogue, *id)) co_return problem(request, base::Code::forbidden);
  const std::uint64_t version = known->version;
  if (!if_match_holds(request.if_match, version)) co_return problem(request, base::Code::version_mismatch);

  domain::Station station = *known;
  merge(patch, station);
  const base::Outcome<domain::Station> updated =
      co_await api.manage_catalogue.update_station(std::move(station), version, *request.claims, request.actor());
  if (!updated) co_return failure(request, updated);
  co_return shown_with_version(api, *updated);
}

asio::awaitable<Answer> admin_list_programmes(const Api& api, Request& request) {
  Faults faults;
  QueryReader query(request, faults);
  const PlacePage page = read_place_page(query, List::programmes);
  std::optional<base::StationId> station_id;
  query.id("station_id", station_id);
  if (!faults.empty()) co_return invalid(request, faults);
  const app::Catalogue& catalogue = api.catalogue.current();
  const auto shown_ones = select_page(List::programmes, catalogue.programmes(), page, [&](const auto& entry) {
    const base::StationId& station = entry.programme->station_id;
    if (station_id && !catalogue.within(station, *station_id)) return false;
    return app::reaches(*request.claims, catalogue, station);
  });
  co_return json_answer(api, [&](JsonWriter& json) {
    write_page(json, shown_ones, [&json](const auto& entry) { write(json, *entry.programme); });
  });
}

asio::awaitable<Answer> admin_create_programme(const Api& api, Request& request) {
  Faults faults;
  const std::optional<std::string> key = read_idempotency_key(request, Need::optional, faults);
  domain::Programme programme = read_programme(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const auto mark = creation_mark(api, request, "POST /admin/programmes", key);
  const base::Outcome<app::Created<domain::Programme>> created =
      co_await api.manage_catalogue.create_programme(std::move(programme), *request.claims, request.actor(), mark);
  if (!created) co_return failure(request, created);
  co_return created_with_version(api, *created, "/api/v1/admin/programmes/");
}

asio::awaitable<Answer> admin_get_programme(const Api& api, Request& request) {
  const app::Catalogue& catalogue = api.catalogue.current();
  const auto id = id_parameter<base::ProgrammeId>(request);
  const app::ProgrammeEntry* entry = id ? catalogue.programme(*id) : nullptr;
  if (entry == nullptr) co_return problem(request, base::Code::not_found);
  if (!app::reaches(*request.claims, catalogue, *id)) co_return problem(request, base::Code::forbidden);
  co_return shown_with_version(api, *entry->programme);
}

asio::awaitable<Answer> admin_update_programme(const Api& api, Request& request) {
  Faults faults;
  const Patch patch = read_programme_patch(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const app::Catalogue& catalogue = api.catalogue.current();
  const auto id = id_parameter<base::ProgrammeId>(request);
  const app::ProgrammeEntry* known = id ? catalogue.programme(*id) : nullptr;
  if (known == nullptr) co_return problem(request, base::Code::not_found);
  if (!app::reaches(*request.claims, catalogue, *id)) co_return problem(request, base::Code::forbidden);
  const std::uint64_t version = known->programme->version;
  if (!if_match_holds(request.if_match, version)) co_return problem(request, base::Code::version_mismatch);

  domain::Programme programme = *known->programme;
  merge(patch, programme);
  const base::Outcome<domain::Programme> updated =
      co_await api.manage_catalogue.update_programme(std::move(programme), version, *request.claims, request.actor());
  if (!updated) co_return failure(request, updated);
  co_return shown_with_version(api, *updated);
}

}  // namespace zl::http
