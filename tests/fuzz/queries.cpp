// Query strings, cursors and the small texts of requests: instants, days, ids, Idempotency-Keys. The first byte chooses
// the reader. What is accepted keeps to the limits and has one meaning.
#include <optional>

#include "base/limits.hpp"
#include "base/text.hpp"
#include "fuzz/support/fuzz.hpp"
#include "http/endpoint_support.hpp"
#include "http/routes.hpp"

namespace zl::fuzz {
namespace {

constexpr http::List lists[] = {http::List::activities, http::List::programmes, http::List::stations,
                                http::List::bookings,   http::List::roster,     http::List::accounts,
                                http::List::audit};

http::Request request_of(std::string_view query) {
  http::Request request;
  request.query = query;
  return request;
}

void check_names(std::string_view query) {
  for (const http::Route& route : http::routes()) {
    const http::Faults faults = http::check_query_names(query, route.query);
    if (!faults.empty() || query.empty()) continue;
    require(!route.query.empty() || query.find_first_not_of('&') == std::string_view::npos,
            "a route without parameters takes none", query);
  }
  for (const std::string_view name : {"q", "cursor", "limit"}) {
    bool malformed = false;
    const auto value = http::query_value(query, name, malformed);
    require(!value || !malformed, "a value is well-formed or there is none", query);
    require(!value || base::utf8_length(*value), "a value is UTF-8", query);
  }
}

void check_filter(std::string_view query) {
  http::Faults faults;
  const http::Request request = request_of(query);
  http::QueryReader reader(request, faults);
  const http::ActivityFilter filter = http::read_activity_filter(reader);
  if (!faults.empty()) return;
  require(filter.age.value_or(0) >= 0 && filter.age.value_or(0) <= base::limits::age_max, "an age of a person", query);
  require(base::utf8_length(filter.title_part).value_or(101) <= 100, "a short part of a title", query);
  require(!base::has_control_characters(filter.title_part, false), "no control characters", query);
}

void check_pages(std::string_view query) {
  for (const http::List list : lists) {
    http::Faults faults;
    const http::Request request = request_of(query);
    http::QueryReader reader(request, faults);
    const http::PageQuery page = http::read_page(reader, list);
    const http::PlacePage place = http::read_place_page(reader, list);
    const auto id = http::read_id_page<base::BookingId>(reader, list);
    require(page.limit >= 1 && page.limit <= base::limits::page_max, "a page within its limits", query);
    require(faults.empty() || !page.place || !(place.after && id.after), "a cursor is of one kind", query);
    if (place.after) {
      require(http::write_cursor(list, *place.after) == http::write_cursor(list, *page.place),
              "the place that it holds");
    }
    if (id.after) require(id.after->raw() == *page.place, "the id that it holds");
  }
}

void check_cursor(std::string_view cursor) {
  std::size_t opened = 0;
  for (const http::List list : lists) {
    const auto place = http::open_cursor(list, cursor);
    if (!place) continue;
    ++opened;
    require(http::write_cursor(list, *place) == cursor, "a cursor has one spelling", cursor);
  }
  require(opened <= 1, "a cursor is of one list", cursor);
  const auto again = http::open_cursor(http::List::audit, http::write_cursor(http::List::audit, cursor.substr(0, 100)));
  require(again == std::string(cursor.substr(0, 100)), "a place comes back", cursor);
}

void check_instant(std::string_view text) {
  if (const auto instant = base::parse_instant(text)) {
    for (const int offset : {0, 480, -720}) {
      const std::string written = base::format_instant(*instant, offset);
      require(written.size() == 29, "an instant's one length", written);
      // Where an offset moves it out of the years that are read, it is not read again.
      const auto again = base::parse_instant(written);
      require(!again || *again == *instant, "an instant comes back", written);
      require(again || offset != 0 || !text.ends_with('Z'), "an instant in UTC is read again", written);
    }
  }
  if (const auto date = base::parse_date(text))
    require(base::format_date(*date) == text, "a day has one spelling", text);
}

void check_id(std::string_view text) {
  const auto id = base::BookingId::parse(text);
  if (id) require(id->hex() == text, "an id has one spelling", text);
  http::Request request;
  request.idempotency_key = text;
  http::Faults faults;
  const auto key = http::read_idempotency_key(request, http::Need::required, faults);
  require(key.has_value() == faults.empty(), "a key or a fault", text);
  if (!key) return;
  require(key->size() >= base::limits::idempotency_key_min && key->size() <= base::limits::idempotency_key_max,
          "a key within its limits", text);
  require(text == *key || text == "\"" + *key + "\"", "a key bare or quoted", text);
}

void check_path(std::string_view path) {
  for (const http::Method method :
       {http::Method::get, http::Method::post, http::Method::patch, http::Method::delete_}) {
    std::array<std::string_view, 2> parameters{};
    const http::Match match = http::find_route(method, path, parameters);
    if (match.route == nullptr) continue;
    for (const std::string_view parameter : parameters) {
      require(parameter.find('/') == std::string_view::npos, "a parameter is one segment", path);
    }
    require(&http::routes()[match.index] == match.route, "the route's own number");
    const std::string_view begin = match.route->pattern.substr(0, match.route->pattern.find('{'));
    require(path.starts_with(begin), "a path as the route's", path);
  }
}

constexpr void (*checks[])(std::string_view) = {check_names,   check_filter, check_pages, check_cursor,
                                                check_instant, check_id,     check_path};

}  // namespace

void feed(std::string_view input) {
  checks[take_choice(input, std::size(checks))](input);
}

}  // namespace zl::fuzz
