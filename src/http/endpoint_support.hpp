// What many endpoints do alike.
#pragma once

#include <algorithm>
#include <optional>
#include <ranges>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "app/catalogue_store.hpp"
#include "http/api.hpp"
#include "http/json_writer.hpp"
#include "http/paging.hpp"
#include "http/problem.hpp"
#include "http/query.hpp"
#include "http/views.hpp"

namespace zl::http {

/// An answer whose body `write_body(JsonWriter&)` writes.
template <class WriteBody>
Answer json_answer(const Api& api, WriteBody write_body, int status = 200) {
  Answer answer;
  answer.status = status;
  JsonWriter json(answer.body, api.offset_minutes);
  write_body(json);
  return answer;
}

/// The thing as views.hpp shows it.
template <class Thing>
Answer shown(const Api& api, const Thing& thing) {
  return json_answer(api, [&thing](JsonWriter& json) { write(json, thing); });
}

inline std::string etag(std::uint64_t version) {
  return "\"" + std::to_string(version) + "\"";
}

template <class Thing>
Answer shown_with_version(const Api& api, const Thing& thing) {
  return std::move(shown(api, thing).with("ETag", etag(thing.version)));
}

/// 201 with Location, or 200 where the same call had made it before. `folder` ends in a slash.
inline void tell_created(Answer& answer, std::string_view folder, const std::string& id, bool earlier) {
  answer.status = earlier ? 200 : 201;
  if (!earlier) answer.with("Location", std::string(folder) + id);
}

template <class Thing>
Answer created_with_version(const Api& api, const app::Created<Thing>& created, std::string_view folder) {
  Answer answer = shown_with_version(api, created.value);
  tell_created(answer, folder, created.value.id.hex(), created.earlier);
  return answer;
}

/// The mark of a creating call; nothing without a key. `call` names the route and must never change.
std::optional<app::CreationMark> creation_mark(const Api& api, const Request& request, std::string_view call,
                                               const std::optional<std::string>& idempotency_key);

inline Place place_of(const app::ActivityEntry& entry) {
  return {entry.activity.first_start(), entry.activity.id.bytes};
}
inline Place place_of(const app::ProgrammeEntry& entry) {
  return {entry.programme->opens_at, entry.programme->id.bytes};
}

/// What a page of a list in memory shows, and the cursor of the next one, empty on the last.
template <class Item>
struct PageOf {
  std::vector<const Item*> items;
  std::string next;
};

/// The first `limit` of a range of pointers that `keep(item)` keeps; `cursor_of(item)` is where the next page goes on.
template <class Range, class Keep, class CursorOf>
auto select_page(const Range& range, std::size_t limit, Keep keep, CursorOf cursor_of) {
  PageOf<std::remove_reference_t<decltype(**range.begin())>> page;
  for (const auto& item : range) {
    if (!keep(*item)) continue;
    if (page.items.size() == limit) {
      page.next = cursor_of(*page.items.back());
      break;
    }
    page.items.push_back(&*item);
  }
  return page;
}

/// Likewise behind a place, of a list that is sorted by `place_of(*item)`.
template <class Items, class Keep>
auto select_page(List list, const Items& items, const PlacePage& page, Keep keep) {
  const auto place = [](const auto& item) { return place_of(*item); };
  const auto begin = page.after ? std::ranges::upper_bound(items, *page.after, {}, place) : items.begin();
  return select_page(std::ranges::subrange(begin, items.end()), page.limit, keep,
                     [list](const auto& item) { return write_cursor(list, place_of(item)); });
}

/// `{items, next_cursor}`
template <class Page, class WriteItem>
void write_page(JsonWriter& json, const Page& page, WriteItem write_item) {
  json.begin_object().key("items").begin_array();
  for (const auto* item : page.items) write_item(*item);
  end_list(json, page.next);
}

/// A page that a store has made, continued after the id of its last item.
template <class Page, class IdOf, class WriteItem>
void write_stored_page(JsonWriter& json, List list, const Page& page, IdOf id_of, WriteItem write_item) {
  json.key("items").begin_array();
  for (const auto& item : page.items) write_item(item);
  const bool more = page.more && !page.items.empty();
  end_list(json, more ? write_cursor(list, id_of(page.items.back()).raw()) : std::string());
}

/// Filters of lists of activities; what a list does not take is never sent, the route table sees to that.
struct ActivityFilter {
  std::optional<base::ProgrammeId> programme_id;
  std::optional<base::StationId> station_id;  ///< or one of its points
  std::optional<domain::Kind> kind;
  std::optional<domain::PublicState> state;
  std::optional<domain::Publication> publication;
  std::optional<int> age;
  std::optional<base::Instant> from;  ///< first start at or after
  std::optional<base::Instant> to;    ///< first start before
  std::string title_part;             ///< in lower case

  bool operator==(const ActivityFilter&) const = default;
};
ActivityFilter read_activity_filter(QueryReader& query);
bool fits(const app::ActivityEntry& entry, const ActivityFilter& filter, const app::Catalogue& catalogue,
          base::Instant now);

}  // namespace zl::http
