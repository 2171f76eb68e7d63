// Who changed what, when, from where.
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"

namespace zl::http {
namespace {

/// "word" or "word.word", of lower-case letters and underscores.
bool is_action(std::string_view text) {
  constexpr std::size_t longest = 64;
  if (text.empty() || text.size() > longest || text.front() == '.' || text.back() == '.') return false;
  if (text.find("..") != std::string_view::npos) return false;
  return std::ranges::all_of(text, [](char c) { return (c >= 'a' && c <= 'z') || c == '_' || c == '.'; });
}

app::AuditQuery read_audit_query(QueryReader& query) {
  app::AuditQuery wanted;
  PageQuery page = read_page(query, List::audit);
  wanted.limit = page.limit;
  wanted.after = page.place.value_or(std::string());
  if (page.place && wanted.after.empty()) query.fault("cursor", "is not a cursor of this list");
  query.id("actor", wanted.actor_id);
  query.instant("from", wanted.from);
  query.instant("to", wanted.to);
  std::optional<base::AccountId> subject;
  query.id("subject", subject);
  if (subject) wanted.subject = subject->hex();
  const std::optional<std::string> action = query.text("action");
  if (action && !is_action(*action)) query.fault("action", "is no action");
  wanted.action = action.value_or(std::string());
  return wanted;
}

}  // namespace

asio::awaitable<Answer> admin_list_audit(const Api& api, Request& request) {
  // The audit is the whole town's: who reads one station only does not read it.
  if (request.claims->station) co_return problem(request, base::Code::forbidden);
  Faults faults;
  QueryReader query(request, faults);
  const app::AuditQuery wanted = read_audit_query(query);
  if (!faults.empty()) co_return invalid(request, faults);
  const base::Outcome<app::AuditPage> found = co_await api.audit.list(wanted);
  // The rest of the query was checked here: what the store can't read is the place in the cursor.
  if (found.is_refused() && found.refused().code == base::Code::invalid_request) {
    co_return invalid(request, {{"?cursor", "is not a cursor of this list", {}}});
  }
  if (!found) co_return failure(request, found);
  co_return json_answer(api, [&](JsonWriter& json) {
    json.begin_object().key("items").begin_array();
    for (const app::AuditEntry& entry : found->items) write(json, entry);
    end_list(json, found->next.empty() ? std::string() : write_cursor(List::audit, found->next));
  });
}

}  // namespace zl::http
