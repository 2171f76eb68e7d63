// Pages of lists. A cursor is opaque to clients: base64url of the list's letter and the place where the page ended.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "base/id.hpp"
#include "base/limits.hpp"
#include "base/time.hpp"
#include "http/json_writer.hpp"
#include "http/query.hpp"

namespace zl::http {

/// Lists whose cursors must not be mixed up.
enum class List : char {
  activities = 'a',
  programmes = 'p',
  stations = 's',
  bookings = 'b',
  roster = 'r',
  accounts = 'u',
  audit = 't',
};

/// A place in a list that is ordered by an instant and an id.
struct Place {
  base::Instant at;
  base::Bytes16 id{};

  auto operator<=>(const Place&) const = default;
};

std::string write_cursor(List list, std::string_view place);
std::string write_cursor(List list, const Place& place);

/// What was written for that list; nothing for any other text.
std::optional<std::string> open_cursor(List list, std::string_view cursor);

/// `limit` and `cursor` of a request.
struct PageQuery {
  std::size_t limit = base::limits::page_default;
  std::optional<std::string> place;  ///< as written into the cursor; nothing for the first page
};
PageQuery read_page(QueryReader& query, List list);

/// The same for cursors that hold a Place, or an id alone.
struct PlacePage {
  std::size_t limit = base::limits::page_default;
  std::optional<Place> after;

  bool operator==(const PlacePage&) const = default;
};
PlacePage read_place_page(QueryReader& query, List list);

template <class IdType>
struct IdPage {
  std::size_t limit = base::limits::page_default;
  std::optional<IdType> after;
};
template <class IdType>
IdPage<IdType> read_id_page(QueryReader& query, List list) {
  const PageQuery page = read_page(query, list);
  if (!page.place) return {page.limit, std::nullopt};
  if (page.place->size() == sizeof(base::Bytes16)) return {page.limit, IdType::from_raw(*page.place)};
  query.fault("cursor", "is not a cursor of this list");
  return {page.limit, std::nullopt};
}

/// Ends `{"items":[…` with the cursor of the next page, null where `next` is empty.
void end_list(JsonWriter& json, const std::string& next);

}  // namespace zl::http
