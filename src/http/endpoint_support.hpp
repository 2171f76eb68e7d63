// What many endpoints do alike.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

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

/// A page of a list in memory that is sorted by `place_of(item)`: `{items, next_cursor}` of what `keep(item)` keeps.
template <class Items, class PlaceOf, class Keep, class WriteItem>
void write_page(JsonWriter& json, List list, const Items& items, const PlacePage& page, PlaceOf place_of, Keep keep,
                WriteItem write_item) {
  json.begin_object().key("items").begin_array();
  auto item = page.after ? std::ranges::upper_bound(items, *page.after, {}, place_of) : items.begin();
  std::size_t written = 0;
  Place last;
  std::string next;
  for (; item != items.end() && next.empty(); ++item) {
    if (!keep(*item)) continue;
    if (written == page.limit) {
      next = write_cursor(list, last);
      continue;
    }
    write_item(*item);
    last = place_of(*item);
    ++written;
  }
  end_list(json, next);
}

/// A page that a store has made, continued after the id of its last item.
template <class Page, class IdOf, class WriteItem>
void write_stored_page(JsonWriter& json, List list, const Page& page, IdOf id_of, WriteItem write_item) {
  json.key("items").begin_array();
  for (const auto& item : page.items) write_item(item);
  const bool more = page.more && !page.items.empty();
  end_list(json, more ? write_cursor(list, id_of(page.items.back()).raw()) : std::string());
}

inline Place place_of(const app::ActivityEntry& entry) {
  return {entry.activity.first_start(), entry.activity.id.bytes};
}
inline Place place_of(const domain::Programme& programme) {
  return {programme.opens_at, programme.id.bytes};
}

/// What an activity is shown with, as far as this process knows.
ActivityContext context_of(const app::ActivityEntry& entry, base::Instant now);

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
};
ActivityFilter read_activity_filter(QueryReader& query);
bool fits(const app::ActivityEntry& entry, const ActivityFilter& filter, const app::Catalogue& catalogue,
          base::Instant now);

}  // namespace zl::http
