// The use cases of the town admin over staff accounts.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <optional>
#include <string>

#include "app/catalogue.hpp"
#include "app/gate.hpp"
#include "app/people_store.hpp"
#include "app/tokens.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "domain/validation.hpp"
#include "runtime/blocking_pool.hpp"

namespace zl::app {

class ManageAccounts {
 public:
  struct Parts {
    AccountStore& accounts;
    Gate& gate;
    VoidedTokenList& voided;
    const CatalogueHolder& catalogue;
    runtime::BlockingPool& password_pool;
    const base::Clock& clock;
    base::Random& random;
  };

  explicit ManageAccounts(Parts parts) : parts_(parts) {}

  template <class T>
  using Answer = asio::awaitable<base::Outcome<T>>;

  /// Refused: invalid_request with the fields, invalid_state where the name is taken, idempotency_conflict.
  Answer<Created<domain::Account>> create(domain::Account account, std::string password, Actor actor,
                                          std::optional<CreationMark> mark);
  Answer<domain::Account> find(base::AccountId id);
  Answer<AccountPage> list(std::optional<base::AccountId> after, std::size_t limit);

  /// Voids the account's tokens. An empty password keeps the one there is.
  Answer<domain::Account> update(domain::Account account, std::string password, std::uint64_t expected_version,
                                 Actor actor);

 private:
  domain::Faults check(const domain::Account& account) const;
  Answer<std::string> hash(std::string password);

  Parts parts_;
};

}  // namespace zl::app
