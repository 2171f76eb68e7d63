// Admin accounts, for the town admin.
#include "app/access.hpp"
#include "http/endpoint_support.hpp"
#include "http/endpoints.hpp"
#include "http/inputs.hpp"
#include "http/problem_texts.hpp"

namespace zl::http {
namespace {

/// An account of no station is shown to callers of no station only.
bool may_see(const app::Claims& claims, const app::Catalogue& catalogue, const domain::Account& account) {
  return account.station_id ? app::reaches(claims, catalogue, *account.station_id) : !claims.station.has_value();
}

}  // namespace

asio::awaitable<Answer> admin_list_accounts(const Api& api, Request& request) {
  Faults faults;
  QueryReader query(request, faults);
  const auto page = read_id_page<base::AccountId>(query, List::accounts);
  if (!faults.empty()) co_return invalid(request, faults);
  const base::Outcome<app::AccountPage> found = co_await api.accounts.list(page.after, page.limit);
  if (!found) co_return failure(request, found);
  co_return json_answer(api, [&](JsonWriter& json) {
    json.begin_object();
    write_stored_page(
        json, List::accounts, *found, [](const auto& account) { return account.id; },
        [&](const auto& account) {
          if (may_see(*request.claims, api.catalogue.current(), account)) write(json, account);
        });
  });
}

asio::awaitable<Answer> admin_create_account(const Api& api, Request& request) {
  Faults faults;
  const std::optional<std::string> key = read_idempotency_key(request, Need::optional, faults);
  AccountInput input = read_account(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const auto mark = creation_mark(api, request, "POST /admin/users", key);
  const base::Outcome<app::Created<domain::Account>> created =
      co_await api.accounts.create(std::move(input.account), std::move(input.password), request.actor(), mark);
  if (!created) co_return failure(request, created);
  co_return created_with_version(api, *created, "/api/v1/admin/users/");
}

asio::awaitable<Answer> admin_update_account(const Api& api, Request& request) {
  Faults faults;
  const Patch patch = read_account_patch(request.body, faults);
  if (!faults.empty()) co_return invalid(request, faults);
  const auto id = id_parameter<base::AccountId>(request);
  if (!id) co_return problem(request, base::Code::not_found);
  const base::Outcome<domain::Account> found = co_await api.accounts.find(*id);
  if (!found) co_return failure(request, found);
  const std::uint64_t version = found->version;
  if (!if_match_holds(request.if_match, version)) co_return problem(request, base::Code::version_mismatch);

  AccountInput changed{*found, {}};
  merge(patch, changed);
  const bool own = *id == request.claims->account;
  if (own && (changed.account.blocked || changed.account.role != found->role)) {
    co_return problem(request, base::Code::invalid_state,
                      translated("nobody blocks or demotes their own account", request.language));
  }
  const base::Outcome<domain::Account> updated =
      co_await api.accounts.update(std::move(changed.account), std::move(changed.password), version, request.actor());
  if (!updated) co_return failure(request, updated);
  co_return shown_with_version(api, *updated);
}

}  // namespace zl::http
