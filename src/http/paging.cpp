#include "http/paging.hpp"

#include <algorithm>

#include "runtime/base64url.hpp"

namespace zl::http {
namespace {

constexpr std::size_t cursor_max = 200;
constexpr std::size_t place_size = sizeof(std::int64_t) + sizeof(base::Bytes16);

std::string bytes_of(const Place& place) {
  std::string bytes;
  const auto number = static_cast<std::uint64_t>(place.at.unix_ms);
  for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>((number >> shift) & 0xFFU));
  bytes.append(reinterpret_cast<const char*>(place.id.data()), place.id.size());
  return bytes;
}

std::optional<Place> place_of(std::string_view bytes) {
  if (bytes.size() != place_size) return std::nullopt;
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8U | static_cast<unsigned char>(bytes[i]);
  Place place;
  place.at.unix_ms = static_cast<std::int64_t>(number);
  std::copy_n(bytes.begin() + sizeof number, place.id.size(), place.id.begin());
  return place;
}

}  // namespace

std::string write_cursor(List list, std::string_view place) {
  return runtime::base64url_encode(static_cast<char>(list) + std::string(place));
}

std::string write_cursor(List list, const Place& place) {
  return write_cursor(list, bytes_of(place));
}

std::optional<std::string> open_cursor(List list, std::string_view cursor) {
  if (cursor.size() > cursor_max) return std::nullopt;
  std::optional<std::string> bytes = runtime::base64url_decode(cursor);
  if (!bytes || bytes->empty() || bytes->front() != static_cast<char>(list)) return std::nullopt;
  return bytes->substr(1);
}

PageQuery read_page(QueryReader& query, List list) {
  PageQuery page;
  std::optional<int> limit;
  query.integer("limit", 1, static_cast<int>(base::limits::page_max), limit);
  if (limit) page.limit = static_cast<std::size_t>(*limit);
  const std::optional<std::string> cursor = query.text("cursor");
  if (!cursor) return page;
  page.place = open_cursor(list, *cursor);
  if (!page.place) query.fault("cursor", "is not a cursor of this list");
  return page;
}

PlacePage read_place_page(QueryReader& query, List list) {
  const PageQuery page = read_page(query, list);
  if (!page.place) return {page.limit, std::nullopt};
  const std::optional<Place> after = place_of(*page.place);
  if (!after) query.fault("cursor", "is not a cursor of this list");
  return {page.limit, after};
}

void end_list(JsonWriter& json, const std::string& next) {
  json.end_array().key("next_cursor");
  if (next.empty()) {
    json.raw("null");
  } else {
    json.value(next);
  }
  json.end_object();
}

}  // namespace zl::http
