#include "http/endpoint_support.hpp"

#include "base/text.hpp"
#include "runtime/sha256.hpp"

namespace zl::http {
namespace {

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

void read_title_part(QueryReader& query, std::string& out) {
  const std::optional<std::string> sent = query.text("q");
  if (!sent) return;
  const std::string_view part = base::trimmed(*sent);
  const std::size_t length = base::utf8_length(part).value_or(0);
  if (base::has_control_characters(part, false)) {
    query.fault("q", "control characters are not allowed");
  } else if (length == 0 || length > base::limits::title_length) {
    query.fault("q", "the text is too long or too short", "1..100 characters");
  } else {
    out = lower_case(part);
  }
}

}  // namespace

std::optional<app::CreationMark> creation_mark(const Api& api, const Request& request, std::string_view call,
                                               const std::optional<std::string>& idempotency_key) {
  if (!idempotency_key) return std::nullopt;
  app::CreationMark mark;
  mark.key = api.ids.creation(request.claims->account, call, *idempotency_key);
  mark.content_hash = runtime::sha256(request.body);
  return mark;
}

ActivityFilter read_activity_filter(QueryReader& query) {
  ActivityFilter filter;
  query.id("programme_id", filter.programme_id);
  query.id("station_id", filter.station_id);
  query.choice("kind", filter.kind);
  query.choice("state", filter.state);
  query.choice("status", filter.publication);
  query.integer("age", 0, base::limits::age_max, filter.age);
  query.instant("from", filter.from);
  query.instant("to", filter.to);
  read_title_part(query, filter.title_part);
  return filter;
}

bool fits(const app::ActivityEntry& entry, const ActivityFilter& filter, const app::Catalogue& catalogue,
          base::Instant now) {
  const domain::Activity& activity = entry.activity;
  if (filter.programme_id && activity.programme_id != *filter.programme_id) return false;
  if (filter.station_id && !catalogue.within(entry.programme->station_id, *filter.station_id)) return false;
  if (filter.kind && activity.kind != *filter.kind) return false;
  if (filter.publication && activity.publication != *filter.publication) return false;
  if (filter.age && (*filter.age < activity.age_min || *filter.age > activity.age_max)) return false;
  if (filter.from && activity.first_start() < *filter.from) return false;
  if (filter.to && activity.first_start() >= *filter.to) return false;
  if (filter.state && state_of(activity, context_of(entry, now)) != *filter.state) return false;
  return filter.title_part.empty() || lower_case(activity.title).find(filter.title_part) != std::string::npos;
}

}  // namespace zl::http
