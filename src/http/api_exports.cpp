// The roster as a file for a spreadsheet.
#include <memory>
#include <utility>

#include "base/limits.hpp"
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"
#include "http/query.hpp"
#include "http/roster_sheet.hpp"

namespace zl::http {
namespace {

// How long a part of the work may wait for others' before its caller is told to come back.
constexpr base::Milliseconds export_patience{30'000};

struct Form {
  std::string_view ending;
  std::string_view content_type;
  base::Outcome<std::string> (*make)(RosterSheet sheet, const std::filesystem::path& folder);
};

constexpr Form csv{".csv", "text/csv; charset=utf-8",
                   [](RosterSheet sheet, const std::filesystem::path&) -> base::Outcome<std::string> {
                     return csv_of(std::move(sheet));
                   }};
constexpr Form xlsx{".xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", xlsx_of};

/// Named after the activity, for those who can read that (RFC 6266, RFC 8187).
std::string attachment(std::string_view title, std::string_view ending) {
  std::string value = "attachment; filename=\"roster";
  value.append(ending).append("\"; filename*=UTF-8''").append(percent_encoded(title, "-._~")).append(ending);
  return value;
}

/// Reads the confirmed bookings page by page; what becomes of a page is the pool's work, not the loop's.
asio::awaitable<base::Outcome<base::Done>> fill(RosterSheet& sheet, const Api& api, const Request& request,
                                                base::ActivityId id) {
  std::optional<base::BookingId> after;
  bool more = true;
  while (more) {
    base::Outcome<app::RosterPage> page =
        co_await api.door.confirmed(id, after, base::limits::export_page, *request.claims);
    if (!page) co_return page.as<base::Done>();
    more = page->more;
    if (!page->items.empty()) after = page->items.back().booking.id;
    auto add = [&sheet, items = std::move(page->items)]() mutable -> base::Outcome<base::Done> {
      sheet.add(std::move(items));
      return base::Done{};
    };
    const base::Outcome<base::Done> added =
        co_await api.exports.pool.run(std::move(add), api.clock.steady_now() + export_patience);
    if (!added) co_return added;
  }
  co_return base::Done{};
}

asio::awaitable<Answer> exported(const Api& api, const Request& request, const Form& form) {
  const auto id = id_parameter<base::ActivityId>(request);
  const std::shared_ptr<const app::Catalogue> catalogue = api.catalogue.share();
  const app::ActivityEntry* entry = id ? catalogue->activity(*id) : nullptr;
  if (entry == nullptr) co_return problem(request, base::Code::not_found);
  const base::Outcome<base::Done> shown = api.door.shows_roster(*id, *request.claims);
  if (!shown) co_return failure(request, shown);
  std::optional<runtime::CountGuard> place = api.exports.places.try_take();
  if (!place) co_return problem(request, base::Code::overloaded);

  RosterSheet sheet(entry->activity, request.language, api.offset_minutes);
  const base::Outcome<base::Done> filled = co_await fill(sheet, api, request, *id);
  if (!filled) co_return failure(request, filled);
  auto make = [&, sheet = std::move(sheet)]() mutable { return form.make(std::move(sheet), api.exports.folder); };
  base::Outcome<std::string> file =
      co_await api.exports.pool.run(std::move(make), api.clock.steady_now() + export_patience);
  if (!file) co_return failure(request, file);
  Answer answer;
  answer.body = *std::move(file);
  answer.content_type = form.content_type;
  answer.with("Content-Disposition", attachment(entry->activity.title, form.ending));
  answer.keeps = std::make_shared<runtime::CountGuard>(*std::move(place));
  co_return answer;
}

}  // namespace

asio::awaitable<Answer> admin_roster_csv(const Api& api, Request& request) {
  return exported(api, request, csv);
}

asio::awaitable<Answer> admin_roster_xlsx(const Api& api, Request& request) {
  return exported(api, request, xlsx);
}

}  // namespace zl::http
