#include "app/manage_accounts.hpp"

#include <chrono>
#include <utility>

#include "app/refusals.hpp"
#include "runtime/password.hpp"

namespace zl::app {
namespace {

constexpr std::chrono::seconds password_deadline{5};

}  // namespace

domain::Faults ManageAccounts::check(const domain::Account& account) const {
  domain::Faults faults = domain::check_account(account);
  if (account.station_id && parts_.catalogue.current().station(*account.station_id) == nullptr) {
    faults.push_back({"/station_id", "there is no such station", "a known id"});
  }
  return faults;
}

ManageAccounts::Answer<std::string> ManageAccounts::hash(std::string password) {
  auto work = [this, password = std::move(password)]() -> base::Outcome<std::string> {
    return runtime::hash_password(password, parts_.random);
  };
  return parts_.password_pool.run(std::move(work), parts_.clock.steady_now() + password_deadline);
}

ManageAccounts::Answer<Created<domain::Account>> ManageAccounts::create(domain::Account account, std::string password,
                                                                        Actor actor, std::optional<CreationMark> mark) {
  domain::Faults faults = check(account);
  for (base::FieldError& fault : domain::check_password(password)) faults.push_back(std::move(fault));
  if (!faults.empty()) co_return invalid(std::move(faults));
  account.id = parts_.random.next_id<base::AccountId>();
  base::Outcome<std::string> hashed = co_await hash(std::move(password));
  if (!hashed) co_return hashed.as<Created<domain::Account>>();
  const AccountWithHash row{account, std::move(*hashed)};
  co_return co_await parts_.accounts.create(row, actor, mark);
}

ManageAccounts::Answer<domain::Account> ManageAccounts::find(base::AccountId id) {
  base::Outcome<std::optional<domain::Account>> found = co_await parts_.accounts.find(id);
  if (!found) co_return found.as<domain::Account>();
  if (!*found) co_return base::Code::not_found;
  co_return **found;
}

ManageAccounts::Answer<AccountPage> ManageAccounts::list(std::optional<base::AccountId> after, std::size_t limit) {
  return parts_.accounts.list(after, limit);
}

ManageAccounts::Answer<domain::Account> ManageAccounts::update(domain::Account account, std::string password,
                                                               std::uint64_t expected_version, Actor actor) {
  domain::Faults faults = check(account);
  if (!password.empty()) {
    for (base::FieldError& fault : domain::check_password(password)) faults.push_back(std::move(fault));
  }
  if (!faults.empty()) co_return invalid(std::move(faults));
  AccountWithHash row{account, {}};
  if (!password.empty()) {
    base::Outcome<std::string> hashed = co_await hash(std::move(password));
    if (!hashed) co_return hashed.as<domain::Account>();
    row.password_hash = std::move(*hashed);
  }
  base::Outcome<domain::Account> updated = co_await parts_.accounts.update(row, expected_version, actor);
  if (updated) {
    parts_.voided.raise(account.id, updated->version, parts_.clock.wall_now());
    parts_.gate.announce_change();
  }
  co_return updated;
}

}  // namespace zl::app
